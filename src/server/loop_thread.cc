#include "server/loop_thread.h"

#include <future>
#include <string>
#include <utility>

namespace hon::server {

Result<std::unique_ptr<LoopThread>> LoopThread::Start(unsigned index, engine::Engine& engine,
                                                      const Options& options,
                                                      engine::LoopEngine::Shared& shared) {
  std::unique_ptr<LoopThread> self(new LoopThread);
  std::promise<Error> started;
  std::future<Error> outcome = started.get_future();
  // Handlers may start programs, which inherit the mask of signals.
  HON_TRY(self->thread_,
          Thread::Start(
              {.name = index == kStandby ? "hon-standby" : "hon-loop-" + std::to_string(index),
               .signals = Thread::Signals::kInherited},
              [&, raw = self.get()] {
                raw->Main(index, engine, options, shared,
                          [&](Error err) { started.set_value(std::move(err)); });
              }));
  if (Error err = outcome.get()) return Fail(std::move(err));
  return self;
}

LoopThread::~LoopThread() {
  if (!thread_.Joinable()) return;
  if (loop_ != nullptr) loop_->Stop();
  thread_.Join();
}

void LoopThread::RunThere(const std::function<void()>& function) {
  std::packaged_task<void()> task(function);
  loop_->Post([&task] { task(); });
  task.get_future().get();
}

void LoopThread::Relief::Run() {
  posted.store(false);
  if (thread.engine_ != nullptr) thread.engine_->RelieveMemory();
}

netpoll::Listener::Target LoopThread::TargetUnder(const ListenerScope& scope) {
  netpoll::EventHandler* handler = engine_.get();
  if (!scope.base && !scope.layers && !scope.proxy) return {loop_.get(), handler};
  RunThere([&] {
    const auto add = [&](auto gate) {
      auto& added = *gate;
      handler = gates_.emplace_back(std::move(gate)).get();
      return &added;
    };
    if (scope.base) handler = &engine_->Gate(*scope.base);
    RecordGate* records = nullptr;
    if (scope.layers) {
      records = add(std::make_unique<RecordGate>(*reports_, *handler, scope.layers()));
    }
    if (!scope.proxy) return;
    add(records != nullptr ? std::make_unique<ProxyGate>(*reports_, *records, *scope.proxy)
                           : std::make_unique<ProxyGate>(*reports_, *handler, *scope.proxy));
  });
  return {loop_.get(), handler};
}

void LoopThread::Main(unsigned index, engine::Engine& engine, const Options& options,
                      engine::LoopEngine::Shared& shared,
                      const std::function<void(Error)>& started) {
  netpoll::LoopOptions loop_options;
  loop_options.backend = options.backend;
  loop_options.index = index;
  if (index == 0) {  // the siblings would report the same
    loop_options.on_fallback = [&engine](std::string_view reason) {
      engine.Report({.kind = engine::Event::Kind::kListener, .detail = reason});
    };
  }
  Result<std::unique_ptr<netpoll::Loop>> loop = netpoll::Loop::Create(std::move(loop_options));
  if (!loop) return started(std::move(loop.error()));
  loop_ = std::move(*loop);
  loop_->Blocks().SetBudget(shared.budget);
  fiber::Options fiber_options;
  fiber_options.stack_bytes = options.stack_bytes;
  fiber_options.blocking = &engine.Blocking();
  scheduler_ = std::make_unique<fiber::Scheduler>(*loop_, fiber_options);
  reports_ = &engine;
  engine_ = engine::LoopEngine::Create(engine, *scheduler_, options.conn, shared, options.hooks);
  started({});
  loop_->Run();
  // The contexts of running handlers end and their waits fail. Handlers are waited for, because
  // their stacks hold objects that must be destroyed.
  listeners_.clear();
  engine_->CloseAll(http::ErrServerClosed);
  loop_->Turn(Duration::zero());  // tasks posted before the stop still need the engine
  while (engine_->Connections() != 0 || scheduler_->Live() != 0) {
    loop_->Turn(std::chrono::milliseconds(10));
  }
  engine_.reset();
  scheduler_.reset();
  // The loop is destroyed after the join: the thread that stops it may still be inside Stop.
}

}  // namespace hon::server
