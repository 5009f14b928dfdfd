#include "workers/worker.h"

#include <future>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include "workers/worker_pool.h"

namespace hon::workers {
namespace {

// After this many jobs in a row its own timers and waking fibers get their turn.
constexpr int kJobsPerTurnMax = 16;

}  // namespace

Result<std::unique_ptr<Worker>> Worker::Start(WorkerPool& pool, unsigned number) {
  netpoll::LoopOptions options;
  options.backend = netpoll::BackendKind::kEpoll;  // the cheapest to make and to wake
  options.cached_blocks_max = 8;
  HON_TRY(std::unique_ptr<netpoll::Loop> loop, netpoll::Loop::Create(std::move(options)));
  std::unique_ptr<Worker> self(new Worker(pool, number));
  self->loop_ = std::move(loop);
  self->scheduler_ = std::make_unique<fiber::Scheduler>(*self->loop_, pool.FiberOptions());
  self->port_ = std::make_unique<LoopExecutor>(*self->scheduler_);
  std::promise<void> started;
  std::future<void> ready = started.get_future();
  try {
    self->thread_ = std::thread([raw = self.get(), &started] { raw->Main(started); });
  } catch (const std::system_error& error) {
    return Fail(Error::System(error.code().value(), "starting a worker thread"));
  }
  ready.wait();
  return self;
}

Worker::~Worker() {
  if (!thread_.joinable()) return;
  loop_->Stop();
  thread_.join();
}

void Worker::Main(std::promise<void>& started) {
  NameThread("hon-worker-" + std::to_string(number_));
  YieldPriority();
  probe_ = std::make_unique<ThreadProbe>();
  port_->Enter();
  started.set_value();
  loop_->Run();
  // What handlers have started, and what they left on their stacks, has to end here.
  while (scheduler_->Live() != 0) loop_->Turn(std::chrono::milliseconds(10));
  port_.reset();
  scheduler_.reset();
}

void Worker::Run() {
  for (int i = 0; i < kJobsPerTurnMax; ++i) {
    Job* job = pool_->Take(*this);
    if (job == nullptr) return;
    try {
      scheduler_->Start([](void* self) { static_cast<Job*>(self)->Execute(); }, job);
    } catch (const std::bad_alloc&) {  // no memory for a stack: nothing has run
      job->Refuse();
    }
  }
  loop_->Defer(*this);
}

}  // namespace hon::workers
