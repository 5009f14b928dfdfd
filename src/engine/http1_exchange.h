#pragma once

#include <array>
#include <memory>

#include "engine/exchange.h"
#include "engine/exchange_pool.h"
#include "engine/exchange_stream.h"
#include "engine/worker_call.h"
#include "hon/adaptor/body_reader.h"
#include "hon/adaptor/head_parser.h"
#include "hon/adaptor/refusal.h"
#include "hon/adaptor/response.h"
#include "hon/base/sanitizer.h"
#include "hon/io/link_buffer.h"

namespace hon::engine {

class Http1Conn;

/// The next step of the connection after a request.
enum class Outcome : uint8_t {
  kKeepAlive,   // the next request may follow
  kUnreadBody,  // as kKeepAlive once the rest of this request's body has been dropped (Drain)
  kRefused,     // no handler was called; WhyRefused has the reason
  kClose,       // send the output, then close
  kLinger,      // as kClose, while the peer may still be sending a body that nobody reads
  kAbort,       // the answer is cut off; only a reset shows that to the client
  kTakenOver,   // the connection belongs to the handler
};

/// One request of HTTP/1 and its answer (RFC 9112). Pooled by its loop. A connection has one
/// exchange from the first bytes of a head until there is nothing to serve: ReadHead, then Answer,
/// perhaps Drain, then the next ReadHead.
class Http1Exchange final : public Exchange,
                            private adaptor::ConnControl,
                            private WorkerCall::Owner {
 public:
  explicit Http1Exchange(LoopServices& services) : Exchange(services) {}

  // Called on the loop, or on the fiber between two requests.

  /// Parses a head at the front of `in`. The head's views stay valid until the request has ended.
  [[nodiscard]] adaptor::HeadStatus ReadHead(io::LinkBuffer& in, adaptor::HeadScan& scan);
  /// After kDone: the size of the head, and whether its method is HEAD.
  [[nodiscard]] size_t HeadBytes() const { return head_.size; }
  [[nodiscard]] bool IsHead() const { return head_.method == "HEAD"; }
  /// The reason of a refusal, after HeadStatus::kBad, Outcome::kRefused or TurnAway.
  [[nodiscard]] adaptor::Refusal WhyRefused() const { return head_.refusal; }
  /// Drops a head that was read: no handler answers the request.
  void TurnAway(adaptor::Refusal why) {
    head_.refusal = why;
    request_.Recycle();
  }

  // Called on the fiber.

  /// Begins to serve `connection`, which is retained until Detach.
  void Attach(Http1Conn& conn, netpoll::Connection& connection);
  void Detach(const ConnScope& scope);
  /// Consumes the head, calls the handler and completes the answer.
  [[nodiscard]] Outcome Answer(const ConnScope& scope);
  /// Ends the request after an exception that left ReadHead, Answer or Drain.
  [[gnu::cold]] void Abandon();
  /// After Outcome::kUnreadBody: drops the rest of the body, waiting for it as needed.
  [[nodiscard]] Outcome Drain();

  // Events of the connection, on the loop outside any fiber.

  void OnInput();
  void OnWritable() { stream_.OnWritable(); }
  [[gnu::cold]] void OnTimeout(netpoll::DeadlineKind kind);
  [[gnu::cold]] void OnDisconnect(const Error& why);

 private:
  // adaptor::ConnControl
  [[gnu::cold]] Result<std::unique_ptr<io::Conn>> Hijack(std::string_view first) override;
  Error Lend(io::ConnSink& sink, bool keep_alive) override;
  Error SetRequestDeadline(TimePoint deadline) override { return MoveDeadline(deadline); }
  [[nodiscard]] bool KeepAlive() const override;
  void LogHandlerError(std::string_view message) override { ReportHandlerError(message); }
  // WorkerCall::Owner
  void MoveAnswer(io::Stream& stream, adaptor::ConnControl& control,
                  std::string_view date) override {
    response_.MoveTo(stream, control, date);
  }
  [[nodiscard]] bool Disconnected() const override { return stream_.Disconnected(); }
  void FlushSoon() override { stream_.OnSuspend(); }
  // Exchange
  void FlushBeforeWait() override { stream_.OnSuspend(); }
  void BeginWatch() override { NoticePeer(); }
  void InterruptWaits(const Error& cause) override { stream_.Interrupt(cause); }
  [[nodiscard]] bool HeadSent() const override { return response_.HeadSent(); }
  [[nodiscard]] bool TakenOver() const override { return response_.Hijacked(); }
  [[nodiscard]] WorkerCall::Lent LentToWorker() override;
  [[gnu::cold, gnu::noinline]] void AnswerOptions() override;

  [[nodiscard, gnu::always_inline]] adaptor::Refusal FillRequest();
  [[gnu::always_inline]] void Begin(const ConnScope& scope);
  [[gnu::always_inline]] void End();
  [[nodiscard, gnu::always_inline]] Outcome Complete();
  [[gnu::cold, gnu::noinline]] void DropUnreadBody();
  [[gnu::cold, gnu::noinline]] void Refuse(adaptor::Refusal refusal);
  [[nodiscard, gnu::cold]] Outcome CutOff() const;
  void NoticePeer();

  friend class ExchangePool;

  Http1Exchange* next_free_ = nullptr;  // in the pool
  Http1Conn* conn_ = nullptr;
  netpoll::Connection* connection_ = nullptr;
  ExchangeStream stream_;
  io::BlockRef head_block_;
  adaptor::RequestHead head_;
  adaptor::BodyReader body_;
  adaptor::Response response_;
  std::string_view peer_;  // view of remote_addr_
  std::array<char, netpoll::kAddressTextMax> remote_addr_;
};

inline Http1Exchange& ExchangePool::Take(LoopServices& services) {
  if (first_ == nullptr) [[unlikely]]
    return Make(services);
  Http1Exchange& exchange = *first_;
  Unpoison(&exchange, sizeof exchange);
  first_ = exchange.next_free_;
  --free_;
  return exchange;
}

inline void ExchangePool::GiveBack(Http1Exchange& exchange) {
  if (free_ == free_max_) [[unlikely]]
    return Delete(exchange);
  exchange.next_free_ = first_;
  first_ = &exchange;
  ++free_;
#ifdef HON_ASAN
  Poison(&exchange, sizeof exchange);
#endif
}

}  // namespace hon::engine
