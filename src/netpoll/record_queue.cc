#include "netpoll/record_queue.h"

#include <utility>

#include "netpoll/connection_io.h"

namespace hon::netpoll {

void ConnectionQueue::PushBack(Connection& c) {
  ConnectionIo::QueueNext(c) = nullptr;
  (last != nullptr ? ConnectionIo::QueueNext(*last) : first) = &c;
  last = &c;
}

Connection* ConnectionQueue::PopFront() {
  Connection* const c = first;
  if (c == nullptr) return nullptr;
  first = std::exchange(ConnectionIo::QueueNext(*c), nullptr);
  if (first == nullptr) last = nullptr;
  return c;
}

void RecordQueue::Push(Connection& c) {
  waiting_.PushBack(c);
  if (!std::exchange(deferred_, true)) loop_.Defer(*this);
}

// A connection that joins meanwhile waits for the next turn.
void RecordQueue::Run() {
  deferred_ = false;
  ConnectionQueue due = std::exchange(waiting_, {});
  while (Connection* const c = due.PopFront()) {
    ConnectionIo::DropHold(*c, ConnectionIo::Hold::kRecordsQueued);
    if (!ConnectionIo::Closed(*c)) ConnectionIo::OpenMore(*c);
  }
}

void RecordQueue::Stop() {
  while (Connection* const c = waiting_.PopFront()) {
    ConnectionIo::DropHold(*c, ConnectionIo::Hold::kRecordsQueued);
  }
}

}  // namespace hon::netpoll
