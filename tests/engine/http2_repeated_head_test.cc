// Requests of one connection whose field blocks are the same bytes share their decoded head. No
// handler may notice.

#include "engine/http2_repeated_head.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/http2_conn_fixture.h"

namespace hon::engine {
namespace {

class Http2RepeatedHeadTest : public Http2ConnTest {
 protected:
  Http2RepeatedHeadTest() {
    mux_.HandleFunc("/fields/", [](http::ResponseWriter& w, http::Request& r) {
      w.Write(r.URL.Path);
      w.Write(" " + std::string(r.Host) + " " + std::string(r.Header.Get("X-A")) + " " +
              std::to_string(r.Header.Len()));
      // Changes of one request's fields.
      r.Header.Set("X-A", "changed");
      r.Header.Add("X-A", "twice");
      r.Header.Del("X-B");
    });
    mux_.HandleFunc("/late/", [](http::ResponseWriter& w, http::Request& r) {
      const Error err = fiber::Sleep(std::chrono::seconds(1));
      w.Write(err ? "cut" : std::string(r.URL.Path) + " " + std::string(r.Header.Get("X-A")));
    });
  }

  static http::Header Fields(std::string_view value) {
    http::Header fields;
    fields.Set("X-A", value);
    fields.Set("X-B", "b");
    return fields;
  }
  std::string Get(std::string_view path, std::string_view value) {
    const auto& exchange = Ask(path, {}, Fields(value));
    Settle();
    return exchange.body;
  }
};

TEST_F(Http2RepeatedHeadTest, ChangesOfOneRequestAreNotSeenByTheNext) {
  for (int i = 0; i < 6; ++i) EXPECT_EQ(Get("/fields/1", "v1"), "/fields/1 t v1 2");
  for (int i = 0; i < 6; ++i) EXPECT_EQ(Get("/fields/1", "v2"), "/fields/1 t v2 2");
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(Get("/fields/1", "v1"), "/fields/1 t v1 2");
    EXPECT_EQ(Get("/fields/2", "v1"), "/fields/2 t v1 2");
  }
}

TEST_F(Http2RepeatedHeadTest, AHandlerThatWaitsKeepsItsHead) {
  std::vector<const h2::testing::Exchange*> first;
  std::vector<const h2::testing::Exchange*> second;
  for (int i = 0; i < 4; ++i) first.push_back(&Ask("/late/1", {}, Fields("v1")));
  Settle();
  for (int i = 0; i < 4; ++i) second.push_back(&Ask("/late/2", {}, Fields("v2")));
  Settle();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(Get("/fields/3", "v3"), "/fields/3 t v3 2");
  Passes(std::chrono::seconds(2));
  for (const auto* exchange : first) EXPECT_EQ(exchange->body, "/late/1 v1");
  for (const auto* exchange : second) EXPECT_EQ(exchange->body, "/late/2 v2");
}

TEST_F(Http2RepeatedHeadTest, AConnectionMayEndBeforeItsHandlers) {
  for (int i = 0; i < 4; ++i) Ask("/late/1", {}, Fields("v1"));
  Settle();
  Socket().Resets();
  Settle();
}

// RFC 9113 §8.2.2: a connection-specific field makes each of the requests malformed.
TEST_F(Http2RepeatedHeadTest, AMalformedBlockIsRefusedEachTime) {
  const std::string good = h2::testing::FromHex("828684 01 01") + "a";  // inserts nothing
  const std::string bad =
      good + h2::testing::FromHex("00 0a") + "connection" + h2::testing::FromHex("05") + "close";
  std::string bytes = h2::testing::ClientStart();
  std::vector<uint32_t> expected;
  for (uint32_t id = 1; id < 40; id += 2) {
    const bool wrong = (id / 2) % 5 != 4;
    if (wrong) expected.push_back(id);
    bytes += h2::testing::RawFrame(
        h2::FrameType::kHeaders, h2::kFlagEndHeaders | h2::kFlagEndStream, id, wrong ? bad : good);
  }
  std::vector<uint32_t> reset;
  size_t answered = 0;
  for (const auto& frame : Exchange(bytes)) {
    if (frame.header.type == h2::FrameType::kHeaders) ++answered;
    if (frame.header.type != h2::FrameType::kRstStream) continue;
    EXPECT_EQ(h2::ReadUint32(frame.payload.data()),
              static_cast<uint32_t>(h2::ErrorCode::kProtocolError));
    reset.push_back(frame.header.stream);
  }
  EXPECT_EQ(reset, expected);
  EXPECT_EQ(answered, 4U);
}

}  // namespace
}  // namespace hon::engine
