#include "hon/h2/priority.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace hon::h2 {
namespace {

struct PriorityCase {
  std::string_view value;
  Priority want;
};

// RFC 9218 §4, RFC 8941 §3.2.
constexpr PriorityCase kPriorityCases[] = {
    {"", {3, false}},
    {"u=0", {0, false}},
    {"u=7", {7, false}},
    {"u=8", {3, false}},
    {"u=-1", {3, false}},
    {"u=5, i", {5, true}},
    {"i", {3, true}},
    {"i=?1", {3, true}},
    {"i=?0", {3, false}},
    {"i=1", {3, false}},
    {"u=?1", {3, false}},
    {"u=1.0", {3, false}},
    {"u=1, u=2", {2, false}},
    {"u=1,i", {1, true}},
    {"  u=1 ,\ti  ", {1, true}},
    {"u=1;x=2;y, i", {1, true}},
    {"foo=bar, u=2, baz=\"a, u=6\", i", {2, true}},
    {"a=(1 2;q \"x\");z, u=6", {6, false}},
    {"b=:aGk=:, u=6", {6, false}},
    {"u=1,", {3, false}},
    {"u=1, ,i", {3, false}},
    {"u = 1", {3, false}},
    {"U=1", {3, false}},
    {"u=", {3, false}},
    {"u=1 i", {3, false}},
    {"u=\"1", {3, false}},
    {"u=1, a=\"\\x\"", {3, false}},
    {"u=1, a=(1 2", {3, false}},
    {"u=1, a=1234567890123456", {3, false}},
    {"u=1\x01", {3, false}},
};

TEST(ParsePriority, IsADictionaryOfWhichTwoMembersCount) {
  for (const PriorityCase& one : kPriorityCases) {
    EXPECT_EQ(ParsePriority(one.value), one.want) << one.value;
  }
}

TEST(ParsePriority, EveryCutEnds) {
  const std::string value = "foo=\"b\\\"\", u=2;a=?1, baz=(1 :eA==: tok), i";
  for (size_t cut = 0; cut <= value.size(); ++cut) {
    const std::string part = value.substr(0, cut);
    const Priority got = ParsePriority(part);
    EXPECT_LT(got.urgency, Priority::kUrgencies);
  }
}

// Each stream in front sends one frame, then the queue rotates; `frames` is the number of frames of
// each.
std::string Order(std::vector<PriorityNode>& nodes, std::vector<int> frames) {
  PriorityQueue queue;
  for (PriorityNode& node : nodes) queue.Push(node);
  std::string order;
  while (!queue.Empty()) {
    const auto index = static_cast<size_t>(&queue.Front() - nodes.data());
    order += static_cast<char>('a' + index);
    if (--frames[index] == 0) {
      queue.Remove(nodes[index]);
    } else {
      queue.Rotate();
    }
  }
  return order;
}

std::vector<PriorityNode> Nodes(std::initializer_list<Priority> priorities) {
  std::vector<PriorityNode> nodes(priorities.size());
  size_t i = 0;
  for (const Priority priority : priorities) nodes[i++].priority = priority;
  return nodes;
}

// RFC 9218 §10.
TEST(PriorityQueue, TheMostUrgentGoesFirst) {
  auto nodes = Nodes({{3, false}, {0, false}, {7, true}, {3, false}});
  EXPECT_EQ(Order(nodes, {2, 2, 2, 2}), "bbaaddcc");
}

TEST(PriorityQueue, IncrementalStreamsTakeTurns) {
  auto nodes = Nodes({{3, true}, {3, true}, {3, true}});
  EXPECT_EQ(Order(nodes, {3, 1, 2}), "abcaca");
}

TEST(PriorityQueue, ANonIncrementalStreamIsSentWholeBeforeItsUrgencysOthers) {
  auto nodes = Nodes({{3, true}, {3, false}, {3, true}, {3, false}});
  EXPECT_EQ(Order(nodes, {2, 2, 2, 2}), "bbddacac");
}

TEST(PriorityQueue, AChangeMovesAStream) {
  auto nodes = Nodes({{3, false}, {3, false}});
  PriorityQueue queue;
  queue.Push(nodes[0]);
  queue.Push(nodes[1]);
  queue.Change(nodes[1], {1, false});
  EXPECT_EQ(&queue.Front(), &nodes[1]);
  queue.Change(nodes[1], {7, true});
  EXPECT_EQ(&queue.Front(), &nodes[0]);
  queue.Remove(nodes[0]);
  queue.Remove(nodes[0]);  // no change
  queue.Change(nodes[0], {0, false});
  EXPECT_EQ(&queue.Front(), &nodes[1]);
  queue.Push(nodes[1]);  // no change
  queue.Remove(nodes[1]);
  EXPECT_TRUE(queue.Empty());
}

}  // namespace
}  // namespace hon::h2
