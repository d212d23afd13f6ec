#include "core/engine/partial_states.h"

#include <gtest/gtest.h>

namespace kernelops {
namespace {

TEST(PartialStates, HasOneForEachSplitInTheirOrder) {
  PartialStates states(2, 3, 64, false);
  std::vector<void*> memory;
  for (const std::int64_t split : {2, 0, 1}) {
    const PartialStates::State state = states.take(1, split);
    EXPECT_TRUE(state.fresh);
    EXPECT_EQ(state.number, split);
    memory.push_back(state.memory);
    states.give_back(1, split, state);
  }
  EXPECT_EQ(states.all(1), (std::vector<void*>{memory[1], memory[2], memory[0]}));
  EXPECT_TRUE(states.all(0).empty());
}

TEST(PartialStates, ASplitContinuesTheStateOfAnEarlierOneThatIsFinished) {
  PartialStates states(2, 4, 64, true);
  const auto first = states.take(0, 0);
  const auto second = states.take(0, 1);
  EXPECT_TRUE(first.fresh);
  EXPECT_TRUE(second.fresh);
  states.give_back(0, 1, second);
  EXPECT_TRUE(states.take(1, 2).fresh);
  const auto third = states.take(0, 2);
  EXPECT_FALSE(third.fresh);
  EXPECT_EQ(third.memory, second.memory);
  states.give_back(0, 0, first);
  states.give_back(0, 2, third);
  EXPECT_EQ(states.all(0), (std::vector<void*>{first.memory, second.memory}));
}

TEST(PartialStates, ASplitDoesNotContinueTheStateOfALaterOne) {
  PartialStates states(1, 2, 64, true);
  const auto later = states.take(0, 1);
  states.give_back(0, 1, later);
  EXPECT_TRUE(states.take(0, 0).fresh);
}

}  // namespace
}  // namespace kernelops
