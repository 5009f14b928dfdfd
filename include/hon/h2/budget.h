#pragma once

#include <cstdint>

namespace hon::h2 {

/// Bounds how much useless work a peer may cause: a bucket of credit that pays for each piece of
/// it, and that useful work fills again. A peer that does both is served for ever; one that does
/// only the first runs out. No clock: what recovers is counted in good streams, not in time.
class Budget {
 public:
  explicit Budget(uint32_t credit_max) : credit_(credit_max), credit_max_(credit_max) {}

  /// Pays for `cost`. False when the credit does not cover it: ENHANCE_YOUR_CALM.
  [[nodiscard]] bool Spend(uint32_t cost = 1) {
    if (cost > credit_) {
      credit_ = 0;
      return false;
    }
    credit_ -= cost;
    return true;
  }
  void Earn(uint32_t credit) {
    credit_ = credit_max_ - credit_ < credit ? credit_max_ : credit_ + credit;
  }
  [[nodiscard]] uint32_t Credit() const { return credit_; }

 private:
  uint32_t credit_;
  uint32_t credit_max_;
};

}  // namespace hon::h2
