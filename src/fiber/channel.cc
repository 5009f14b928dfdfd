#include "hon/fiber/channel.h"

#include <cstdint>

#include "fiber/channel_node.h"
#include "fiber/sleeper.h"
#include "hon/base/assert.h"

namespace hon::fiber::internal {
namespace {

[[noreturn]] void ThrowClosed() { throw ClosedChannel("send on closed channel"); }

}  // namespace

ChannelCore::ChannelCore(const ElementType& type, size_t capacity)
    : type_(&type), capacity_(capacity) {
  if (capacity > PTRDIFF_MAX / type.bytes) throw std::length_error("channel: capacity too large");
  if (capacity == 0) return;
  slots_ = static_cast<std::byte*>(::operator new(capacity* type.bytes, type.align));
}

ChannelCore::~ChannelCore() {
  HON_ASSERT(senders_.Empty());
  HON_ASSERT(receivers_.Empty());
  for (; size_ != 0; --size_) {
    type_->destroy(Slot(first_));
    first_ = (first_ + 1) % capacity_;
  }
  if (slots_ != nullptr) ::operator delete(slots_, type_->align);
}

void* ChannelCore::Slot(size_t index) const { return slots_ + index * type_->bytes; }

void ChannelCore::Store(void* from) {
  HON_ASSERT(size_ < capacity_);
  const size_t end = first_ + size_;
  type_->store(Slot(end < capacity_ ? end : end - capacity_), from);
  ++size_;
}

// Another case of the Select may have been taken already; the Select removes its other nodes
// itself.
ChannelCore::Node* ChannelCore::PopClaimed(WaitQueue& queue) {
  while (WaitNode* popped = queue.PopFront()) {
    auto* node = static_cast<Node*>(popped);
    int nobody = -1;
    if (node->chosen == nullptr || node->chosen->compare_exchange_strong(nobody, node->index)) {
      return node;
    }
  }
  return nullptr;
}

ChannelCore::Step ChannelCore::SendNow(void* from) {
  if (closed_) return Step::kClosed;
  if (Node* receiver = PopClaimed(receivers_); receiver != nullptr) {
    type_->deliver(receiver->place, from);
    Grant(*receiver);
    return Step::kDone;
  }
  if (size_ == capacity_) return Step::kMustWait;
  Store(from);
  return Step::kDone;
}

ChannelCore::Step ChannelCore::ReceiveNow(void* to_optional) {
  if (size_ != 0) {
    void* oldest = Slot(first_);
    type_->deliver(to_optional, oldest);
    type_->destroy(oldest);
    if (++first_ == capacity_) first_ = 0;
    --size_;
    if (Node* sender = PopClaimed(senders_); sender != nullptr) {
      Store(sender->place);
      Grant(*sender);
    }
    return Step::kDone;
  }
  if (Node* sender = PopClaimed(senders_); sender != nullptr) {
    type_->deliver(to_optional, sender->place);
    Grant(*sender);
    return Step::kDone;
  }
  return closed_ ? Step::kClosed : Step::kMustWait;
}

Error ChannelCore::Send(void* from) { return Send(CurrentContext(), from); }
void ChannelCore::Receive(void* to_optional) { Receive(CurrentContext(), to_optional); }

Error ChannelCore::Send(const appcontext::Context& context, void* from) {
  if (context.Done()) return context.Cause();
  std::unique_lock guard(guard_);
  Step step = SendNow(from);
  if (step == Step::kMustWait) {
    Node node;
    node.place = from;
    if (!AwaitGrant(guard, senders_, node, context)) return context.Cause();
    step = node.closed ? Step::kClosed : Step::kDone;
  }
  if (step == Step::kClosed) ThrowClosed();
  return {};
}

void ChannelCore::Receive(const appcontext::Context& context, void* to_optional) {
  type_->clear(to_optional);
  if (context.Done()) return;
  std::unique_lock guard(guard_);
  if (ReceiveNow(to_optional) != Step::kMustWait) return;
  Node node;
  node.place = to_optional;
  AwaitGrant(guard, receivers_, node, context);
}

bool ChannelCore::TrySend(void* from) {
  std::unique_lock guard(guard_);
  const Step step = SendNow(from);
  if (step == Step::kClosed) ThrowClosed();
  return step == Step::kDone;
}

void ChannelCore::TryReceive(void* to_optional) {
  std::unique_lock guard(guard_);
  ReceiveNow(to_optional);
}

void ChannelCore::Close() {
  std::unique_lock guard(guard_);
  if (closed_) throw ClosedChannel("close of closed channel");
  closed_ = true;
  for (WaitQueue* queue : {&receivers_, &senders_}) {
    while (Node* node = PopClaimed(*queue)) {
      node->closed = true;
      Grant(*node);
    }
  }
}

size_t ChannelCore::Len() const {
  std::unique_lock guard(guard_);
  return size_;
}

}  // namespace hon::fiber::internal
