#pragma once

#include <atomic>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "hon/base/result.h"
#include "hon/base/thread.h"
#include "hon/engine/engine.h"
#include "hon/fiber/fiber.h"
#include "hon/netpoll/listener.h"
#include "hon/netpoll/loop.h"
#include "hon/server/server.h"
#include "server/proxy_gate.h"
#include "server/record_gate.h"

namespace hon::server {

/// Properties that the connections of one listener share.
struct ListenerScope {
  std::optional<appcontext::Context> base;  // above the contexts of their requests
  NewRecordLayers layers;                   // empty: plain
  std::optional<ProxyScope> proxy;
};

/// One loop with its thread, scheduler, engine part and listeners. All but the methods below runs
/// on that thread.
class LoopThread {
 public:
  /// The index of a loop that is not among the regular ones.
  static constexpr unsigned kStandby = std::numeric_limits<unsigned>::max();
  /// Starts the thread and waits until its loop exists. Fails where no thread can be started, or
  /// the system refuses what the backend needs.
  static Result<std::unique_ptr<LoopThread>> Start(unsigned index, engine::Engine& engine,
                                                   const Options& options,
                                                   engine::LoopEngine::Shared& shared);
  /// Stops the loop and joins; call Close on the engine part first.
  ~LoopThread();

  /// Runs `function` on the loop's thread and waits for it. Throws what the function throws.
  void RunThere(const std::function<void()>& function);
  void Post(std::function<void()> function) { loop_->Post(std::move(function)); }
  /// Posts LoopEngine::RelieveMemory, without an allocation. Any thread.
  void PostRelief() {
    if (!relief_.posted.exchange(true)) loop_->Post(relief_);
  }

  /// This loop, with its handler for the connections of a listener.
  [[nodiscard]] netpoll::Listener::Target TargetUnder(const ListenerScope& scope);
  [[nodiscard]] netpoll::Loop& GetLoop() { return *loop_; }
  [[nodiscard]] engine::LoopEngine& GetEngine() { return *engine_; }
  /// On the loop's thread only.
  std::vector<std::unique_ptr<netpoll::Listener>>& Listeners() { return listeners_; }

 private:
  struct Relief final : netpoll::Task {
    explicit Relief(LoopThread& of) : thread(of) {}
    void Run() override;

    LoopThread& thread;
    std::atomic<bool> posted{false};
  };

  LoopThread() = default;
  void Main(unsigned index, engine::Engine& engine, const Options& options,
            engine::LoopEngine::Shared& shared, const std::function<void(Error)>& started);

  Relief relief_{*this};
  std::unique_ptr<netpoll::Loop> loop_;
  std::unique_ptr<fiber::Scheduler> scheduler_;
  engine::Engine* reports_ = nullptr;
  std::unique_ptr<engine::LoopEngine> engine_;
  std::vector<std::unique_ptr<netpoll::EventHandler>> gates_;
  std::vector<std::unique_ptr<netpoll::Listener>> listeners_;
  Thread thread_;
};

}  // namespace hon::server
