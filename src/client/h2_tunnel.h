#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "hon/io/conn.h"
#include "hon/io/event_conn.h"
#include "hon/io/link_buffer.h"
#include "hon/netpoll/loop.h"
#include "hon/netpoll/timer.h"

namespace hon::client {

class H2Stream;

/// The state of a stream that is a tunnel: an extended CONNECT (RFC 8441) or a CONNECT whose answer
/// was a 2xx. Kept by the stream until the tunnel is over, by its H2Tunnel, and while events wait
/// to be told.
class TunnelState final : public netpoll::Task, public std::enable_shared_from_this<TunnelState> {
 public:
  enum Event : uint8_t { kInput = 1, kDrained = 2, kEnd = 4 };

  explicit TunnelState(std::shared_ptr<H2Stream> stream);
  ~TunnelState() override;

  // For the stream.

  /// Has the sink told of `event`, in a deferred task.
  void Note(Event event);
  /// The stream has ended for `why`: told in a deferred task.
  void OnGone(const Error& why);
  /// The connection has ended for `why`: told at once. Called in an event of the connection.
  void EndNow(const Error& why);
  /// END_STREAM was sent.
  void OnSent();

 private:
  friend class H2Tunnel;

  /// Time for the rest of the output behind Close.
  static constexpr Duration kCloseTimeout = std::chrono::seconds(10);

  class Deadline final : public netpoll::Timer {
   public:
    std::function<void()> on_timer;

   private:
    void OnTimer() override { on_timer(); }
  };

  // netpoll::Task
  void Run() override;
  void Discard() override { kept_.reset(); }

  void Close(bool abort);
  void End();
  void Finish();
  void LiftDeadlines();

  std::shared_ptr<H2Stream> stream_;  // null: the tunnel is over
  netpoll::Loop& loop_;
  io::ConnSink* sink_ = nullptr;  // null: told OnClosed, or the H2Tunnel is destroyed
  std::array<Deadline, 3> deadlines_;
  Deadline closing_deadline_;
  io::LinkBuffer in_;  // unread bytes of a tunnel that is over
  bool input_ended_ = false;
  bool closing_ = false;
  uint8_t events_ = 0;
  bool deferred_ = false;
  Error why_;
  std::shared_ptr<TunnelState> kept_;  // while the task is deferred
};

/// The io::EventConn of a tunnel.
class H2Tunnel final : public io::EventConn {
 public:
  explicit H2Tunnel(std::shared_ptr<TunnelState> state) : state_(std::move(state)) {}
  ~H2Tunnel() override;

  void SetSink(io::ConnSink& sink) override;
  [[nodiscard]] io::LinkBuffer& In() override;
  void ConsumedInput() override;
  [[nodiscard]] bool InputEnded() const override;
  [[nodiscard]] io::LinkBuffer& Out() override;
  void SendSoon() override;
  void SendNow(std::string_view head, std::string_view body) override;
  void CloseWrite() override;
  void SetDeadline(io::ConnDeadline which, TimePoint deadline) override;
  void Close(io::ConnClose how) override;
  [[nodiscard]] std::string LocalAddr() const override;
  [[nodiscard]] std::string RemoteAddr() const override;
  void Post(std::function<void()> function) override;
  [[nodiscard]] bool InLoop() const override;
  [[nodiscard]] const void* LoopId() const override;

 private:
  std::shared_ptr<TunnelState> state_;
};

/// The connection of a tunnel over `stream`, whose head of an answer has come. Ends the stream when
/// it fails.
[[nodiscard]] std::unique_ptr<io::Conn> NewTunnelConn(const std::shared_ptr<H2Stream>& stream);

}  // namespace hon::client
