#include "workers/loop_executor.h"

#include <new>
#include <thread>

#include "hon/base/assert.h"

namespace hon::workers {
namespace {

thread_local LoopExecutor* current_executor = nullptr;

}  // namespace

LoopExecutor::~LoopExecutor() {
  HON_ASSERT(timed_waits_ == 0);
  while (posting_.load(std::memory_order_acquire) != 0) std::this_thread::yield();
  if (current_executor == this) current_executor = nullptr;
}

LoopExecutor* LoopExecutor::Current() { return current_executor; }

void LoopExecutor::Do(const std::function<void()>& work) {
  if (current_executor == this) return work();
  RunOn(*this, [&work] { work(); });
}

void LoopExecutor::Enter() {
  HON_ASSERT(current_executor == nullptr);
  current_executor = this;
}

void SyncCall::RunAndWait() {
  home_ = LoopExecutor::Current();
  waiter_ = fiber::Current();
  HON_ASSERT(home_ != nullptr);
  HON_ASSERT(waiter_ != nullptr);
  HON_ASSERT(!arrived_ && !done_);
  there_->Post(*this);
  while (!done_) fiber::Park();
  if (failure_) std::rethrow_exception(failure_);
}

// Run twice: on the other loop, and, as the answer, on the loop of the calling fiber.
void SyncCall::Run() {
  HON_ASSERT(!done_);
  if (arrived_) {
    done_ = true;
    return fiber::Wake(*waiter_);
  }
  arrived_ = true;
  try {
    there_->GetScheduler().Start([](void* self) { static_cast<SyncCall*>(self)->Work(); }, this);
  } catch (const std::bad_alloc&) {  // no memory for a stack: nothing has run
    failure_ = std::current_exception();
    home_->Post(*this);
  }
}

void SyncCall::Work() {
  HON_ASSERT(arrived_ && !done_);
  try {
    work_(argument_);
  } catch (...) {
    failure_ = std::current_exception();
  }
  home_->Post(*this);  // this call may be destroyed from here on
}

}  // namespace hon::workers
