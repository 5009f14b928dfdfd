#include "hon/base/transition_table.h"

#include <gtest/gtest.h>

#include <iterator>

namespace hon {
namespace {

enum class Door : uint8_t { kOpen, kShut, kLocked };
enum class Act : uint8_t { kPush, kTurnKey };
using Doors = TransitionTable<Door, 3, Act, 2>;

constexpr Doors::Transition kActs[] = {{Door::kOpen, Act::kPush, Door::kShut},
                                       {Door::kShut, Act::kPush, Door::kOpen},
                                       {Door::kShut, Act::kTurnKey, Door::kLocked},
                                       {Door::kLocked, Act::kTurnKey, Door::kShut}};
constexpr Doors kDoors(kActs);
static_assert(kDoors.Next(Door::kOpen, Act::kPush) == Door::kShut);

TEST(TransitionTable, HasWhatItWasMadeOfAndNothingElse) {
  size_t found = 0;
  for (const Door from : {Door::kOpen, Door::kShut, Door::kLocked}) {
    for (const Act on : {Act::kPush, Act::kTurnKey}) {
      const std::optional<Door> next = kDoors.Next(from, on);
      std::optional<Door> listed;
      for (const Doors::Transition& one : kActs) {
        if (one.from == from && one.on == on) listed = one.to;
      }
      EXPECT_EQ(next, listed);
      if (next) ++found;
    }
  }
  EXPECT_EQ(found, std::size(kActs));
}

}  // namespace
}  // namespace hon
