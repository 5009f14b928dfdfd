#pragma once

// An HTTP/2 connection of the engine over a fake backend. The client is a session of the client's
// role, and raw frames where that session would not send them. The clock is the test's.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "h2/session_fixture.h"
#include "hon/engine/engine.h"
#include "hon/fiber/fiber.h"
#include "hon/http/serve_mux.h"
#include "hon/io/stream.h"
#include "hon/netpoll/loop.h"
#include "support/fake_backend.h"
#include "support/simulated_clock.h"

namespace hon::engine {

inline constexpr size_t kLargeBytes = 300'000;

class Http2ConnTest : public ::testing::Test {
 protected:
  explicit Http2ConnTest(bool http1 = true, const http::HTTP2Config& config = {},
                         const Http2Limits& limits = {})
      : engine_(Handlers(), WithStallTime(kUnlimited), WithPlacement(kInline),
                WithRequestTimeout(std::chrono::seconds(5)),
                WithEventHook([this](const Event& event) { events_.emplace_back(event.detail); })) {
    auto fake = std::make_unique<netpoll::FakeBackend>();
    kernel_ = fake.get();
    clock_.emplace(*kernel_);
    loop_ = netpoll::Loop::CreateOver(std::move(fake), {});
    scheduler_ = std::make_unique<fiber::Scheduler>(*loop_);
    ConnSettings settings;
    settings.read_header_timeout = std::chrono::seconds(1);
    settings.keep_alive_timeout = std::chrono::seconds(10);
    settings.write_timeout = std::chrono::seconds(3);
    settings.body_bytes_max = 400'000;
    settings.protocols.SetUnencryptedHTTP2(true);
    settings.protocols.SetHTTP1(http1);
    settings.http2 = config;
    settings.http2_limits = limits;
    serving_ = LoopEngine::Create(engine_, *scheduler_, settings, shared_);
    fd_ = kernel_->Open();
    const auto adopted = loop_->Adopt(fd_, *serving_);
    EXPECT_TRUE(adopted.has_value());
  }
  ~Http2ConnTest() override {
    client_.Clear();
    serving_->CloseAll(io::ErrClosed);
    while (serving_->Connections() != 0 || scheduler_->Live() != 0)
      loop_->Turn(std::chrono::milliseconds(1));
    serving_.reset();
    scheduler_.reset();
  }

  http::ServeMux& Handlers() {
    mux_.HandleFunc("/", [](http::ResponseWriter& w, http::Request& r) {
      w.Write(std::string(r.Proto) + " hello");
    });
    mux_.HandleFunc("/sleep", [](http::ResponseWriter& w, http::Request& r) {
      const Error cut = fiber::Sleep(std::chrono::seconds(2));
      ended_by_ = r.Context().Cause();
      w.Write(cut ? "cut" : "slept");
    });
    mux_.HandleFunc("/echo", [](http::ResponseWriter& w, http::Request& r) { w.ReadFrom(r.Body); });
    mux_.HandleFunc("/large", [](http::ResponseWriter& w, http::Request&) {
      w.Write(std::string(kLargeBytes, 'l'));
    });
    mux_.HandleFunc("/short", [](http::ResponseWriter& w, http::Request&) {
      w.Header().Set("Content-Length", "10");
      w.Write("abc");
    });
    mux_.HandleFunc("/throw",
                    [](http::ResponseWriter&, http::Request&) { throw std::runtime_error("x"); });
    mux_.HandleFunc("/close", [](http::ResponseWriter& w, http::Request&) {
      w.Header().Set("Connection", "close");
      w.Write("last");
    });
    mux_.HandleFunc("/trailers", [](http::ResponseWriter& w, http::Request&) {
      w.Header().Set("Trailer", "X-Sum");
      w.Write("body");
      w.Header().Set("X-Sum", "4");
    });
    mux_.HandleFunc("/hijack", [](http::ResponseWriter& w, http::Request&) {
      w.WriteHeader(w.Hijack().error().Is(http::ErrNotSupported) ? 501 : 500);
    });
    return mux_;
  }

  [[nodiscard]] netpoll::FakeSocket& Socket() { return kernel_->At(fd_); }
  /// Carries bytes between both ends until none is left.
  void Settle() {
    for (int quiet = 0; quiet < 3;) {
      const std::string sent = client_.Take();
      if (!sent.empty()) Socket().Sends(sent);
      for (int i = 0; i < 32; ++i) loop_->Turn(Duration());
      const std::string received = Socket().Take();
      if (!received.empty()) client_.Give(received);
      quiet = sent.empty() && received.empty() ? quiet + 1 : 0;
    }
  }
  void Passes(Duration time) {
    kernel_->Advance(time);
    Settle();
  }
  h2::testing::Exchange& Ask(std::string_view path, std::string_view body = {},
                             const http::Header& header = {}) {
    return client_.Ask({.method = body.empty() ? "GET" : "POST",
                        .scheme = "http",
                        .authority = "t",
                        .path = path,
                        .protocol = {}},
                       body, header);
  }
  h2::testing::Exchange& Get(std::string_view path) {
    h2::testing::Exchange& exchange = Ask(path);
    Settle();
    return exchange;
  }
  /// Sends raw bytes in place of the client's session, and returns the frames of the answer.
  std::vector<h2::testing::ReadFrame> Exchange(std::string_view bytes) {
    if (!bytes.empty()) Socket().Sends(bytes);
    for (int i = 0; i < 8; ++i) loop_->Turn(Duration());
    return h2::testing::ReadFrames(Socket().Take());
  }

  static inline Error ended_by_;
  http::ServeMux mux_;
  std::vector<std::string> events_;
  Engine engine_;
  LoopEngine::Shared shared_;
  netpoll::FakeBackend* kernel_ = nullptr;
  std::unique_ptr<netpoll::Loop> loop_;
  std::unique_ptr<fiber::Scheduler> scheduler_;
  std::unique_ptr<LoopEngine> serving_;
  std::optional<test::SimulatedClock> clock_;  // ends before the loop, which owns `kernel_`
  h2::testing::Owner client_{h2::Role::kClient};
  int fd_ = -1;
  bool empty_ = false;
};

}  // namespace hon::engine
