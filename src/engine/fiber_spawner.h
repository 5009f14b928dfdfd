#pragma once

#include <condition_variable>
#include <mutex>

#include "hon/engine/placement.h"
#include "hon/http/spawner.h"

namespace hon::engine {

class Runtime;

/// The Spawner of an engine. Functions run on workers; under Placement::kInline on a fiber of the
/// calling handler's loop. One object for all loops of an engine, since functions may outlive the
/// server.
class FiberSpawner final : public http::Spawner {
 public:
  /// `placement` is the engine's default; it applies to callers that run on workers.
  FiberSpawner(Runtime& runtime, Placement placement) : runtime_(&runtime), placement_(placement) {}
  /// Waits for the functions that run on workers.
  ~FiberSpawner() override;
  FiberSpawner(const FiberSpawner&) = delete;
  FiberSpawner& operator=(const FiberSpawner&) = delete;

  void Go(appcontext::Context context, std::function<void()> work) override;
  void Wait(const appcontext::Context& context) override;
  void Yield() override;
  [[nodiscard]] Home& Here() override;
  void Serve(const http::Target& target, http::ResponseWriter& w, http::Request& r) override;
  void PrepareFile(io::File& file, int64_t offset, int64_t count) override;

 private:
  class Job;

  bool GoToWorker(const appcontext::Context& context, std::function<void()>& work,
                  http::Route& route);
  void JobEnded();

  Runtime* runtime_;
  const Placement placement_;
  std::mutex mutex_;  // guards the members below
  std::condition_variable ended_;
  size_t jobs_ = 0;  // submitted and not ended
};

}  // namespace hon::engine
