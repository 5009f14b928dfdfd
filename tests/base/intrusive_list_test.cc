#include "hon/base/intrusive_list.h"

#include <gtest/gtest.h>

#include <deque>
#include <list>
#include <memory>
#include <random>
#include <vector>

namespace hon {
namespace {

struct ByAge;
struct Item : IntrusiveListNode<>, IntrusiveListNode<ByAge> {
  explicit Item(int of) : number(of) {}
  [[nodiscard]] bool InMain() const { return IntrusiveListNode<>::Linked(); }
  int number;
};
using Main = IntrusiveList<Item>;
using Ages = IntrusiveList<Item, ByAge>;

std::vector<int> Numbers(Main& list) {
  std::vector<int> numbers;
  list.ForEach([&](Item& item) { numbers.push_back(item.number); });
  std::vector<int> stepped;
  for (Item* item = list.First(); item != nullptr; item = list.Next(*item)) {
    stepped.push_back(item->number);
  }
  EXPECT_EQ(numbers, stepped);
  return numbers;
}

TEST(IntrusiveList, PushPopRemove) {
  Main list;
  EXPECT_TRUE(list.Empty());
  EXPECT_EQ(list.First(), nullptr);
  EXPECT_EQ(list.PopFront(), nullptr);
  Item one(1), two(2), three(3);
  EXPECT_FALSE(one.InMain());
  list.PushBack(two);
  list.PushBack(three);
  list.PushFront(one);
  EXPECT_TRUE(one.InMain());
  EXPECT_EQ(Numbers(list), (std::vector<int>{1, 2, 3}));
  Main::Remove(two);
  EXPECT_FALSE(two.InMain());
  EXPECT_EQ(Numbers(list), (std::vector<int>{1, 3}));
  EXPECT_EQ(list.PopFront(), &one);
  list.PushBack(one);
  EXPECT_EQ(Numbers(list), (std::vector<int>{3, 1}));
  while (list.PopFront() != nullptr) {
  }
  EXPECT_TRUE(list.Empty());
  EXPECT_FALSE(one.InMain());
}

TEST(IntrusiveList, AnObjectMayBeInOneListOfEachTag) {
  Main list;
  Ages ages;
  Item one(1), two(2);
  list.PushBack(one);
  list.PushBack(two);
  ages.PushFront(one);
  ages.PushFront(two);
  EXPECT_EQ(ages.First(), &two);
  EXPECT_EQ(list.PopFront(), &one);
  EXPECT_EQ(ages.Next(two), &one);
  Ages::Remove(one);
  Ages::Remove(two);
  EXPECT_EQ(list.PopFront(), &two);
}

TEST(IntrusiveList, TheVisitedObjectMayBeDestroyed) {
  Main list;
  std::vector<std::unique_ptr<Item>> items;
  for (int i = 0; i < 5; ++i) list.PushBack(*items.emplace_back(std::make_unique<Item>(i)));
  int visited = 0;
  list.ForEach([&](Item& item) {
    ++visited;
    if (item.number % 2 != 0) return;
    Main::Remove(item);
    items[static_cast<size_t>(item.number)].reset();
  });
  EXPECT_EQ(visited, 5);
  EXPECT_EQ(Numbers(list), (std::vector<int>{1, 3}));
  while (list.PopFront() != nullptr) {
  }
}

TEST(IntrusiveList, TakeAll) {
  for (int ours = 0; ours < 3; ++ours) {
    for (int theirs = 0; theirs < 3; ++theirs) {
      std::deque<Item> items;
      Main list;
      Main other;
      std::vector<int> expected;
      for (int i = 0; i < ours + theirs; ++i) {
        (i < ours ? list : other).PushBack(items.emplace_back(i));
        expected.push_back(i);
      }
      list.TakeAll(other);
      EXPECT_TRUE(other.Empty());
      EXPECT_EQ(Numbers(list), expected);
      Item last(9);
      list.PushBack(last);
      EXPECT_EQ(Numbers(list).back(), 9);
      while (list.PopFront() != nullptr) {
      }
    }
  }
}

TEST(IntrusiveList, DoesWhatStdListDoes) {
  std::mt19937 random(1);
  std::deque<Item> items;
  for (int i = 0; i < 20; ++i) items.emplace_back(i);
  Main list;
  std::list<int> model;
  for (int step = 0; step < 20'000; ++step) {
    Item& item = items[random() % items.size()];
    if (item.InMain()) {
      if (random() % 4 == 0) {
        EXPECT_EQ(list.PopFront()->number, model.front());
        model.pop_front();
      } else {
        Main::Remove(item);
        model.remove(item.number);
      }
    } else if (random() % 2 == 0) {
      list.PushFront(item);
      model.push_front(item.number);
    } else {
      list.PushBack(item);
      model.push_back(item.number);
    }
    ASSERT_EQ(list.Empty(), model.empty());
    if (step % 100 == 0) {
      ASSERT_EQ(Numbers(list), std::vector<int>(model.begin(), model.end()));
    }
  }
  while (list.PopFront() != nullptr) {
  }
}

#ifndef NDEBUG
TEST(IntrusiveListDeathTest, MistakesAreCaught) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Item one(1);
  EXPECT_DEATH(Main::Remove(one), "Linked");
  EXPECT_DEATH(
      {
        Main list;
        list.PushBack(one);
        list.PushBack(one);
      },
      "Linked");
  EXPECT_DEATH(
      {
        Main list;
        list.PushBack(one);
      },
      "Empty");
  EXPECT_DEATH(
      {
        Main list;
        {
          Item dies(2);
          list.PushBack(dies);
        }
      },
      "Linked");
}
#endif

}  // namespace
}  // namespace hon
