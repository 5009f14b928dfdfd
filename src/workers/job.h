#pragma once

#include "hon/http/handler.h"

namespace hon::workers {

/// A piece of work for the worker pool.
class Job {
 public:
  virtual ~Job() = default;
  /// Called once, on a fiber of a worker. The job may be destroyed before Execute returns.
  virtual void Execute() = 0;
  /// Called instead of Execute, on a worker's thread and outside of fibers, when no stack for a
  /// fiber can be allocated.
  virtual void Refuse() = 0;
  /// The route whose handler the job calls. The route outlives the job.
  [[nodiscard]] http::Route& Route() const { return *route_; }

 protected:
  void SetRoute(http::Route& route) { route_ = &route; }
  /// Somebody waits for it who must go on in time, perhaps on a worker: it is given to one whose
  /// fibers wait only when no other can be had.
  void ForFreshWorker() { for_fresh_worker_ = true; }

 private:
  friend class WorkerPool;
  Job* next_ = nullptr;
  http::Route* route_ = nullptr;
  bool for_fresh_worker_ = false;
};

}  // namespace hon::workers
