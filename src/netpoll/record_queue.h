#pragma once

#include "hon/netpoll/connection.h"
#include "hon/netpoll/loop.h"

namespace hon::netpoll {

/// Connections with record layers, first come first served, linked by Records::queue_next: a
/// connection is in one queue at most.
struct ConnectionQueue {
  Connection* first = nullptr;
  Connection* last = nullptr;
  [[nodiscard]] bool Empty() const { return first == nullptr; }
  void PushBack(Connection& c);
  Connection* PopFront();  // null when empty
};

/// The established connections of one loop whose last turn has left received records unopened
/// (io::kRecordsPerTurnMax). Each of them opens the next ones once in a turn, after the events of
/// all connections were delivered.
class RecordQueue final : public Task {
 public:
  explicit RecordQueue(Loop& loop) : loop_(loop) {}

  /// Adds a connection that holds kRecordsQueued.
  void Push(Connection& c);
  void Run() override;
  /// Drops the holds of every connection. Nothing may be added after Stop.
  void Stop();

 private:
  Loop& loop_;
  ConnectionQueue waiting_;
  bool deferred_ = false;  // this task is in the loop's list
};

}  // namespace hon::netpoll
