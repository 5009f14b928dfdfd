#pragma once

#include <future>
#include <memory>
#include <thread>

#include "hon/base/result.h"
#include "hon/base/time.h"
#include "hon/fiber/fiber.h"
#include "hon/http/handler.h"
#include "hon/netpoll/loop.h"
#include "workers/loop_executor.h"
#include "workers/thread_probe.h"

namespace hon::workers {

class WorkerPool;

/// A thread that runs handlers, each on a fiber of its own: those that wait step aside for the
/// next one. Turns a loop for their timers and connections.
class Worker final : private netpoll::Task {
 public:
  /// Starts the thread. Fails where the system is short of something.
  static Result<std::unique_ptr<Worker>> Start(WorkerPool& pool, unsigned number);
  /// Waits until its fibers have ended.
  ~Worker() override;

  /// Makes it look for a job. Any thread; once only until it has called WorkerPool::Take.
  void WakeUp() { port_->Post(*this); }

 private:
  friend class WorkerPool;

  Worker(WorkerPool& pool, unsigned number) : pool_(&pool), number_(number) {}
  void Main(std::promise<void>& started);
  void Run() override;

  WorkerPool* pool_;
  unsigned number_;
  std::unique_ptr<netpoll::Loop> loop_;
  std::unique_ptr<fiber::Scheduler> scheduler_;
  std::unique_ptr<LoopExecutor> port_;
  std::unique_ptr<ThreadProbe> probe_;
  std::thread thread_;

  // The pool's, under its mutex.
  enum class State : uint8_t {
    kIdle,    // in one of the pool's lists
    kCalled,  // woken, and has not looked for a job yet
    kBusy,
  };
  State state_ = State::kCalled;
  bool blocked_ = false;          // busy, but seen to wait in the kernel
  size_t suspended_ = 0;          // fibers that waited when it last went idle
  uint64_t jobs_ = 0;             // taken so far
  http::Route* route_ = nullptr;  // of the last job
  TimePoint idle_since_{};
  // The overseer's.
  uint64_t jobs_seen_ = 0;
  Duration used_seen_{};
};

}  // namespace hon::workers
