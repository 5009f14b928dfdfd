// Answers that change the protocol (RFC 9110 §7.8, §15.2.2).

#include <gtest/gtest.h>

#include "adaptor/response_fixture.h"

namespace hon::adaptor {
namespace {

using test::ResponseTest;

/// A connection that only becomes evented.
class FakeConn final : public io::Conn {
 public:
  explicit FakeConn(io::ConnSink*& taken_by) : taken_by_(&taken_by) {}
  io::IoResult Read(std::span<char>) override { return {0, io::ErrClosed}; }
  io::IoResult Write(std::string_view) override { return {0, io::ErrClosed}; }
  Error Close() override { return {}; }
  Error CloseWrite() override { return {}; }
  void SetReadDeadline(TimePoint) override {}
  void SetWriteDeadline(TimePoint) override {}
  Error BecomeEvented(io::ConnSink& sink) override {
    *taken_by_ = &sink;
    return {};
  }
  [[nodiscard]] std::string LocalAddr() const override { return {}; }
  [[nodiscard]] std::string RemoteAddr() const override { return {}; }

 private:
  io::ConnSink** taken_by_;
};

class QuietSink final : public io::ConnSink {
 public:
  void OnOpen(std::unique_ptr<io::EventConn>) override {}
  void OnInput() override {}
  void OnDeadline(io::ConnDeadline) override {}
  void OnClosed(const Error&) override {}
};

class ResponseUpgradeTest : public ResponseTest {
 protected:
  ResponseUpgradeTest() { control_.conn = std::make_unique<FakeConn>(taken_by_); }

  io::ConnSink* taken_by_ = nullptr;
  QuietSink sink_;
};

TEST_F(ResponseUpgradeTest, TheServerSaysWhatConcernsTheConnection) {
  http::Header fields;
  fields.Set("X-Of-Ours", "1");
  fields.Add("Set-Cookie", "a=b");
  fields.Add("Set-Cookie", "c=d");
  for (const char* servers : {"Connection", "Upgrade", "Keep-Alive", "Proxy-Connection", "Trailer",
                              "Transfer-Encoding", "Content-Type"}) {
    fields.Set(servers, "evil");
  }
  fields.Set("Content-Length", "5");
  response_.Header().Set("X-Not-Sent", "1");
  EXPECT_FALSE(response_.Upgrade("chat/2", fields, sink_));
  EXPECT_EQ(stream_.TakeOutput(), "");
  EXPECT_EQ(control_.sent_first,
            "HTTP/1.1 101 Switching Protocols\r\n"
            "Connection: Upgrade\r\n"
            "Set-Cookie: a=b\r\n"
            "Set-Cookie: c=d\r\n"
            "Upgrade: chat/2\r\n"
            "X-Of-Ours: 1\r\n\r\n");
  EXPECT_EQ(taken_by_, &sink_);
  EXPECT_EQ(response_.Status(), 101);
  EXPECT_TRUE(response_.Hijacked());
  EXPECT_TRUE(response_.Write("x").err.Is(http::ErrHijacked));
  EXPECT_TRUE(response_.Upgrade("chat/2", {}, sink_).Is(http::ErrHijacked));
  EXPECT_EQ(Finish(), "");
}

TEST_F(ResponseUpgradeTest, OfHttp10ItIsAnAbilityThatLacks) {
  Begin({.http10 = true});
  EXPECT_TRUE(response_.Upgrade("chat", {}, sink_).Is(http::ErrNotSupported));
  EXPECT_EQ(control_.hijacks, 0);
  EXPECT_EQ(stream_.TakeOutput(), "");
  response_.WriteHeader(500);
  EXPECT_TRUE(Finish().starts_with("HTTP/1.0 500 "));
}

TEST_F(ResponseUpgradeTest, BehindAHeadItFails) {
  response_.WriteHeader(204);
  EXPECT_TRUE(response_.Upgrade("chat", {}, sink_));
  EXPECT_EQ(control_.hijacks, 0);
  EXPECT_TRUE(Finish().starts_with("HTTP/1.1 204 "));
}

TEST_F(ResponseUpgradeTest, OfAConnectionThatIsGoneTheReasonIsGiven) {
  control_.hijack_error = io::ErrClosed;
  EXPECT_TRUE(response_.Upgrade("chat", {}, sink_).Is(io::ErrClosed));
  EXPECT_EQ(taken_by_, nullptr);
}

// The client never sees a 101 of a connection that goes on with HTTP.
TEST_F(ResponseUpgradeTest, AnUpgradeThatFailsSendsNothingAndAnotherAnswerMayFollow) {
  control_.hijack_error = Error::New("no");
  EXPECT_TRUE(response_.Upgrade("chat", {}, sink_));
  EXPECT_EQ(stream_.TakeOutput(), "");
  response_.WriteHeader(503);
  EXPECT_TRUE(Finish().starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
}

}  // namespace
}  // namespace hon::adaptor
