#include "core/api/user_operation.h"

#include <gtest/gtest.h>

#include "core/api/operator.h"
#include "core/codegen/cpu.h"
#include "core/ops/user_rows.h"
#include "support/formulas.h"

namespace kernelops {
namespace {

using testing::error_of;

UserOperation cube() { return {"Cube", 1, "x * x * x", {"3 * Square(x) * g"}, "x^3", "A cube."}; }

std::string problem_of(const UserOperation& operation) {
  const Error error = error_of([&] { define_operation(operation); });
  EXPECT_EQ(error.kind(), ErrorKind::argument);
  return error.what();
}

TEST(UserOperation, BecomesARowOfTheTable) {
  define_operation(cube());
  const OpDef* row = find_operation("Cube");
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->kind, OpKind::elementwise);
  EXPECT_TRUE(row->code.is_scalar);
  EXPECT_EQ(row->documentation, "A cube.");
  EXPECT_EQ(row->sample.dimensions.size(), 1u);
}

TEST(UserOperation, StandsInFormulasAndGradients) {
  define_operation(cube());
  const OperatorText text = {
      {"Grad(Sum_Reduction(Cube(x - y), 0), x, e)"}, {""}, {"x=Vi(2)", "y=Vj(2)", "e=Vi(2)"}};
  const Operator op(text);
  const KernelSource source = generate_cpu(
      Operator({{"Sum_Reduction(Cube(x - y), 0)"}, {""}, text.arguments}).passes()[0].program,
      {false, 16}, {1, 1});
  EXPECT_CONTAINS(source.text, "return x * x * x;");
  EXPECT_EQ(op.results()[0]->dimension, 2);
}

TEST(UserOperation, MayUseItselfInItsGradient) {
  define_operation({"Grow", 1, "exp(x)", {"Grow(x) * g"}, "", ""});
  EXPECT_EQ(find_operation("Grow")->gradient[0], "Grow(x) * g");
}

TEST(UserOperation, GetsAnotherMeaningForFormulasBuiltFromThenOn) {
  define_operation(cube());
  const OpDef* first = find_operation("Cube");
  const std::size_t version = user_rows_version();
  UserOperation other = cube();
  other.code = "pow(x, 3)";
  define_operation(other);
  EXPECT_NE(find_operation("Cube"), first);
  EXPECT_EQ(first->code.text, "x * x * x");
  EXPECT_NE(user_rows_version(), version);
}

TEST(UserOperation, RefusesNamesThatAreTakenOrAreNoNames) {
  for (const char* name : {"", "1x", "a b", "Exp", "Sum", "ArgKMin", "é"}) {
    UserOperation operation = cube();
    operation.name = name;
    EXPECT_CONTAINS(problem_of(operation), "name") << name;
  }
}

TEST(UserOperation, RefusesCodeThatIsNoExpression) {
  for (const char* code : {"", " ", "x; y", "{x}", "x \"a\"", "#x", "x'", "(x", "x)", ")x(",
                           "x // y", "x /* y */", "x\\y"}) {
    UserOperation operation = cube();
    operation.code = code;
    EXPECT_CONTAINS(problem_of(operation), "`code`") << code;
  }
}

TEST(UserOperation, RefusesAGradientThatDoesNotFit) {
  UserOperation operation = cube();
  operation.gradient = {"g", "g"};
  EXPECT_CONTAINS(problem_of(operation), "one formula for each argument");
  operation.gradient = {"Concat(g, g)"};
  EXPECT_CONTAINS(problem_of(operation), "dimension");
  operation.gradient = {"NoSuch(g)"};
  EXPECT_EQ(error_of([&] { define_operation(operation); }).kind(), ErrorKind::syntax);
}

TEST(UserOperation, IsNotThereWhenItsGradientWasRefused) {
  UserOperation operation = cube();
  operation.name = "Unborn";
  operation.gradient = {"NoSuch(g)"};
  error_of([&] { define_operation(operation); });
  EXPECT_EQ(find_operation("Unborn"), nullptr);
}

TEST(UserOperation, WithoutGradientCannotBeDifferentiated) {
  define_operation({"Kink", 1, "x > 0 ? x : 0", {}, "", ""});
  const Error error = error_of([] {
    Operator({{"Grad(Sum_Reduction(Kink(x), 0), x, e)"}, {""}, {"x=Vi(1)", "e=Vi(1)"}});
  });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_CONTAINS(error.what(), "Kink");
}

}  // namespace
}  // namespace kernelops
