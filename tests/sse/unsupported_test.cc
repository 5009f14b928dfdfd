// Writers that cannot stream: a client must not take an empty 200 for the beginning of a stream.

#include <gtest/gtest.h>

#include <string>

#include "hon/http/timeout_handler.h"
#include "hon/httptest/request.h"
#include "hon/sse/broadcaster.h"
#include "support/test_server.h"

namespace hon::sse {
namespace {

using namespace std::chrono_literals;

/// Buffers the answer, as a middleware of a program might. Unwrap is not overridden.
class KeepingWriter final : public http::ResponseWriter {
 public:
  http::Header& Header() override { return header_; }
  void WriteHeader(int status) override { status_ = status_ == 0 ? status : status_; }
  io::IoResult Write(std::string_view data) override {
    WriteHeader(200);
    body_ += data;
    return {data.size(), {}};
  }
  [[nodiscard]] int Status() const override { return status_; }
  [[nodiscard]] const std::string& Body() const { return body_; }

 private:
  http::Header header_;
  int status_ = 0;
  std::string body_;
};

void ExpectRefused(const KeepingWriter& w) {
  EXPECT_EQ(w.Status(), 500);
  EXPECT_NE(w.Body().find("KeepingWriter"), std::string::npos) << w.Body();
}

TEST(UnsupportedTest, AWriterWithoutFlushIsNamedInA500) {
  KeepingWriter w;
  http::Request r = httptest::NewRequest("GET", "/");
  const Result<Writer> stream = Writer::Start(w, r);
  ASSERT_FALSE(stream);
  EXPECT_TRUE(stream.error().Is(http::ErrNotSupported));
  ExpectRefused(w);
  EXPECT_EQ(w.Header().Get("Content-Type"), "text/plain; charset=utf-8");
}

TEST(UnsupportedTest, ABroadcasterAnswers500) {
  KeepingWriter w;
  http::Request r = httptest::NewRequest("GET", "/");
  Broadcaster news;
  news.ServeHTTP(w, r);
  ExpectRefused(w);
  EXPECT_EQ(news.Subscribers(), 0u);
}

class UnsupportedSockets : public test::BackendTest {};

TEST_P(UnsupportedSockets, TimeoutHandlerIsNamedInA500) {
  Broadcaster news;
  http::ServeMux mux;
  mux.Handle("/news", http::TimeoutHandler(news, 10s));
  mux.Handle("/clock", http::TimeoutHandler(
                           [](http::ResponseWriter& w, http::Request& r) {
                             const Result<Writer> stream = Writer::Start(w, r);
                             EXPECT_FALSE(stream);
                           },
                           10s));
  engine::Engine engine(mux, test::SuitePlacement());
  test::TestServer server(engine, GetParam());
  for (const std::string path : {"/news", "/clock"}) {
    test::WirePeer peer(server.Address());
    ASSERT_TRUE(peer.Send("GET " + path + " HTTP/1.1\r\nHost: t\r\n\r\n"));
    const test::Answer answer = peer.ReadAnswer();
    EXPECT_EQ(answer.status, 500) << path;
    EXPECT_NE(answer.body.find("TimeoutHandler"), std::string::npos) << answer.body;
  }
}

HON_INSTANTIATE_BACKENDS(UnsupportedSockets);

}  // namespace
}  // namespace hon::sse
