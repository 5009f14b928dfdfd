#pragma once

// The access of the other parts of netpoll to a loop.

#include <functional>
#include <memory>

#include "hon/netpoll/connection.h"
#include "hon/netpoll/loop.h"

namespace hon::netpoll {

class Acceptor;
class Backend;
class HandshakeQueue;
class RecordQueue;

struct LoopIo {
  static Backend& BackendOf(Loop& loop) { return *loop.backend_; }
  static ConnectionSlab& SlabOf(Loop& loop) { return *loop.slab_; }

  /// Appends a connection to the list that the flush of this turn visits.
  static void PushDirty(Loop& loop, Connection& c);

  /// The queue of the loop's handshakes, made by the first call.
  static HandshakeQueue& HandshakesOf(Loop& loop);
  /// The queue of the loop's connections with records left to open, made by the first call.
  static RecordQueue& RecordsOf(Loop& loop);

  /// Gives an acceptor to the loop, which closes it at the latest when the loop is destroyed.
  static void Own(Loop& loop, std::unique_ptr<Acceptor> acceptor);

  static void ForEachAcceptor(Loop& loop, const std::function<void(Acceptor&)>& visit);

  /// Counts a connection that is on its way to `loop`. Any thread.
  static void Expect(Loop& loop) { loop.load_.fetch_add(1, std::memory_order_relaxed); }
  /// Takes back the count of a connection that did not arrive.
  static void Unexpect(Loop& loop) { loop.load_.fetch_sub(1, std::memory_order_relaxed); }

  /// Adopts a connected, non-blocking socket with its options set, which Expect has counted. The
  /// record layer, if OnPrepare has set one, may still be in the handshake.
  static Result<Connection*> AdoptPrepared(Loop& loop, int fd, EventHandler& handler);

  // Used by the dialer.
  static Result<Connection*> NewConnecting(Loop& loop, int fd, EventHandler& handler);
  static Result<Connection*> Established(Connection& c,
                                         std::unique_ptr<io::RecordLayer> layer = nullptr,
                                         Duration handshake_timeout = kHandshakeTimeout);
  static void AbandonConnecting(Connection& c);
  static void ConnectProgress(Connection& c);
  /// Returns true when the record layer is still in the handshake; the dialer is called at its end.
  static bool AwaitHandshake(Connection& c);
  static void HandshakeEnded(Connection& c, Error why);
};

}  // namespace hon::netpoll
