// Operations that users define: an expression in C and its derivative in the formula language.
#pragma once

#include <string>
#include <vector>

namespace kernelops {

/// A user's elementwise operation. `code` is a C expression of the arguments x, y, z as single
/// numbers; `gradient` has one formula for each argument over g, out and the arguments, or is
/// empty.
struct UserOperation {
  std::string name;
  int arguments = 1;
  std::string code;
  std::vector<std::string> gradient;
  std::string reference;  // an R expression for the same value, or empty
  std::string documentation;
};

/// Adds the operation to the tables, so that formulas may use it from now on; replaces a user's
/// operation of the same name. Throws Error(argument) if the name is taken or not an identifier or
/// the code is not a plain expression, and what the formulas of the gradient throw.
void define_operation(const UserOperation& operation);

}  // namespace kernelops
