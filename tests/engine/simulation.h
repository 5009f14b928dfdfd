#pragma once

// A whole HTTP/1 server on one thread, without a kernel: its loop, fibers and handlers run over a
// FakeBackend, and a test sends and receives for the clients. Every run of one seed is the same.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hon/engine/engine.h"
#include "hon/fiber/fiber.h"
#include "hon/http/serve_mux.h"
#include "hon/io/io.h"
#include "hon/netpoll/loop.h"
#include "support/fake_backend.h"

namespace hon::engine::simulation {

/// The content of all bodies, which shows the position of each byte.
inline std::string BodyOf(size_t size) {
  std::string body(size, '\0');
  for (size_t i = 0; i < size; ++i) body[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return body;
}

/// The handlers of the simulated server. Count their calls and ends.
class Handlers {
 public:
  Handlers() {
    Handle("/echo", [](http::ResponseWriter& w, http::Request& r) {
      const Result<std::string> body = r.Body.ReadAll();
      if (body) w.Write(*body);
    });
    Handle("/pieces/{n}", [](http::ResponseWriter& w, http::Request& r) {
      const std::string body = BodyOf(Number(r.PathValue("n")));
      for (size_t at = 0; at < body.size(); at += 1000) {
        if (w.Write(std::string_view(body).substr(at, 1000)).err || w.Flush()) return;
      }
    });
    Handle("/length/{n}", [](http::ResponseWriter& w, http::Request& r) {
      w.Header().Set("Content-Length", std::string(r.PathValue("n")));
      w.Write(BodyOf(Number(r.PathValue("n"))));
    });
    Handle("/sleep/{n}", [](http::ResponseWriter& w, http::Request& r) {
      const auto time = std::chrono::milliseconds(Number(r.PathValue("n")));
      w.Write(fiber::Sleep(time) ? "cut" : "slept");
    });
    Handle("/unread", [](http::ResponseWriter& w, http::Request&) { w.Write("unread"); });
    Handle("/some", [](http::ResponseWriter& w, http::Request& r) {
      char bytes[10];
      const io::IoResult read = r.Body.Read(bytes);
      if (!read.err) w.Write("some");
    });
  }

  http::ServeMux mux;
  size_t begun = 0;
  size_t ended = 0;
  std::vector<appcontext::Context> contexts;  // of all calls

 private:
  static size_t Number(std::string_view text) {
    return static_cast<size_t>(std::atoi(std::string(text).c_str()));
  }
  template <class F>
  void Handle(const char* pattern, F serve) {
    mux.HandleFunc(pattern, [this, serve](http::ResponseWriter& w, http::Request& r) {
      ++begun;
      struct End {
        size_t& count;
        ~End() { ++count; }
      } const end{ended};
      contexts.push_back(r.Context());
      serve(w, r);
    });
  }
};

/// The server. Its clock is the test's, except while it waits for a peer.
class World {
 public:
  explicit World(EventHook hook = [](const Event&) {})
      : engine_(handlers.mux, WithStallTime(kUnlimited), WithPlacement(kInline),
                WithEventHook(std::move(hook))) {
    auto fake = std::make_unique<netpoll::FakeBackend>();
    kernel = fake.get();
    kernel->Advance(Clock::now() - kernel->Now());
    loop = netpoll::Loop::CreateOver(std::move(fake), {});
    scheduler = std::make_unique<fiber::Scheduler>(*loop);
    shared.idle_trim = kUnlimited;  // by a thread
    serving = LoopEngine::Create(engine_, *scheduler, {}, shared);
  }
  ~World() {
    if (serving != nullptr) End();
  }
  /// Cuts remaining connections, and ends the server.
  void End() {
    serving->CloseAll(io::ErrClosed);
    for (int i = 0; i < 1000 && !Quiet(); ++i) loop->Turn(std::chrono::milliseconds(1));
    serving.reset();
    scheduler.reset();
  }
  [[nodiscard]] bool Quiet() const { return serving->Connections() == 0 && scheduler->Live() == 0; }
  /// Returns a connected client, or -1 when the server has not accepted the connection.
  int Connect() {
    const int fd = kernel->Open();
    return loop->Adopt(fd, *serving) ? fd : -1;
  }

  Handlers handlers;
  netpoll::FakeBackend* kernel = nullptr;
  LoopEngine::Shared shared;
  std::unique_ptr<netpoll::Loop> loop;

 private:
  Engine engine_;

 public:
  std::unique_ptr<fiber::Scheduler> scheduler;
  std::unique_ptr<LoopEngine> serving;
};

/// One answer, as a client has read it.
struct Answer {
  int status = 0;
  std::string body;
};

/// Takes the next whole answer from the front of `wire`; returns false without one. A body without
/// framing is whole when the connection has `ended`.
inline bool TakeAnswer(std::string& wire, bool ended, Answer* answer) {
  const size_t head_end = wire.find("\r\n\r\n");
  if (head_end == std::string::npos) return false;
  const std::string head = wire.substr(0, head_end + 2);
  size_t at = head_end + 4;
  answer->status = std::atoi(head.c_str() + std::string_view("HTTP/1.1 ").size());
  answer->body.clear();
  if (const size_t length = head.find("\r\nContent-Length: "); length != std::string::npos) {
    const auto size = static_cast<size_t>(std::atoi(head.c_str() + length + 18));
    if (wire.size() - at < size) return false;
    answer->body = wire.substr(at, size);
    wire.erase(0, at + size);
    return true;
  }
  if (head.find("\r\nTransfer-Encoding: chunked") != std::string::npos) {
    for (;;) {
      const size_t line = wire.find("\r\n", at);
      if (line == std::string::npos) return false;
      const auto size = static_cast<size_t>(std::strtoul(wire.c_str() + at, nullptr, 16));
      if (wire.size() < line + 2 + size + 2) return false;
      answer->body += wire.substr(line + 2, size);
      at = line + 2 + size + 2;
      if (size != 0) continue;
      wire.erase(0, at);
      return true;
    }
  }
  if (!ended) return false;
  answer->body = wire.substr(at);
  wire.clear();
  return true;
}

}  // namespace hon::engine::simulation
