#include "engine/runtime.h"

#include <algorithm>

#include "hon/netpoll/loop.h"

namespace hon::engine {

Runtime::Runtime(const Engine& engine)
    : engine_(&engine),
      blocking_({.threads_max = engine.GetOptions().blocking_max}),
      watchdog_({.stall_time = engine.GetOptions().stall_time,
                 .placement_limit = engine.GetOptions().placement_limit,
                 .stacks = engine.GetOptions().stall_stacks,
                 .report =
                     [&engine](const workers::Stall& stall) {
                       engine.Report({.kind = Event::Kind::kStall,
                                      .pattern = stall.pattern,
                                      .detail = stall.detail,
                                      .stack = stall.stack});
                     }}),
      spawner_(*this, engine.GetOptions().placement) {}

workers::WorkerPool* Runtime::Pool(const fiber::Options& fiber) {
  const std::lock_guard lock(pool_mutex_);
  if (pool_ == nullptr) {
    const unsigned workers_max = engine_->GetOptions().workers_max;
    Result<std::unique_ptr<workers::WorkerPool>> pool = workers::WorkerPool::Create(
        {.dispatch = {.running_max = std::min(netpoll::DefaultLoops(), workers_max),
                      .workers_max = workers_max},
         .fiber = fiber});
    if (!pool) return nullptr;
    pool_ = *std::move(pool);
  }
  return pool_.get();
}

}  // namespace hon::engine
