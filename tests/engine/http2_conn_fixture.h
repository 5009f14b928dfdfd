#pragma once

// An HTTP/2 connection of the engine over a fake backend. The client is a session of the client's
// role, and raw frames where that session would not send them. The clock is the test's.

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "engine/conn_fixture.h"
#include "h2/session_fixture.h"
#include "hon/io/stream.h"

namespace hon::engine {

inline constexpr size_t kLargeBytes = 300'000;

class Http2ConnTest : public ConnTest {
 protected:
  explicit Http2ConnTest(bool http1 = true, const http::HTTP2Config& config = {},
                         const Http2Limits& limits = {})
      : ConnTest([](const Event& event) { return std::string(event.detail); }) {
    AddHandlers();
    ConnSettings settings = Settings();
    settings.body_bytes_max = 400'000;
    settings.protocols.SetUnencryptedHTTP2(true);
    settings.protocols.SetHTTP1(http1);
    settings.http2 = config;
    settings.http2_limits = limits;
    Serve(settings);
  }
  void TearDown() override {
    client_.Clear();
    ConnTest::TearDown();
  }

  void AddHandlers() {
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
  }

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
  h2::testing::Owner client_{h2::Role::kClient};
  bool empty_ = false;
};

}  // namespace hon::engine
