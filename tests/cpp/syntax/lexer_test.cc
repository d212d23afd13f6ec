#include "core/syntax/lexer.h"

#include <gtest/gtest.h>

#include "support/formulas.h"

namespace kernelops {
namespace {

std::vector<std::string> texts(const std::string& formula) {
  std::vector<std::string> out;
  for (const Token& token : tokenize(formula)) out.push_back(token.text);
  return out;
}

using Texts = std::vector<std::string>;

TEST(Lexer, EndsEveryTextWithTheEnd) {
  const std::vector<Token> tokens = tokenize("  ");
  ASSERT_EQ(tokens.size(), 1u);
  EXPECT_EQ(tokens[0].kind, TokenKind::end);
  EXPECT_EQ(tokens[0].span.begin, 2u);
}

TEST(Lexer, CutsNamesNumbersAndSymbols) {
  EXPECT_EQ(texts("x_1+y.z*(2e3,-.5)"),
            (Texts{"x_1", "+", "y.z", "*", "(", "2e3", ",", "-", ".5", ")", ""}));
  EXPECT_EQ(texts("a**b^c|d=e/f"),
            (Texts{"a", "**", "b", "^", "c", "|", "d", "=", "e", "/", "f", ""}));
  EXPECT_EQ(texts("a***b"), (Texts{"a", "**", "*", "b", ""}));
}

TEST(Lexer, ReadsDecimalNumbers) {
  const std::vector<std::pair<std::string, double>> cases = {
      {"0", 0},           {"12", 12},
      {"1.5", 1.5},       {"1.", 1},
      {".25", 0.25},      {"1e3", 1000},
      {"1E-2", 0.01},     {"2.5e+1", 25},
      {"007", 7},         {"1e308", 1e308},
      {"4e-310", 4e-310}, {"0.1", 0.1},
      {"1e-400", 0},      {"123456789012345678", 123456789012345678.}};
  for (const auto& [text, value] : cases) {
    const std::vector<Token> tokens = tokenize(text);
    ASSERT_EQ(tokens.size(), 2u) << text;
    EXPECT_EQ(tokens[0].kind, TokenKind::number);
    EXPECT_EQ(tokens[0].number, value) << text;
  }
}

TEST(Lexer, AnExponentNeedsDigits) {
  EXPECT_EQ(texts("2e"), (Texts{"2", "e", ""}));
  EXPECT_EQ(texts("2e+x"), (Texts{"2", "e", "+", "x", ""}));
}

TEST(Lexer, KnowsWhereEachTokenStands) {
  const std::vector<Token> tokens = tokenize(" ab + 12 ");
  EXPECT_EQ(tokens[0].span.begin, 1u);
  EXPECT_EQ(tokens[0].span.end, 3u);
  EXPECT_EQ(tokens[2].span.begin, 6u);
  EXPECT_EQ(tokens[2].span.end, 8u);
}

TEST(Lexer, RefusesANumberThatIsTooLarge) {
  const Error error = testing::error_of([] { tokenize("x + 1e999"); });
  EXPECT_EQ(error.kind(), ErrorKind::syntax);
  EXPECT_CONTAINS(error.what(), "`1e999` is too large\n  x + 1e999\n      ^^^^^");
}

TEST(Lexer, TakesTheLongestSymbol) {
  std::vector<std::string> texts;
  for (const Token& token : tokenize("a<=b>=c==d!=e**f<-[g]")) texts.push_back(token.text);
  EXPECT_EQ(texts, (std::vector<std::string>{"a", "<=", "b", ">=", "c", "==", "d", "!=", "e", "**",
                                             "f", "<", "-", "[", "g", "]", ""}));
}

TEST(Lexer, PointsAtCharactersThatBelongToNothing) {
  for (const std::string text : {"x $ y", "x ; y", "x # y", "x \" y", "x ! y", "x \x01 y"}) {
    const Error error = testing::error_of([&] { tokenize(text); });
    EXPECT_EQ(error.kind(), ErrorKind::syntax);
    EXPECT_EQ(error.data().at("position"), "3");
  }
}

TEST(Lexer, ShowsACharacterOfSeveralBytesWhole) {
  const Error error = testing::error_of([] { tokenize("\xce\xbb * x"); });
  EXPECT_CONTAINS(error.what(), "unexpected character `\xce\xbb`");
}

}  // namespace
}  // namespace kernelops
