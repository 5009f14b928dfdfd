#include "hon/appcontext/context.h"

#include <utility>

#include "appcontext/context_node.h"
#include "hon/appcontext/callback_guard.h"

namespace hon::appcontext {

Context::Context(const Context& other) noexcept : node_(other.node_) {
  if (node_ != nullptr) node_->Ref();
}

Context::Context(Context&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}

Context& Context::operator=(Context other) noexcept {
  std::swap(node_, other.node_);
  return *this;
}

Context::~Context() {
  if (node_ != nullptr) node_->Unref();
}

bool Context::Done() const noexcept { return node_ != nullptr && node_->Done(); }
Error Context::Err() const { return node_ == nullptr ? Error() : node_->Err(); }
Error Context::Cause() const { return node_ == nullptr ? Error() : node_->Cause(); }
TimePoint Context::Deadline() const { return node_ == nullptr ? kNever : node_->Deadline(); }

const std::any* Context::Value(const void* key) const {
  return node_ == nullptr ? nullptr : node_->Value(key);
}

void CancelFunc::operator()(Error cause) const {
  if (context_.Node() != nullptr) context_.Node()->End(ErrCanceled, std::move(cause));
}

Context Background() { return {}; }

Cancelable WithCancel(const Context& parent) {
  auto* node = new ContextNode;
  Context context(node);
  node->Inherit(parent);
  node->JoinParent();
  return {context, CancelFunc(context)};
}

Cancelable WithDeadline(const Context& parent, TimePoint deadline, Error cause) {
  auto* node = new ContextNode;
  Context context(node);
  node->Inherit(parent);
  // A parent that ends sooner ends this one with it.
  if (deadline < node->Deadline()) {
    node->SetDeadline(deadline);
    node->EndAtDeadline(std::move(cause));
  }
  node->JoinParent();
  return {context, CancelFunc(context)};
}

Cancelable WithTimeout(const Context& parent, Duration timeout, Error cause) {
  return WithDeadline(parent, DeadlineAfter(Clock::now(), timeout), std::move(cause));
}

Context WithValue(const Context& parent, const void* key, std::any value) {
  auto* node = new ContextNode;
  Context context(node);
  node->SetValue(key, std::move(value));
  node->Inherit(parent);
  node->JoinParent();
  return context;
}

Context WithoutCancel(const Context& parent) {
  auto* node = new ContextNode;
  Context context(node);
  node->BecomeReaderOf(parent);
  return context;
}

namespace {

// A waiter that keeps itself alive until its function has run, was taken back, or can never run.
class FunctionWaiter final : public Waiter {
 public:
  FunctionWaiter(CallbackGuard guard, std::function<void()> function)
      : guard_(std::move(guard)), function_(std::move(function)) {}
  ~FunctionWaiter() override { Unregister(); }

  static std::function<bool()> Start(const Context& context, std::function<void()> function) {
    // Destroyed in reverse: the context outlives the waiter's last look at it.
    struct Handle {
      Context context;
      std::shared_ptr<FunctionWaiter> waiter;
    };
    Handle handle{
        context, std::make_shared<FunctionWaiter>(CallbackGuard::Of(context), std::move(function))};
    handle.waiter->self_ = handle.waiter;
    if (!handle.waiter->Register(context)) handle.waiter->OnDone();
    return [handle] { return handle.waiter->TakeBack(); };
  }

 private:
  void OnDone() override {
    const std::shared_ptr<FunctionWaiter> keep = std::move(self_);
    if (settled_.exchange(true)) return;
    // The exception has been reported; the caller that ends the context goes on.
    static_cast<void>(guard_.Call("AfterFunc's function", function_));
  }

  void OnOrphaned() override { const std::shared_ptr<FunctionWaiter> last = std::move(self_); }

  bool TakeBack() {
    if (settled_.exchange(true)) return false;
    Unregister();
    self_.reset();
    return true;
  }

  CallbackGuard guard_;
  std::function<void()> function_;
  std::shared_ptr<FunctionWaiter> self_;
  std::atomic<bool> settled_{false};
};

}  // namespace

std::function<bool()> AfterFunc(const Context& context, std::function<void()> f) {
  if (context.Node() == nullptr) {
    return [taken_back = false]() mutable { return !std::exchange(taken_back, true); };
  }
  return FunctionWaiter::Start(context, std::move(f));
}

Waiter::~Waiter() { Unregister(); }

bool Waiter::Register(const Context& context) {
  if (context.Node() == nullptr) return true;  // never ends
  node_ = context.Node();
  if (node_->Add(*this)) return true;
  node_ = nullptr;
  return false;
}

void Waiter::Unregister() {
  if (node_ == nullptr) return;
  node_->Remove(*this);
  node_ = nullptr;
}

}  // namespace hon::appcontext
