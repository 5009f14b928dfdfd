// A server's reports about its connections and its end, and the values that it adds to contexts.
// The numbers are those of the contract.

#include <any>
#include <atomic>
#include <map>

#include "hon/fiber/fiber.h"
#include "support/eventually.h"
#include "support/test_server.h"

namespace hon {
namespace {

using engine::ConnState;
using test::Answer;
using test::kGet;
using test::WirePeer;
using namespace std::chrono_literals;

constexpr std::string_view kSwitch =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: raw\r\nConnection: Upgrade\r\n\r\n";

/// The states that each connection went through, joined by blanks, in order of their beginning.
class StateLog {
 public:
  engine::ConnStateHook Hook() {
    return [this](const engine::ConnInfo& conn, ConnState state) {
      std::lock_guard lock(mutex_);
      if (state == ConnState::kNew) {
        open_[conn.Id()] = logs_.size();
        logs_.emplace_back();
        peers_.push_back(conn.RemoteAddr());
      }
      std::string& log = logs_[open_.at(conn.Id())];
      if (!log.empty()) log += ' ';
      log += String(state);
      if (conn.RemoteAddr() != peers_[open_.at(conn.Id())]) log += "(another peer)";
      if (state >= ConnState::kHijacked) open_.erase(conn.Id());
    };
  }
  [[nodiscard]] std::string Of(size_t connection) const {
    std::lock_guard lock(mutex_);
    return connection < logs_.size() ? logs_[connection] : "";
  }
  [[nodiscard]] bool Comes(size_t connection, const std::string& log) const {
    return test::Eventually([&] { return Of(connection) == log; });
  }

 private:
  mutable std::mutex mutex_;
  std::map<const void*, size_t> open_;
  std::vector<std::string> logs_;
  std::vector<std::string> peers_;
};

/// Has an evented connection, says goodbye when the server shuts down, and leaves with the peer.
class Sink final : public io::ConnSink {
 public:
  void OnOpen(std::unique_ptr<io::EventConn> conn) override {
    conn_ = std::move(conn);
    conn_->Out().Write(kSwitch);
    conn_->SendSoon();
  }
  void OnInput() override {
    if (conn_->InputEnded()) conn_->Close(io::ConnClose::kGraceful);
  }
  void OnDeadline(io::ConnDeadline) override {}
  void OnShutdown() override {
    ++shutdowns;
    conn_->Out().Write("goodbye");
    conn_->SendSoon();
  }
  void OnClosed(const Error&) override {
    conn_.reset();
    ++closed;
  }

  std::atomic<int> shutdowns{0};
  std::atomic<int> closed{0};

 private:
  std::unique_ptr<io::EventConn> conn_;
};

class Lifecycle : public test::BackendTest {
 protected:
  Lifecycle() {
    mux_.HandleFunc("/", [](http::ResponseWriter& w, http::Request&) { w.Write("hello"); });
    mux_.HandleFunc("POST /echo", [](http::ResponseWriter& w, http::Request& r) {
      const Result<std::string> body = r.Body.ReadAll();
      if (body) w.Write(*body);
    });
    // Reads raw bytes until the end, and records the end.
    mux_.HandleFunc("/hijack", [this](http::ResponseWriter& w, http::Request&) {
      Result<std::unique_ptr<io::Conn>> conn = w.Hijack();
      if (!conn) return;
      ++running_;
      (*conn)->Write(kSwitch);
      char byte;
      io::IoResult got;
      do {
        got = (*conn)->Read({&byte, 1});
      } while (!got.err);
      Note(got.err);
      --running_;
    });
    // Says goodbye to the raw peer when the server shuts down.
    mux_.HandleFunc("/upgraded", [this](http::ResponseWriter& w, http::Request& r) {
      Result<std::unique_ptr<io::Conn>> conn = w.Hijack();
      if (!conn) return;
      ++running_;
      (*conn)->Write(kSwitch);
      Note(fiber::Wait(http::ShutdownContext(r.Context())));
      (*conn)->Write("goodbye");
      --running_;
    });
    mux_.HandleFunc("/events", [this](http::ResponseWriter& w, http::Request& r) {
      const appcontext::Context shutdown = http::ShutdownContext(r.Context());
      w.Write("begun\n");
      if (w.Flush()) return;
      ++running_;
      while (!fiber::Sleep(shutdown, 1h)) {
      }
      w.Write(r.Context().Done() ? "request over" : "server over");
      --running_;
    });
    mux_.HandleFunc("/wait", [this](http::ResponseWriter&, http::Request& r) {
      ++running_;
      Note(fiber::Wait(r.Context()));
      --running_;
    });
  }

  static std::string Get(std::string_view path) {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: t\r\n\r\n";
  }
  void Note(const Error& err) {
    std::lock_guard lock(mutex_);
    noted_ = err.Message();
  }
  std::string Noted() {
    std::lock_guard lock(mutex_);
    return noted_;
  }
  bool Running(int handlers) {
    return test::Eventually([&] { return running_ == handlers; });
  }

  http::ServeMux mux_;
  test::EventLog log_;
  std::atomic<int> running_{0};
  std::mutex mutex_;
  std::string noted_;  // how the last wait of a handler ended
  engine::Engine engine_{mux_, engine::WithEventHook(log_.Hook()), test::SuitePlacement()};
};

TEST_P(Lifecycle, StatesOfConnections) {  // A18, W94
  StateLog states;
  test::TestServer server(engine_, GetParam(), server::WithConnState(states.Hook()));
  {
    WirePeer peer(server.Address());
    ASSERT_TRUE(states.Comes(0, "new"));
    ASSERT_TRUE(peer.Send(kGet.substr(0, 20)));
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(states.Of(0), "new");  // not by its first byte
    ASSERT_TRUE(peer.Send(kGet.substr(20)));
    EXPECT_EQ(peer.ReadAnswer().status, 200);
    EXPECT_TRUE(states.Comes(0, "new active idle"));
    ASSERT_TRUE(peer.Send(kGet));
    EXPECT_EQ(peer.ReadAnswer().status, 200);
    EXPECT_TRUE(states.Comes(0, "new active idle active idle"));
  }
  EXPECT_TRUE(states.Comes(0, "new active idle active idle closed"));
  { const WirePeer silent(server.Address()); }
  EXPECT_TRUE(states.Comes(1, "new closed"));
  {
    WirePeer bad(server.Address());
    ASSERT_TRUE(bad.Send("nonsense\r\n\r\n"));
    EXPECT_EQ(bad.ReadAnswer().status, 400);
  }
  EXPECT_TRUE(states.Comes(2, "new active closed"));
  {
    WirePeer late(server.Address());
    ASSERT_TRUE(late.Send(std::string(kGet) + "nonsense\r\n\r\n"));
    EXPECT_EQ(late.ReadAnswer().status, 200);
    EXPECT_EQ(late.ReadAnswer().status, 400);
  }
  EXPECT_TRUE(states.Comes(3, "new active idle closed"));
  {
    WirePeer raw(server.Address());
    ASSERT_TRUE(raw.Send(Get("/hijack")));
    EXPECT_EQ(raw.ReadAnswer().status, 101);
    EXPECT_TRUE(states.Comes(4, "new active hijacked"));
    EXPECT_EQ(server.Get().Connections(), 0);
  }
  EXPECT_TRUE(Running(0));
  EXPECT_EQ(states.Of(4), "new active hijacked");
}

TEST_P(Lifecycle, AClientThatLeavesIsClosedWhenItsHandlerEnds) {  // W94
  StateLog states;
  test::TestServer server(engine_, GetParam(), server::WithConnState(states.Hook()));
  {
    WirePeer peer(server.Address());
    ASSERT_TRUE(peer.Send(Get("/wait")));
    ASSERT_TRUE(Running(1));
    EXPECT_EQ(states.Of(0), "new active");
  }
  EXPECT_TRUE(states.Comes(0, "new active idle closed"));  // the kernel has taken its answer
  EXPECT_EQ(running_, 0);
}

TEST_P(Lifecycle, ContextsHangInAChain) {  // A19, A24, W77
  static const int kOfServer = 0;
  static const int kOfConnection = 0;
  mux_.HandleFunc("/values", [&](http::ResponseWriter& w, http::Request& r) {
    const auto text = [&r](const void* key) {
      const std::any* value = r.Context().Value(key);
      return value == nullptr ? "none" : std::any_cast<std::string>(*value);
    };
    w.Write(text(&kOfServer) + "|" + text(&kOfConnection) + "|" + text(&http::LocalAddrContextKey) +
            "|" + std::string(r.RemoteAddr));
    const std::any* server = r.Context().Value(&http::ServerContextKey);
    ASSERT_NE(server, nullptr);
    w.Write("|" + std::any_cast<server::Server*>(*server)->Addresses().front());
  });
  const appcontext::Cancelable base = appcontext::WithCancel(appcontext::Background());
  appcontext::CancelFunc end_connection;
  std::string base_for;
  test::TestServer server(
      engine_, GetParam(), server::WithLocalAddrValue(),
      server::WithBaseContext([&](std::string_view address) {
        base_for = address;
        return appcontext::WithValue(base.context, &kOfServer, std::string("base"));
      }),
      server::WithConnContext([&](const appcontext::Context& parent, const engine::ConnInfo& conn) {
        const appcontext::Cancelable own = appcontext::WithCancel(parent);
        {
          std::lock_guard lock(mutex_);
          end_connection = own.cancel;
        }
        return appcontext::WithValue(own.context, &kOfConnection, conn.RemoteAddr());
      }));
  EXPECT_EQ(base_for, server.Address());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(Get("/values")));
  const std::string body = peer.ReadAnswer().body;
  std::vector<std::string> parts;
  for (size_t at = 0; at <= body.size();) {
    const size_t bar = std::min(body.find('|', at), body.size());
    parts.push_back(body.substr(at, bar - at));
    at = bar + 1;
  }
  ASSERT_EQ(parts.size(), 5);
  EXPECT_EQ(parts[0], "base");
  EXPECT_EQ(parts[1], parts[3]);
  EXPECT_EQ(parts[2], server.Address());
  EXPECT_EQ(parts[4], server.Address());

  ASSERT_TRUE(peer.Send(Get("/wait")));
  ASSERT_TRUE(Running(1));
  {
    std::lock_guard lock(mutex_);
    end_connection(Error::New("enough of this connection"));
  }
  EXPECT_EQ(peer.ReadAnswer().status, 200);
  EXPECT_EQ(Noted(), "enough of this connection");

  WirePeer other(server.Address());
  ASSERT_TRUE(other.Send(Get("/wait")));
  ASSERT_TRUE(Running(1));
  base.cancel(Error::New("enough of all"));
  EXPECT_EQ(other.ReadAnswer().status, 200);
  EXPECT_EQ(Noted(), "enough of all");
  ASSERT_TRUE(other.Send(Get("/wait")));  // later requests end at once
  EXPECT_EQ(other.ReadAnswer().status, 200);
  EXPECT_EQ(running_, 0);
}

TEST_P(Lifecycle, ABaseContextAloneEndsRequests) {  // W77
  const appcontext::Cancelable base = appcontext::WithCancel(appcontext::Background());
  test::TestServer server(engine_, GetParam(),
                          server::WithBaseContext([&](std::string_view) { return base.context; }));
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(Get("/wait")));
  ASSERT_TRUE(Running(1));
  base.cancel(Error::New("enough"));
  EXPECT_EQ(peer.ReadAnswer().status, 200);
  EXPECT_EQ(Noted(), "enough");
}

TEST_P(Lifecycle, TheEndOfABaseContextEndsAReadOfTheBody) {  // D-045
  mux_.HandleFunc("/read", [this](http::ResponseWriter&, http::Request& r) {
    ++running_;
    const Result<std::string> body = r.Body.ReadAll();
    Note(body ? Error() : body.error());
    --running_;
  });
  const appcontext::Cancelable base = appcontext::WithCancel(appcontext::Background());
  test::TestServer server(engine_, GetParam(),
                          server::WithBaseContext([&](std::string_view) { return base.context; }));
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send("POST /read HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\n12"));
  ASSERT_TRUE(Running(1));
  base.cancel(Error::New("enough"));
  ASSERT_TRUE(Running(0));
  EXPECT_EQ(Noted(), "enough");
}

TEST_P(Lifecycle, TheLocalAddressIsUnboundByDefault) {  // D-043
  mux_.HandleFunc("/bound", [](http::ResponseWriter& w, http::Request& r) {
    w.Write(r.Context().Value(&http::LocalAddrContextKey) == nullptr ? "unbound" : "bound");
  });
  test::TestServer plain(engine_, GetParam());
  WirePeer peer(plain.Address());
  ASSERT_TRUE(peer.Send(Get("/bound")));
  EXPECT_EQ(peer.ReadAnswer().body, "unbound");
  test::TestServer with_option(engine_, GetParam(), server::WithLocalAddrValue());
  WirePeer other(with_option.Address());
  ASSERT_TRUE(other.Send(Get("/bound")));
  EXPECT_EQ(other.ReadAnswer().body, "bound");
}

TEST_P(Lifecycle, FunctionsRunOnShutdownAndNotOnClose) {  // A23, W88
  std::atomic<int> ran{0};
  {
    test::TestServer server(engine_, GetParam());
    server.Get().RegisterOnShutdown([&] { ++ran; });
    server.Get().RegisterOnShutdown([&] {
      EXPECT_FALSE(server.Get().Shutdown(appcontext::Background()));  // a second one waits too
      ++ran;
    });
    EXPECT_FALSE(server.Get().Shutdown(appcontext::Background()));
  }
  EXPECT_EQ(ran, 2);
  {
    test::TestServer server(engine_, GetParam());
    server.Get().RegisterOnShutdown([&] { ++ran; });
    EXPECT_FALSE(server.Get().Close());
  }
  EXPECT_EQ(ran, 2);
}

TEST_P(Lifecycle, KeepAlivesCanBeTurnedOff) {  // W93, W46
  test::TestServer server(engine_, GetParam());
  WirePeer idle(server.Address());
  ASSERT_TRUE(idle.Send(kGet));
  EXPECT_EQ(idle.ReadAnswer().status, 200);
  server.Get().SetKeepAlivesEnabled(false);
  EXPECT_TRUE(idle.ExpectEnd());
  WirePeer next(server.Address());
  ASSERT_TRUE(next.Send(kGet));
  EXPECT_EQ(next.ReadAnswer().Get("Connection"), "close");
  EXPECT_TRUE(next.ExpectEnd());
  server.Get().SetKeepAlivesEnabled(true);
  WirePeer again(server.Address());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(again.Send(kGet));
    EXPECT_FALSE(again.ReadAnswer().Has("Connection"));
  }
}

TEST_P(Lifecycle, KeepAlivesTurnedOffBeforeListen) {  // W93
  server::Server server(engine_, server::WithBackend(GetParam()), server::WithLoops(1));
  server.SetKeepAlivesEnabled(false);
  ASSERT_FALSE(server.Listen("127.0.0.1:0"));
  WirePeer peer(server.Addresses().front());
  ASSERT_TRUE(peer.Send(kGet));
  EXPECT_EQ(peer.ReadAnswer().Get("Connection"), "close");
}

TEST_P(Lifecycle, ServeBlocksAndServesEveryAddress) {  // A22
  server::Server server(engine_, server::WithBackend(GetParam()), server::WithLoops(2));
  ASSERT_FALSE(server.Listen("127.0.0.1:0"));
  ASSERT_FALSE(server.Listen("127.0.0.1:0"));
  const std::vector<std::string> addresses = server.Addresses();
  ASSERT_EQ(addresses.size(), 2U);
  const std::string local = "unix:@hon-" + std::to_string(::getpid());
  ASSERT_FALSE(server.Listen(local));
  EXPECT_EQ(server.Addresses().back(), local);
  std::atomic<bool> over{false};
  std::thread serving([&] {
    EXPECT_TRUE(server.Serve().Is(http::ErrServerClosed));
    over = true;
  });
  for (const std::string& address : addresses) {
    WirePeer peer(address);
    ASSERT_TRUE(peer.Send(kGet));
    EXPECT_EQ(peer.ReadAnswer().body, "hello");
  }
  EXPECT_FALSE(over);
  EXPECT_FALSE(server.Shutdown(appcontext::Background()));
  serving.join();
}

TEST_P(Lifecycle, AfterTheEndNothingStarts) {  // A22, W93
  for (const bool close : {false, true}) {
    test::TestServer server(engine_, GetParam());
    EXPECT_FALSE(close ? server.Get().Close() : server.Get().Shutdown(appcontext::Background()));
    EXPECT_TRUE(server.Get().Serve().Is(http::ErrServerClosed));
    EXPECT_TRUE(server.Get().Listen("127.0.0.1:0").Is(http::ErrServerClosed));
    EXPECT_TRUE(server.Get().Serve("127.0.0.1:0").Is(http::ErrServerClosed));
    EXPECT_FALSE(server.Get().Shutdown(appcontext::Background()));
    EXPECT_FALSE(server.Get().Close());
  }
  server::Server unused(engine_);
  EXPECT_FALSE(unused.Shutdown(appcontext::Background()));
  EXPECT_TRUE(unused.Serve("127.0.0.1:0").Is(http::ErrServerClosed));
}

TEST_P(Lifecycle, AHandlerCannotEndItsServer) {  // D-044
  server::Server* controlled = nullptr;
  mux_.HandleFunc("/end", [&](http::ResponseWriter& w, http::Request& r) {
    for (const Error& err : {controlled->Shutdown(r.Context()), controlled->Close(),
                             controlled->Listen("127.0.0.1:0"), controlled->Serve()}) {
      w.Write(err.Message() + "\n");
    }
  });
  test::TestServer server(engine_, GetParam());
  controlled = &server.Get();
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(Get("/end")));
  const std::string refusal =
      "http: a handler cannot start or end its server; use another thread\n";
  EXPECT_EQ(peer.ReadAnswer().body, refusal + refusal + refusal + refusal);
  ASSERT_TRUE(peer.Send(kGet));  // the server goes on
  EXPECT_EQ(peer.ReadAnswer().body, "hello");
  WirePeer other(server.Address());
  ASSERT_TRUE(other.Send(kGet));
  EXPECT_EQ(other.ReadAnswer().body, "hello");
}

TEST_P(Lifecycle, ShutdownEndsTheContextsOfHandlers) {  // W89, G7
  test::TestServer server(engine_, GetParam());
  WirePeer events(server.Address());
  ASSERT_TRUE(events.Send(Get("/events")));
  WirePeer upgraded(server.Address());
  ASSERT_TRUE(upgraded.Send(Get("/upgraded")));
  EXPECT_EQ(upgraded.ReadAnswer().status, 101);
  ASSERT_TRUE(Running(2));
  EXPECT_FALSE(server.Get().Shutdown(appcontext::Background()));
  EXPECT_EQ(running_, 0);
  EXPECT_EQ(events.ReadAnswer().body, "begun\nserver over");
  EXPECT_EQ(upgraded.Read(7), "goodbye");
  EXPECT_TRUE(upgraded.ExpectEnd());
  EXPECT_EQ(Noted(), "http: Server closed");
}

TEST_P(Lifecycle, ShutdownWaitsForHijackedConnections) {  // W76, G5
  test::TestServer server(engine_, GetParam());
  WirePeer raw(server.Address());
  ASSERT_TRUE(raw.Send(Get("/hijack")));
  EXPECT_EQ(raw.ReadAnswer().status, 101);
  std::atomic<bool> over{false};
  std::thread stopper([&] {
    EXPECT_FALSE(server.Get().Shutdown(appcontext::Background()));
    over = true;
  });
  std::this_thread::sleep_for(50ms);
  EXPECT_FALSE(over);
  raw.EndSending();
  stopper.join();
  EXPECT_EQ(Noted(), "EOF");
}

TEST_P(Lifecycle, HijackedConnectionsAreClosedAfterTheirGrace) {  // G5
  test::TestServer server(engine_, GetParam(), server::WithHijackedGrace(50ms));
  WirePeer raw(server.Address());
  ASSERT_TRUE(raw.Send(Get("/hijack")));
  EXPECT_EQ(raw.ReadAnswer().status, 101);
  EXPECT_FALSE(server.Get().Shutdown(appcontext::Background()));
  EXPECT_TRUE(Running(0));
  EXPECT_EQ(Noted(), "http: Server closed");
  EXPECT_TRUE(raw.ExpectEnd());
}

TEST_P(Lifecycle, HijackedConnectionsAreClosedWhenShutdownGivesUp) {  // G5, G6
  test::TestServer server(engine_, GetParam());
  WirePeer raw(server.Address());
  ASSERT_TRUE(raw.Send(Get("/hijack")));
  EXPECT_EQ(raw.ReadAnswer().status, 101);
  const auto grace = appcontext::WithTimeout(appcontext::Background(), 50ms);
  EXPECT_TRUE(server.Get().Shutdown(grace.context).Is(appcontext::ErrDeadlineExceeded));
  EXPECT_TRUE(raw.ExpectEnd());
  EXPECT_FALSE(server.Get().Shutdown(appcontext::Background()));
  EXPECT_TRUE(Running(0));
  EXPECT_EQ(Noted(), "http: Server closed");
}

TEST_P(Lifecycle, EventedConnectionsAreHijackedOnes) {  // G5
  for (const bool leaves : {true, false}) {
    Sink sink;
    http::HandlerFunc handler([&sink](http::ResponseWriter& w, http::Request&) {
      Result<std::unique_ptr<io::Conn>> conn = w.Hijack();
      ASSERT_TRUE(conn);
      EXPECT_FALSE((*conn)->BecomeEvented(sink));
    });
    engine::Engine engine(handler, test::SuitePlacement());
    test::TestServer server(engine, GetParam(), server::WithMaxConnections(1),
                            server::WithHijackedGrace(leaves ? kUnlimited : 50ms));
    WirePeer raw(server.Address());
    ASSERT_TRUE(raw.Send(kGet));
    EXPECT_EQ(raw.ReadAnswer().status, 101);
    EXPECT_EQ(WirePeer(server.Address()).ReadAnswer().status, 503);
    std::thread stopper([&] { EXPECT_FALSE(server.Get().Shutdown(appcontext::Background())); });
    EXPECT_EQ(raw.Read(7), "goodbye");
    if (leaves) raw.EndSending();
    EXPECT_TRUE(raw.ExpectEnd());
    stopper.join();
    EXPECT_EQ(sink.shutdowns, 1);
    EXPECT_EQ(sink.closed, 1);
  }
}

TEST_P(Lifecycle, CloseCutsHijackedConnectionsAndContexts) {  // W92
  test::TestServer server(engine_, GetParam());
  WirePeer raw(server.Address());
  ASSERT_TRUE(raw.Send(Get("/hijack")));
  EXPECT_EQ(raw.ReadAnswer().status, 101);
  EXPECT_FALSE(server.Get().Close());
  EXPECT_TRUE(raw.ExpectEnd());
  EXPECT_TRUE(Running(0));
  EXPECT_EQ(Noted(), "http: Server closed");

  test::TestServer second(engine_, GetParam());
  WirePeer peer(second.Address());
  ASSERT_TRUE(peer.Send(Get("/wait")));
  ASSERT_TRUE(Running(1));
  Note({});
  EXPECT_FALSE(second.Get().Close());
  EXPECT_TRUE(peer.ExpectEnd());
  EXPECT_TRUE(Running(0));
  EXPECT_EQ(Noted(), "http: Server closed");
}

TEST_P(Lifecycle, ShutdownAnswersWhatHasBegun) {  // W90, W91: D-041
  test::TestServer server(engine_, GetParam());
  WirePeer silent(server.Address());
  WirePeer half(server.Address());
  WirePeer other(server.Address());
  ASSERT_TRUE(half.Send(kGet));
  EXPECT_EQ(half.ReadAnswer().status, 200);
  ASSERT_TRUE(half.Send(kGet.substr(0, 20)));
  ASSERT_TRUE(other.Send(kGet));
  EXPECT_EQ(other.ReadAnswer().status, 200);  // the loop has received the half head before
  std::thread stopper([&] { EXPECT_FALSE(server.Get().Shutdown(appcontext::Background())); });
  EXPECT_TRUE(silent.ExpectEnd());  // at once, not after Go's 5 s
  ASSERT_TRUE(half.Send(kGet.substr(20)));
  const Answer answer = half.ReadAnswer();
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(answer.Get("Connection"), "close");
  EXPECT_TRUE(half.ExpectEnd());
  stopper.join();
}

HON_INSTANTIATE_BACKENDS(Lifecycle);

}  // namespace
}  // namespace hon
