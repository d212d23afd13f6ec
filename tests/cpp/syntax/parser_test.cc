#include "core/syntax/parser.h"

#include <gtest/gtest.h>

#include "core/support/strings.h"
#include "support/formulas.h"

namespace kernelops {
namespace {

using testing::error_of;

// The tree with every operation written as a call.
std::string tree(const Ast& ast) {
  if (ast.kind == AstKind::number) return number_text(ast.number);
  if (ast.kind == AstKind::name) return ast.text;
  std::vector<std::string> parts;
  for (const Ast& child : ast.children) parts.push_back(tree(child));
  return ast.text + "(" + join(parts, ", ") + ")";
}

std::string tree(const std::string& text) { return tree(parse(text)); }

TEST(Parser, BindsPowersThenMinusThenProductsThenSumsThenScalarProducts) {
  EXPECT_EQ(tree("a + b * c"), "Add(a, Mult(b, c))");
  EXPECT_EQ(tree("a * b + c"), "Add(Mult(a, b), c)");
  EXPECT_EQ(tree("-a ** 2"), "Minus(**(a, 2))");
  EXPECT_EQ(tree("-a * b"), "Mult(Minus(a), b)");
  EXPECT_EQ(tree("a * -b"), "Mult(a, Minus(b))");
  EXPECT_EQ(tree("a | b + c"), "Scalprod(a, Add(b, c))");
  EXPECT_EQ(tree("a - b | c * d"), "Scalprod(Subtract(a, b), Mult(c, d))");
  EXPECT_EQ(tree("a * b ** 2"), "Mult(a, **(b, 2))");
  EXPECT_EQ(tree("(a + b) * c"), "Mult(Add(a, b), c)");
  EXPECT_EQ(tree("(a | b) * c"), "Mult(Scalprod(a, b), c)");
}

TEST(Parser, AssociatesToTheLeftExceptPowers) {
  EXPECT_EQ(tree("a - b - c"), "Subtract(Subtract(a, b), c)");
  EXPECT_EQ(tree("a / b / c"), "Divide(Divide(a, b), c)");
  EXPECT_EQ(tree("a / b * c"), "Mult(Divide(a, b), c)");
  EXPECT_EQ(tree("a - b + c"), "Add(Subtract(a, b), c)");
  EXPECT_EQ(tree("a | b | c"), "Scalprod(Scalprod(a, b), c)");
  EXPECT_EQ(tree("a ** b ** c"), "**(a, **(b, c))");
  EXPECT_EQ(tree("a ^ b ** c"), "**(a, **(b, c))");
}

TEST(Parser, ComparesLast) {
  EXPECT_EQ(tree("a | b == c + d"), "Equal(Scalprod(a, b), Add(c, d))");
  EXPECT_EQ(tree("a != b"), "NotEqual(a, b)");
  EXPECT_EQ(tree("a < -b"), "LessThan(a, Minus(b))");
  EXPECT_EQ(tree("a <= b"), "LessOrEqual(a, b)");
  EXPECT_EQ(tree("a > b"), "LessThan(b, a)");
  EXPECT_EQ(tree("a >= b"), "LessOrEqual(b, a)");
  EXPECT_EQ(tree("(a == b) == c"), "Equal(Equal(a, b), c)");
  EXPECT_EQ(tree("F(a < b, [1])"), "F(LessThan(a, b), [(1))");
  const Ast swapped = parse(" a > b");
  EXPECT_EQ(swapped.span.begin, 1u);
  EXPECT_EQ(swapped.span.end, 6u);
}

TEST(Parser, ReadsLists) {
  EXPECT_EQ(tree("F(a, [2, -3], [])"), "F(a, [(2, -3), [())");
  const Ast list = parse("F(a, [2, 3])").children[1];
  EXPECT_EQ(list.kind, AstKind::list);
  EXPECT_EQ(list.span.begin, 5u);
  EXPECT_EQ(list.span.end, 11u);
  std::string elements = "0";
  for (int n = 1; n < 20000; ++n) elements += "," + std::to_string(n);
  EXPECT_EQ(parse("F(a, [" + elements + "])").children[1].children.size(), 20000u);
}

TEST(Parser, AMinusBeforeANumberBelongsToIt) {
  EXPECT_EQ(tree("-2"), "-2");
  EXPECT_EQ(tree("--2"), "2");
  EXPECT_EQ(tree("a ** -2"), "**(a, -2)");
  EXPECT_EQ(tree("-2 * a"), "Mult(-2, a)");
  EXPECT_EQ(tree("-2 ** 2"), "Minus(**(2, 2))");
  EXPECT_EQ(tree("a - 2"), "Subtract(a, 2)");
  EXPECT_EQ(tree("a - -2"), "Subtract(a, -2)");
  EXPECT_EQ(tree("-0"), "-0");
  EXPECT_EQ(tree("+a"), "a");
  EXPECT_EQ(tree("--a"), "Minus(Minus(a))");
}

TEST(Parser, KnowsIntegersByTheWayTheyAreWritten) {
  EXPECT_TRUE(parse("12").is_integer);
  EXPECT_TRUE(parse("-12").is_integer);
  EXPECT_FALSE(parse("12.0").is_integer);
  EXPECT_FALSE(parse("1e2").is_integer);
}

TEST(Parser, ReadsCalls) {
  EXPECT_EQ(tree("F()"), "F()");
  EXPECT_EQ(tree("F(a, 1 , G ( b ))"), "F(a, 1, G(b))");
  EXPECT_EQ(tree(" F ( a|b ) "), "F(Scalprod(a, b))");
}

TEST(Parser, KeepsThePlaceOfEveryPart) {
  const Ast ast = parse(" a + Exp(b) * c");
  EXPECT_EQ(ast.span.begin, 1u);
  EXPECT_EQ(ast.span.end, 15u);
  const Ast& product = ast.children[1];
  EXPECT_EQ(product.span.begin, 5u);
  EXPECT_EQ(product.children[0].span.end, 11u);
  EXPECT_EQ(product.children[1].span.begin, 14u);
}

void expect_syntax_error(const std::string& text, const std::string& message,
                         const std::string& position) {
  const Error error = error_of([&] { parse(text); });
  EXPECT_EQ(error.kind(), ErrorKind::syntax) << text;
  EXPECT_CONTAINS(error.what(), message);
  EXPECT_EQ(error.data().at("position"), position) << text;
}

TEST(Parser, RejectsAnUnclosedParenthesis) {
  expect_syntax_error("(a + b", "never closed", "1");
  expect_syntax_error("a * F(b, c", "never closed", "6");
  expect_syntax_error("F (b", "never closed", "2");
}

TEST(Parser, RejectsWhatDoesNotFit) {
  expect_syntax_error("", "ends where a value was expected", "1");
  expect_syntax_error("a +", "ends where a value was expected", "4");
  expect_syntax_error("a b", "unexpected `b`", "3");
  expect_syntax_error("a * / b", "unexpected `/`", "5");
  expect_syntax_error("F(a,)", "unexpected `)`", "5");
  expect_syntax_error("F(,a)", "unexpected `,`", "3");
  expect_syntax_error("(a, b)", "unexpected `,`", "3");
  expect_syntax_error("a)", "unexpected `)`", "2");
  expect_syntax_error("a = b", "unexpected `=`", "3");
  expect_syntax_error("a = b", "equality is written `==`", "3");
  expect_syntax_error("a ! b", "unexpected character `!`", "3");
  expect_syntax_error("a == b == c", "cannot be chained", "8");
  expect_syntax_error("a < b <= c", "cannot be chained", "7");
  expect_syntax_error("F([1, 2)", "unexpected `)`", "8");
  expect_syntax_error("F([1, 2", "this bracket is never closed", "3");
  expect_syntax_error("2x", "unexpected `x`", "2");
  expect_syntax_error("1.2.3", "unexpected `.3`", "4");
  expect_syntax_error("()", "unexpected `)`", "2");
}

TEST(Parser, RefusesTextsThatWouldExhaustTheStack) {
  const Error deep = error_of([] { parse(std::string(100000, '(') + "x"); });
  EXPECT_EQ(deep.kind(), ErrorKind::syntax);
  EXPECT_EQ(error_of([] { parse(std::string(5000, '(') + "x"); }).kind(), ErrorKind::syntax);
  EXPECT_EQ(error_of([] { parse(std::string(5000, '-') + "x"); }).kind(), ErrorKind::syntax);
  std::string power = "x";
  for (int n = 0; n < 3000; ++n) power += "**x";
  EXPECT_EQ(error_of([&] { parse(power); }).kind(), ErrorKind::syntax);
  std::string sum = "x";
  for (int n = 0; n < 6000; ++n) sum += "+x";
  EXPECT_EQ(error_of([&] { parse(sum); }).kind(), ErrorKind::syntax);
}

TEST(Parser, AcceptsLongFormulas) {
  std::string sum = "x";
  for (int n = 0; n < 4000; ++n) sum += "+x";
  testing::Formulas f;
  f.variable("x", Category::i, 1);
  EXPECT_EQ(f(sum)->dimension, 1);
  EXPECT_EQ(tree(std::string(900, '(') + "x" + std::string(900, ')')), "x");
}

}  // namespace
}  // namespace kernelops
