#include "core/support/int_expr.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "support/formulas.h"

namespace kernelops {
namespace {

std::optional<std::int64_t> scope(std::string_view name) {
  if (name == "m") return 3;
  if (name == "k") return -2;
  if (name == "dim(x)") return 7;
  return std::nullopt;
}

TEST(IntExpr, FollowsThePrecedenceOfC) {
  const std::vector<std::pair<std::string, std::int64_t>> cases = {
      {"2 + 3 * 4", 14},     {"(2 + 3) * 4", 20},   {"10 - 4 - 3", 3},
      {"100 / 5 / 2", 10},   {"7 % 4", 3},          {"-7 / 2", -3},
      {"-7 % 2", -1},        {"2 * -3", -6},        {"- (1 + 2)", -3},
      {"1 + 2 == 3", 1},     {"1 != 1", 0},         {"2 < 3", 1},
      {"3 <= 3", 1},         {"2 > 3", 0},          {"3 >= 4", 0},
      {"1 || 0 && 0", 1},    {"(1 || 0) && 0", 0},  {"0 || 5", 1},
      {"2 && 3", 1},         {"1 < 2 && 2 < 1", 0}, {"m >= 0 && m < dim(x)", 1},
      {"dim(x) - m + k", 2}, {"  12  ", 12},        {"m*m-1", 8}};
  for (const auto& [text, value] : cases) EXPECT_EQ(evaluate_int(text, scope), value) << text;
}

TEST(IntExpr, RejectsWhatIsMalformed) {
  for (const std::string text :
       {"", "1 +", "(1", "1)", "1 2", "*", "m <", "dim(x", "1 = 1", "()"}) {
    const Error error = testing::error_of([&] { evaluate_int(text, scope); });
    EXPECT_EQ(error.kind(), ErrorKind::internal) << text;
  }
}

TEST(IntExpr, NamesWhatIsUnknown) {
  EXPECT_CONTAINS(testing::error_of([] { evaluate_int("m + q", scope); }).what(), "unknown name q");
  EXPECT_CONTAINS(testing::error_of([] { evaluate_int("dim(y)", scope); }).what(), "dim(y)");
}

TEST(IntExpr, RefusesDivisionByZeroAndOverflow) {
  for (const std::string text : {"1 / 0", "1 % (m - 3)"}) {
    EXPECT_CONTAINS(testing::error_of([&] { evaluate_int(text, scope); }).what(),
                    "division by zero");
  }
  const std::string largest = "9223372036854775807";
  for (const std::string& text : {largest + " + 1", "-" + largest + " - 2", largest + " * 2"}) {
    EXPECT_CONTAINS(testing::error_of([&] { evaluate_int(text, scope); }).what(), "overflow");
  }
}

TEST(IntExpr, WhatIsDecidedIsNotComputed) {
  EXPECT_EQ(evaluate_int("0 > 1 && 4 % 0 == 0", scope), 0);
  EXPECT_EQ(evaluate_int("1 > 0 || 4 / 0 == q", scope), 1);
  EXPECT_EQ(evaluate_int("(1 < 0 && q) || 1", scope), 1);
  EXPECT_EQ(testing::error_of([] { evaluate_int("1 > 0 && 4 % 0 == 0", scope); }).kind(),
            ErrorKind::internal);
}

}  // namespace
}  // namespace kernelops
