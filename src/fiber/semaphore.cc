#include "hon/fiber/semaphore.h"

#include <stdexcept>

#include "fiber/sleeper.h"
#include "hon/base/assert.h"

namespace hon::fiber {

struct Semaphore::Claim : internal::WaitNode {
  int64_t units = 0;
};

Semaphore::Semaphore(int64_t size) : size_(size) { HON_ASSERT(size >= 0); }
Semaphore::~Semaphore() { HON_ASSERT(queue_.Empty()); }

Error Semaphore::Acquire(int64_t n) { return Acquire(CurrentContext(), n); }

Error Semaphore::Acquire(const appcontext::Context& context, int64_t n) {
  HON_ASSERT(n >= 0);
  if (context.Done()) return context.Cause();
  if (n > size_) return Wait(context);
  std::unique_lock guard(guard_);
  if (queue_.Empty() && n <= size_ - taken_) {
    taken_ += n;
    return {};
  }
  Claim claim;
  claim.units = n;
  if (internal::AwaitGrant(guard, queue_, claim, context)) return {};
  Serve();  // the waiters behind it may ask for less
  return context.Cause();
}

bool Semaphore::TryAcquire(int64_t n) {
  HON_ASSERT(n >= 0);
  std::lock_guard guard(guard_);
  if (!queue_.Empty() || n > size_ - taken_) return false;
  taken_ += n;
  return true;
}

void Semaphore::Release(int64_t n) {
  HON_ASSERT(n >= 0);
  std::lock_guard guard(guard_);
  if (n > taken_) throw std::logic_error("semaphore: released more than held");
  taken_ -= n;
  HON_ASSERT(taken_ >= 0);
  Serve();
}

void Semaphore::Serve() {
  while (!queue_.Empty()) {
    auto& claim = static_cast<Claim&>(*queue_.First());
    if (claim.units > size_ - taken_) return;
    taken_ += claim.units;
    HON_ASSERT(taken_ <= size_);
    queue_.Remove(claim);
    internal::Grant(claim);
  }
}

}  // namespace hon::fiber
