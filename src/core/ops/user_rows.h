// Rows of operations that users define while the process runs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/ir/op_def.h"

namespace kernelops {

/// Adds a row, or replaces one of that name for formulas that are built from now on. Rows live as
/// long as the process.
const OpDef& add_user_row(OpDef row);

/// The latest row of that name, or null.
const OpDef* find_user_row(std::string_view name);

/// The latest rows, by name.
std::vector<const OpDef*> user_rows();

/// Takes back the latest row of that name: `before` is the latest again, or none if it is null.
void restore_user_row(const std::string& name, const OpDef* before);

/// A number that changes whenever a row is added.
std::size_t user_rows_version();

}  // namespace kernelops
