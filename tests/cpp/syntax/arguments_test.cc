#include "core/syntax/arguments.h"

#include <gtest/gtest.h>

#include "support/formulas.h"

namespace kernelops {
namespace {

using testing::error_of;

void expect_error(const std::vector<std::string>& declarations, ErrorKind kind,
                  const std::string& message) {
  const Error error = error_of([&] { parse_arguments(declarations); });
  EXPECT_EQ(error_kind_name(error.kind()), error_kind_name(kind)) << error.what();
  EXPECT_CONTAINS(error.what(), message);
}

TEST(Arguments, TakesTheirOrderWithoutPositions) {
  const std::vector<Variable> v = parse_arguments({"x=Vi(3)", "y=Vj(2)", "s=Pm(1)"});
  ASSERT_EQ(v.size(), 3u);
  EXPECT_EQ(v[0].name, "x");
  EXPECT_EQ(v[0].category, Category::i);
  EXPECT_EQ(v[0].dimension, 3);
  EXPECT_EQ(v[1].category, Category::j);
  EXPECT_EQ(v[1].dimension, 2);
  EXPECT_EQ(v[2].category, Category::parameter);
  for (int k = 0; k < 3; ++k) EXPECT_EQ(v[static_cast<std::size_t>(k)].position, k);
}

TEST(Arguments, KnowsTheOldKeywords) {
  const std::vector<Variable> v = parse_arguments({"x=Vx(3)", "y=Vy(2)"});
  EXPECT_EQ(v[0].category, Category::i);
  EXPECT_EQ(v[1].category, Category::j);
}

TEST(Arguments, SortsByPositions) {
  const std::vector<Variable> v = parse_arguments({"s=Pm(2,1)", "x=Vi(0,3)", "y=Vj(1,3)"});
  EXPECT_EQ(v[0].name, "x");
  EXPECT_EQ(v[1].name, "y");
  EXPECT_EQ(v[2].name, "s");
}

TEST(Arguments, NothingIsNoVariables) { EXPECT_TRUE(parse_arguments({}).empty()); }

TEST(Arguments, SpacesAreFree) {
  const std::vector<Variable> v = parse_arguments({"  x =  Vi ( 0 ,\t3 ) ", "y=Vj(1 , 2)"});
  EXPECT_EQ(v[0].name, "x");
  EXPECT_EQ(v[0].dimension, 3);
  EXPECT_EQ(v[1].dimension, 2);
}

TEST(Arguments, AnyIdentifierIsAName) {
  for (const std::string name : {"lambda", "for", "int", "class", "x.y", ".a", "_b", "Vi", "Exp",
                                 "X1_2", "k", "index", "parameter"}) {
    EXPECT_EQ(parse_arguments({name + "=Vi(3)"})[0].name, name);
  }
}

TEST(Arguments, RefusesWhatIsNoDeclaration) {
  for (const std::string text : {"",
                                 "x",
                                 "x=",
                                 "x=Vi",
                                 "x=Vi(",
                                 "x=Vi()",
                                 "x=Vi(3",
                                 "x=Vi(3))",
                                 "x=Vi(3,)",
                                 "x=Vi(0,3,1)",
                                 "=Vi(3)",
                                 "3=Vi(3)",
                                 "x=Vk(3)",
                                 "x=vi(3)",
                                 "x=Vi(a)",
                                 "x=Vi(3.5)",
                                 "x=Vi(-3)",
                                 "x Vi(3)",
                                 "x=Vi(3) y",
                                 "x=Vi(1e2)",
                                 "x=Vi(9999999999)",
                                 "x=Var(0,3,1)",
                                 "x y=Vi(3)"}) {
    const Error error = error_of([&] { parse_arguments({text}); });
    EXPECT_EQ(error.kind(), ErrorKind::syntax) << text;
    EXPECT_EQ(error.data().at("argument"), "args") << text;
  }
  expect_error({"x=Vk(3)"}, ErrorKind::syntax, "`Vi`, `Vj` or `Pm` was expected");
}

TEST(Arguments, RefusesADimensionOfZero) {
  expect_error({"x=Vi(0)"}, ErrorKind::argument, "the dimension of `x` must be at least 1");
  expect_error({"x=Vi(0,0)"}, ErrorKind::argument, "the dimension of `x` must be at least 1");
}

TEST(Arguments, RefusesANameTwice) {
  expect_error({"x=Vi(3)", "x=Vj(3)"}, ErrorKind::argument, "declares `x` twice");
}

TEST(Arguments, PositionsAreAllOrNone) {
  expect_error({"x=Vi(0,3)", "y=Vj(3)"}, ErrorKind::argument, "or none has");
}

TEST(Arguments, PositionsCountFromZeroWithoutGaps) {
  expect_error({"x=Vi(1,3)"}, ErrorKind::argument, "must be 0 to 0");
  expect_error({"x=Vi(0,3)", "y=Vj(2,3)"}, ErrorKind::argument, "must be 0 to 1, each once");
  expect_error({"x=Vi(0,3)", "y=Vj(0,3)"}, ErrorKind::argument, "must be 0 to 1, each once");
}

TEST(Arguments, CategoriesHaveTheirKeywords) {
  EXPECT_EQ(category_keyword(Category::i), "Vi");
  EXPECT_EQ(category_keyword(Category::j), "Vj");
  EXPECT_EQ(category_keyword(Category::parameter), "Pm");
}

}  // namespace
}  // namespace kernelops
