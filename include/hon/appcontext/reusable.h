#pragma once

#include "hon/appcontext/context.h"

namespace hon::appcontext {

/// A context that a server uses for one request after the other. Arm allocates only when the last
/// request's context is still referenced elsewhere. The owner ends the context; a parent only gives
/// values, so that requests share no lock. Arm and Release are called on one thread; Cancel and
/// Expire between them.
class ReusableContext {
 public:
  ReusableContext() = default;
  ReusableContext(const ReusableContext&) = delete;
  ReusableContext& operator=(const ReusableContext&) = delete;

  /// A live context that sees the values of `parent`; valid until Release, its copies for longer.
  /// Deadline() is the earlier of `deadline` and the parent's; the caller ends the context at that
  /// time.
  const Context& Arm(const Context& parent, TimePoint deadline = kNever);
  /// Ends it as canceled, or as past its deadline.
  void Cancel(const Error& cause);
  void Expire(const Error& cause);
  /// Ends the context as canceled when somebody has kept a copy; otherwise keeps it for the next
  /// Arm. `shown` is the owner's other copy, if there is one. Returns true when `shown` may stay:
  /// the next Arm gives the same context, and a request costs no reference count. Returns false
  /// when the owner must drop `shown`.
  bool Release(const Context& shown = {});

 private:
  Context context_;
};

}  // namespace hon::appcontext
