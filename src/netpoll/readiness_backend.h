#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>

#include "netpoll/backend.h"
#include "netpoll/connection_io.h"

namespace hon::netpoll {

/// What the backends have in common whose kernels tell that a socket is ready and leave the
/// receiving to us: the share of a turn that each connection gets, and the list of those whose
/// sockets hold more.
class ReadinessBackend : public Backend {
 public:
  void Bind(io::BlockPool& blocks) override { blocks_ = &blocks; }
  [[nodiscard]] bool HasReady() const override { return ready_first_ != nullptr; }
  void Sync(Connection& c) override;

 protected:
  /// Accepts what waits, up to the share of a turn.
  void AcceptSome(Acceptor& acceptor);
  /// Receives what `c` wants of what waits, up to its share of a turn. It is told of that by
  /// TellReceived at the latest.
  void Receive(Connection& c);
  /// Receives for the connections that were allowed no more in the last turn, and tells them.
  void DeliverReady();
  /// Ends a run of Receive.
  void TellReceived();

 private:
  // Connections are told in batches of so many: the kernel's code and the handlers' take turns in
  // the processor's caches as rarely as that, while the bytes are still in them.
  static constexpr size_t kToldTogetherMax = 32;

  ssize_t ReceiveOnce(Connection& c, bool* filled);
  ssize_t ReceiveMore(Connection& c, bool* filled);
  void Note(Connection& c);
  void PushReady(Connection& c);

  io::BlockPool* blocks_ = nullptr;
  // Connections whose sockets hold more than they were allowed to take, or had to leave.
  Connection* ready_first_ = nullptr;
  Connection* ready_last_ = nullptr;
  // Connections that have received and are not told yet. None is freed before the turn's end.
  std::array<Connection*, kToldTogetherMax> received_{};
  size_t received_count_ = 0;
};

}  // namespace hon::netpoll
