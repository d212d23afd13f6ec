// Tokens to syntax tree.
//
//   formula  := scalprod [ ("==" | "!=" | "<" | "<=" | ">" | ">=") scalprod ]
//   scalprod := sum { "|" sum }
//   sum      := product { ("+" | "-") product }
//   product  := unary { ("*" | "/") unary }
//   unary    := "-" unary | "+" unary | power
//   power    := atom [ ("**" | "^") unary ]          (right associative)
//   atom     := number | name | name "(" [ formula { "," formula } ] ")" | "(" formula ")" | list
//   list     := "[" [ formula { "," formula } ] "]"
#pragma once

#include <string_view>

#include "core/syntax/ast.h"

namespace kernelops {

/// The syntax tree of a formula. Throws Error(syntax) with a caret under the place.
Ast parse(std::string_view text);

}  // namespace kernelops
