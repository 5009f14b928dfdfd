// Requests that arrive together: their handlers run on one fiber, as long as none waits.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/http2_conn_fixture.h"

namespace hon::engine {
namespace {

class Http2BatchTest : public Http2ConnTest {
 protected:
  explicit Http2BatchTest(const http::HTTP2Config& config = {}) : Http2ConnTest(true, config) {}

  [[nodiscard]] uint64_t Started() const { return scheduler_->GetStats().started; }
};

TEST_F(Http2BatchTest, HandlersThatDoNotWaitShareAFiber) {
  Get("/");
  const uint64_t before = Started();
  std::vector<const h2::testing::Exchange*> asked;
  for (int i = 0; i < 20; ++i) asked.push_back(&Ask("/"));
  Settle();
  for (const auto* exchange : asked) EXPECT_EQ(exchange->body, "HTTP/2.0 hello");
  EXPECT_EQ(Started(), before + 1);
}

TEST_F(Http2BatchTest, HandlersThatWaitHoldNoOther) {
  std::vector<const h2::testing::Exchange*> quick;
  std::vector<const h2::testing::Exchange*> slow;
  for (int i = 0; i < 10; ++i) {
    slow.push_back(&Ask("/sleep"));
    quick.push_back(&Ask("/"));
    quick.push_back(&Ask("/throw"));
    quick.push_back(&Ask("/"));
  }
  Settle();
  EXPECT_EQ(scheduler_->Live(), slow.size());
  for (size_t i = 0; i < quick.size(); ++i) {
    EXPECT_TRUE(quick[i]->ended) << i;
    EXPECT_EQ(quick[i]->status, i % 3 == 1 ? 500 : 200) << i;
  }
  for (const auto* exchange : slow) EXPECT_EQ(exchange->status, 0);
  Passes(std::chrono::seconds(3));
  for (const auto* exchange : slow) EXPECT_EQ(exchange->body, "slept");
  EXPECT_EQ(scheduler_->Live(), 0U);
  EXPECT_EQ(Get("/").body, "HTTP/2.0 hello");
}

// Output that waits for its turn is bounded for all streams together, but for a frame of each.
TEST_F(Http2BatchTest, ManyStreamsKeepLittleOutputEach) {
  constexpr size_t kStreams = 100;
  const std::string get =
      h2::testing::FromHex("82 86 04 06") + "/large" + h2::testing::FromHex("01 01") + "a";
  std::string bytes =
      h2::testing::ClientStart() +
      h2::testing::RawFrame(h2::FrameType::kSettings, 0, 0, h2::testing::FromHex("0004 00000000"));
  for (size_t i = 0; i < kStreams; ++i) {
    bytes +=
        h2::testing::RawFrame(h2::FrameType::kHeaders, h2::kFlagEndHeaders | h2::kFlagEndStream,
                              static_cast<uint32_t>(2 * i + 1), get);
  }
  Exchange(bytes);
  for (int i = 0; i < 8; ++i) Exchange({});
  EXPECT_EQ(scheduler_->Live(), kStreams);
  // A frame of 16 KiB takes parts of two blocks; the first streams had larger shares. 64 KiB of
  // each stream would take five blocks.
  EXPECT_GE(loop_->Blocks().InUse(), kStreams);
  EXPECT_LE(loop_->Blocks().InUse(), 3 * kStreams);
}

// A connection that ends while handlers of one batch wait.
TEST_F(Http2BatchTest, AConnectionEndsBelowItsHandlers) {
  for (int i = 0; i < 5; ++i) {
    Ask("/sleep");
    Ask("/");
  }
  Settle();
  Socket().Resets();
  Settle();
  EXPECT_EQ(serving_->Connections(), 0U);
}

// A callback of the program must not wait; if it does, for less than the deadline of a head,
// nothing but time is lost.
class Http2WaitingCallbackTest : public Http2BatchTest {
 protected:
  Http2WaitingCallbackTest() : Http2BatchTest(Config()) {}

  static http::HTTP2Config Config() {
    http::HTTP2Config config;
    config.CountError = [](std::string_view) {
      if (fiber::Current() == nullptr) return;
      ++waits_;
      static_cast<void>(fiber::Sleep(wait_));
    };
    return config;
  }
  // Requests of which each second one is malformed (RFC 9113 §8.2.2).
  static std::string Batch(uint32_t streams) {
    const std::string good = h2::testing::FromHex("828684 01 01") + "a";
    const std::string bad =
        good + h2::testing::FromHex("00 0a") + "connection" + h2::testing::FromHex("05") + "close";
    std::string bytes = h2::testing::ClientStart();
    for (uint32_t i = 0; i < streams; ++i) {
      bytes +=
          h2::testing::RawFrame(h2::FrameType::kHeaders, h2::kFlagEndHeaders | h2::kFlagEndStream,
                                2 * i + 1, i % 2 == 1 ? bad : good);
    }
    return bytes;
  }

  static inline int waits_ = 0;
  static inline Duration wait_ = std::chrono::milliseconds(50);
};

TEST_F(Http2WaitingCallbackTest, LosesNoRequest) {
  waits_ = 0;
  std::vector<h2::testing::ReadFrame> frames = Exchange(Batch(10));
  for (int i = 0; i < 20; ++i) {
    kernel_->Advance(std::chrono::milliseconds(60));
    for (auto& frame : Exchange({})) frames.push_back(std::move(frame));
  }
  EXPECT_GT(waits_, 0);
  size_t answers = 0;
  size_t resets = 0;
  for (const auto& frame : frames) {
    answers += frame.header.type == h2::FrameType::kHeaders ? 1 : 0;
    resets += frame.header.type == h2::FrameType::kRstStream ? 1 : 0;
  }
  EXPECT_EQ(answers, 5U);
  EXPECT_EQ(resets, 5U);
  EXPECT_EQ(scheduler_->Live(), 0U);
}

// Past each deadline of a connection, too.
TEST_F(Http2WaitingCallbackTest, HoldsNoOtherConnection) {
  waits_ = 0;
  wait_ = std::chrono::hours(1);
  Exchange(Batch(10));
  wait_ = std::chrono::milliseconds(50);
  EXPECT_EQ(waits_, 1);
  const int other = kernel_->Open();
  ASSERT_TRUE(loop_->Adopt(other, *serving_));
  for (int round = 0; round < 3; ++round) {
    kernel_->At(other).Sends(
        round == 0 ? Batch(1)
                   : h2::testing::RawFrame(h2::FrameType::kHeaders,
                                           h2::kFlagEndHeaders | h2::kFlagEndStream,
                                           static_cast<uint32_t>(2 * round + 1),
                                           h2::testing::FromHex("828684 01 01") + "a"));
    for (int i = 0; i < 8; ++i) loop_->Turn(Duration());
    EXPECT_NE(kernel_->At(other).Take().find("HTTP/2.0 hello"), std::string::npos) << round;
    kernel_->Advance(std::chrono::seconds(4));
  }
  // The connection ends with its callback, whatever has ended it meanwhile.
  Socket().Resets();
  kernel_->At(other).Resets();
  for (int i = 0; i < 8; ++i) {
    loop_->Turn(Duration());
    kernel_->Advance(std::chrono::minutes(10));
  }
  EXPECT_EQ(serving_->Connections(), 0U);
}

TEST_F(Http2WaitingCallbackTest, TheConnectionMayEndMeanwhile) {
  waits_ = 0;
  Exchange(Batch(10));
  EXPECT_GT(waits_, 0);
  Socket().Resets();
  for (int i = 0; i < 8; ++i) {
    loop_->Turn(Duration());
    kernel_->Advance(std::chrono::milliseconds(600));
  }
  EXPECT_EQ(serving_->Connections(), 0U);
}

}  // namespace
}  // namespace hon::engine
