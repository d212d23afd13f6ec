// The syntax tree of a formula: what was written, before names mean anything.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/support/source_span.h"

namespace kernelops {

enum class AstKind { number, name, call };

/// A node of the syntax tree. Operators are calls of their operation ("x + y" calls Add).
struct Ast {
  AstKind kind;
  std::string text;  // name, or name of what is called
  double number = 0;
  bool is_integer = false;  // the number was written without point and exponent
  std::vector<Ast> children;
  SourceSpan span;
};

}  // namespace kernelops
