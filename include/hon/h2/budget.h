#pragma once

#include <cstdint>

namespace hon::h2 {

/// Limits the useless work that a peer may cause: a bucket of credit that pays for each piece of
/// such work, and that useful work fills again. A peer that causes both is served for ever; a peer
/// that causes only useless work runs out. No clock: the credit grows with good streams, not with
/// time.
class Budget {
 public:
  explicit Budget(uint32_t credit_max) : credit_(credit_max), credit_max_(credit_max) {}

  /// Pays for `cost`. Returns false when the credit does not cover it: ENHANCE_YOUR_CALM.
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
