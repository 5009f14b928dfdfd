#pragma once

#include <cstdint>

#include "hon/http/handler.h"

namespace hon::workers {

/// A piece of work for the worker pool. Exactly one of Execute, Refuse and Cancel is called, once;
/// the job may be destroyed before that call returns.
class Job {
 public:
  virtual ~Job() = default;
  /// Does the work, on a fiber of a worker.
  virtual void Execute() = 0;
  /// No stack for a fiber or no thread could be had. On any thread, outside of fibers.
  virtual void Refuse() = 0;
  /// Ended was true while the job was queued. On any thread, outside of fibers.
  virtual void Cancel() = 0;
  /// Whether nobody waits for the result any more. Called on any thread while the job is queued.
  [[nodiscard]] virtual bool Ended() const = 0;
  /// The route whose handler the job calls. The route outlives the job.
  [[nodiscard]] http::Route& Route() const { return *route_; }

 protected:
  void SetRoute(http::Route& route) { route_ = &route; }

 private:
  friend class Dispatcher;
  friend class WorkerPool;
  Job* next_ = nullptr;      // in a queue: the next newer one
  Job* previous_ = nullptr;  // in a queue
  uint64_t number_ = 0;      // in order of arrival
  uint64_t sweep_ = 0;       // the last one of the dispatcher before the arrival
  http::Route* route_ = nullptr;
};

}  // namespace hon::workers
