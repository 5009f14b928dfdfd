#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>

#include "netpoll/backend.h"
#include "netpoll/connection_io.h"

namespace hon::netpoll {

/// The common part of the backends whose kernels report that a socket is ready and do not receive:
/// the share of a turn that each connection gets, and the list of connections whose sockets hold
/// more.
class ReadinessBackend : public Backend {
 public:
  void Bind(Loop& loop) override { blocks_ = &loop.Blocks(); }
  [[nodiscard]] bool HasReady() const override { return ready_first_ != nullptr; }
  void Sync(Connection& c) override;
  void ReceiveHandshake(Connection& c) override;

 protected:
  /// Receives the waiting input that `c` wants, up to its share of a turn. DeliverReceived at the
  /// latest reports it. The input of a handshake stays in the socket until the step is due. `much`:
  /// the socket held more than was taken before.
  void Receive(Connection& c, bool much = false);
  /// Receives for the connections that had used up their share of the last turn, and reports.
  void DeliverReady();
  /// Ends a run of Receive: reports the received input.
  void DeliverReceived();

 private:
  // Connections are notified in batches of this size: the kernel's code and the handlers' alternate
  // in the processor's caches only once a batch, while the bytes are still in them.
  static constexpr size_t kToldTogetherMax = 32;

  bool ReceiveSome(Connection& c, bool much);
  ssize_t ReceiveOnce(Connection& c, bool* filled);
  ssize_t ReceiveMore(Connection& c, bool* filled);
  void Note(Connection& c);
  void PushReady(Connection& c);

  io::BlockPool* blocks_ = nullptr;
  // Connections whose sockets hold more than the share of a turn, or than the connection had room
  // for.
  Connection* ready_first_ = nullptr;
  Connection* ready_last_ = nullptr;
  // Connections that have received and are not notified yet. None is freed before the turn's end.
  std::array<Connection*, kToldTogetherMax> received_{};
  size_t received_count_ = 0;
};

}  // namespace hon::netpoll
