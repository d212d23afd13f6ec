// Text to tokens.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/support/source_span.h"

namespace kernelops {

enum class TokenKind { number, name, symbol, end };

/// A piece of a formula; `text` is empty for the end.
struct Token {
  TokenKind kind;
  std::string text;
  double number = 0;  // value of a number
  SourceSpan span;
};

/// The tokens of a formula, the end last. Numbers are unsigned decimals with an optional exponent.
/// Throws Error(syntax) at a character that belongs to no token.
std::vector<Token> tokenize(std::string_view text);

}  // namespace kernelops
