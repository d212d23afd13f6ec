#include "core/api/inputs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "core/syntax/arguments.h"
#include "support/formulas.h"

namespace kernelops {
namespace {

using testing::error_of;

constexpr double kData[64] = {};
constexpr int kIntegers[64] = {};

Input matrix(std::int64_t rows, std::int64_t columns, const std::string& name = "") {
  return {name, "double", true, ElementType::float64, true, rows, columns, kData};
}

Input vector(std::int64_t length, const std::string& name = "") {
  return {name, "double", true, ElementType::float64, false, length, 1, kData};
}

const std::vector<std::string> kDeclarations = {"x=Vi(3)", "y=Vj(3)", "b=Vj(1)", "s=Pm(2)"};

CheckedInputs check(const std::vector<Input>& inputs, bool transposed = false) {
  return check_inputs(parse_arguments(kDeclarations), inputs, transposed);
}

void expect_error(const std::vector<Input>& inputs, const std::string& argument,
                  const std::string& message, bool transposed = false) {
  const Error error = error_of([&] { check(inputs, transposed); });
  EXPECT_EQ(error.kind(), ErrorKind::argument);
  EXPECT_EQ(error.data().at("argument"), argument) << error.what();
  EXPECT_CONTAINS(error.what(), message);
}

TEST(Inputs, AreViewedWithoutCopies) {
  const CheckedInputs out = check({matrix(5, 3), matrix(4, 3), matrix(4, 1), vector(2)});
  ASSERT_EQ(out.views.size(), 4u);
  EXPECT_EQ(out.sizes.i, 5);
  EXPECT_EQ(out.sizes.j, 4);
  EXPECT_EQ(out.views[0].data, kData);
  EXPECT_EQ(out.views[0].rows, 5);
  EXPECT_EQ(out.views[0].row_stride, 1);
  EXPECT_EQ(out.views[0].component_stride, 5);
  EXPECT_EQ(out.views[3].rows, 1);
  EXPECT_EQ(out.views[3].component_stride, 1);
}

TEST(Inputs, MayHaveOneColumnForEachRow) {
  const CheckedInputs out = check({matrix(3, 5), matrix(3, 4), matrix(1, 4), matrix(1, 2)}, true);
  EXPECT_EQ(out.sizes.i, 5);
  EXPECT_EQ(out.sizes.j, 4);
  EXPECT_EQ(out.views[0].row_stride, 3);
  EXPECT_EQ(out.views[0].component_stride, 1);
}

TEST(Inputs, AVectorServesForDimensionOneAndForParameters) {
  EXPECT_EQ(check({matrix(5, 3), matrix(4, 3), vector(4), vector(2)}).views[2].rows, 4);
  EXPECT_EQ(check({matrix(5, 3), matrix(4, 3), vector(4), matrix(2, 1)}).views[3].dimension, 2);
  EXPECT_EQ(check({matrix(5, 3), matrix(4, 3), vector(4), matrix(1, 2)}).views[3].dimension, 2);
}

TEST(Inputs, AreMatchedByTheirNames) {
  const CheckedInputs out =
      check({vector(2, "s"), vector(4, "b"), matrix(4, 3, "y"), matrix(5, 3, "x")});
  EXPECT_EQ(out.sizes.i, 5);
  EXPECT_EQ(out.views[0].rows, 5);
  EXPECT_EQ(out.views[2].dimension, 1);
}

TEST(Inputs, MayBeIntegers) {
  Input b = vector(4);
  b.type = "integer";
  b.element = ElementType::int32;
  b.data = kIntegers;
  EXPECT_EQ(check({matrix(5, 3), matrix(4, 3), b, vector(2)}).views[2].type, ElementType::int32);
}

TEST(Inputs, MayHaveNoRows) {
  const CheckedInputs out = check({matrix(0, 3), matrix(4, 3), vector(4), vector(2)});
  EXPECT_EQ(out.sizes.i, 0);
  EXPECT_EQ(out.sizes.j, 4);
}

TEST(Inputs, ASideWithoutVariablesHasOneRow) {
  EXPECT_EQ(check_inputs(parse_arguments({"x=Vi(3)"}), {matrix(5, 3)}, false).sizes.j, 1);
  EXPECT_EQ(check_inputs({}, {}, false).sizes.i, 1);
}

TEST(Inputs, TheirNumberIsChecked) {
  expect_error({}, "input", "must have 4 elements (x, y, b, s); it has 0");
  expect_error({matrix(5, 3)}, "input", "it has 1");
}

TEST(Inputs, NamesAreAllOrNoneKnownAndOnce) {
  const auto named = [](const std::string& a, const std::string& b, const std::string& c) {
    return std::vector<Input>{matrix(5, 3, a), matrix(4, 3, b), vector(4, c), vector(2, "s")};
  };
  expect_error(named("x", "", "b"), "input", "element 2 has none");
  expect_error(named("x", "z", "b"), "input", "an element `z`, but the variables are x, y, b, s");
  expect_error(named("x", "x", "b"), "input", "two elements `x`");
}

TEST(Inputs, AMisspeltNameGetsASuggestion) {
  const Error error = error_of(
      [] { check_inputs(parse_arguments({"weight=Vi(1)"}), {vector(4, "wieght")}, false); });
  EXPECT_CONTAINS(error.what(), "did you mean `weight`?");
}

TEST(Inputs, TypesAreChecked) {
  Input x = matrix(5, 3);
  x.is_numeric = false;
  x.type = "character";
  expect_error({x, matrix(4, 3), vector(4), vector(2)}, "x",
               "input `x` must be a numeric matrix with 3 columns (one row for each i); it is of "
               "type character");
}

TEST(Inputs, DimensionsAreChecked) {
  expect_error({matrix(5, 2), matrix(4, 3), vector(4), vector(2)}, "x", "it is a 5 x 2 matrix");
  expect_error({vector(3), matrix(4, 3), vector(4), vector(2)}, "x", "it is a vector of length 3");
  expect_error({matrix(5, 3), matrix(4, 3), matrix(4, 2), vector(2)}, "b",
               "with 1 column or a vector (one row for each j); it is a 4 x 2 matrix");
  expect_error({matrix(5, 3), matrix(4, 3), vector(4), vector(3)}, "s",
               "a numeric vector of length 2; it is a vector of length 3");
  expect_error({matrix(5, 3), matrix(4, 3), vector(4), matrix(2, 2)}, "s", "a 2 x 2 matrix");
  expect_error({matrix(5, 3), matrix(3, 4), vector(4), matrix(1, 2)}, "x",
               "with 3 rows (one column for each i); it is a 5 x 3 matrix", true);
}

TEST(Inputs, ErrorsKeepWhatWasExpectedAndWhatCame) {
  const Error error = error_of([] { check({matrix(5, 2), matrix(4, 3), vector(4), vector(2)}); });
  EXPECT_EQ(error.data().at("expected"), "a numeric matrix with 3 columns (one row for each i)");
  EXPECT_EQ(error.data().at("actual"), "a 5 x 2 matrix");
}

TEST(Inputs, RowsOfOneSideAreEquallyMany) {
  expect_error({matrix(5, 3), matrix(4, 3), vector(5), vector(2)}, "b",
               "input `b` has 5 rows, but `y` has 4; both must have one for each j");
  expect_error({matrix(3, 5), matrix(3, 4), matrix(1, 5), vector(2)}, "b", "has 5 columns", true);
}

TEST(Inputs, AScalarParameterIsOneNumber) {
  const Error error =
      error_of([] { check_inputs(parse_arguments({"s=Pm(1)"}), {vector(2)}, false); });
  EXPECT_CONTAINS(error.what(), "must be one number; it is a vector of length 2");
}

TEST(Inputs, TheHintOfTheHostEndsTheMessage) {
  Input x = matrix(5, 3);
  x.is_numeric = false;
  x.type = "factor";
  x.hint = "convert it";
  expect_error({x, matrix(4, 3), vector(4), vector(2)}, "x",
               "it is of type factor\n  hint: convert it");
}

TEST(Inputs, KnowTheirPlacesInTheList) {
  const CheckedInputs out =
      check({vector(2, "s"), matrix(4, 3, "y"), vector(4, "b"), matrix(5, 3, "x")});
  EXPECT_EQ(out.places, (std::vector<std::size_t>{3, 1, 2, 0}));
}

// A NaN with 1954 in its low word, as R has it.
double missing_number(std::uint64_t high = 0x7ff00000) {
  const std::uint64_t bits = high << 32 | 1954;
  double value = 0;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

class MissingTest : public ::testing::Test {
 protected:
  // The message about x, rows x 2, or its transpose.
  std::string message(const std::vector<double>& x, bool transposed = false) {
    const auto rows = static_cast<std::int64_t>(x.size() / 2);
    const Input input = {"x",
                         "double",
                         true,
                         ElementType::float64,
                         true,
                         transposed ? 2 : rows,
                         transposed ? rows : 2,
                         x.data()};
    return message_of({"x=Vi(2)"}, input, transposed);
  }

  std::string message_of(const std::vector<std::string>& declarations, const Input& input,
                         bool transposed = false) {
    const auto variables = parse_arguments(declarations);
    const CheckedInputs checked = check_inputs(variables, {input}, transposed);
    for (const int threads : {0, 1, 3}) {
      try {
        refuse_missing(variables, checked, threads, pool, {});
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::argument);
        EXPECT_EQ(error.data().at("argument"), "x");
        if (threads == 3) return error.what();
      }
    }
    return "";
  }

  ThreadPool pool;
};

TEST_F(MissingTest, NumbersInfinitiesAndNaNPass) {
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(message({0, -1, 1954, inf, -inf, std::nan(""), -std::nan(""), 1e300}), "");
  EXPECT_EQ(message({}), "");
}

TEST_F(MissingTest, AreNamedWithTheirNumberAndTheFirstRow) {
  std::vector<double> x(12, 1.5);
  x[6 + 1] = missing_number();
  EXPECT_CONTAINS(message(x), "input `x` must have no missing values (NA); it has 1, in row 2\n");
  x[4] = missing_number(0x7ff80000);
  x[5] = missing_number(0xfff80000);
  EXPECT_CONTAINS(message(x), "it has 3, the first in row 2\n");
  EXPECT_CONTAINS(message(x, true), "it has 3, the first in column 3\n");
}

TEST_F(MissingTest, AreFoundAnywhereInLargeInputs) {
  std::vector<double> x(2 * 300001, 1.5);
  for (const std::size_t place : {std::size_t{0}, std::size_t{131071}, std::size_t{131072},
                                  std::size_t{300000}, x.size() - 1}) {
    x[place] = missing_number();
    EXPECT_CONTAINS(message(x), "in row " + std::to_string(place % 300001 + 1) + "\n");
    x[place] = 1.5;
  }
  EXPECT_EQ(message(x), "");
}

TEST_F(MissingTest, AreFoundInIntegersAndParameters) {
  std::vector<std::int32_t> x = {1, 2, kMissingInteger, 1954};
  EXPECT_CONTAINS(
      message_of({"x=Vi(1)"}, {"x", "integer", true, ElementType::int32, false, 4, 1, x.data()}),
      "in row 3\n");
  EXPECT_CONTAINS(
      message_of({"x=Pm(4)"}, {"x", "integer", true, ElementType::int32, false, 4, 1, x.data()}),
      "in place 3\n");
}

}  // namespace
}  // namespace kernelops
