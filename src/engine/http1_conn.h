#pragma once

#include <cstdint>
#include <memory>

#include "engine/conn_list.h"
#include "engine/conn_scope.h"
#include "engine/phase.h"
#include "hon/adaptor/head_parser.h"
#include "hon/adaptor/refusal.h"
#include "hon/base/assert.h"
#include "hon/engine/conn_hooks.h"
#include "hon/fiber/conn.h"
#include "hon/io/conn.h"
#include "hon/io/event_conn.h"
#include "hon/netpoll/connection.h"

namespace hon::engine {

class Http1Exchange;
struct LoopServices;
enum class Outcome : uint8_t;

/// One connection of HTTP/1 (RFC 9112). A connection that waits for a request, or for the rest of a
/// head, is this object and its netpoll::Connection: no buffer, no stack, no exchange. The last
/// byte of a head starts a fiber, on which Serve answers this request and the ones behind it.
class Http1Conn final : public ConnEntry, private fiber::ConnOwner {
 public:
  Http1Conn(LoopServices& services, netpoll::Connection& connection, ConnScope& scope)
      : services_(&services), connection_(&connection), scope_(&scope) {}

  // Events of the connection, on the loop outside any fiber.

  /// The socket was accepted. `has_room`: whether it is to be served; otherwise the answer is 503.
  void OnPrepare(bool has_room);
  void OnConnect();
  void OnInput();
  void OnWritable();
  [[gnu::cold]] void OnTimeout(netpoll::DeadlineKind kind);
  void OnDisconnect(const Error& why);
  /// The turn of a connection that was in ServeQueue.
  void OnTurn();

  // ConnEntry
  [[nodiscard]] Kind GetKind() const override {
    return phase_ == Phase::kHijacked ? Kind::kTakenOver : Kind::kServed;
  }
  [[gnu::cold]] void CloseIfIdle() override;
  [[gnu::cold]] void Cut(const Error& cause) override;
  [[gnu::cold]] void OnScopeEnd(const ConnScope& scope) override;

  [[nodiscard]] ConnScope& Scope() const { return *scope_; }
  /// Ends this Http1Conn, which has served nothing; the connection goes on with another protocol in
  /// the same scope.
  void HandOver();
  [[nodiscard]] bool Admitted() const { return admission_ == Admission::kServed; }

  // Used by its exchange, on the fiber.

  /// The connection is closed, or about to be.
  [[nodiscard]] bool Closed() const { return phase_ == Phase::kClosed; }
  /// Hands the socket to the handler that runs.
  [[nodiscard, gnu::cold]] std::unique_ptr<io::Conn> TakeOver();
  /// Lends the connection to `sink` for the rest of an answer whose handler is about to return. The
  /// next request may follow the answer if `keep_alive`.
  [[gnu::cold]] void Lend(io::ConnSink& sink, bool keep_alive);

  // Used by ServeQueue.
  [[nodiscard]] bool Queued() const { return queued_; }
  void SetQueued(bool queued) { queued_ = queued; }

 private:
  // Decided at the accept, carried out once the socket is connected.
  enum class Admission : uint8_t {
    kServed,
    kRefused,  // no room: answered with 503, and not counted for its peer
    kReset,    // the connection's context could not be made
  };

  [[gnu::noinline]] ~Http1Conn() override;
  [[gnu::cold]] void MakeScope(const ConnHooks& hooks);
  [[gnu::cold]] void AwaitFirstRequest();
  void StartServing();
  void Serve();
  [[gnu::cold]] void GiveUp(Http1Exchange& exchange);
  [[nodiscard, gnu::always_inline]] bool FindHead(Http1Exchange& exchange);
  [[nodiscard, gnu::cold]] bool AnswersPileUp();
  [[gnu::cold]] void AwaitRestOfHead();
  [[gnu::always_inline]] void BeginRequest(const Http1Exchange& exchange);
  [[nodiscard, gnu::always_inline]] Outcome AnswerRequest(Http1Exchange& exchange);
  [[nodiscard, gnu::always_inline]] bool ApplyOutcome(Outcome outcome,
                                                      const Http1Exchange& exchange);
  void FinishServing(Http1Exchange& exchange);
  void AwaitNextRequest();
  // fiber::ConnOwner
  [[gnu::cold]] void OnConnReturned(bool whole) override;
  [[gnu::cold]] void OnConnEnded(const Error& why) override;
  [[gnu::cold]] void GoOnAfterLoan();
  [[gnu::cold]] void Refuse(adaptor::Refusal refusal, bool head = false,
                            std::string_view detail = {});
  void Close(netpoll::CloseHow how);
  void Ended();
  void Destroy();
  template <Phase from, PhaseEvent event>
  void Move() {
    constexpr std::optional<Phase> kTo = NextPhase(from, event);
    static_assert(kTo.has_value());
    HON_ASSERT(phase_ == from);
    phase_ = *kTo;
  }
  void Fault();

  LoopServices* services_;
  netpoll::Connection* connection_;
  ConnScope* scope_;
  Http1Exchange* exchange_ = nullptr;        // while Serve runs or waits
  netpoll::EventHandler* events_ = nullptr;  // of the connection, while it is lent
  adaptor::HeadScan scan_;
  Phase phase_ = Phase::kIdle;
  Admission admission_ = Admission::kServed;
  bool disconnected_ = false;  // connection_ must not be used any more
  bool served_before_ = false;
  bool queued_ = false;
  bool lent_ = false;  // in kDetached, until the answer has ended: events go to the borrower
  bool closes_after_loan_ = false;
};
static_assert(sizeof(Http1Conn) <= 88);

}  // namespace hon::engine
