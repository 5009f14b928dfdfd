#pragma once

#include "hon/appcontext/context.h"

namespace hon::appcontext {

/// For servers: a context for one request after the other that costs no allocation while nobody
/// keeps it past its request. Ended by its owner; a parent only gives values, so that requests
/// share no lock. Arm and Release on one thread; Cancel and Expire between them.
class ReusableContext {
 public:
  ReusableContext() = default;
  ReusableContext(const ReusableContext&) = delete;
  ReusableContext& operator=(const ReusableContext&) = delete;

  /// A live context that sees the values of `parent`; valid until Release, its copies for longer.
  /// Its Deadline() is the earlier of `deadline` and the parent's; ending it then is the caller's
  /// affair.
  const Context& Arm(const Context& parent, TimePoint deadline = kNever);
  /// Ends it as canceled, or as past its deadline.
  void Cancel(const Error& cause);
  void Expire(const Error& cause);
  /// Ends it as canceled if somebody has kept it; otherwise keeps it for the next Arm. `shown` is
  /// the owner's other copy, if it has one. True: that may stay where it is, and is what the next
  /// Arm gives, so that a request costs no count at all; false: the owner drops it.
  bool Release(const Context& shown = {});

 private:
  Context context_;
};

}  // namespace hon::appcontext
