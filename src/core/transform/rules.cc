#include "core/transform/rules.h"

namespace kernelops {

const std::vector<Rule>& simplification_rules() {
  constexpr Exactness rounding = Exactness::rounding;
  constexpr Exactness exact = Exactness::exact;
  static const std::vector<Rule> rules = {
      {"x + 0", "x"},
      {"x - 0", "x"},
      {"0 - x", "-x"},
      {"x * 1", "x"},
      {"x * -1", "-x"},
      {"x / 1", "x"},
      {"x / -1", "-x"},
      {"1 / x", "Inv(x)"},
      {"x + x", "2 * x"},
      {"x * x", "Square(x)"},
      {"-(-x)", "x"},
      {"-(x - y)", "y - x"},
      {"(-x) * y", "-(x * y)"},
      {"(-x) / y", "-(x / y)"},
      {"x / (-y)", "-(x / y)"},
      {"x + (-y)", "x - y"},
      {"x - (-y)", "x + y"},
      {"-(c * x)", "(-c) * x"},
      {"Square(-x)", "Square(x)"},
      {"Square(Abs(x))", "Square(x)"},
      {"Abs(-x)", "Abs(x)"},
      {"Pow(x, 0)", "SumT(1, dim(x))"},
      {"Pow(x, 1)", "x"},
      {"Pow(x, 2)", "Square(x)"},
      {"Pow(x, -1)", "Inv(x)"},
      {"Sum(x)", "x", exact, "dim(x) == 1"},
      {"SumT(x, 1)", "x"},
      {"Sum(-x)", "-Sum(x)"},
      {"SumT(-x, m)", "-SumT(x, m)"},
      {"Sum(SumT(x, m))", "m * x", rounding},
      {"Sum(x * y)", "x * Sum(y)", rounding, "dim(x) == 1 && dim(y) > 1"},
      {"Sum(x * y)", "y * Sum(x)", rounding, "dim(y) == 1 && dim(x) > 1"},
      {"Sum(x / y)", "Sum(x) / y", rounding, "dim(y) == 1 && dim(x) > 1"},
      {"SumT(x, m) * SumT(y, m)", "SumT(x * y, m)"},
      {"SumT(x, m) + SumT(y, m)", "SumT(x + y, m)"},
      {"SumT(x, m) * y", "x * y", exact, "dim(y) == m"},
      {"SumT(x, m) + y", "x + y", exact, "dim(y) == m"},
      {"SumT(x, m) - y", "x - y", exact, "dim(y) == m"},
      {"x - SumT(y, m)", "x - y", exact, "dim(x) == m"},
      {"SumT(x, m) / y", "x / y", exact, "dim(y) == m"},
      {"x / SumT(y, m)", "x / y", exact, "dim(x) == m"},
      {"SumT(x, m) * c", "SumT(x * c, m)"},
      {"Elem(x, 0)", "x", exact, "dim(x) == 1"},
      {"ElemT(x, 1, 0)", "x"},
      {"Elem(SumT(x, m), k)", "x"},
      {"Elem(Concat(x, y), m)", "Elem(x, m)", exact, "m < dim(x)"},
      {"Extract(x, 0, n)", "x", exact, "dim(x) == n"},
      {"ExtractT(x, 0, n)", "x", exact, "dim(x) == n"},
      {"Extract(SumT(x, m), s, n)", "SumT(x, n)"},
  };
  return rules;
}

}  // namespace kernelops
