#include "core/support/small_code.h"

#include "core/syntax/lexer.h"

#include <cctype>
#include <cmath>
#include <locale>
#include <sstream>

#include "core/support/error.h"

namespace kernelops {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.';
}

// The end of the number that begins at `at`.
std::size_t number_end(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  if (at < text.size() && text[at] == '.') ++at;
  while (at < text.size() && is_digit(text[at])) ++at;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    std::size_t digits = at + 1;
    if (digits < text.size() && (text[digits] == '+' || text[digits] == '-')) ++digits;
    if (digits < text.size() && is_digit(text[digits])) {
      at = digits;
      while (at < text.size() && is_digit(text[at])) ++at;
    }
  }
  return at;
}

bool is_double_symbol(std::string_view text) {
  for (const std::string_view symbol : {"**", "==", "!=", "<=", ">="}) {
    if (text == symbol) return true;
  }
  return false;
}

// R may run in a locale whose decimal point is a comma; formulas do not.
double parse_number(const std::string& text) {
  std::istringstream stream(text);
  stream.imbue(std::locale::classic());
  double value = HUGE_VAL;
  stream >> value;
  return stream.fail() ? HUGE_VAL : value;
}

}  // namespace

std::vector<Token> tokenize(std::string_view text) {
  std::vector<Token> tokens;
  std::size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    const std::size_t begin = at;
    if (std::isspace(static_cast<unsigned char>(c))) {
      ++at;
      continue;
    }
    if (is_digit(c) || (c == '.' && at + 1 < text.size() && is_digit(text[at + 1]))) {
      at = number_end(text, at);
      Token token{TokenKind::number, std::string(text.substr(begin, at - begin)), 0, {begin, at}};
      token.number = parse_number(token.text);
      if (std::isinf(token.number)) {
        throw error_at(ErrorKind::syntax, "the number `" + token.text + "` is too large", text,
                       token.span);
      }
      tokens.push_back(std::move(token));
      continue;
    }
    if (starts_name(c)) {
      while (at < text.size() && (starts_name(text[at]) || is_digit(text[at]))) ++at;
      tokens.push_back(
          {TokenKind::name, std::string(text.substr(begin, at - begin)), 0, {begin, at}});
      continue;
    }
    if (is_double_symbol(text.substr(at, 2))) {
      at += 2;
    } else if (std::string_view("+-*/|^()[],=<>").find(c) != std::string_view::npos) {
      ++at;
    } else {
      // A character of several bytes is shown whole.
      do ++at;
      while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80);
      throw error_at(ErrorKind::syntax,
                     "unexpected character `" + std::string(text.substr(begin, at - begin)) + "`",
                     text, {begin, begin + 1});
    }
    tokens.push_back(
        {TokenKind::symbol, std::string(text.substr(begin, at - begin)), 0, {begin, at}});
  }
  tokens.push_back({TokenKind::end, "", 0, {text.size(), text.size()}});
  return tokens;
}

}  // namespace kernelops
