#pragma once

#include <memory>

#include "client/body_sink.h"
#include "client/parker.h"
#include "client/route.h"
#include "hon/io/conn.h"
#include "hon/io/event_conn.h"
#include "hon/io/stream.h"
#include "hon/netpoll/connection.h"
#include "hon/tls/connection_state.h"

namespace hon::client {

class Core;
class LoopPool;

/// One HTTP/1.1 connection to a server. Used on its loop's thread. Owned by the exchange that uses
/// the connection, or by the pool of its loop while the connection is idle.
///
/// As a Stream it shows the plaintext of the connection to one exchange; waits end with the context
/// and the deadlines that the exchange has set. One fiber may read while another writes.
class Conn final : public io::ConnSink,
                   public io::Stream,
                   public BodySink,
                   public IntrusiveListNode<struct ByRoute>,
                   public IntrusiveListNode<struct ByAge> {
 public:
  Conn(std::shared_ptr<Core> core, std::shared_ptr<Route> route, std::shared_ptr<LoopPool> pool);
  /// Closes the connection, and gives its slot to the next request that waits for one.
  ~Conn() override;

  // io::ConnSink
  void OnOpen(std::unique_ptr<io::EventConn> conn) override;
  void OnInput() override;
  void OnDrained() override;
  void OnDeadline(io::ConnDeadline which) override;
  void OnClosed(const Error& why) override;

  // io::Stream
  Error FillInput() override;
  Error DrainOutput(size_t bytes_max) override;
  io::CopyResult SendFile(io::File& file, int64_t offset, int64_t count) override;
  void SetReadDeadline(TimePoint deadline) override { read_deadline_ = deadline; }
  void SetWriteDeadline(TimePoint deadline) override { write_deadline_ = deadline; }

  // BodySink
  Error Put(std::string_view part) override;
  Error PutBlocks(io::LinkBuffer& part) override;
  [[nodiscard]] io::BlockPool& Blocks() override { return Out().Pool(); }
  Error End(const http::Header& trailer) override;

  /// The waits of an exchange end with `context`. The exchange keeps the context alive. `chunked`:
  /// the body of the request is sent in chunks.
  void BeginExchange(const appcontext::Context& context, bool chunked);
  /// The connection of netpoll, when it is one; for socket options.
  void SetSocket(netpoll::Connection* socket) { socket_ = socket; }
  /// Receives up to `bytes` of input ahead; 0: the default.
  void SetInputRoom(size_t bytes);
  /// Sends Out() at the end of the loop's turn.
  void SendSoon() {
    if (!gone_) conn_->SendSoon();
  }
  /// Ends the waits of the reading fiber with `why`.
  void Interrupt(Error why);
  /// Ends the waits of the writing fiber with `why`.
  void InterruptWriter(Error why);

  /// Whether the connection can serve a request, as far as its loop has been told: open, and
  /// without unasked input.
  [[nodiscard]] bool IsQuiet();
  /// Whether the connection can serve a request now: also asks the socket.
  [[nodiscard]] bool IsFresh();
  /// The reason for which the connection has ended, or none.
  [[nodiscard]] const Error& Gone() const { return gone_; }
  [[nodiscard]] std::unique_ptr<io::Conn> TakeConn();
  /// Resets the connection.
  void Abort();

  [[nodiscard]] const std::shared_ptr<Route>& GetRoute() const { return route_; }
  [[nodiscard]] const std::shared_ptr<Core>& GetCore() const { return core_; }
  [[nodiscard]] const std::shared_ptr<LoopPool>& GetPool() const { return pool_; }
  [[nodiscard]] bool Served() const { return served_; }
  void MarkServed() { served_ = true; }
  [[nodiscard]] std::string LocalAddr() const { return conn_->LocalAddr(); }
  [[nodiscard]] std::string RemoteAddr() const { return conn_->RemoteAddr(); }
  /// The state of TLS at the end of the handshake, or null.
  [[nodiscard]] const std::shared_ptr<const tls::ConnectionState>& TlsState() const {
    return tls_state_;
  }
  void SetTlsState(std::shared_ptr<const tls::ConnectionState> state) {
    tls_state_ = std::move(state);
  }
  [[nodiscard]] TimePoint IdleSince() const { return idle_since_; }

 private:
  friend class LoopPool;

  [[nodiscard]] Error ReadObstacle() const;
  [[nodiscard]] Error WriteObstacle() const;

  std::shared_ptr<Core> core_;
  std::shared_ptr<Route> route_;
  std::shared_ptr<LoopPool> pool_;
  std::unique_ptr<io::EventConn> conn_;
  netpoll::Connection* socket_ = nullptr;
  std::shared_ptr<const tls::ConnectionState> tls_state_;
  const appcontext::Context* context_ = nullptr;
  Parker* reader_ = nullptr;
  Parker* writer_ = nullptr;
  TimePoint read_deadline_ = kNever;
  TimePoint write_deadline_ = kNever;
  TimePoint idle_since_{};
  TimePoint retires_at_;
  size_t unyielded_ = 0;
  Error gone_;
  Error read_interrupt_;
  Error write_interrupt_;
  bool idle_ = false;
  bool chunked_ = false;
  bool served_ = false;
};

}  // namespace hon::client
