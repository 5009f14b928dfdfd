#pragma once

#include <memory>
#include <vector>

namespace hon::engine {

class Http2Exchange;
struct LoopServices;

/// The unused HTTP/2 exchanges of one loop, the most recently used on top.
class Http2ExchangePool {
 public:
  Http2ExchangePool();
  ~Http2ExchangePool();
  Http2ExchangePool(const Http2ExchangePool&) = delete;
  Http2ExchangePool& operator=(const Http2ExchangePool&) = delete;

  [[nodiscard]] Http2Exchange& Take(LoopServices& services);
  /// Under AddressSanitizer, uses of a Request or ResponseWriter that a handler has kept are
  /// detected from here on.
  void GiveBack(Http2Exchange& exchange);
  /// Frees the free exchanges.
  void Trim();

 private:
  /// Whether one more exchange is to be kept, and has its place in free_.
  [[nodiscard]] bool MakeRoom();
  [[nodiscard]] static Http2Exchange& Make(LoopServices& services);

  std::vector<std::unique_ptr<Http2Exchange>> free_;
};

}  // namespace hon::engine
