#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "hon/io/event_conn.h"
#include "hon/io/link_buffer.h"
#include "hon/netpoll/loop.h"
#include "hon/netpoll/timer.h"

namespace hon::engine {

class Http2Exchange;

/// A stream of HTTP/2 that goes on without its handler: the io::EventConn of an extended CONNECT
/// (RFC 8441), or of the rest of an answer (http::ResponseWriter::Detach). The bytes are those of
/// DATA frames. The sink owns the tunnel; the exchange notifies the sink of events in a deferred
/// task.
class Http2Tunnel final : public io::EventConn {
 public:
  /// `both_ways`: an extended CONNECT, whose input is reported to the sink. The request of a
  /// detached answer has ended before the tunnel begins.
  Http2Tunnel(Http2Exchange& owner, io::ConnSink& sink, bool both_ways);
  ~Http2Tunnel() override;

  // For the exchange.

  [[nodiscard]] io::ConnSink& Sink() { return *sink_; }
  /// Close was called.
  [[nodiscard]] bool Closing() const { return closing_; }
  /// Separates the tunnel from the exchange; OnClosed of the sink follows.
  void Forget();

  // io::EventConn
  void SetSink(io::ConnSink& sink) override;
  [[nodiscard]] io::LinkBuffer& In() override;
  void ConsumedInput() override;
  [[nodiscard]] bool InputEnded() const override;
  [[nodiscard]] io::LinkBuffer& Out() override;
  [[nodiscard]] size_t Unsent() override { return Out().Len(); }
  void SendSoon() override;
  void SendNow(std::string_view head, std::string_view body) override;
  void CloseWrite() override;
  void SetDeadline(io::ConnDeadline which, TimePoint deadline) override;
  void Close(io::ConnClose how) override;
  [[nodiscard]] std::string LocalAddr() const override;
  [[nodiscard]] std::string RemoteAddr() const override { return remote_addr_; }
  void Post(std::function<void()> function) override;
  [[nodiscard]] bool InLoop() const override;
  [[nodiscard]] const void* LoopId() const override { return &loop_; }

 private:
  class Deadline final : public netpoll::Timer {
   public:
    void Bind(Http2Tunnel& tunnel, io::ConnDeadline which) {
      tunnel_ = &tunnel;
      which_ = which;
    }

   private:
    void OnTimer() override;

    Http2Tunnel* tunnel_ = nullptr;
    io::ConnDeadline which_ = io::ConnDeadline::kRead;
  };

  void LiftDeadlines();

  Http2Exchange* owner_;  // null: the stream has ended
  netpoll::Loop& loop_;
  io::ConnSink* sink_;
  std::array<Deadline, 3> deadlines_;
  const std::string remote_addr_;
  io::LinkBuffer in_;  // unread bytes of a stream that has ended
  const bool both_ways_;
  bool input_ended_ = false;
  bool closing_ = false;
};

}  // namespace hon::engine
