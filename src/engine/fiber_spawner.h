#pragma once

#include "hon/http/spawner.h"

namespace hon::engine {

/// Runs work on fibers of the calling thread's scheduler.
class FiberSpawner final : public http::Spawner {
 public:
  void Go(appcontext::Context context, std::function<void()> work) override;
  void Wait(const appcontext::Context& context) override;
};

}  // namespace hon::engine
