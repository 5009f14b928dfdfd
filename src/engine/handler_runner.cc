#include "engine/handler_runner.h"

#include "engine/runtime.h"
#include "hon/engine/engine.h"

namespace hon::engine {
namespace {

// Free calls that are kept for reuse; each may hold two blocks.
constexpr size_t kFreeCallsMax = 64;

}  // namespace

HandlerRunner::HandlerRunner(const Engine& engine, fiber::Scheduler& scheduler,
                             const std::function<bool(bool)>& on_held)
    : engine_(&engine), scheduler_(&scheduler), executor_(scheduler) {
  executor_.Enter();
  if (engine.GetOptions().stall_time == kUnlimited) return;
  watchdog_ = &engine.GetRuntime().GetWatchdog();
  if (const Error why = watchdog_->Watch({&scheduler.GetLoop(), &activity_, &probe_, &on_held})) {
    const std::string detail = "http: stalls are not noticed: " + why.Message();
    engine.Report({.kind = Event::Kind::kListener, .detail = detail});
  }
}

HandlerRunner::~HandlerRunner() {
  if (watchdog_ != nullptr) watchdog_->Unwatch(activity_);
}

workers::WorkerPool* HandlerRunner::Pool() {
  if (pool_ == nullptr) pool_ = engine_->GetRuntime().Pool(scheduler_->GetOptions());
  return pool_;
}

WorkerCall& HandlerRunner::TakeCall() {
  if (free_calls_.empty()) {
    free_calls_.reserve(kFreeCallsMax);  // GiveBack must not fail
    return *new WorkerCall(executor_, engine_->GetOptions().placement_limit);
  }
  WorkerCall* call = free_calls_.back().release();
  free_calls_.pop_back();
  return *call;
}

void HandlerRunner::GiveBack(WorkerCall& call) {
  if (free_calls_.size() == kFreeCallsMax) {
    delete &call;
    return;
  }
  free_calls_.emplace_back(&call);
}

}  // namespace hon::engine
