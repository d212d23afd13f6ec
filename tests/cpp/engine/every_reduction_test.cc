// Every reduction over every side, in both precisions, for short and long vectors: compiled kernels
// against the evaluator. All reductions of a kind meet in one program, which also shows that they
// do not disturb each other.
#include "support/every_reduction.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <set>
#include <string>
#include <tuple>

#include "support/machine.h"

namespace kernelops {
namespace {

using testing::CompiledRunner;
using testing::Formulas;
using testing::Lowering;
using testing::Machine;
using testing::Random;
using testing::Table;
using testing::Values;

const std::vector<Sizes> kSizes = {{0, 0}, {0, 4},  {4, 0},  {1, 1}, {1, 17},
                                   {9, 8}, {17, 3}, {33, 2}, {2, 33}};

class EveryReduction : public ::testing::Test {
 protected:
  void expect_right(const std::vector<Expr>& nodes, const Formulas& f,
                    const std::vector<Sizes>& all_sizes, bool float32,
                    const Lowering& lowering = {}) {
    testing::expect_right(testing::compiled_executor(machine), nodes, f, random, all_sizes, float32,
                          lowering);
  }

  Random random{11};
  Machine machine;
};

class EveryReductionOfDimension : public EveryReduction,
                                  public ::testing::WithParamInterface<std::tuple<int, int>> {};

TEST_P(EveryReductionOfDimension, IsRightOverEverySideInBothPrecisions) {
  const auto [dimension, category] = GetParam();
  Formulas f;
  testing::declare_both_sides(f, dimension);
  const std::vector<Expr> nodes = testing::every_reduction(f, category, {1, 2, 7});
  for (const bool float32 : {true, false}) {
    expect_right(nodes, f, kSizes, float32);
    if (HasFailure()) return;
  }
}

class EveryTransposedReduction : public EveryReductionOfDimension {};

TEST_P(EveryTransposedReduction, IsRightOverEverySide) {
  const auto [dimension, category] = GetParam();
  Formulas f;
  testing::declare_both_sides(f, dimension);
  const std::vector<Expr> nodes = testing::every_reduction(f, category, {2});
  std::vector<Sizes> all_sizes = kSizes;
  for (const Sizes& sizes : {Sizes{3, 1000}, Sizes{1000, 3}}) all_sizes.push_back(sizes);
  const bool float32 = dimension != 3;
  expect_right(nodes, f, all_sizes, float32, {SumScheme::block, true});
}

INSTANTIATE_TEST_SUITE_P(, EveryReductionOfDimension,
                         ::testing::Combine(::testing::Values(1, 3, 17, 40),
                                            ::testing::Values(0, 1, 2)));
INSTANTIATE_TEST_SUITE_P(, EveryTransposedReduction,
                         ::testing::Combine(::testing::Values(3, 17), ::testing::Values(0, 1, 2)));

// One of those that share their code is enough.
TEST_F(EveryReduction, IsRightAloneAsWell) {
  std::set<std::tuple<std::string, std::int64_t, std::int64_t>> seen;
  for (const int dimension : {3, 20}) {
    Formulas f;
    testing::declare_both_sides(f, dimension);
    for (Expr node : testing::every_reduction(f, 0, {7})) {
      const bool weighted = node->reduction->weighted;
      if (!seen.insert({node->reduction->code.name, node->arguments.front()->dimension * weighted,
                        node->arguments.back()->dimension * weighted})
               .second) {
        continue;
      }
      expect_right({node}, f, {{9, 8}, {2, 33}}, dimension == 20);
      ASSERT_FALSE(HasFailure());
    }
  }
}

// Alone they go through the columns backwards, one by one or in groups.
TEST_F(EveryReduction, OfPositionsIsRightAlone) {
  for (const int dimension : {1, 3, 20}) {
    Formulas f;
    testing::declare_both_sides(f, dimension);
    for (const char* name : {"ArgMin", "Max_ArgMax"}) {
      for (const bool float32 : {true, false}) {
        expect_right({f(std::string(name) + "_Reduction(F, 0)")}, f,
                     {{0, 3}, {3, 0}, {1, 1}, {33, 7}, {3, 50}, {1, 1100}}, float32);
        ASSERT_FALSE(HasFailure());
      }
    }
  }
}

// Sums make a tile go in several runs of columns.
TEST_F(EveryReduction, OfPositionsIsRightBesideASum) {
  Formulas f;
  testing::declare_both_sides(f, 2);
  expect_right({f("ArgMin_Reduction(F, 0)"), f("Sum_Reduction(f, 0)")}, f, {{17, 79}, {3, 500}},
               true);
}

// Of sums of exponentials only short ones know the maximum of a chunk beforehand.
TEST_F(EveryReduction, OfExponentialsIsRightWhereOneIsLong) {
  Formulas f;
  testing::declare_both_sides(f, 20);
  for (const bool float32 : {true, false}) {
    expect_right({f("LogSumExp_Reduction(f, 0)"), f("LogSumExp_Reduction(F, 0)")}, f,
                 {{3, 2}, {17, 500}}, float32);
  }
}

TEST_F(EveryReduction, OfRanksAndPositionsIsRightForEveryVectorWidth) {
  for (const std::string cpu : {"sse2", "avx2", "avx512"}) {
    try {
      cpu_features_named(cpu);
    } catch (const Error&) {
      continue;  // this machine lacks it
    }
    SCOPED_TRACE(cpu);
    Machine other(cpu);
    for (const int dimension : {2, 20}) {
      Formulas f;
      testing::declare_both_sides(f, dimension);
      for (const char* text : {"KMin_ArgKMin_Reduction(F, 3, 0)",
                               "KMax_ArgKMax_Reduction(F, 30, 0)", "Min_ArgMin_Reduction(F, 0)"}) {
        for (const bool float32 : {true, false}) {
          testing::expect_right(testing::compiled_executor(other), {f(text)}, f, random,
                                {{3, 2}, {37, 23}, {2, 150}}, float32);
          ASSERT_FALSE(HasFailure());
        }
      }
    }
  }
}

// Every candidate is accepted, or none after the first, or they are all alike.
TEST_F(EveryReduction, OfRanksIsRightForSortedValues) {
  Formulas f;
  testing::declare_both_sides(f, 1);
  for (const int rank : {1, 2, 24, 25, 100}) {
    const std::vector<Expr> nodes = {
        f("KMin_ArgKMin_Reduction(b + 0 * a, " + std::to_string(rank) + ", 0)"),
        f("KMax_ArgKMax_Reduction(b + 0 * a, " + std::to_string(rank) + ", 0)")};
    const Program program = lower(nodes);
    const std::shared_ptr<Kernel> kernel = machine.backend().kernel(program, true, {});
    const Sizes sizes{3, 9000};
    for (const double step : {1.0, -1.0, 0.0}) {
      Values values = f.values(random, sizes);
      for (auto& [variable, table] : values) {
        for (std::size_t n = 0; n < table.values.size(); ++n) {
          table.values[n] = step * static_cast<double>(n);
        }
      }
      std::vector<Table> first;
      for (const int threads : {1, 2, 4}) {
        CompiledRunner runner(machine, sizes, true, threads);
        const std::vector<Table> all = runner.pairs(program, *kernel, values);
        if (threads == 1) {
          first = all;
          for (std::size_t n = 0; n < nodes.size(); ++n) {
            testing::expect_outputs({all.begin() + static_cast<std::ptrdiff_t>(2 * n),
                                     all.begin() + static_cast<std::ptrdiff_t>(2 * n + 2)},
                                    nodes[n], values, sizes, 0);
          }
        }
        for (std::size_t n = 0; n < all.size(); ++n) EXPECT_EQ(all[n].values, first[n].values);
        ASSERT_FALSE(HasFailure()) << rank << " " << step << " " << threads;
      }
    }
  }
}

TEST_F(EveryReduction, IsRightByEverySumScheme) {
  for (const int dimension : {2, 18}) {
    Formulas f;
    testing::declare_both_sides(f, dimension);
    const std::vector<Expr> nodes = testing::every_reduction(f, dimension == 2 ? 0 : 2, {2});
    for (const SumScheme scheme : {SumScheme::direct, SumScheme::compensated}) {
      for (const bool float32 : {true, false}) {
        expect_right(nodes, f, {{0, 3}, {1, 17}, {9, 8}, {2, 33}}, float32, {scheme});
        ASSERT_FALSE(HasFailure());
      }
    }
  }
}

TEST_F(EveryReduction, KeepsAThousandValues) {
  for (const int dimension : {1, 2}) {
    Formulas f;
    testing::declare_both_sides(f, dimension);
    std::vector<Expr> nodes;
    for (const char* name : {"KMin_ArgKMin", "ArgKMax", "KMax"}) {
      nodes.push_back(f(std::string(name) + "_Reduction(F, 1000, 0)"));
    }
    const Sizes sizes = dimension == 1 ? Sizes{1, 1100} : Sizes{3, 40};
    expect_right(nodes, f, {{2, 0}, sizes}, dimension == 1);
    ASSERT_FALSE(HasFailure());
  }
}

// Vectors of 100 components make tiles of 64 columns in float64 and 96 in float32, and splits of 4
// of them.
TEST_F(EveryReduction, IsRightAcrossTilesAndSplits) {
  Formulas f;
  f.variable("u", Category::i, 100);
  f.variable("v", Category::j, 100);
  f.variable("a", Category::i, 1);
  f.variable("b", Category::j, 1);
  f.scope.formulas["F"] = f("Concat(a - b, 0.001 * SqDist(u, v) + b)");
  f.scope.formulas["f"] = f("Elem(F, 1)");
  f.scope.formulas["W"] = f("Concat(a * b + 0.3, 1.3 + a)");
  f.scope.formulas["w"] = f("a - b + 0.3");
  for (const int category : {0, 2}) {
    const std::vector<Expr> nodes = testing::every_reduction(f, category, {3});
    for (const bool float32 : {true, false}) {
      if (float32 != (category == 0)) continue;
      expect_right(nodes, f, {{2, 63}, {2, 65}, {1, 96}, {1, 97}, {1, 800}}, float32);
      ASSERT_FALSE(HasFailure());
    }
  }
}

TEST_F(EveryReduction, HasTheSameBitsForEveryNumberOfThreads) {
  Formulas f;
  testing::declare_both_sides(f, 3);
  for (const int category : {0, 1, 2}) {
    const std::vector<Expr> nodes = testing::every_reduction(f, category, {7});
    for (const bool float32 : {true, false}) {
      if (float32 != (category == 0)) continue;
      const Program program = lower(nodes, SumScheme::block, category == 1);
      const std::shared_ptr<Kernel> kernel = machine.backend().kernel(program, float32, {});
      for (const Sizes& sizes : {Sizes{1100, 100}, Sizes{2, 8000}, Sizes{5000, 5}}) {
        for (const Values& values : {testing::telling_inputs(f, random, sizes)[2]}) {
          const auto run = [&](int threads) {
            return CompiledRunner(machine, sizes, float32, threads).pairs(program, *kernel, values);
          };
          const std::vector<Table> one = run(1);
          for (const int threads : {2, 3, 4}) {
            const std::vector<Table> more = run(threads);
            for (std::size_t n = 0; n < one.size(); ++n) {
              ASSERT_EQ(std::memcmp(one[n].values.data(), more[n].values.data(),
                                    one[n].values.size() * sizeof(double)),
                        0)
                  << "output " << n << " with " << threads << " threads";
            }
          }
        }
      }
    }
  }
}

// The columns in two calls, joined by hand, against one call.
TEST_F(EveryReduction, OfAPartAndTheRestJoinsToTheWhole) {
  Formulas f;
  testing::declare_both_sides(f, 2);
  const std::vector<Expr> nodes = {f("Sum_Reduction(F, 0)"), f("Max_Reduction(F, 0)"),
                                   f("LogSumExp_Reduction(F, 0)"), f("Count_Reduction(F, 0)")};
  const Program program = lower(nodes);
  const std::shared_ptr<Kernel> kernel = machine.backend().kernel(program, false, {});
  const Sizes sizes{11, 300};
  const Values values = f.values(random, sizes);
  const std::vector<Table> whole =
      CompiledRunner(machine, sizes, false).pairs(program, *kernel, values);
  for (const std::int64_t cut : {0, 1, 2, 63, 64, 65, 150, 299, 300}) {
    const auto part = [&](std::int64_t first, std::int64_t count) {
      Values some = values;
      for (auto& [variable, table] : some) {
        if (variable->category != Category::j) continue;
        Table kept(count, table.dimension);
        for (std::int64_t k = 0; k < table.dimension; ++k) {
          for (std::int64_t r = 0; r < count; ++r) kept.at(r, k) = table.at(first + r, k);
        }
        table = kept;
      }
      return CompiledRunner(machine, {sizes.i, count}, false).pairs(program, *kernel, some);
    };
    const std::vector<Table> a = part(0, cut);
    const std::vector<Table> b = part(cut, sizes.j - cut);
    for (std::size_t n = 0; n < whole[0].values.size(); ++n) {
      const auto value = [&](const std::vector<Table>& of, std::size_t output) {
        return of[output].values[n];
      };
      EXPECT_TRUE(testing::near(value(a, 0) + value(b, 0), value(whole, 0), 1e-12));
      EXPECT_EQ(std::max(value(a, 1), value(b, 1)), value(whole, 1));
      EXPECT_TRUE(testing::near(std::log(std::exp(value(a, 2)) + std::exp(value(b, 2))),
                                value(whole, 2), 1e-12));
      EXPECT_EQ(value(a, 3) + value(b, 3), value(whole, 3));
    }
  }
}

}  // namespace
}  // namespace kernelops
