#include "netpoll/handshake_queue.h"

#include <utility>

#include "hon/base/assert.h"
#include "netpoll/backend.h"
#include "netpoll/connection_io.h"
#include "netpoll/loop_io.h"

namespace hon::netpoll {

HandshakeQueue::~HandshakeQueue() {
  HON_ASSERT(waiting_.Empty() && steps_.Empty() && done_.Empty());
  HON_ASSERT(!thread_.Joinable());
}

void HandshakeQueue::Push(Connection& c) {
  waiting_.PushBack(c);
  if (!std::exchange(deferred_, true)) loop_.Defer(*this);
}

void HandshakeQueue::Run() {
  deferred_ = false;
  if (!Pauses()) RunSteps();
  if (!waiting_.Empty() && !std::exchange(deferred_, true)) loop_.Defer(*this);
}

bool HandshakeQueue::Pauses() {
  Backend& backend = LoopIo::BackendOf(loop_);
  if (!backend.MoreEvents()) {
    resume_at_ = kNever;
    return false;
  }
  const TimePoint now = backend.Now();
  if (resume_at_ == kNever) resume_at_ = now + kHandshakePauseMax;
  if (now < resume_at_) return true;
  resume_at_ = kNever;
  return false;
}

void HandshakeQueue::RunSteps() {
  Backend& backend = LoopIo::BackendOf(loop_);
  const TimePoint until = backend.Now() + kHandshakeTimePerTurn;
  unsigned steps = 0;
  while (Connection* const c = waiting_.PopFront()) {
    ConnectionIo::DropHold(*c, ConnectionIo::Hold::kHandshakeQueued);
    if (ConnectionIo::Handshaking(*c)) backend.ReceiveHandshake(*c);
    if (ConnectionIo::Closed(*c)) continue;
    ConnectionIo::StepHandshake(*c);
    if (++steps == kHandshakeStepsPerTurn || backend.Now() >= until) break;
  }
}

void HandshakeQueue::HandOver(Connection& c) {
  if (!thread_.Joinable() && !StartThread()) {
    ConnectionIo::LayerOf(c).RunLongStep();
    ConnectionIo::DropHold(c, ConnectionIo::Hold::kLongStep);
    ConnectionIo::TakeHold(c, ConnectionIo::Hold::kHandshakeQueued);
    return Push(c);
  }
  {
    const std::lock_guard lock(mutex_);
    steps_.PushBack(c);
  }
  changed_.notify_one();
}

bool HandshakeQueue::StartThread() {
  Result<Thread> thread = Thread::Start({.name = "hon-handshake"}, [this] { ThreadMain(); });
  if (!thread) return false;
  thread_ = std::move(*thread);
  return true;
}

void HandshakeQueue::ThreadMain() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stop_ || !steps_.Empty(); });
    if (stop_) return;
    Connection& c = *steps_.PopFront();
    lock.unlock();
    if (!ConnectionIo::Abandoned(c)) ConnectionIo::LayerOf(c).RunLongStep();
    lock.lock();
    done_.PushBack(c);
    if (!std::exchange(posted_, true)) loop_.Post(returned_);
  }
}

// Runs on the loop's thread.
void HandshakeQueue::TakeReturned() {
  ConnectionQueue done;
  {
    const std::lock_guard lock(mutex_);
    posted_ = false;
    done = std::exchange(done_, {});
  }
  while (Connection* const c = done.PopFront()) {
    ConnectionIo::DropHold(*c, ConnectionIo::Hold::kLongStep);
    if (ConnectionIo::Closed(*c)) continue;
    ConnectionIo::TakeHold(*c, ConnectionIo::Hold::kHandshakeQueued);
    Push(*c);
  }
}

void HandshakeQueue::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  if (thread_.Joinable()) thread_.Join();
  while (Connection* const c = waiting_.PopFront()) {
    ConnectionIo::DropHold(*c, ConnectionIo::Hold::kHandshakeQueued);
  }
  for (ConnectionQueue* list : {&steps_, &done_}) {
    while (Connection* const c = list->PopFront()) {
      ConnectionIo::DropHold(*c, ConnectionIo::Hold::kLongStep);
    }
  }
}

}  // namespace hon::netpoll
