#include "workers/call.h"

#include <utility>

#include "hon/base/assert.h"
#include "hon/base/guard.h"
#include "workers/pattern_load.h"
#include "workers/worker_pool.h"

namespace hon::workers {

Call::Outcome Call::Run(WorkerPool& pool, http::Route& route, const appcontext::Context& context,
                        const std::string_view& name) {
  HON_ASSERT(caller_ == nullptr && failure_ == nullptr);
  HON_ASSERT(LoopExecutor::Current() == home_);
  SetRoute(route);
  context_ = &context;
  name_ = &name;
  caller_ = fiber::Current();
  HON_ASSERT(caller_ != nullptr);
  finished_ = false;
  outcome_ = Outcome::kReturned;
  bool submitted = false;
  static_cast<void>(CallGuarded([&] { submitted = pool.Submit(*this); }));
  if (!submitted) {
    caller_ = nullptr;
    return Outcome::kNoWorker;
  }
  while (!finished_) fiber::Park();
  caller_ = nullptr;
  return outcome_;
}

void Call::RethrowFailure() {
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void Call::Execute() {
  HON_ASSERT(caller_ != nullptr && !finished_);
  fiber::SetAttributes({.context = context_,
                        .name = name_,
                        .hooks = {.before_suspend =
                                      [](void* self) {
                                        auto& call = *static_cast<Call*>(self);
                                        call.burst_.Suspend();
                                        call.stream_.LendOutput();
                                      },
                                  .after_resume =
                                      [](void* self) {
                                        auto& call = *static_cast<Call*>(self);
                                        call.stream_.TakeOutputBack();
                                        call.burst_.Resume();
                                      },
                                  .argument = this}});
  burst_.Reset(true);
  burst_.Resume();
  try {
    Invoke();
  } catch (...) {
    failure_ = std::current_exception();
  }
  burst_.Suspend();
  fiber::SetAttributes({});
  RecordCall(Route().runner_word, burst_.Longest(), limit_);
  Finish(Outcome::kReturned);
}

// From the Post on the call may be run again, or be destroyed.
void Call::Finish(Outcome outcome) {
  HON_ASSERT(caller_ != nullptr && !finished_);
  outcome_ = outcome;
  home_->Post(return_);
}

void Call::OnReturn() {
  HON_ASSERT(caller_ != nullptr && !finished_);
  finished_ = true;
  fiber::Wake(*caller_);
}

}  // namespace hon::workers
