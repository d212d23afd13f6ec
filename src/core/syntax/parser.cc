#include "core/syntax/parser.h"

#include <utility>

#include "core/support/error.h"
#include "core/syntax/lexer.h"

namespace kernelops {

namespace {

// More than any formula needs, and safe for the stack: trees are walked by recursion.
constexpr int kDeepestNesting = 1000;
constexpr std::size_t kMostTokens = 10000;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), tokens_(tokenize(text)) {}

  Ast run() {
    if (tokens_.size() > kMostTokens) {
      throw Error(ErrorKind::syntax, "the formula is too long: it has " +
                                         std::to_string(tokens_.size()) + " symbols and may have " +
                                         std::to_string(kMostTokens));
    }
    Ast formula = scalar_product();
    if (here().kind != TokenKind::end) {
      fail("unexpected `" + here().text + "`; an operator or the end was expected");
    }
    return formula;
  }

 private:
  const Token& here() const { return tokens_[at_]; }

  [[noreturn]] void fail(const std::string& message) const {
    throw error_at(ErrorKind::syntax, message, text_, here().span);
  }

  bool accept(std::string_view symbol) {
    if (here().kind != TokenKind::symbol || here().text != symbol) return false;
    ++at_;
    return true;
  }

  static Ast call(std::string name, std::vector<Ast> arguments, SourceSpan span) {
    Ast node{AstKind::call, std::move(name), 0, false, std::move(arguments), span};
    return node;
  }

  static Ast binary(std::string name, Ast left, Ast right) {
    const SourceSpan span{left.span.begin, right.span.end};
    std::vector<Ast> arguments;
    arguments.push_back(std::move(left));
    arguments.push_back(std::move(right));
    return call(std::move(name), std::move(arguments), span);
  }

  Ast scalar_product() {
    Ast left = sum();
    while (accept("|")) left = binary("Scalprod", std::move(left), sum());
    return left;
  }

  Ast sum() {
    Ast left = product();
    for (;;) {
      if (accept("+")) {
        left = binary("Add", std::move(left), product());
      } else if (accept("-")) {
        left = binary("Subtract", std::move(left), product());
      } else {
        return left;
      }
    }
  }

  Ast product() {
    Ast left = unary();
    for (;;) {
      if (accept("*")) {
        left = binary("Mult", std::move(left), unary());
      } else if (accept("/")) {
        left = binary("Divide", std::move(left), unary());
      } else {
        return left;
      }
    }
  }

  Ast unary() {
    if (++depth_ > kDeepestNesting) fail("the formula is nested too deeply");
    const std::size_t begin = here().span.begin;
    Ast out{};
    if (accept("-")) {
      Ast operand = unary();
      const SourceSpan span{begin, operand.span.end};
      // A minus before a number is part of it, so that "-2" prints and parses as a constant.
      if (operand.kind == AstKind::number) {
        out = std::move(operand);
        out.number = -out.number;
        out.span = span;
      } else {
        std::vector<Ast> arguments;
        arguments.push_back(std::move(operand));
        out = call("Minus", std::move(arguments), span);
      }
    } else if (accept("+")) {
      out = unary();
    } else {
      out = power();
    }
    --depth_;
    return out;
  }

  Ast power() {
    Ast base = atom();
    if (accept("**") || accept("^")) return binary("Pow", std::move(base), unary());
    return base;
  }

  Ast atom() {
    const Token token = here();
    if (token.kind == TokenKind::number) {
      ++at_;
      Ast node{AstKind::number, token.text, token.number, false, {}, token.span};
      node.is_integer = token.text.find_first_not_of("0123456789") == std::string::npos;
      return node;
    }
    if (token.kind == TokenKind::name) {
      ++at_;
      if (!accept("(")) return {AstKind::name, token.text, 0, false, {}, token.span};
      std::vector<Ast> arguments;
      if (!accept(")")) {
        do arguments.push_back(scalar_product());
        while (accept(","));
        close(token);
      }
      return call(token.text, std::move(arguments), {token.span.begin, tokens_[at_ - 1].span.end});
    }
    if (accept("(")) {
      Ast inner = scalar_product();
      close(token);
      return inner;
    }
    if (token.kind == TokenKind::end) fail("the formula ends where a value was expected");
    fail("unexpected `" + token.text + "` where a value was expected");
  }

  void close(const Token& opened) {
    if (accept(")")) return;
    if (here().kind == TokenKind::end) {
      throw error_at(ErrorKind::syntax, "this parenthesis is never closed", text_,
                     opened.kind == TokenKind::name
                         ? SourceSpan{opened.span.end, opened.span.end + 1}
                         : opened.span);
    }
    fail("unexpected `" + here().text + "`; an operator, `,` or `)` was expected");
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Ast parse(std::string_view text) { return Parser(text).run(); }

}  // namespace kernelops
