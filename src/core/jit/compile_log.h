// What compilers say.
#pragma once

#include <string>

namespace kernelops {

/// The first line of a compiler's log that names an error, else its first line.
std::string first_complaint(const std::string& log);

}  // namespace kernelops
