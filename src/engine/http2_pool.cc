#include "engine/http2_pool.h"

#include "base/outside_asan.h"
#include "engine/exchange_pool.h"
#include "engine/http2_exchange.h"
#include "hon/base/flatten.h"

namespace hon::engine {

Http2ExchangePool::Http2ExchangePool() = default;

Http2ExchangePool::~Http2ExchangePool() { Trim(); }

void Http2ExchangePool::Trim() {
  for (const auto& exchange : free_) Unpoison(exchange.get(), sizeof(Http2Exchange));
  free_.clear();
  free_.shrink_to_fit();
}

Http2Exchange& Http2ExchangePool::Take(LoopServices& services) {
  if (free_.empty()) return *new Http2Exchange(services);
  Http2Exchange& exchange = *free_.back().release();
  free_.pop_back();
  Unpoison(&exchange, sizeof exchange);
  return exchange;
}

HON_NO_CANARY void Http2ExchangePool::GiveBack(Http2Exchange& exchange) {
  std::unique_ptr<Http2Exchange> unused(&exchange);
  if (CheckedFromOutside() || free_.size() == ExchangePool::kFreeMax) return;
  free_.push_back(std::move(unused));
#ifdef HON_ASAN
  Poison(&exchange, sizeof exchange);
#endif
}

}  // namespace hon::engine
