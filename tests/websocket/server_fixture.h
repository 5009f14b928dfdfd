#pragma once

// A server with WebSocket handlers of the test, over every backend.

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "hon/fiber/fiber.h"
#include "hon/websocket/upgrader.h"
#include "support/test_server.h"
#include "websocket/ws_peer.h"

namespace hon::websocket::test {

class ServerTest : public hon::test::BackendTest {
 protected:
  ServerTest() : ServerTest(hon::test::SuitePlacement()) {}
  template <class... With>
  explicit ServerTest(engine::Option option, With... more)
      : log_(),
        engine_(mux_, engine::WithEventHook(log_.Hook()), std::move(option), std::move(more)...) {}

  /// Serves "/ws" with `body`, which gets the upgraded connection.
  void Serve(UpgraderOptions options, std::function<void(Conn&)> body) {
    upgrader_ = std::make_unique<Upgrader>(std::move(options));
    mux_.HandleFunc("/ws", [this, body](http::ResponseWriter& w, http::Request& r) {
      auto conn = upgrader_->Upgrade(w, r);
      if (conn) body(*conn);
    });
    Start();
  }
  void ServeEvents(UpgraderOptions options, std::shared_ptr<ConnHandler> handler) {
    upgrader_ = std::make_unique<Upgrader>(std::move(options));
    mux_.HandleFunc("/ws", [this, handler](http::ResponseWriter& w, http::Request& r) {
      const Error err = upgrader_->Upgrade(w, r, handler);
      static_cast<void>(err);
    });
    Start();
  }
  void Start() { server_ = std::make_unique<hon::test::TestServer>(engine_, GetParam()); }
  [[nodiscard]] const std::string& Address() const { return server_->Address(); }

  template <class Condition>
  static bool Eventually(Condition condition) {
    for (int i = 0; i < 20'000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }

  hon::test::EventLog log_;
  std::unique_ptr<Upgrader> upgrader_;
  http::ServeMux mux_;
  engine::Engine engine_;
  std::unique_ptr<hon::test::TestServer> server_;
};

inline void EchoAll(Conn& conn) {
  while (auto message = conn.ReadMessage()) {
    if (conn.WriteMessage(message->type, message->data)) return;
  }
}

/// Runs `body` on a fiber of a loop of its own, on this thread, until it has ended.
inline void OnFiber(netpoll::BackendKind backend, std::function<void()> body) {
  auto loop = netpoll::Loop::Create({.backend = backend});
  ASSERT_TRUE(loop);
  fiber::Scheduler scheduler(**loop);
  scheduler.Start([](void* f) { (*static_cast<std::function<void()>*>(f))(); }, &body);
  while (scheduler.Live() != 0) (*loop)->Turn(std::chrono::milliseconds(10));
  for (int i = 0; i < 2000 && (*loop)->Connections() != 0; ++i)
    (*loop)->Turn(std::chrono::milliseconds(1));
}

}  // namespace hon::websocket::test
