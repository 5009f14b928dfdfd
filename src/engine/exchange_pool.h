#pragma once

#include <cstddef>

namespace hon::engine {

class Http1Exchange;
struct LoopServices;

/// The free exchanges of one loop, the most recently used one on top: its memory is the warmest.
class ExchangePool {
 public:
  /// Free exchanges that are kept for the next requests; more are freed after a burst.
  static constexpr size_t kFreeMax = 256;

  ExchangePool();
  ~ExchangePool();
  ExchangePool(const ExchangePool&) = delete;
  ExchangePool& operator=(const ExchangePool&) = delete;

  // Take and GiveBack are defined in http1_exchange.h.
  [[nodiscard]] Http1Exchange& Take(LoopServices& services);
  /// Under AddressSanitizer, uses of a Request or ResponseWriter that a handler has kept are
  /// detected from here on.
  void GiveBack(Http1Exchange& exchange);
  /// Frees the unused exchanges.
  void Trim();

 private:
  [[gnu::cold]] static Http1Exchange& Make(LoopServices& services);
  [[gnu::cold]] static void Delete(Http1Exchange& exchange);

  Http1Exchange* first_ = nullptr;
  size_t free_ = 0;
  const size_t free_max_;
};

}  // namespace hon::engine
