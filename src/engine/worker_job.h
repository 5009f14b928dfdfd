#pragma once

#include "hon/http/handler.h"

namespace hon::engine {

/// What a worker takes and runs.
class WorkerJob {
 public:
  virtual ~WorkerJob() = default;
  /// On a fiber of a worker. The job may be gone when it returns.
  virtual void Execute() = 0;
  /// Instead of that, when there is no memory for a fiber. On the worker's thread.
  virtual void Refuse() = 0;
  /// The pattern that is called; as lasting as the mux.
  [[nodiscard]] http::Route& Route() const { return *route_; }

 protected:
  void SetRoute(http::Route& route) { route_ = &route; }
  /// Somebody waits for it who must go on in time, perhaps on a worker: it is given to one whose
  /// fibers wait only when no other can be had.
  void ForFreshWorker() { for_fresh_worker_ = true; }

 private:
  friend class WorkerPool;
  WorkerJob* next_ = nullptr;
  http::Route* route_ = nullptr;
  bool for_fresh_worker_ = false;
};

}  // namespace hon::engine
