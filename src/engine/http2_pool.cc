#include "engine/http2_pool.h"

#include <algorithm>

#include "base/outside_asan.h"
#include "engine/exchange_pool.h"
#include "engine/http2_exchange.h"
#include "hon/base/flatten.h"
#include "hon/base/guard.h"

namespace hon::engine {

Http2ExchangePool::Http2ExchangePool() = default;

Http2ExchangePool::~Http2ExchangePool() { Trim(); }

void Http2ExchangePool::Trim() {
  for (const auto& exchange : free_) Unpoison(exchange.get(), sizeof(Http2Exchange));
  free_.clear();
  free_.shrink_to_fit();
}

[[gnu::noinline]] Http2Exchange& Http2ExchangePool::Make(LoopServices& services) {
  return *new Http2Exchange(services);
}

Http2Exchange& Http2ExchangePool::Take(LoopServices& services) {
  if (free_.empty()) [[unlikely]]
    return Make(services);
  Http2Exchange& exchange = *free_.back().release();
  free_.pop_back();
  Unpoison(&exchange, sizeof exchange);
  return exchange;
}

[[gnu::noinline]] bool Http2ExchangePool::MakeRoom() {
  if (CheckedFromOutside() || free_.size() == ExchangePool::kFreeMax) return false;
  if (free_.size() < free_.capacity()) return true;
  // Without memory the exchange is freed: no exception leaves GiveBack.
  const size_t wanted = std::min(std::max(size_t{8}, free_.size() * 2), ExchangePool::kFreeMax);
  return !CallGuarded([&] { free_.reserve(wanted); });
}

HON_NO_CANARY void Http2ExchangePool::GiveBack(Http2Exchange& exchange) {
  if ((CheckedFromOutside() || free_.size() == free_.capacity()) && !MakeRoom()) [[unlikely]] {
    delete &exchange;
    return;
  }
  free_.emplace_back(&exchange);
#ifdef HON_ASAN
  Poison(&exchange, sizeof exchange);
#endif
}

}  // namespace hon::engine
