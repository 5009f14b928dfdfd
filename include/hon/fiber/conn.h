#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "hon/base/intrusive_list.h"
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

  [[nodiscard]] bool Empty() const { return conns_.Empty(); }
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
  IntrusiveList<LoopConn, LoopConn> conns_;
  bool shutting_down_ = false;
  Error cut_;
};

/// Gives `connection` to `sink`; calls its OnOpen before returning. Deadlines are lifted; bytes
/// that Reader() holds are in EventConn::In(). On the connection's loop. The connection is in
/// `group`, if there is one, until its socket is closed or its EventConn is destroyed; `slot` is
/// kept alive as long.
void OpenConn(netpoll::Connection& connection, io::ConnSink& sink, ConnGroup* group = nullptr,
              std::shared_ptr<void> slot = nullptr);

/// The owner of a connection that is lent (LendConn). Called on the connection's loop. The owner
/// outlives the loan.
class ConnOwner {
 public:
  /// The loan is over, and the events of the connection go nowhere until the owner sets its
  /// handler. `whole`: the connection may go on; otherwise it is being reset, and its OnDisconnect
  /// follows. May come from inside a call of the sink's: the owner uses the connection in another
  /// turn.
  virtual void OnConnReturned(bool whole) = 0;
  /// The connection has ended while it was lent. The sink has been told.
  virtual void OnConnEnded(const Error& why) = 0;

 protected:
  ~ConnOwner() = default;
};

/// Lends `connection` to `sink`, as OpenConn gives it, until the sink closes it. A graceful close
/// returns it to `owner` with what Out() holds, and OnClosed follows in the loop's next turn;
/// kAbort, and destroying the EventConn before a close, reset it. Input that comes meanwhile
/// belongs to the owner and stays unread; past the high water mark reading stops.
void LendConn(netpoll::Connection& connection, io::ConnSink& sink, ConnGroup* group,
              ConnOwner& owner);

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
