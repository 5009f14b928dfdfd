#include "workers/worker.h"

#include <new>
#include <string>
#include <utility>

#include "hon/base/assert.h"
#include "workers/worker_pool.h"

namespace hon::workers {
namespace {

// After this many jobs in a row the timers and woken fibers of the worker get their turn.
constexpr int kJobsPerTurnMax = 16;

}  // namespace

Result<std::unique_ptr<Worker>> Worker::Start(WorkerPool& pool, unsigned number) {
  netpoll::LoopOptions options;
  options.backend = netpoll::BackendKind::kEpoll;  // the cheapest to make and to wake
  options.cached_blocks_max = 8;
  HON_TRY(std::unique_ptr<netpoll::Loop> loop, netpoll::Loop::Create(std::move(options)));
  std::unique_ptr<Worker> self(new Worker(pool));
  self->loop_ = std::move(loop);
  self->scheduler_ = std::make_unique<fiber::Scheduler>(*self->loop_, pool.FiberOptions());
  self->executor_ = std::make_unique<LoopExecutor>(*self->scheduler_);
  std::promise<void> started;
  std::future<void> ready = started.get_future();
  // Handlers may start programs, which inherit the mask of signals.
  HON_TRY(self->thread_, Thread::Start({.name = "hon-worker-" + std::to_string(number),
                                        .signals = Thread::Signals::kInherited},
                                       [raw = self.get(), &started] { raw->Main(started); }));
  ready.wait();
  return self;
}

void Worker::Stop() {
  HON_ASSERT(thread_.Joinable() && !InOwnThread());
  loop_->Stop();
  thread_.Join();
}

void Worker::Main(std::promise<void>& started) {
  YieldPriority();
  probe_.emplace();
  executor_->Enter();
  started.set_value();
  loop_->Run();
  // Fibers that handlers have started must end here: their stacks hold objects to be destroyed.
  while (scheduler_->Live() != 0) loop_->Turn(std::chrono::milliseconds(10));
  scheduler_.reset();
}

void Worker::Run() {
  for (int i = 0; i < kJobsPerTurnMax; ++i) {
    starting_ = pool_->Take(*this);
    parked_ = starting_ == nullptr;
    if (parked_) return;
    try {
      scheduler_->Start(
          [](void* self) {
            auto& worker = *static_cast<Worker*>(self);
            std::exchange(worker.starting_, nullptr)->Execute();
            worker.OnJobEnd();
          },
          this);
    } catch (const std::bad_alloc&) {  // no memory for a stack: nothing has run
      std::exchange(starting_, nullptr)->Refuse();
    }
    HON_ASSERT(starting_ == nullptr);
  }
  loop_->Defer(*this);
}

WorkerLoad Worker::CurrentLoad() const {
  return {scheduler_->Live() + loop_->Connections(), executor_->TimedWaits() != 0};
}

// A job that ends while its worker is parked was suspended when the worker was parked. The report
// is deferred because the fiber of the job ends only after this call.
void Worker::OnJobEnd() {
  HON_ASSERT(InOwnThread());
  if (!parked_ || std::exchange(own_report_pending_, true)) return;
  loop_->Defer(own_report_);
}

void Worker::AskForLoad() {
  if (!asked_.exchange(true, std::memory_order_acq_rel)) executor_->Post(asked_report_);
}

// The worker may have been called meanwhile; the pool then takes no notice.
void Worker::ReportLoad() {
  HON_ASSERT(InOwnThread());
  own_report_pending_ = false;
  asked_.store(false, std::memory_order_release);
  pool_->SetLoad(*this, CurrentLoad());
}

}  // namespace hon::workers
