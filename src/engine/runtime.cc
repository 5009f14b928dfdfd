#include "engine/runtime.h"

#include <algorithm>
#include <utility>

#include "hon/netpoll/loop_group.h"

namespace hon::engine {

WorkerPool& Runtime::Pool(const fiber::Options& fiber) {
  std::call_once(pool_made_, [&] {
    WorkerPool::Options options;
    options.workers_max = engine_->GetOptions().workers_max;
    options.running_max = std::min(netpoll::DefaultLoops(), options.workers_max);
    options.fiber = fiber;
    pool_ = std::make_unique<WorkerPool>(options);
  });
  return *pool_;
}

Engine::Engine(http::Handler* handler, Options options)
    : handler_(handler), options_(std::move(options)), runtime_(std::make_unique<Runtime>(*this)) {}

Engine::~Engine() = default;

fiber::BlockingPool& Engine::Blocking() const { return runtime_->Blocking(); }

}  // namespace hon::engine
