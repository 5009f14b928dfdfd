#include "appcontext/context_node.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "hon/base/assert.h"

namespace hon::appcontext {

ContextNode::~ContextNode() {
  HON_ASSERT(running_ == nullptr);
  if (alarm_.used) DeadlineThread::Instance().Remove(alarm_);
  LeaveParent();
  // These waiters are still registered, and the context can never end now.
  while (Waiter* waiter = waiters_.PopFront()) {
    waiter->node_ = nullptr;
    waiter->OnOrphaned();
  }
}

bool ContextNode::TryRef() noexcept {
  uint32_t refs = refs_.load(std::memory_order_relaxed);
  while (refs != 0) {
    if (refs_.compare_exchange_weak(refs, refs + 1, std::memory_order_relaxed)) return true;
  }
  return false;
}

Error ContextNode::Err() const {
  if (!Done()) return {};
  std::lock_guard lock(mutex_);
  return err_;
}

Error ContextNode::Cause() const {
  if (!Done()) return {};
  std::lock_guard lock(mutex_);
  return cause_;
}

void ContextNode::Inherit(const Context& parent) {
  above_ = parent;
  deadline_ = parent.Deadline();
}

void ContextNode::JoinParent() {
  ContextNode* parent = above_.Node();
  if (parent == nullptr) return;
  {
    std::lock_guard lock(parent->mutex_);
    if (!parent->Done()) {
      parent->children_.PushFront(*this);
      return;
    }
  }
  End(parent->Err(), parent->Cause());
}

void ContextNode::EndAtDeadline(Error cause) {
  if (Done() || deadline_ == kNever) return;
  if (deadline_ <= Clock::now()) return End(ErrDeadlineExceeded, std::move(cause));
  Error why = DeadlineThread::Instance().Add(*this, deadline_, std::move(cause), alarm_);
  // Without a deadline thread the context ends at once: a wait under it would have no end.
  if (why)
    End(ErrDeadlineExceeded,
        Error::Wrap("context: no thread watches the deadline", std::move(why)));
}

const std::any* ContextNode::Value(const void* key) const {
  for (const ContextNode* node = this; node != nullptr; node = node->above_.Node()) {
    if (node->key_ == key && key != nullptr) return &node->value_;
  }
  return nullptr;
}

void ContextNode::End(Error err, Error cause) {
  std::vector<ContextNode*> children;
  {
    std::unique_lock lock(mutex_);
    if (Done()) return;
    cause_ = cause ? std::move(cause) : err;
    err_ = std::move(err);
    done_.store(true, std::memory_order_release);
    children_.ForEach([&](ContextNode& child) {
      if (child.TryRef()) children.push_back(&child);
    });
    RunWaiters(lock);
  }
  for (ContextNode* child : children) {
    child->End(Err(), Cause());
    child->Unref();
  }
  LeaveParent();
  if (alarm_.used) DeadlineThread::Instance().Remove(alarm_);
}

void ContextNode::Revive() {
  HON_ASSERT(IsFree());
  err_ = {};
  cause_ = {};
  done_.store(false, std::memory_order_relaxed);
}

bool ContextNode::Add(Waiter& waiter) {
  std::lock_guard lock(mutex_);
  if (Done()) return false;
  waiters_.PushFront(waiter);
  return true;
}

void ContextNode::Remove(Waiter& waiter) {
  std::unique_lock lock(mutex_);
  if (waiter.Linked()) return waiters_.Remove(waiter);
  if (running_on_ == std::this_thread::get_id()) return;  // called by its own OnDone
  ran_.wait(lock, [&] { return running_ != &waiter; });
}

void ContextNode::LeaveParent() {
  ContextNode* parent = above_.Node();
  if (parent == nullptr) return;
  std::lock_guard lock(parent->mutex_);
  if (Linked()) parent->children_.Remove(*this);
}

// Runs waiters one at a time and without the lock, so that a waiter may use the context.
void ContextNode::RunWaiters(std::unique_lock<std::mutex>& lock) {
  while (Waiter* waiter = waiters_.PopFront()) {
    running_ = waiter;
    running_on_ = std::this_thread::get_id();
    lock.unlock();
    waiter->OnDone();
    lock.lock();
    running_ = nullptr;
    running_on_ = {};
    ran_.notify_all();
  }
}

}  // namespace hon::appcontext
