#pragma once

// The door through which the other parts of netpoll reach into a loop.

#include <memory>

#include "hon/netpoll/connection.h"
#include "hon/netpoll/loop.h"

namespace hon::netpoll {

class Acceptor;
class Backend;

struct LoopIo {
  static Backend& BackendOf(Loop& loop) { return *loop.backend_; }
  static ConnectionSlab& SlabOf(Loop& loop) { return *loop.slab_; }

  /// Puts a connection behind those that are looked at when this turn flushes.
  static void PushDirty(Loop& loop, Connection& c);

  /// Hands an acceptor over to the loop, which closes it at the latest when it is destroyed.
  static void Own(Loop& loop, std::unique_ptr<Acceptor> acceptor);

  /// Counts a connection that is on its way to `loop`. Any thread.
  static void Expect(Loop& loop) { loop.load_.fetch_add(1, std::memory_order_relaxed); }
  /// The expected connection did not come.
  static void Unexpect(Loop& loop) { loop.load_.fetch_sub(1, std::memory_order_relaxed); }

  /// A connected, non-blocking socket with its options set, which Expect has counted. Its record
  /// layer, if OnPrepare gave it one, still shakes hands.
  static Result<Connection*> AdoptPrepared(Loop& loop, int fd, EventHandler& handler);

  // For the dialer.
  static Result<Connection*> NewConnecting(Loop& loop, int fd, EventHandler& handler);
  static Result<Connection*> Established(Connection& c,
                                         std::unique_ptr<io::RecordLayer> layer = nullptr,
                                         Duration handshake_timeout = kHandshakeTimeout);
  static void AbandonConnecting(Connection& c);
  static void ConnectProgress(Connection& c);
  /// True: the record layer still shakes hands, and the dialer will hear of the end.
  static bool AwaitHandshake(Connection& c);
  static void HandshakeEnded(Connection& c, Error why);
};

}  // namespace hon::netpoll
