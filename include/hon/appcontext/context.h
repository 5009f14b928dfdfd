#pragma once

// Go's context: a tree of lifetimes. Knows no socket, loop or fiber; may be used from any thread.

#include <any>
#include <atomic>
#include <functional>
#include <memory>
#include <string_view>
#include <typeindex>

#include "hon/base/error.h"
#include "hon/base/intrusive_list.h"
#include "hon/base/time.h"

namespace hon::appcontext {

inline constexpr Sentinel ErrCanceled{"context canceled"};
inline constexpr Sentinel ErrDeadlineExceeded{"context deadline exceeded"};

class ContextNode;  // src/appcontext; intrusively counted

/// A handle on one node of the tree; cheap to copy, safe to keep and to use from any thread.
class Context {
 public:
  /// Same as Background().
  Context() noexcept = default;
  Context(const Context& other) noexcept;
  Context(Context&& other) noexcept;
  Context& operator=(Context other) noexcept;
  ~Context();

  /// Whether it has ended (Go: Done() is closed). One atomic load.
  [[nodiscard]] bool Done() const noexcept;
  /// None while it lives; then ErrCanceled or ErrDeadlineExceeded.
  [[nodiscard]] Error Err() const;
  /// Why it ended: the cause given to the cancel function, or the same as Err().
  [[nodiscard]] Error Cause() const;
  /// The earliest deadline of this node and those above it; kNever when there is none.
  [[nodiscard]] TimePoint Deadline() const;
  /// The value that WithValue bound to `key` on this node or above it, or null.
  [[nodiscard]] const std::any* Value(const void* key) const;

  [[nodiscard]] ContextNode* Node() const noexcept { return node_; }
  /// Takes over one reference.
  explicit Context(ContextNode* adopted) noexcept : node_(adopted) {}

 private:
  ContextNode* node_ = nullptr;  // null: Background
};

/// Ends its context; the first call counts. Any thread, any number of times. Dropping a CancelFunc
/// does not cancel.
class CancelFunc {
 public:
  CancelFunc() = default;
  explicit CancelFunc(Context context) : context_(std::move(context)) {}
  void operator()(Error cause = {}) const;

 private:
  Context context_;
};

struct Cancelable {
  Context context;
  CancelFunc cancel;
};

/// The root: never ends, has no values.
Context Background();
/// Ends with its parent, or when `cancel` is called.
[[nodiscard]] Cancelable WithCancel(const Context& parent);
[[nodiscard]] Cancelable WithDeadline(const Context& parent, TimePoint deadline, Error cause = {});
[[nodiscard]] Cancelable WithTimeout(const Context& parent, Duration timeout, Error cause = {});
/// `key` is compared by address: use the address of an object of your own.
[[nodiscard]] Context WithValue(const Context& parent, const void* key, std::any value);
/// Keeps the values of `parent`, not its end.
[[nodiscard]] Context WithoutCancel(const Context& parent);

/// Calls `f` once, when `context` has ended: on the thread that ended it, at once if it already
/// has. The returned function takes the registration back: true if `f` will not run, false if it
/// has run, is running, or was taken back before. An exception that leaves `f` is reported
/// (appcontext::CallbackGuard: below a request's context as an event of its engine, elsewhere as a
/// line on stderr) and goes no further; the other functions of `context` run.
std::function<bool()> AfterFunc(const Context& context, std::function<void()> f);

/// A registration that allocates nothing, for waiters that live on a stack. The context must be
/// kept alive until Unregister, which returns only when `OnDone` is not running on another thread;
/// a derived destructor calls Unregister.
class Waiter : public IntrusiveListNode<Waiter> {
 public:
  Waiter() = default;
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  virtual ~Waiter();
  /// False, without a later OnDone, when `context` has already ended.
  bool Register(const Context& context);
  void Unregister();

 protected:
  /// On the thread that ends the context. Must not register or unregister.
  virtual void OnDone() = 0;
  /// The last reference to the context is gone: the context can never end.
  virtual void OnOrphaned() {}

 private:
  friend class ContextNode;
  ContextNode* node_ = nullptr;
};

}  // namespace hon::appcontext
