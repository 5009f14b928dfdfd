#pragma once

#include <memory>
#include <optional>

#include "hon/appcontext/context.h"
#include "hon/netpoll/loop.h"

namespace hon::engine {

class HttpConn;
class LoopEngineImpl;

/// The context above the requests of some connections of one loop: of all that came through one
/// gate, or of a single one.
class ConnScope {
 public:
  ConnScope(LoopEngineImpl& owner, appcontext::Context context, HttpConn* only = nullptr)
      : owner_(&owner), context_(std::move(context)), only_(only) {}

  /// From now on the end of the context ends the requests under it.
  void Watch();

  [[nodiscard]] const appcontext::Context& Context() const { return context_; }
  /// It has ended, and is watched.
  [[nodiscard]] bool Ended() const { return watch_ && context_.Done(); }
  /// The one connection that owns it, or null.
  [[nodiscard]] HttpConn* Only() const { return only_; }

 private:
  // Contexts end on any thread; the news travels through the loop, and may come after the scope.
  class EndWatch final : public appcontext::Waiter {
   public:
    EndWatch(netpoll::Loop& loop, ConnScope& scope)
        : loop_(&loop), scope_(std::make_shared<ConnScope*>(&scope)) {}
    ~EndWatch() override {
      Unregister();
      *scope_ = nullptr;
    }

   private:
    void OnDone() override;

    netpoll::Loop* loop_;
    std::shared_ptr<ConnScope*> scope_;  // null inside: gone. Read and written on the loop only
  };

  void OnEnd();

  LoopEngineImpl* owner_;
  appcontext::Context context_;
  HttpConn* only_;
  std::optional<EndWatch> watch_;
};

}  // namespace hon::engine
