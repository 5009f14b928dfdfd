#pragma once

#include "hon/http/handler.h"

namespace hon::engine {

/// What a worker takes and runs.
class WorkerJob {
 public:
  virtual ~WorkerJob() = default;
  /// On a fiber of a worker. The job may be gone when it returns.
  virtual void Execute() = 0;
  /// The pattern that is called; as lasting as the mux.
  [[nodiscard]] http::Route& Route() const { return *route_; }

 protected:
  void SetRoute(http::Route& route) { route_ = &route; }

 private:
  friend class WorkerPool;
  WorkerJob* next_ = nullptr;
  http::Route* route_ = nullptr;
};

}  // namespace hon::engine
