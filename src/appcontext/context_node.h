#pragma once

#include <any>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "appcontext/deadline_thread.h"
#include "hon/appcontext/context.h"
#include "hon/base/intrusive_list.h"

namespace hon::appcontext {

/// One node of the tree. A child keeps its parent alive, never the other way round. Locks are
/// taken one at a time: a node's own, or its parent's to join or leave the list of children (that
/// lock guards the links of the children, too).
class ContextNode : private IntrusiveListNode<ContextNode> {
 public:
  ContextNode() = default;
  ContextNode(const ContextNode&) = delete;
  ContextNode& operator=(const ContextNode&) = delete;

  void Ref() noexcept { refs_.fetch_add(1, std::memory_order_relaxed); }
  void Unref() noexcept {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }
  /// Adds a reference unless the last one is already gone.
  [[nodiscard]] bool TryRef() noexcept;
  /// References now; where the caller has all of them, nobody else can add one.
  [[nodiscard]] uint32_t Refs() const noexcept { return refs_.load(std::memory_order_acquire); }

  [[nodiscard]] bool Done() const noexcept { return done_.load(std::memory_order_acquire); }
  [[nodiscard]] Error Err() const;
  [[nodiscard]] Error Cause() const;

  // While the node is being made, before others see it.

  /// Sees the values of `parent` and has its deadline.
  void Inherit(const Context& parent);
  /// Sees the values of `other`, not its end.
  void BecomeReaderOf(const Context& other) {
    if (!Reads(other)) above_ = other;
  }
  /// Whether the node sees the values of `other`, or is its child.
  [[nodiscard]] bool Reads(const Context& other) const { return above_.Node() == other.Node(); }
  void SetDeadline(TimePoint deadline) { deadline_ = deadline; }
  void SetValue(const void* key, std::any value) {
    key_ = key;
    value_ = std::move(value);
  }
  /// Ends the node with ErrDeadlineExceeded and `cause` at its deadline.
  void EndAtDeadline(Error cause);

  /// Makes the end of the parent end the node. The last step of making a node: others see it from
  /// here on.
  void JoinParent();

  [[nodiscard]] TimePoint Deadline() const { return deadline_; }
  [[nodiscard]] const std::any* Value(const void* key) const;

  /// Ends the node and its children; the first call counts. The caller holds a reference.
  void End(Error err, Error cause);
  /// Makes an ended node live again. Only the caller refers to it; it has no parent and no alarm.
  void Revive();
  /// Whether the node has no children and is no child itself.
  [[nodiscard]] bool IsFree() const { return children_.Empty() && !Linked(); }

  [[nodiscard]] bool Add(Waiter& waiter);
  void Remove(Waiter& waiter);

 private:
  ~ContextNode();
  friend class IntrusiveList<ContextNode, ContextNode>;

  void LeaveParent();
  void RunWaiters(std::unique_lock<std::mutex>& lock);

  std::atomic<uint32_t> refs_{1};
  std::atomic<bool> done_{false};
  TimePoint deadline_ = kNever;
  const void* key_ = nullptr;
  std::any value_;
  Context above_;  // the parent, or a node that only gives values
  DeadlineThread::Entry alarm_;

  mutable std::mutex mutex_;  // guards the members below
  Error err_;
  Error cause_;
  IntrusiveList<ContextNode, ContextNode> children_;
  IntrusiveList<Waiter, Waiter> waiters_;
  Waiter* running_ = nullptr;  // the waiter whose OnDone runs, on running_on_
  std::thread::id running_on_;
  std::condition_variable ran_;
};

}  // namespace hon::appcontext
