#pragma once

#include <cstdint>

#include "engine/conn_scope.h"
#include "engine/phase.h"
#include "hon/adaptor/head_parser.h"
#include "hon/adaptor/refusal.h"
#include "hon/engine/conn_hooks.h"
#include "hon/netpoll/connection.h"

namespace hon::engine {

class Exchange;
class LoopEngineImpl;
enum class ExchangeEnd : uint8_t;

/// One connection's life: finds heads, gives each an Exchange, and goes on or closes by its end.
/// Everything that an idle connection costs beside netpoll::Connection.
class HttpConn {
 public:
  HttpConn(LoopEngineImpl& owner, netpoll::Connection& connection, ConnScope& scope)
      : owner_(&owner), connection_(&connection), scope_(&scope) {}
  ~HttpConn();
  HttpConn(const HttpConn&) = delete;
  HttpConn& operator=(const HttpConn&) = delete;

  // Events of the connection, on the loop outside any fiber.
  void OnPrepare();
  void OnConnect();
  void OnInput();
  void OnWritable();
  void OnTimeout(netpoll::DeadlineKind kind);
  void OnDisconnect(const Error& why);
  /// It was queued with LoopEngineImpl::ServeSoon.
  void OnTurn();
  /// No further request will follow on a connection that waits for one.
  void CloseIfIdle();
  /// The context above its requests has ended.
  void OnScopeEnd();

  // From its exchange, on the fiber.
  /// An answer is complete and the next request may follow: whether the fiber may serve that too.
  [[nodiscard]] bool MayGoOn();
  void OnReplyDone();
  void OnHijack();
  /// The exchange is given back; may destroy this.
  void OnExchangeEnd(ExchangeEnd end);

  /// Cuts the connection; a running handler sees its context end with `cause`.
  void Cut(const Error& cause);
  /// A handler that has hijacked it and still runs sees its context end.
  void CutHijacked(const Error& cause);
  /// There is no room for it: it is told so as soon as it is connected.
  void RefuseWhenConnected() { admission_ = Admission::kRefused; }
  /// It belongs to its handler.
  /// The connection is closed, or about to be.
  [[nodiscard]] bool Closed() const { return phase_ == Phase::kClosed; }
  [[nodiscard]] bool Hijacked() const { return phase_ == Phase::kHijacked; }
  /// Whether LoopEngineImpl::ServeSoon has it in its queue.
  [[nodiscard]] bool Queued() const { return queued_; }
  void SetQueued(bool queued) { queued_ = queued; }
  /// The exchange whose handler has not ended, or null.
  [[nodiscard]] const Exchange* Running() const { return exchange_; }

  /// What is above the contexts of its requests.
  [[nodiscard]] const ConnScope& Scope() const { return *scope_; }

  // The list of all connections of a loop.
  [[nodiscard]] HttpConn* Next() const { return next_; }
  void Link(HttpConn* before);
  void Unlink();

 private:
  // Decided when the socket was accepted, carried out when it is connected.
  enum class Admission : uint8_t {
    kServed,
    kRefused,  // there is no room: answered with 503, and never counted by its peer
    kReset,    // its context could not be made
  };

  void Serve();
  [[nodiscard]] bool ServeOne();
  [[nodiscard]] bool AnswersPileUp();
  [[nodiscard]] adaptor::Refusal Admit(Exchange& exchange);
  [[nodiscard]] bool AwaitRestOfHead();
  [[nodiscard]] bool AfterExchange(ExchangeEnd end);
  void BecomeIdle();
  void Refuse(adaptor::Refusal refusal);
  void Close(netpoll::CloseHow how);
  void Ended();
  void Move(PhaseEvent event);
  void Tell(ConnState state);
  void TellHook(ConnState state);
  void MakeScope(const ConnHooks& hooks);

  LoopEngineImpl* owner_;
  netpoll::Connection* connection_;
  ConnScope* scope_;
  Exchange* exchange_ = nullptr;
  HttpConn* previous_ = nullptr;
  HttpConn* next_ = nullptr;
  adaptor::HeadScan scan_;
  Phase phase_ = Phase::kIdle;
  ExchangeEnd ended_{};
  Admission admission_ = Admission::kServed;
  bool in_serve_ = false;      // an exchange that ends now is dealt with by Serve
  bool disconnected_ = false;  // no call on connection_ any more
  bool served_before_ = false;
  bool queued_ = false;
  uint8_t served_ = 0;  // by Serve, in this turn
};
static_assert(sizeof(HttpConn) <= 64);

}  // namespace hon::engine
