#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "core/ops/table.h"
#include "support/evaluate.h"

namespace kernelops {
namespace {

using testing::Random;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNan = std::nan("");

using Data = std::vector<double>;

// The state of one lane, and the compiled functions of a row on it.
class State {
 public:
  explicit State(const ReductionDef& row) : row_(&row) {
    for (const StateComponent& each : row.state) {
      Slot slot{};
      if (each.type == StateType::index) {
        slot.index = std::stoll(each.initial);
      } else {
        slot.value = each.initial == "infinity"    ? kInfinity
                     : each.initial == "-infinity" ? -kInfinity
                                                   : std::stod(each.initial);
      }
      slots_.push_back(slot);
    }
  }

  // Takes in data[begin, end).
  State& take(const Data& data, std::size_t begin, std::size_t end) {
    for (std::size_t n = begin; n < end; ++n) {
      row_->update.compiled(pointers().data(), &data[n], static_cast<std::int64_t>(n), 1);
    }
    return *this;
  }

  State& merge(State other) {
    row_->merge.compiled(pointers().data(), other.pointers().data(), 1);
    return *this;
  }

  double finish() {
    Slot out{};
    row_->finish.compiled(pointers().data(), &out, 1);
    return row_->output == StateType::index ? static_cast<double>(out.index) : out.value;
  }

 private:
  union Slot {
    double value;
    std::int64_t index;
  };

  std::vector<void*> pointers() {
    std::vector<void*> out;
    for (Slot& slot : slots_) out.push_back(&slot);
    return out;
  }

  const ReductionDef* row_;
  std::vector<Slot> slots_;
};

double one_pass(const ReductionDef& row, const Data& data) {
  return State(row).take(data, 0, data.size()).finish();
}

std::vector<Data> hard_data() {
  return {{},
          {1},
          {kNan},
          {kNan, kNan},
          {kNan, 1},
          {1, kNan},
          {kInfinity},
          {-kInfinity},
          {-kInfinity, -kInfinity},
          {kInfinity, kInfinity},
          {kInfinity, 1, kInfinity},
          {-kInfinity, 1, -kInfinity},
          {3, 1, 3, 1},
          {0.0, -0.0, 0.0},
          {800, 801, 799, -800},
          {-800, -801, -799},
          {kNan, 2, kNan, 2, 5, 5},
          {5, 4, 3, 2, 1, 0, -1},
          {kInfinity, kNan, -kInfinity}};
}

TEST(Reductions, HaveDistinctNamesThatAreFound) {
  for (const ReductionDef& row : reductions()) {
    EXPECT_EQ(find_reduction(row.name), &row);
    EXPECT_FALSE(row.state.empty()) << row.name;
    EXPECT_FALSE(row.documentation.empty()) << row.name;
    EXPECT_FALSE(row.reference.empty()) << row.name;
    EXPECT_NE(row.gradient.empty(), row.no_gradient.empty()) << row.name;
  }
  EXPECT_EQ(find_reduction("Sum_Reduction"), nullptr);
}

TEST(Reductions, OnePassGivesTheDefinition) {
  for (const ReductionDef& row : reductions()) {
    for (const Data& data : hard_data()) {
      EXPECT_TRUE(testing::near(one_pass(row, data), testing::reduced_value(row.name, data), 1e-14))
          << row.name << " of " << ::testing::PrintToString(data);
    }
  }
}

TEST(Reductions, AnySplitGivesTheSameAnswer) {
  for (const ReductionDef& row : reductions()) {
    for (const Data& data : hard_data()) {
      const double expected = one_pass(row, data);
      for (std::size_t cut = 0; cut <= data.size(); ++cut) {
        State low = State(row).take(data, 0, cut);
        const State high = State(row).take(data, cut, data.size());
        EXPECT_TRUE(testing::near(low.merge(high).finish(), expected, 1e-14))
            << row.name << " of " << ::testing::PrintToString(data) << " cut at " << cut;
      }
    }
  }
}

TEST(Reductions, MergeIsAssociative) {
  Random random(1);
  for (const ReductionDef& row : reductions()) {
    for (int n = 0; n < 200; ++n) {
      Data data;
      // Few values, so that there are ties.
      for (int k = 0; k < 12; ++k) {
        data.push_back(static_cast<double>(testing::integer_from(random, -3, 3)));
      }
      const auto a = static_cast<std::size_t>(testing::integer_from(random, 0, 12));
      const auto b =
          static_cast<std::size_t>(testing::integer_from(random, static_cast<std::int64_t>(a), 12));
      const State x = State(row).take(data, 0, a);
      const State y = State(row).take(data, a, b);
      const State z = State(row).take(data, b, 12);
      State left = State(x).merge(y).merge(z);
      State right = State(x).merge(State(y).merge(z));
      EXPECT_TRUE(testing::near(left.finish(), right.finish(), 1e-14)) << row.name;
      EXPECT_TRUE(testing::near(left.finish(), testing::reduced_value(row.name, data), 1e-14))
          << row.name;
    }
  }
}

TEST(Reductions, TheInitialStateIsNeutralOnBothSides) {
  for (const ReductionDef& row : reductions()) {
    for (const Data& data : hard_data()) {
      const State state = State(row).take(data, 0, data.size());
      const double expected = State(state).finish();
      EXPECT_TRUE(testing::near(State(state).merge(State(row)).finish(), expected, 0)) << row.name;
      EXPECT_TRUE(testing::near(State(row).merge(state).finish(), expected, 0)) << row.name;
    }
  }
}

TEST(Reductions, OverNoRowsTheyGiveTheirNeutralResult) {
  EXPECT_EQ(one_pass(reduction("Sum"), {}), 0);
  EXPECT_EQ(one_pass(reduction("LogSumExp"), {}), -kInfinity);
  EXPECT_EQ(one_pass(reduction("Min"), {}), kInfinity);
  EXPECT_EQ(one_pass(reduction("Max"), {}), -kInfinity);
  EXPECT_EQ(one_pass(reduction("ArgMin"), {}), -1);
  EXPECT_EQ(one_pass(reduction("ArgMax"), {}), -1);
}

TEST(Reductions, SumsPropagateNanAndComparisonsSkipIt) {
  const Data data = {kNan, 4, 2, kNan, 3};
  EXPECT_TRUE(std::isnan(one_pass(reduction("Sum"), data)));
  EXPECT_TRUE(std::isnan(one_pass(reduction("LogSumExp"), data)));
  EXPECT_EQ(one_pass(reduction("Min"), data), 2);
  EXPECT_EQ(one_pass(reduction("Max"), data), 4);
  EXPECT_EQ(one_pass(reduction("ArgMin"), data), 2);
  EXPECT_EQ(one_pass(reduction("ArgMax"), data), 1);
}

TEST(Reductions, TiesGoToTheEarliestRow) {
  const Data data = {2, 5, 1, 5, 1};
  EXPECT_EQ(one_pass(reduction("ArgMin"), data), 2);
  EXPECT_EQ(one_pass(reduction("ArgMax"), data), 1);
  EXPECT_EQ(one_pass(reduction("ArgMin"), {kInfinity, kInfinity}), 0);
  EXPECT_EQ(one_pass(reduction("ArgMax"), {-kInfinity, -kInfinity}), 0);
}

TEST(Reductions, LogSumExpNeitherOverflowsNorUnderflows) {
  EXPECT_NEAR(one_pass(reduction("LogSumExp"), {1000, 1000}), 1000 + std::log(2), 1e-12);
  EXPECT_NEAR(one_pass(reduction("LogSumExp"), {-1000, -1000}), -1000 + std::log(2), 1e-12);
}

TEST(Reductions, LanesAreIndependent) {
  for (const ReductionDef& row : reductions()) {
    const std::size_t count = 5;
    std::vector<std::vector<double>> values(row.state.size());
    std::vector<std::vector<std::int64_t>> indices(row.state.size());
    std::vector<void*> state;
    for (std::size_t s = 0; s < row.state.size(); ++s) {
      const std::string& initial = row.state[s].initial;
      values[s].assign(count, initial == "infinity"    ? kInfinity
                              : initial == "-infinity" ? -kInfinity
                                                       : std::stod(initial));
      indices[s].assign(count, -1);
      state.push_back(row.state[s].type == StateType::index ? static_cast<void*>(indices[s].data())
                                                            : static_cast<void*>(values[s].data()));
    }
    std::vector<Data> lanes(count);
    for (std::int64_t n = 0; n < 4; ++n) {
      Data value;
      for (std::size_t lane = 0; lane < count; ++lane) {
        value.push_back(std::sin(static_cast<double>(n) + 2.5 * static_cast<double>(lane)));
        lanes[lane].push_back(value.back());
      }
      row.update.compiled(state.data(), value.data(), n, count);
    }
    std::vector<double> out(count);
    row.finish.compiled(state.data(), out.data(), count);
    for (std::size_t lane = 0; lane < count; ++lane) {
      const double expected = one_pass(row, lanes[lane]);
      if (row.output == StateType::index) {
        std::int64_t index;
        std::memcpy(&index, &out[lane], sizeof index);
        EXPECT_EQ(static_cast<double>(index), expected) << row.name;
      } else {
        EXPECT_EQ(out[lane], expected) << row.name;
      }
    }
  }
}

}  // namespace
}  // namespace kernelops
