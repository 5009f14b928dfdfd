#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "hon/appcontext/context.h"
#include "hon/netpoll/loop.h"

namespace hon::engine {

class ConnEntry;
struct LoopServices;

/// The context above the requests of some connections of one loop: of all connections of one gate,
/// or of a single connection.
class ConnScope {
 public:
  ConnScope(LoopServices& services, appcontext::Context context, ConnEntry* only = nullptr)
      : services_(&services), context_(std::move(context)), only_(only) {}

  /// Makes the end of the context end the requests below.
  void Watch();
  /// Sets the context before the first connection. The scope must not be watched.
  void SetContext(appcontext::Context context) { context_ = std::move(context); }

  [[nodiscard]] const appcontext::Context& Context() const { return context_; }
  /// The context has ended, and is watched.
  [[nodiscard]] bool Ended() const { return watch_ && context_.Done(); }
  /// Moves the scope of a single connection to `only`.
  void SetOnly(ConnEntry& only) { only_ = &only; }
  /// The one connection that owns this scope, or null.
  [[nodiscard]] ConnEntry* Only() const { return only_; }

 private:
  // A context ends on any thread. The notice is posted to the loop, and may arrive after the end of
  // the scope.
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
    std::shared_ptr<ConnScope*> scope_;  // null inside once the scope is gone; used on the loop
                                         // only
  };

  void OnEnd();

  LoopServices* services_;
  appcontext::Context context_;
  ConnEntry* only_;
  std::optional<EndWatch> watch_;
};

}  // namespace hon::engine
