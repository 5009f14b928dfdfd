#pragma once

#include <cstdint>
#include <exception>
#include <string_view>

#include "hon/appcontext/context.h"
#include "hon/fiber/fiber.h"
#include "hon/netpoll/loop.h"
#include "workers/burst_timer.h"
#include "workers/job.h"
#include "workers/loop_executor.h"
#include "workers/remote_stream.h"

namespace hon::workers {

class WorkerPool;

/// One call of a handler on a worker, made by a fiber of the loop that owns the connection. A Call
/// can be run again; the loop pools them.
///
/// Ownership. The state of the call (the exchange's request and response, and the RemoteStream
/// here) belongs to one fiber at a time. The state is handed over whole by posting a task to the
/// loop of the other fiber, which orders the memory:
///   - before Run has submitted the call, and after the handler has returned: the calling fiber;
///   - in between: the handler's fiber on the worker;
///   - during a SyncCall from there (by RemoteStream, or Hijack): the fiber of that call on the
///     owning loop, while the handler's fiber waits.
/// The one exception is the output that a suspended handler lends (RemoteStream::LendOutput), under
/// a mutex. The connection never leaves its loop. Contexts may be used on any thread.
class Call : private Job {
 public:
  enum class Outcome : uint8_t {
    kReturned,   // the handler has been called, and has returned or thrown
    kNoWorker,   // no worker could be had; the handler has not been called
    kCancelled,  // the context ended before a worker was free; the handler has not been called
  };

  /// `home` is the executor of the owning loop; `limit` that of PatternLoad.
  Call(LoopExecutor& home, Duration limit) : home_(&home), limit_(limit) {}

 protected:
  /// Has a worker call Invoke, and waits for its end. Called on a fiber of the owning loop, which
  /// owns the state of the call before and after. `context` ends the waits of the handler's fiber,
  /// and `name` names it.
  [[nodiscard]] Outcome Run(WorkerPool& pool, http::Route& route,
                            const appcontext::Context& context, const std::string_view& name);
  /// Ends a call for which there was no memory: what the stream holds is lost.
  void Drop() {
    stream_.Drop();
    failure_ = nullptr;
  }
  /// Throws what Invoke threw, if it did.
  void RethrowFailure();
  /// Calls the handler, on a fiber of a worker.
  virtual void Invoke() = 0;

  [[nodiscard]] LoopExecutor& Home() const { return *home_; }
  /// The stream that the handler uses; Attach before Run and GiveBack after it.
  [[nodiscard]] RemoteStream& Remote() { return stream_; }
  [[nodiscard]] const RemoteStream& Remote() const { return stream_; }

 private:
  // Job
  void Execute() override;
  void Refuse() override { Finish(Outcome::kNoWorker); }
  void Cancel() override { Finish(Outcome::kCancelled); }
  [[nodiscard]] bool Ended() const override { return context_->Done(); }

  /// Posted to the owning loop: the call has finished.
  class Return final : public netpoll::Task {
   public:
    explicit Return(Call& call) : call_(&call) {}
    void Run() override { call_->OnReturn(); }

   private:
    Call* call_;
  };

  void Finish(Outcome outcome);
  void OnReturn();

  LoopExecutor* home_;
  Duration limit_;
  Return return_{*this};
  RemoteStream stream_;
  const appcontext::Context* context_ = nullptr;
  const std::string_view* name_ = nullptr;
  fiber::Fiber* caller_ = nullptr;  // null: no call is under way
  std::exception_ptr failure_;
  BurstTimer burst_;
  bool finished_ = false;
  Outcome outcome_ = Outcome::kReturned;
};

}  // namespace hon::workers
