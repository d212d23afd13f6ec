// To be included first, by sources that are quick whatever the compiler makes of them: they read
// and write texts, or hold tables. Their code would be most of the library.
#pragma once

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("Os")
#endif
