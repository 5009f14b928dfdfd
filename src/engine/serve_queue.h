#pragma once

#include <vector>

#include "hon/netpoll/loop.h"

namespace hon::engine {

class Http1Conn;

/// The connections of one loop that have more requests than one turn serves. Each is served again
/// after all other work that was ready when the connection was queued.
class ServeQueue final : private netpoll::Task {
 public:
  explicit ServeQueue(netpoll::Loop& loop) : loop_(&loop) {}

  void Add(Http1Conn& conn);
  /// Removes `conn`, which may be queued and is being destroyed.
  void Remove(Http1Conn& conn);

 private:
  void Run() override;

  netpoll::Loop* loop_;
  bool deferred_ = false;
  std::vector<Http1Conn*> queued_;
  std::vector<Http1Conn*> serving_;  // null: destroyed meanwhile
};

}  // namespace hon::engine
