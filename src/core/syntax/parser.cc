#include "core/support/small_code.h"

#include "core/syntax/parser.h"

#include <utility>

#include "core/support/error.h"
#include "core/syntax/lexer.h"

namespace kernelops {

namespace {

// More than any formula needs, and safe for the stack: trees are walked by recursion.
constexpr int kDeepestNesting = 1000;
constexpr std::size_t kMostTokens = 10000;

struct InfixOperator {
  const char* symbol;
  const char* operation;
  int precedence;
  bool swapped = false;
};

// Comparisons, of precedence 0, do not associate; all others associate to the left.
constexpr InfixOperator kInfixOperators[] = {
    {"==", "Equal", 0},         {"!=", "NotEqual", 0},    {"<", "LessThan", 0},
    {">", "LessThan", 0, true}, {"<=", "LessOrEqual", 0}, {">=", "LessOrEqual", 0, true},
    {"|", "Scalprod", 1},       {"+", "Add", 2},          {"-", "Subtract", 2},
    {"*", "Mult", 3},           {"/", "Divide", 3}};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), tokens_(tokenize(text)) {}

  Ast run() {
    check_length();
    Ast out = formula();
    if (here().kind != TokenKind::end) {
      fail("unexpected `" + here().text + "`; an operator or the end was expected");
    }
    return out;
  }

 private:
  const Token& here() const { return tokens_[at_]; }

  [[noreturn]] void fail(const std::string& message) const {
    if (here().text == "=") {
      throw error_at(ErrorKind::syntax,
                     "unexpected `=`; a formula has no assignments, and equality is written `==`",
                     text_, here().span);
    }
    throw error_at(ErrorKind::syntax, message, text_, here().span);
  }

  // The elements of lists are leaves, of which there may be any number.
  void check_length() const {
    std::size_t count = 0;
    int open_lists = 0;
    for (const Token& token : tokens_) {
      const bool symbol = token.kind == TokenKind::symbol;
      if (symbol && token.text == "[") ++open_lists;
      if (symbol && token.text == "]") --open_lists;
      if (open_lists <= 0 || (token.kind != TokenKind::number && token.text != ",")) ++count;
    }
    if (count <= kMostTokens) return;
    throw Error(ErrorKind::syntax, "the formula is too long: it has " + std::to_string(count) +
                                       " symbols and may have " + std::to_string(kMostTokens));
  }

  bool accept(std::string_view symbol) {
    if (here().kind != TokenKind::symbol || here().text != symbol) return false;
    ++at_;
    return true;
  }

  static Ast call(std::string name, std::vector<Ast> arguments, SourceSpan span) {
    Ast node{AstKind::call, std::move(name), 0, false, std::move(arguments), span, false};
    return node;
  }

  // The operator that stands here, or null.
  const InfixOperator* infix_here() const {
    if (here().kind != TokenKind::symbol) return nullptr;
    for (const InfixOperator& each : kInfixOperators) {
      if (here().text == each.symbol) return &each;
    }
    return nullptr;
  }

  static Ast applied(const InfixOperator& infix, Ast left, Ast right) {
    const SourceSpan span{left.span.begin, right.span.end};
    if (infix.swapped) std::swap(left, right);
    Ast out = binary_call(infix.operation, std::move(left), std::move(right));
    out.span = span;
    return out;
  }

  // A formula of operators that bind at least as strongly as `weakest`. One function for all
  // strengths, so that deep nesting needs little of the stack.
  Ast formula(int weakest = 0) {
    Ast left = unary();
    for (;;) {
      const InfixOperator* infix = infix_here();
      if (infix == nullptr || infix->precedence < weakest) return left;
      ++at_;
      left = applied(*infix, std::move(left), formula(infix->precedence + 1));
      const InfixOperator* next = infix_here();
      if (infix->precedence == 0 && next != nullptr && next->precedence == 0) {
        fail("comparisons cannot be chained; write one of them in parentheses, or And(a, b)");
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
    if (accept("**") || accept("^")) return binary_call("**", std::move(base), unary());
    return base;
  }

  Ast atom() {
    const Token token = here();
    if (token.kind == TokenKind::number) {
      ++at_;
      Ast node{AstKind::number, token.text, token.number, false, {}, token.span, false};
      node.is_integer = token.text.find_first_not_of("0123456789") == std::string::npos;
      return node;
    }
    if (token.kind == TokenKind::name) {
      ++at_;
      if (!accept("(")) return {AstKind::name, token.text, 0, false, {}, token.span, false};
      std::vector<Ast> arguments = sequence(token, ")");
      return call(token.text, std::move(arguments), {token.span.begin, tokens_[at_ - 1].span.end});
    }
    if (accept("(")) {
      Ast inner = formula();
      close(token, ")");
      return inner;
    }
    if (accept("[")) {
      Ast node{AstKind::list, "[", 0, false, sequence(token, "]"), token.span, false};
      node.span.end = tokens_[at_ - 1].span.end;
      return node;
    }
    if (token.kind == TokenKind::end) fail("the formula ends where a value was expected");
    fail("unexpected `" + token.text + "` where a value was expected");
  }

  // What stands between commas up to the closing symbol.
  std::vector<Ast> sequence(const Token& opened, const std::string& closing) {
    std::vector<Ast> out;
    if (accept(closing)) return out;
    do out.push_back(formula());
    while (accept(","));
    close(opened, closing);
    return out;
  }

  void close(const Token& opened, const std::string& closing) {
    if (accept(closing)) return;
    if (here().kind == TokenKind::end) {
      const std::string what = closing == ")" ? "parenthesis" : "bracket";
      throw error_at(ErrorKind::syntax, "this " + what + " is never closed", text_,
                     opened.kind == TokenKind::name
                         ? SourceSpan{opened.span.end, opened.span.end + 1}
                         : opened.span);
    }
    fail("unexpected `" + here().text + "`; an operator, `,` or `" + closing + "` was expected");
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Ast parse(std::string_view text) { return Parser(text).run(); }

}  // namespace kernelops
