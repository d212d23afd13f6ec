#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <set>

#include "core/ops/table.h"
#include "support/formulas.h"
#include "support/reduced.h"

namespace kernelops {
namespace {

using testing::Gathered;
using testing::near;
using testing::Output;
using testing::Random;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNan = std::nan("");

using Data = std::vector<double>;

double initial_value(const std::string& text) {
  return text == "infinity" ? kInfinity : text == "-infinity" ? -kInfinity : std::stod(text);
}

// The state of some lanes, and the compiled functions of a code on it. Slots follow one another.
class State {
 public:
  State(const ReductionDef& row, const ReductionCode& code, std::int64_t rank,
        std::size_t lanes = 1)
      : row_(&row), code_(&code), rank_(rank), lanes_(lanes) {
    for (const auto* part : {&code.shared, &code.state}) {
      for (const StateComponent& each : *part) add_slot(each);
    }
    if (!row.ranked) return;
    // Empty entries: the value that a place without a row has, and no row.
    const std::string worst = row.name.find("Max") == std::string::npos ? "infinity" : "-infinity";
    for (std::int64_t r = 0; r < rank; ++r) add_slot({"value", StateType::value, worst});
    for (std::int64_t r = 0; r < rank; ++r) add_slot({"row", StateType::index, "-1"});
  }

  // Takes in one value and weight for each lane.
  void update(const double* value, const double* weight, std::int64_t index) {
    code_->compiled.update(pointers().data(), rank_, value, weight, index, lanes_);
  }

  // Takes in rows [begin, end) of one lane.
  State& take(const Gathered& data, std::size_t begin, std::size_t end) {
    for (std::size_t n = begin; n < end; ++n) {
      update(&data.values[n], row_->weighted ? &data.weights[n] : nullptr,
             static_cast<std::int64_t>(n));
    }
    return *this;
  }

  State& merge(State later) {
    code_->compiled.merge(pointers().data(), rank_, later.pointers().data(), lanes_);
    return *this;
  }

  // Output number `output` of one lane; row numbers as double.
  Output finish(std::size_t output, double rows, std::size_t lane = 0) {
    std::vector<double> out(static_cast<std::size_t>(rank_) * lanes_);
    code_->compiled.finish(pointers().data(), rank_, output, rows, out.data(), lanes_);
    Output of_lane;
    for (std::size_t r = 0; r < static_cast<std::size_t>(rank_); ++r) {
      double value = out[r * lanes_ + lane];
      if (row_->outputs[output].type == StateType::index) {
        std::int64_t index;
        std::memcpy(&index, &value, sizeof index);
        value = static_cast<double>(index);
      }
      of_lane.push_back(value);
    }
    return of_lane;
  }

 private:
  void add_slot(const StateComponent& component) {
    const double value = initial_value(component.initial);
    const auto index = static_cast<std::int64_t>(component.type == StateType::index ? value : 0);
    for (std::size_t lane = 0; lane < lanes_; ++lane) {
      slots_.emplace_back();
      if (component.type == StateType::index) {
        std::memcpy(&slots_.back(), &index, sizeof index);
      } else {
        slots_.back() = value;
      }
    }
  }

  std::vector<void*> pointers() {
    std::vector<void*> out;
    for (std::size_t slot = 0; slot < slots_.size(); slot += lanes_) out.push_back(&slots_[slot]);
    return out;
  }

  const ReductionDef* row_;
  const ReductionCode* code_;
  std::int64_t rank_;
  std::size_t lanes_;
  std::vector<double> slots_;
};

std::vector<const ReductionCode*> codes_of(const ReductionDef& row) {
  std::vector<const ReductionCode*> out = {&row.code};
  if (!row.compensated.name.empty()) out.push_back(&row.compensated);
  return out;
}

// Every row users can write, with each of its codes and, if it is ranked, several K.
template <class Body>
void for_codes(Body body) {
  for (const ReductionDef& row : reductions()) {
    if (row.selects) continue;
    for (const ReductionCode* code : codes_of(row)) {
      for (const std::int64_t rank : {1, 2, 5, 30}) {
        if (rank == 1 || row.ranked) body(row, *code, rank);
      }
    }
  }
}

Gathered with_weights(Data values, std::int64_t rank) {
  Gathered out;
  for (std::size_t n = 0; n < values.size(); ++n) {
    out.weights.push_back(0.25 + static_cast<double>(n % 3));
  }
  out.values = std::move(values);
  out.rank = rank;
  return out;
}

// Ties, signs, magnitudes, infinities, NaN, one value, none.
std::vector<Data> hard_data() {
  return {{},
          {0.5},
          {2, 5, 1, 5, 1},
          {0, 0, 3, 0, 2},
          {0.25, 1, 1, 0.25},
          {-3, -3, -3},
          {1000, 1000, 999},
          {-1000, -1001, -1000},
          {kInfinity, 1, 2},
          {-kInfinity, 1, -kInfinity},
          {-kInfinity, -kInfinity},
          {kNan, 4, 2, kNan, 3},
          {kNan, kNan},
          {0.1, -0.2, 0.3, -0.4, 0.5, -0.6, 0.7, 0.8, 0.9, 1.1, -1.2}};
}

void expect_outputs(const ReductionDef& row, State state, const Gathered& data, double tolerance) {
  const std::vector<Output> expected = testing::reduced(row.name, data);
  ASSERT_EQ(expected.size(), row.outputs.size()) << row.name;
  for (std::size_t output = 0; output < expected.size(); ++output) {
    const Output actual = State(state).finish(output, static_cast<double>(data.values.size()));
    ASSERT_EQ(actual.size(), expected[output].size()) << row.name;
    for (std::size_t r = 0; r < actual.size(); ++r) {
      EXPECT_TRUE(
          near(actual[r], expected[output][r], tolerance, testing::magnitude_of(row.name, data)))
          << row.name << " output " << output << " entry " << r << " of "
          << ::testing::PrintToString(data.values);
    }
  }
}

TEST(Reductions, HaveDistinctNamesAndSynonymsThatAreFound) {
  std::set<std::string> names;
  for (const ReductionDef& row : reductions()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(find_reduction(row.name), &row);
    for (const std::string& synonym : row.synonyms) {
      EXPECT_TRUE(names.insert(synonym).second) << synonym;
      EXPECT_EQ(find_reduction(synonym), &row);
    }
  }
  EXPECT_EQ(find_reduction("sum"), nullptr);
}

TEST(Reductions, AreDocumentedAndSayWhatTheirDerivativeIs) {
  for (const ReductionDef& row : reductions()) {
    EXPECT_FALSE(row.documentation.empty()) << row.name;
    EXPECT_EQ(row.documentation.back(), '.') << row.name;
    EXPECT_FALSE(row.mathematics.empty()) << row.name;
    EXPECT_FALSE(row.reference.empty()) << row.name;
    const bool differentiable = !row.gradient.empty() || !row.selected_gradient.empty();
    EXPECT_NE(differentiable, !row.no_gradient.empty()) << row.name;
    EXPECT_EQ(row.selection.empty(), row.selected_gradient.empty()) << row.name;
    EXPECT_TRUE(row.selection.empty() || reduction(row.selection).is_index()) << row.name;
    EXPECT_EQ(row.weighted && differentiable, !row.weight_gradient.empty()) << row.name;
    EXPECT_FALSE(row.outputs.empty()) << row.name;
    for (const ReductionOutput& output : row.outputs) {
      EXPECT_TRUE(row.outputs.size() == 1 || !output.name.empty()) << row.name;
    }
  }
}

TEST(Reductions, StatesHaveNamesAndNeutralElements) {
  for_codes([](const ReductionDef& row, const ReductionCode& code, std::int64_t) {
    EXPECT_EQ(row.ranked, code.state.empty()) << code.name;
    EXPECT_EQ(row.weighted, !code.shared.empty()) << code.name;
    for (const auto* part : {&code.shared, &code.state}) {
      for (const StateComponent& each : *part) {
        EXPECT_FALSE(each.name.empty()) << code.name;
        EXPECT_EQ(each.type == StateType::index, each.initial == "-1") << code.name;
      }
    }
  });
}

TEST(Reductions, AnySplitOfHardDataGivesTheSame) {
  for_codes([](const ReductionDef& row, const ReductionCode& code, std::int64_t rank) {
    for (const Data& values : hard_data()) {
      const Gathered data = with_weights(values, rank);
      for (std::size_t cut = 0; cut <= values.size(); ++cut) {
        State low = State(row, code, rank).take(data, 0, cut);
        low.merge(State(row, code, rank).take(data, cut, values.size()));
        expect_outputs(row, low, data, 1e-14);
      }
    }
  });
}

TEST(Reductions, MergeIsAssociative) {
  Random random(1);
  for_codes([&](const ReductionDef& row, const ReductionCode& code, std::int64_t rank) {
    for (int n = 0; n < 50; ++n) {
      Data values;
      // Few values, so that there are ties.
      for (int k = 0; k < 12; ++k) {
        values.push_back(static_cast<double>(testing::integer_from(random, -3, 3)));
      }
      const Gathered data = with_weights(values, rank);
      const auto a = static_cast<std::size_t>(testing::integer_from(random, 0, 12));
      const auto b =
          static_cast<std::size_t>(testing::integer_from(random, static_cast<std::int64_t>(a), 12));
      const State x = State(row, code, rank).take(data, 0, a);
      const State y = State(row, code, rank).take(data, a, b);
      const State z = State(row, code, rank).take(data, b, 12);
      expect_outputs(row, State(x).merge(y).merge(z), data, 1e-14);
      expect_outputs(row, State(x).merge(State(y).merge(z)), data, 1e-14);
    }
  });
}

TEST(Reductions, TheInitialStateIsNeutralOnBothSides) {
  for_codes([](const ReductionDef& row, const ReductionCode& code, std::int64_t rank) {
    for (const Data& values : hard_data()) {
      const Gathered data = with_weights(values, rank);
      const State state = State(row, code, rank).take(data, 0, values.size());
      expect_outputs(row, State(state).merge(State(row, code, rank)), data, 1e-14);
      expect_outputs(row, State(row, code, rank).merge(state), data, 1e-14);
    }
  });
}

TEST(Reductions, RandomDataAgreesWithThePlainMeaning) {
  Random random(2);
  for_codes([&](const ReductionDef& row, const ReductionCode& code, std::int64_t rank) {
    Gathered data = with_weights({}, rank);
    for (int n = 0; n < 500; ++n) {
      data.values.push_back(testing::uniform(random, -1, 1));
      data.weights.push_back(testing::uniform(random, 0, 1));
    }
    State state(row, code, rank);
    for (std::size_t first = 0; first < 500; first += 50) {
      state.merge(State(row, code, rank).take(data, first, first + 50));
    }
    expect_outputs(row, state, data, 1e-13);
  });
}

TEST(Reductions, CompensatedSumsDoNotLoseSmallTerms) {
  const ReductionDef& row = reduction("Sum");
  State state(row, row.compensated, 1);
  const double large = 1, small = 1e-17;
  state.update(&large, nullptr, 0);
  for (int n = 1; n <= 1000000; ++n) state.update(&small, nullptr, n);
  EXPECT_NEAR(state.finish(0, 1000001)[0], 1 + 1e-11, 1e-15);
}

TEST(Reductions, LogSumExpNeitherOverflowsNorUnderflows) {
  const ReductionDef& row = reduction("LogSumExp");
  for (const double shift : {1000.0, -1000.0}) {
    const Gathered data = with_weights({shift, shift}, 1);
    EXPECT_NEAR(State(row, row.code, 1).take(data, 0, 2).finish(0, 2)[0], shift + std::log(2),
                1e-12);
  }
}

TEST(Reductions, KLargerThanTheDataLeavesEmptyPlaces) {
  const ReductionDef& row = reduction("KMin_ArgKMin");
  const Gathered data = with_weights({4, kNan, 2, 4}, 6);
  State state = State(row, row.code, 6).take(data, 0, 4);
  EXPECT_EQ(State(state).finish(0, 4), (Output{2, 4, 4, kInfinity, kInfinity, kInfinity}));
  EXPECT_EQ(state.finish(1, 4), (Output{2, 0, 3, -1, -1, -1}));
}

TEST(Reductions, KAboveAThousand) {
  const ReductionDef& row = reduction("KMax_ArgKMax");
  Data values;
  for (int n = 0; n < 3000; ++n) values.push_back(static_cast<double>((n * 7919) % 1009));
  const Gathered data = with_weights(values, 1500);
  State state = State(row, row.code, 1500).take(data, 0, 1000);
  state.merge(State(row, row.code, 1500).take(data, 1000, 3000));
  expect_outputs(row, state, data, 0);
}

TEST(Reductions, LanesAreIndependent) {
  for_codes([](const ReductionDef& row, const ReductionCode& code, std::int64_t rank) {
    for (std::size_t lanes = 1; lanes <= 5; ++lanes) {
      std::vector<Gathered> data(lanes, with_weights({}, rank));
      State state(row, code, rank, lanes);
      State later(row, code, rank, lanes);
      for (std::int64_t n = 0; n < 8; ++n) {
        Data values, weights;
        for (std::size_t lane = 0; lane < lanes; ++lane) {
          values.push_back(std::sin(static_cast<double>(n) + 2.5 * static_cast<double>(lane)));
          weights.push_back(1 + static_cast<double>(lane));
          data[lane].values.push_back(values.back());
          data[lane].weights.push_back(weights.back());
        }
        (n < 4 ? state : later).update(values.data(), weights.data(), n);
      }
      state.merge(later);
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        const std::vector<Output> expected = testing::reduced(row.name, data[lane]);
        for (std::size_t output = 0; output < expected.size(); ++output) {
          const Output actual = State(state).finish(output, 8, lane);
          for (std::size_t r = 0; r < actual.size(); ++r) {
            EXPECT_TRUE(near(actual[r], expected[output][r], 1e-14)) << row.name;
          }
        }
      }
    }
  });
}

}  // namespace
}  // namespace kernelops
