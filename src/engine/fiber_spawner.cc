#include "engine/fiber_spawner.h"

#include <string_view>
#include <utility>

#include "engine/exchange.h"
#include "engine/runtime.h"
#include "hon/base/assert.h"
#include "hon/fiber/fiber.h"
#include "workers/job.h"
#include "workers/loop_executor.h"

namespace hon::engine {

/// A function that Go runs on a worker. Once submitted, a Job deletes itself.
class FiberSpawner::Job final : public workers::Job {
 public:
  Job(FiberSpawner& owner, http::Route& route, appcontext::Context context,
      std::function<void()> work)
      : owner_(&owner), name_(route.pattern), context_(std::move(context)), work_(std::move(work)) {
    SetRoute(route);
  }

  void Execute() override {
    fiber::SetContext(&context_);
    fiber::SetName(&name_);
    work_();
    work_ = nullptr;  // destroyed on the fiber, where destructors may wait
    fiber::SetContext(nullptr);
    fiber::SetName(nullptr);
    End();
  }
  /// A waiter for the work waits for the end of its context.
  void Refuse() override { End(); }
  void Cancel() override { End(); }
  [[nodiscard]] bool Ended() const override { return context_.Done(); }
  /// Takes the work of a job that was not submitted.
  [[nodiscard]] std::function<void()> TakeWork() { return std::exchange(work_, nullptr); }

 private:
  void End() {
    FiberSpawner& owner = *owner_;
    delete this;
    owner.JobEnded();
  }

  FiberSpawner* owner_;
  std::string_view name_;
  const appcontext::Context context_;
  std::function<void()> work_;
};

FiberSpawner::~FiberSpawner() {
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return jobs_ == 0; });
}

void FiberSpawner::JobEnded() {
  const std::lock_guard lock(mutex_);
  HON_ASSERT(jobs_ != 0);
  if (--jobs_ == 0) ended_.notify_all();
}

void FiberSpawner::Go(appcontext::Context context, std::function<void()> work) {
  const Exchange* exchange = Exchange::Running();
  const Placement placement = exchange != nullptr ? exchange->CallPlacement() : placement_;
  http::Route* route = exchange != nullptr ? exchange->CallRoute() : nullptr;
  if (placement != Placement::kInline &&
      GoToWorker(context, work, route != nullptr ? *route : runtime_->Unrouted())) {
    return;
  }
  fiber::Go([context = std::move(context), work = std::move(work)] {
    fiber::SetContext(&context);
    work();
    fiber::SetContext(nullptr);
  });
}

// Returns false if no worker is available; `work` is then unchanged.
bool FiberSpawner::GoToWorker(const appcontext::Context& context, std::function<void()>& work,
                              http::Route& route) {
  workers::WorkerPool* pool = runtime_->Pool(fiber::Scheduler::Current()->GetOptions());
  if (pool == nullptr) return false;
  auto job = std::make_unique<Job>(*this, route, context, std::move(work));
  {
    const std::lock_guard lock(mutex_);
    ++jobs_;
  }
  Job* submitted = job.release();  // frees itself
  if (pool->Submit(*submitted)) return true;
  job.reset(submitted);
  work = job->TakeWork();
  JobEnded();
  return false;
}

void FiberSpawner::Wait(const appcontext::Context& context) {
  workers::LoopExecutor* here = workers::LoopExecutor::Current();
  HON_ASSERT(here != nullptr);
  const workers::LoopExecutor::TimedWait timed(*here);
  const appcontext::Context& own = fiber::CurrentContext();
  fiber::SetContext(nullptr);  // the end of the caller's own context must not end this wait
  while (!context.Done()) static_cast<void>(fiber::Wait(context));
  fiber::SetContext(&own);
}

void FiberSpawner::Yield() {
  if (fiber::Current() != nullptr) fiber::Yield();
}

http::Spawner::Home& FiberSpawner::Here() {
  workers::LoopExecutor* executor = workers::LoopExecutor::Current();
  HON_ASSERT(executor != nullptr);
  return *executor;
}

void FiberSpawner::Serve(const http::Target& target, http::ResponseWriter& w, http::Request& r) {
  // On a worker a further call stays on the worker.
  if (Exchange* exchange = Exchange::Running()) return exchange->ServeWithin(target, w, r);
  target.handler->ServeHTTP(w, r);
}

// A worker may wait for the disk.
void FiberSpawner::PrepareFile(io::File& file, int64_t offset, int64_t count) {
  if (Exchange* exchange = Exchange::Running()) exchange->AwaitFile(file, offset, count);
}

}  // namespace hon::engine
