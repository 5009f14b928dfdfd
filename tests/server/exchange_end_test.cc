// The end of an exchange: with an unread body, and with an incomplete answer.

#include <stdexcept>
#include <string>
#include <string_view>

#include "support/test_server.h"

namespace hon {
namespace {

using test::Answer;
using test::WirePeer;

constexpr std::string_view kHello = "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n";

class ExchangeEnd : public test::ModeTest {
 protected:
  ExchangeEnd() {
    mux_.HandleFunc("/hello", [](http::ResponseWriter& w, http::Request&) { w.Write("hello"); });
    mux_.HandleFunc("/noread",
                    [](http::ResponseWriter& w, http::Request&) { w.Write("not read"); });
    mux_.HandleFunc("/panic", [](http::ResponseWriter& w, http::Request& r) {
      if (r.URL.RawQuery == "raw") w.Header().Set("Transfer-Encoding", "identity");
      w.Write("sent");
      Error flushed = w.Flush();
      throw std::runtime_error(flushed ? flushed.Message() : "late boom");
    });
  }

  http::ServeMux mux_;
  engine::Engine engine_{mux_, engine::WithPlacement(GetParam().placement)};
};

// A body that ends with its connection shows its truncation by a reset only (RFC 9112 §8).
TEST_P(ExchangeEnd, ThrowInAnAnswerWithoutFramingResets) {
  test::TestServer server(engine_, GetParam());
  for (const std::string_view method : {"GET /panic?raw", "CONNECT /panic"}) {
    WirePeer peer(server.Address());
    ASSERT_TRUE(peer.Send(std::string(method) + " HTTP/1.1\r\nHost: t\r\n\r\n"));
    EXPECT_TRUE(peer.ReadAll().ends_with("\r\n\r\nsent"));
    EXPECT_TRUE(peer.WasReset());
  }
}

TEST_P(ExchangeEnd, UnreadBodyIsDrainedUpToTheLimit) {
  test::TestServer server(engine_, GetParam());
  for (const size_t size : {size_t{262'143}, size_t{262'144}}) {
    WirePeer peer(server.Address());
    ASSERT_TRUE(peer.Send("POST /noread HTTP/1.1\r\nHost: t\r\nContent-Length: " +
                          std::to_string(size) + "\r\n\r\n"));
    const Answer answer = peer.ReadAnswer();
    EXPECT_EQ(answer.body, "not read");
    const bool kept = size < 262'144;
    EXPECT_EQ(answer.Get("Connection"), kept ? "" : "close") << size;
    if (kept) {
      ASSERT_TRUE(peer.Send(std::string(size, 'b')));
      ASSERT_TRUE(peer.Send(kHello));
      EXPECT_EQ(peer.ReadAnswer().body, "hello");
    } else {
      peer.Send(std::string(1000, 'b'));
      EXPECT_TRUE(peer.ExpectEnd());
    }
  }
}

// For any received part of the body. When all is received, the answer announces the close.
TEST_P(ExchangeEnd, AnUnreadBodyInChunksIsDrainedUpToTheLimit) {
  test::TestServer server(engine_, GetParam());
  for (const size_t size : {size_t{262'144}, size_t{262'145}}) {
    const std::string wire =
        (size == 262'144 ? "40000\r\n" : "40001\r\n") + std::string(size, 'b') + "\r\n0\r\n\r\n";
    for (const size_t before : {wire.size(), wire.size() - 1, wire.size() / 2, size_t{1}}) {
      SCOPED_TRACE(std::to_string(size) + ", " + std::to_string(before) + " at first");
      WirePeer peer(server.Address());
      ASSERT_TRUE(
          peer.Send("POST /noread HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n" +
                    wire.substr(0, before)));
      const Answer answer = peer.ReadAnswer();
      EXPECT_EQ(answer.body, "not read");
      if (before == wire.size()) {
        EXPECT_EQ(answer.Has("Connection"), size != 262'144);
      }
      peer.Send(wire.substr(before));
      if (size == 262'144) {
        ASSERT_TRUE(peer.Send(kHello));
        EXPECT_EQ(peer.ReadAnswer().body, "hello");
      } else {
        EXPECT_TRUE(peer.ExpectEnd());
      }
    }
  }
}

HON_INSTANTIATE_MODES(ExchangeEnd);

}  // namespace
}  // namespace hon
