// The tables of operations and reductions, for documentation and tests in the host language.
#pragma once

#include "core/ops/table.h"      // IWYU pragma: export
#include "core/ops/user_rows.h"  // IWYU pragma: export
