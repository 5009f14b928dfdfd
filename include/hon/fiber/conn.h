#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "hon/io/conn.h"
#include "hon/io/record_layer.h"
#include "hon/netpoll/connection.h"

namespace hon::fiber {

class LoopConn;  // src/fiber

/// Connections of one loop that get a shutdown notice and are cut together: the ones taken over
/// from a server. On the loop's thread.
class ConnGroup {
 public:
  /// `on_empty` is called whenever the last connection has left, from inside the call or event that
  /// ends that connection.
  explicit ConnGroup(std::function<void()> on_empty) : on_empty_(std::move(on_empty)) {}
  /// The connections stay open, and are in no group from then on.
  ~ConnGroup();
  ConnGroup(const ConnGroup&) = delete;
  ConnGroup& operator=(const ConnGroup&) = delete;

  [[nodiscard]] bool Empty() const { return first_ == nullptr; }
  /// Has io::ConnSink::OnShutdown called for each connection, also for connections that enter later
  /// or get another sink.
  void TellShutdown();
  [[nodiscard]] bool ShuttingDown() const { return shutting_down_; }
  /// Ends all connections, also ones that enter later: output that the socket takes at once is
  /// sent, and io::ConnSink::OnClosed gets `cause`.
  void CutAll(const Error& cause);

 private:
  friend class LoopConn;
  void Enter(LoopConn& conn);

  std::function<void()> on_empty_;
  LoopConn* first_ = nullptr;  // head of a doubly linked list
  bool shutting_down_ = false;
  Error cut_;
};

/// Gives `connection` to `sink`; calls its OnOpen before returning. Deadlines are lifted; bytes
/// that Reader() holds are in EventConn::In(). On the connection's loop. The connection is in
/// `group`, if there is one, until its socket is closed or its EventConn is destroyed; `slot` is
/// kept alive as long.
void OpenConn(netpoll::Connection& connection, io::ConnSink& sink, ConnGroup* group = nullptr,
              std::shared_ptr<void> slot = nullptr);

/// As OpenConn, with a connection whose calls suspend the calling fiber. Made, used and destroyed
/// on the connection's loop.
std::unique_ptr<io::Conn> NewConn(netpoll::Connection& connection, ConnGroup* group = nullptr,
                                  std::shared_ptr<void> slot = nullptr);

/// A connection whose calls suspend the calling fiber, made of the EventConn that `open` gives to a
/// sink:
///
///     auto conn = fiber::ConnOf([&](io::ConnSink& sink) { return w.Upgrade("chat", {}, sink); });
///
/// Works for any io::EventConn. Made, used and destroyed on the loop of that connection. Fails with
/// the error of `open`.
Result<std::unique_ptr<io::Conn>> ConnOf(const std::function<Error(io::ConnSink&)>& open);

/// Connects from a fiber to "host:port" or "unix:/path". Errors: io::ErrDeadlineExceeded, the
/// system error of the last address that was tried, the record layer's error, or the cause of the
/// fiber's context. With a `layer`, its handshake is done and belongs to `timeout`.
Result<std::unique_ptr<io::Conn>> Dial(std::string_view address, Duration timeout,
                                       std::unique_ptr<io::RecordLayer> layer = nullptr);

}  // namespace hon::fiber
