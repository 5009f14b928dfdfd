// Answers that go on without their handler: the framing of their bodies (RFC 9112 §6, §7.1).

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "adaptor/response_fixture.h"
#include "hon/io/event_conn.h"

namespace hon::adaptor {
namespace {

using test::ResponseTest;

/// Records the calls on a connection.
struct Wire {
  io::BlockPool pool{4};
  io::LinkBuffer in{pool};
  io::LinkBuffer out{pool};
  std::string sent;
  std::optional<io::ConnClose> closed;
  io::ConnSink* sink = nullptr;

  std::string Take() {
    Flush();
    return std::exchange(sent, {});
  }
  void Flush() {
    out.ForEach([this](std::string_view part) { sent += part; });
    out.Clear();
  }
};

class WireEventConn final : public io::EventConn {
 public:
  explicit WireEventConn(Wire& wire) : wire_(&wire) {}
  void SetSink(io::ConnSink& sink) override { wire_->sink = &sink; }
  io::LinkBuffer& In() override { return wire_->in; }
  void ConsumedInput() override {}
  [[nodiscard]] bool InputEnded() const override { return false; }
  io::LinkBuffer& Out() override { return wire_->out; }
  void SendSoon() override {}
  void SendNow(std::string_view head, std::string_view body) override {
    wire_->Flush();
    wire_->sent.append(head).append(body);
  }
  void CloseWrite() override {}
  void SetDeadline(io::ConnDeadline, TimePoint) override {}
  void Close(io::ConnClose how) override { wire_->closed = how; }
  [[nodiscard]] std::string LocalAddr() const override { return {}; }
  [[nodiscard]] std::string RemoteAddr() const override { return {}; }
  void Post(std::function<void()>) override {}
  [[nodiscard]] bool InLoop() const override { return true; }
  [[nodiscard]] const void* LoopId() const override { return wire_; }

 private:
  Wire* wire_;
};

class WireConn final : public io::Conn {
 public:
  explicit WireConn(Wire& wire) : wire_(&wire) {}
  io::IoResult Read(std::span<char>) override { return {0, io::ErrClosed}; }
  io::IoResult Write(std::string_view) override { return {0, io::ErrClosed}; }
  Error Close() override { return {}; }
  Error CloseWrite() override { return {}; }
  void SetReadDeadline(TimePoint) override {}
  void SetWriteDeadline(TimePoint) override {}
  Error BecomeEvented(io::ConnSink& sink) override {
    wire_->sink = &sink;
    sink.OnOpen(std::make_unique<WireEventConn>(*wire_));
    return {};
  }
  [[nodiscard]] std::string LocalAddr() const override { return {}; }
  [[nodiscard]] std::string RemoteAddr() const override { return {}; }

 private:
  Wire* wire_;
};

class KeepingSink final : public io::ConnSink {
 public:
  void OnOpen(std::unique_ptr<io::EventConn> opened) override { conn = std::move(opened); }
  void OnInput() override {}
  void OnDeadline(io::ConnDeadline) override {}
  void OnClosed(const Error&) override {}

  std::unique_ptr<io::EventConn> conn;
};

class ResponseDetachTest : public ResponseTest {
 protected:
  ResponseDetachTest() { control_.conn = std::make_unique<WireConn>(wire_); }

  void ExpectRefused() {
    EXPECT_TRUE(response_.Detach(sink_).Is(http::ErrNotSupported));
    EXPECT_EQ(control_.loans, 0);
    EXPECT_EQ(sink_.conn, nullptr);
    EXPECT_EQ(response_.Write("x").n, 1U) << "the handler goes on as ever";
  }

  Wire wire_;
  KeepingSink sink_;
};

// Undoes the chunked coding, as strictly as RFC 9112 §7.1; "?" for malformed text.
std::string Dechunk(std::string_view text, bool& ended) {
  std::string body;
  while (!text.empty()) {
    const size_t line = text.find("\r\n");
    if (line == std::string_view::npos || line == 0) return "?";
    const size_t size = std::stoul(std::string(text.substr(0, line)), nullptr, 16);
    text.remove_prefix(line + 2);
    if (text.size() < size + 2 || text.substr(size, 2) != "\r\n") return "?";
    body += text.substr(0, size);
    text.remove_prefix(size + 2);
    if (size == 0) {
      ended = text.empty();
      return ended ? body : "?";
    }
  }
  return body;
}

TEST_F(ResponseDetachTest, TheBodyGoesOnInChunks) {
  response_.Header().Set("Content-Type", "a/b");
  ASSERT_FALSE(response_.Detach(sink_));
  ASSERT_NE(sink_.conn, nullptr);
  EXPECT_EQ(stream_.TakeOutput(),
            "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nDate: D\r\n"
            "Transfer-Encoding: chunked\r\n\r\n");
  EXPECT_TRUE(control_.keeps_alive);
  sink_.conn->SendNow({}, "first");
  EXPECT_EQ(wire_.Take(), "5\r\nfirst\r\n");
  sink_.conn->SendNow("head ", "body");
  EXPECT_EQ(wire_.Take(), "9\r\nhead body\r\n");
  sink_.conn->Out().Write("out");
  EXPECT_EQ(sink_.conn->Unsent(), 3U);
  sink_.conn->SendSoon();
  EXPECT_EQ(sink_.conn->Unsent(), wire_.out.Len());
  sink_.conn->Out().Write("before");
  sink_.conn->SendNow({}, "x");
  EXPECT_EQ(wire_.Take(), "3\r\nout\r\n6\r\nbefore\r\n1\r\nx\r\n");
  sink_.conn->SendNow({}, {});
  EXPECT_EQ(wire_.Take(), "") << "an empty chunk would end the body";
  sink_.conn->Out().Write("end");
  sink_.conn->Close(io::ConnClose::kGraceful);
  EXPECT_EQ(wire_.Take(), "3\r\nend\r\n0\r\n\r\n");
  EXPECT_EQ(wire_.closed, io::ConnClose::kGraceful);
  sink_.conn->Close(io::ConnClose::kAbort);
  EXPECT_EQ(wire_.Take(), "");
  EXPECT_EQ(wire_.closed, io::ConnClose::kAbort);
  EXPECT_TRUE(response_.Write("x").err.Is(http::ErrHijacked));
  EXPECT_EQ(Finish(), "");
}

TEST_F(ResponseDetachTest, ChunksOfEverySizeAreWhole) {
  ASSERT_FALSE(response_.Detach(sink_));
  std::string all;
  for (const size_t size :
       {1UL, 9UL, 10UL, 15UL, 16UL, 2047UL, 2048UL, 2049UL, 16384UL, 16385UL, 65536UL, 1000000UL}) {
    const std::string data(size, static_cast<char>('a' + all.size() % 26));
    all += data + data + data;
    sink_.conn->SendNow({}, data);
    sink_.conn->SendNow(data.substr(0, size / 2), data.substr(size / 2));
    sink_.conn->Out().Write(data);
    sink_.conn->SendSoon();
  }
  sink_.conn->Close(io::ConnClose::kGraceful);
  bool ended = false;
  EXPECT_EQ(Dechunk(wire_.Take(), ended), all);
  EXPECT_TRUE(ended);
}

// Input that comes meanwhile is the next request.
TEST_F(ResponseDetachTest, BehindTheEndNoInputIsSeen) {
  ASSERT_FALSE(response_.Detach(sink_));
  wire_.in.Write("GET / HTTP/1.1");
  EXPECT_EQ(sink_.conn->In().Len(), 14U);
  EXPECT_FALSE(sink_.conn->InputEnded());
  sink_.conn->Out().Write("lost");
  wire_.sink->OnClosed(io::ErrClosed);
  EXPECT_TRUE(sink_.conn->In().Empty());
  EXPECT_TRUE(sink_.conn->InputEnded());
  EXPECT_EQ(wire_.in.Len(), 14U);
}

TEST_F(ResponseDetachTest, ACutBodyHasNoEnd) {
  ASSERT_FALSE(response_.Detach(sink_));
  sink_.conn->SendNow({}, "x");
  sink_.conn->Close(io::ConnClose::kAbort);
  EXPECT_EQ(wire_.Take(), "1\r\nx\r\n");
}

TEST_F(ResponseDetachTest, WhatWasWrittenBeforeComesFirst) {
  response_.WriteHeader(201);
  EXPECT_EQ(response_.Write("kept back").n, 9U);
  ASSERT_FALSE(response_.Detach(sink_));
  const std::string head = stream_.TakeOutput();
  EXPECT_TRUE(head.starts_with("HTTP/1.1 201 Created\r\n")) << head;
  EXPECT_TRUE(head.ends_with("\r\n\r\n9\r\nkept back\r\n")) << head;
}

TEST_F(ResponseDetachTest, AnOldClientGetsABodyThatTheConnectionEnds) {
  Begin({.http10 = true});
  ASSERT_FALSE(response_.Detach(sink_));
  EXPECT_EQ(stream_.TakeOutput().find("Transfer-Encoding"), std::string::npos);
  EXPECT_FALSE(control_.keeps_alive);
  sink_.conn->SendNow("a", "b");
  sink_.conn->Out().Write("c");
  sink_.conn->Close(io::ConnClose::kGraceful);
  EXPECT_EQ(wire_.Take(), "abc");
}

TEST_F(ResponseDetachTest, AConnectionThatEndsIsAnnouncedAsEver) {
  Begin({.close = true});
  ASSERT_FALSE(response_.Detach(sink_));
  EXPECT_NE(stream_.TakeOutput().find("Connection: close\r\n"), std::string::npos);
  EXPECT_FALSE(control_.keeps_alive);
}

TEST_F(ResponseDetachTest, NotWithALength) {
  response_.Header().Set("Content-Length", "5");
  ExpectRefused();
}

TEST_F(ResponseDetachTest, NotWithTrailers) {
  response_.Header().Set("Trailer", "X-Sum");
  ExpectRefused();
}

TEST_F(ResponseDetachTest, NotBehindTheHead) {
  EXPECT_FALSE(response_.Flush());
  ExpectRefused();
}

TEST_F(ResponseDetachTest, NotWithoutABody) {
  Begin({.head = true});
  EXPECT_TRUE(response_.Detach(sink_).Is(http::ErrBodyNotAllowed));
  Begin({});
  response_.WriteHeader(204);
  EXPECT_TRUE(response_.Detach(sink_).Is(http::ErrBodyNotAllowed));
  EXPECT_EQ(control_.loans, 0);
}

}  // namespace
}  // namespace hon::adaptor
