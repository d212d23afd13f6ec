// The syntax tree of a formula: what was written, before names mean anything.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/support/source_span.h"

namespace kernelops {

enum class AstKind { number, name, call, list };

/// A node of the syntax tree. Operators are calls of their operation ("x + y" calls Add), but for
/// powers, which call "**": what they mean depends on the exponent.
struct Ast {
  AstKind kind;
  std::string text;  // name, or name of what is called
  double number = 0;
  bool is_integer = false;  // the number was written without point and exponent
  std::vector<Ast> children;
  SourceSpan span;
  bool of_table = false;  // a call written in a table, which may use internal rows
};

/// The call of an operation of two operands.
inline Ast binary_call(std::string operation, Ast left, Ast right) {
  Ast node{AstKind::call, std::move(operation), 0, false, {}, {left.span.begin, right.span.end},
           false};
  node.children.push_back(std::move(left));
  node.children.push_back(std::move(right));
  return node;
}

}  // namespace kernelops
