#include "engine/loop_port.h"

#include <new>
#include <thread>

#include "hon/base/assert.h"

namespace hon::engine {
namespace {

thread_local LoopPort* current_port = nullptr;

}  // namespace

LoopPort::~LoopPort() {
  while (posting_.load(std::memory_order_acquire) != 0) std::this_thread::yield();
  if (current_port == this) current_port = nullptr;
}

LoopPort* LoopPort::Current() { return current_port; }

void LoopPort::Do(const std::function<void()>& work) {
  if (current_port == this) return work();
  RunOn(*this, [&work] { work(); });
}

void LoopPort::Enter() { current_port = this; }

void Errand::RunAndWait() {
  home_ = LoopPort::Current();
  waiter_ = fiber::Current();
  HON_ASSERT(home_ != nullptr);
  HON_ASSERT(waiter_ != nullptr);
  there_->Post(*this);
  while (!done_) fiber::Park();
  if (failure_) std::rethrow_exception(failure_);
}

// Twice: on the other loop, and as the answer on the loop of the fiber that waits.
void Errand::Run() {
  if (arrived_) {
    done_ = true;
    return fiber::Wake(*waiter_);
  }
  arrived_ = true;
  try {
    there_->GetScheduler().Start([](void* self) { static_cast<Errand*>(self)->Work(); }, this);
  } catch (const std::bad_alloc&) {  // no memory for a stack: nothing has run
    failure_ = std::current_exception();
    home_->Post(*this);
  }
}

void Errand::Work() {
  try {
    work_(argument_);
  } catch (...) {
    failure_ = std::current_exception();
  }
  home_->Post(*this);  // from here on it may be gone
}

}  // namespace hon::engine
