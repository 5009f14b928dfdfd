#pragma once

#include <sys/types.h>

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
  /// Receives what `c` wants of what waits, up to its share of a turn, and reports it.
  void Receive(Connection& c);
  /// Receives for the connections that were allowed no more in the last turn.
  void DeliverReady();

 private:
  ssize_t ReceiveOnce(Connection& c, bool* filled);
  void PushReady(Connection& c);

  io::BlockPool* blocks_ = nullptr;
  // Connections whose sockets hold more than they were allowed to take, or had to leave.
  Connection* ready_first_ = nullptr;
  Connection* ready_last_ = nullptr;
};

}  // namespace hon::netpoll
