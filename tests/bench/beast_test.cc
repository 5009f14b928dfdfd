// Boost.Beast's server (hon --type beast) as a handler that takes its connection over sees it.

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "bench/beast/session.h"
#include "support/wire_peer.h"

namespace hon::beast {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kUpgrade = "GET / HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\n\r\n";
constexpr std::string_view kSwitch = "HTTP/1.1 101 Switching Protocols\r\n\r\n";

using Function = std::function<void(http::ResponseWriter&, http::Request&)>;

// Serves the connections of the tests, a thread for each and one for the evented ones.
class Beast : public testing::Test {
 protected:
  ~Beast() override {
    for (std::thread& thread : threads_) thread.join();
    work_.reset();
    context_.stop();
    turns_.join();
  }

  test::WirePeer Connect(Function handle) {
    handlers_.push_back(std::make_shared<http::HandlerFunc>(std::move(handle)));
    test::WirePeer peer(AddressText(acceptor_.local_endpoint()));
    threads_.emplace_back([socket = acceptor_.accept(), handler = handlers_.back()]() mutable {
      ServeConn(Stream(std::move(socket), 10s), "peer", *handler, {});
    });
    return peer;
  }

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      context_.get_executor()};
  tcp::acceptor acceptor_{context_, tcp::endpoint(boost::asio::ip::make_address("127.0.0.1"), 0)};
  std::vector<http::HandlerPtr> handlers_;
  std::vector<std::thread> threads_;
  std::thread turns_{[this] { context_.run(); }};
};

void EchoRaw(http::ResponseWriter& w, http::Request&) {
  const auto conn = w.Hijack();
  ASSERT_TRUE(conn);
  Error err = (*conn)->Write(kSwitch).err;
  std::array<char, 1000> bytes;
  while (!err) {
    const io::IoResult got = (*conn)->Read(bytes);
    err = got.err;
    if (got.n != 0) err = (*conn)->Write({bytes.data(), got.n}).err;
  }
  EXPECT_TRUE(err.Is(io::ErrEof)) << err.Message();
}

TEST_F(Beast, BytesReceivedBeforeTheHijackAreReadFirst) {
  test::WirePeer peer = Connect(EchoRaw);
  ASSERT_TRUE(peer.Send(std::string(kUpgrade) + "early"));
  EXPECT_EQ(peer.ReadAnswer().status, 101);
  EXPECT_EQ(peer.Read(5), "early");
  const std::string late(100'000, 'l');
  std::thread sends([&] { EXPECT_TRUE(peer.Send(late)); });
  EXPECT_EQ(peer.Read(late.size()), late);
  sends.join();
  peer.EndSending();
  EXPECT_TRUE(peer.ExpectEnd());
}

TEST_F(Beast, AHijackedAnswerRefusesWrites) {
  test::WirePeer peer = Connect([](http::ResponseWriter& w, http::Request&) {
    w.Header().Set("X-Early", "yes");
    w.WriteHeader(200);
    const auto conn = w.Hijack();
    ASSERT_TRUE(conn);
    EXPECT_TRUE(w.Hijack().error().Is(http::ErrHijacked));
    EXPECT_TRUE(w.Write("x").err.Is(http::ErrHijacked));
    EXPECT_TRUE(w.Flush().Is(http::ErrHijacked));
    w.WriteHeader(500);
    EXPECT_FALSE((*conn)->Write("raw").err);
    EXPECT_FALSE((*conn)->Close());
    EXPECT_TRUE((*conn)->Write("x").err.Is(io::ErrClosed));
    EXPECT_TRUE((*conn)->Close().Is(io::ErrClosed));
  });
  ASSERT_TRUE(peer.Send(kUpgrade));
  const std::string all = peer.ReadAll();
  EXPECT_TRUE(all.starts_with("HTTP/1.1 200 OK\r\n")) << all;
  EXPECT_TRUE(all.ends_with("\r\n\r\nraw")) << all;
}

TEST_F(Beast, AHijackedConnectionOutlivesItsHandler) {
  std::promise<std::unique_ptr<io::Conn>> taken;
  test::WirePeer peer = Connect([&](http::ResponseWriter& w, http::Request&) {
    auto conn = w.Hijack();
    ASSERT_TRUE(conn);
    taken.set_value(*std::move(conn));
  });
  ASSERT_TRUE(peer.Send(kUpgrade));
  const std::unique_ptr<io::Conn> conn = taken.get_future().get();
  EXPECT_FALSE(conn->RemoteAddr().empty());
  std::array<char, 8> bytes;
  conn->SetReadDeadline(Clock::now() + 10ms);
  EXPECT_TRUE(conn->Read(bytes).err.Is(io::ErrDeadlineExceeded));
  conn->SetReadDeadline(kNever);
  ASSERT_TRUE(peer.Send("late"));
  EXPECT_EQ(conn->Read(bytes).n, 4U);
  EXPECT_FALSE(conn->Write("bye").err);
  EXPECT_FALSE(conn->CloseWrite());
  EXPECT_EQ(peer.ReadAll(), "bye");
}

// Echoes its input; closes when the peer has finished.
class EchoSink final : public io::ConnSink {
 public:
  void OnOpen(std::unique_ptr<io::EventConn> opened) override {
    conn = std::move(opened);
    conn->Out().Write(kSwitch);
    conn->SendSoon();
    OnInput();
  }
  void OnInput() override {
    EXPECT_TRUE(conn->InLoop());
    while (!conn->In().Empty() && conn->Out().Len() < 256 * 1024) {
      const std::string_view front = conn->In().Front();
      conn->Out().Write(front);
      EXPECT_FALSE(conn->In().Skip(front.size()));
    }
    conn->ConsumedInput();
    conn->SendSoon();
    if (conn->InputEnded() && conn->In().Empty()) conn->Close(io::ConnClose::kLinger);
  }
  void OnDrained() override { OnInput(); }
  void OnDeadline(io::ConnDeadline which) override {
    EXPECT_EQ(which, io::ConnDeadline::kIdle);
    conn->Close(io::ConnClose::kGraceful);
  }
  void OnClosed(const Error& why) override {
    conn.reset();
    closed.set_value(why);
  }

  std::unique_ptr<io::EventConn> conn;
  std::promise<Error> closed;
};

Function Evented(io::ConnSink& sink) {
  return [&sink](http::ResponseWriter& w, http::Request&) {
    auto conn = w.Hijack();
    ASSERT_TRUE(conn);
    EXPECT_FALSE((*conn)->BecomeEvented(sink));
    EXPECT_TRUE((*conn)->Write("x").err.Is(io::ErrClosed));
    EXPECT_TRUE((*conn)->BecomeEvented(sink).Is(io::ErrClosed));
  };
}

TEST_F(Beast, AnEventedConnectionGetsEveryEvent) {
  EchoSink sink;
  test::WirePeer peer = Connect(Evented(sink));
  ASSERT_TRUE(peer.Send(std::string(kUpgrade) + "early"));
  EXPECT_EQ(peer.ReadThrough("early"), std::string(kSwitch) + "early");
  const std::string much(8 << 20, 'm');  // more than sockets hold: both directions wait
  std::thread sends([&] {
    EXPECT_TRUE(peer.Send(much));
    peer.EndSending();
  });
  EXPECT_EQ(peer.Read(much.size()), much);
  EXPECT_TRUE(peer.ExpectEnd());
  sends.join();
  EXPECT_FALSE(sink.closed.get_future().get());
}

TEST_F(Beast, AnEventedConnectionHasDeadlinesAndCallsFromOtherThreads) {
  EchoSink sink;
  test::WirePeer peer = Connect(Evented(sink));
  ASSERT_TRUE(peer.Send(kUpgrade));
  EXPECT_EQ(peer.ReadAnswer().status, 101);
  EXPECT_FALSE(sink.conn->InLoop());
  sink.conn->Post([&] {
    sink.conn->Out().Write("posted");
    sink.conn->SendSoon();
    sink.conn->SetDeadline(io::ConnDeadline::kIdle, Clock::now() + 10ms);
  });
  EXPECT_EQ(peer.ReadAll(), "posted");
  EXPECT_FALSE(sink.closed.get_future().get());
}

TEST_F(Beast, AnEventedConnectionThatIsDroppedIsReset) {
  EchoSink sink;
  test::WirePeer peer = Connect(Evented(sink));
  ASSERT_TRUE(peer.Send(kUpgrade));
  EXPECT_EQ(peer.ReadAnswer().status, 101);
  std::promise<void> dropped;
  sink.conn->Post([&] {
    sink.conn.reset();
    dropped.set_value();
  });
  EXPECT_TRUE(peer.ExpectEnd());
  dropped.get_future().get();
  EXPECT_EQ(sink.closed.get_future().wait_for(0s), std::future_status::timeout);
}

TEST_F(Beast, AnEventedConnectionIsNotifiedOfItsPeersEnd) {
  EchoSink sink;
  test::WirePeer peer = Connect(Evented(sink));
  ASSERT_TRUE(peer.Send(kUpgrade));
  EXPECT_EQ(peer.ReadAnswer().status, 101);
  peer.Reset();
  EXPECT_TRUE(sink.closed.get_future().get());
}

}  // namespace
}  // namespace hon::beast
