#include "hon/h2/window.h"

#include <gtest/gtest.h>

namespace hon::h2 {
namespace {

TEST(SendWindow, GrowsToItsLimitAndNoFurther) {
  SendWindow window;
  EXPECT_EQ(window.Available(), 65535U);  // RFC 9113 §6.9.2
  EXPECT_TRUE(window.Grow(kWindowMax - 65535));
  EXPECT_EQ(window.Available(), static_cast<size_t>(kWindowMax));
  EXPECT_FALSE(window.Grow(1));  // RFC 9113 §6.9.1
  EXPECT_EQ(window.Available(), static_cast<size_t>(kWindowMax));
}

// RFC 9113 §6.9.2: a smaller initial window may make a window negative.
TEST(SendWindow, MayBecomeNegative) {
  SendWindow window(100);
  window.Consume(100);
  EXPECT_EQ(window.Available(), 0U);
  EXPECT_TRUE(window.Grow(-60));
  EXPECT_EQ(window.Available(), 0U);
  EXPECT_TRUE(window.Grow(60));
  EXPECT_EQ(window.Available(), 0U);
  EXPECT_TRUE(window.Grow(1));
  EXPECT_EQ(window.Available(), 1U);
}

TEST(SendWindow, AWindowAtBothEndsOfItsRange) {
  SendWindow window(kWindowMax);
  window.Consume(kWindowMax);
  EXPECT_TRUE(window.Grow(-kWindowMax));
  EXPECT_FALSE(window.Grow(-1));
  EXPECT_TRUE(window.Grow(kWindowMax));
  EXPECT_TRUE(window.Grow(kWindowMax));
}

TEST(ReceiveWindow, RefusesOneByteTooMuch) {
  ReceiveWindow window(10);
  EXPECT_TRUE(window.Receive(10));
  EXPECT_FALSE(window.Receive(1));
  EXPECT_TRUE(window.Receive(0));
}

TEST(ReceiveWindow, CreditsWhenHalfIsReleased) {
  ReceiveWindow window(10);
  EXPECT_TRUE(window.Receive(10));
  window.Release(4);
  EXPECT_EQ(window.TakeUpdate(), 0U);
  EXPECT_EQ(window.Held(), 6U);
  window.Release(1);
  EXPECT_EQ(window.TakeUpdate(), 5U);
  EXPECT_EQ(window.TakeUpdate(), 0U);
  EXPECT_TRUE(window.Receive(5));
  EXPECT_FALSE(window.Receive(1));
  window.Release(10);
  EXPECT_EQ(window.TakeAll(), 10U);
  EXPECT_EQ(window.Held(), 0U);
}

TEST(ReceiveWindow, GrowsByAnUpdate) {
  ReceiveWindow window(10);
  EXPECT_TRUE(window.Receive(7));
  window.GrowTo(30);
  EXPECT_EQ(window.Held(), 7U);
  EXPECT_EQ(window.Left(), 3U);
  EXPECT_EQ(window.TakeUpdate(), 20U);
  EXPECT_TRUE(window.Receive(23));
  EXPECT_FALSE(window.Receive(1));
  window.GrowTo(20);  // never smaller
  EXPECT_EQ(window.Size(), 30U);
}

// A byte that is never credited would stall the connection in the end (the classic leak).
TEST(ReceiveWindow, LosesNoByteOverManyRounds) {
  ReceiveWindow window(1000);
  uint32_t peer = 1000;
  uint32_t random = 7;
  for (int i = 0; i < 10000; ++i) {
    random = random * 1664525 + 1013904223;
    const uint32_t bytes = peer == 0 ? 0 : (random >> 8) % peer + 1;
    ASSERT_TRUE(window.Receive(bytes));
    peer -= bytes;
    window.Release(window.Held());
    peer += window.TakeUpdate();
    ASSERT_GE(peer, 500U);
  }
  EXPECT_EQ(peer + window.TakeAll(), 1000U);
}

}  // namespace
}  // namespace hon::h2
