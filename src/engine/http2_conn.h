#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/conn_list.h"
#include "engine/conn_scope.h"
#include "engine/http2_exchange.h"
#include "hon/base/intrusive_list.h"
#include "hon/engine/conn_hooks.h"
#include "hon/h2/session.h"
#include "hon/netpoll/connection.h"
#include "hon/netpoll/loop.h"

namespace hon::engine {

/// One connection of HTTP/2 (RFC 9113): a session over a netpoll::Connection, and an exchange for
/// each stream. A handler's fiber begins with the end of the request's field block. The output of
/// all handlers is gathered, and sent once a turn.
class Http2Conn final : public ConnEntry, private h2::SessionHandler, private netpoll::Task {
 public:
  Http2Conn(LoopServices& services, netpoll::Connection& connection, ConnScope& scope);

  /// Takes over a connection that was admitted and told kNew; its scope is this one's.
  void Open();

  // Events of the connection, on the loop outside any fiber.

  void OnInput();
  void OnWritable();
  [[gnu::cold]] void OnTimeout(netpoll::DeadlineKind kind);
  void OnDisconnect(const Error& why);

  // ConnEntry
  [[nodiscard]] Kind GetKind() const override { return Kind::kServed; }
  [[gnu::cold]] void CloseIfIdle() override;
  [[gnu::cold]] void EndTakenOver(const Error& cause) override;
  [[gnu::cold]] void Cut(const Error& cause) override;
  [[gnu::cold]] void OnScopeEnd(const ConnScope& scope) override;

  // For its exchanges, on the loop.

  [[nodiscard]] h2::Session& GetSession() { return session_; }
  [[nodiscard]] const ConnScope& Scope() const { return *scope_; }
  [[nodiscard]] const tls::ConnectionState* TlsState() const;
  std::string_view FormatRemoteAddr(std::span<char> into) const {
    return connection_->FormatRemoteAddr(into);
  }
  [[nodiscard]] std::string RemoteAddr() const { return connection_->RemoteAddr(); }
  [[nodiscard]] std::string LocalAddr() const { return connection_->LocalAddr(); }
  /// Moves DATA into the connection's output as far as windows and its bound allow. Not from inside
  /// of the session: there the end of its call does so.
  void Pump();
  /// The same at the end of this turn.
  void PumpSoon();
  /// Stream::Out() has grown.
  void SendSoon(h2::Stream& stream) {
    session_.SendSoon(stream);
    PumpSoon();
  }
  /// Resets a stream for a fault of the client's.
  [[gnu::cold]] void ResetFaulty(h2::Stream& stream, const h2::Violation& violation) {
    CountFault(violation.code);
    session_.ResetFaulty(stream, violation);
  }
  /// Bytes of Stream::In() were read.
  void Consumed(h2::Stream& stream);
  /// The handler has returned, or there is none: the exchange ends, now or when its answer is sent.
  void Ended(Http2Exchange& exchange);
  /// No further stream is served: told in two steps, so that what the client has sent before it
  /// knows is answered (RFC 9113 §6.8). The connection ends with its last stream.
  [[gnu::cold]] void BeginGoAway();

 private:
  enum class Phase : uint8_t {
    kOpen,
    kGoingAway,  // GOAWAY with the highest identifier is sent; a PING tells when the client knows
    kLast,       // GOAWAY with the last stream is sent
    kClosed,     // the connection is closed, or about to be
  };

  ~Http2Conn() override;

  // h2::SessionHandler
  h2::FieldBuffer& FieldsFor(h2::Stream* stream) override;
  h2::Stream& NewStream() override;
  void OnSection(h2::Stream& stream, h2::FieldBuffer& fields, const h2::SectionInfo& info) override;
  void OnSectionDropped(h2::FieldBuffer& fields) override;
  void OnData(h2::Stream& stream) override;
  void OnRefused(h2::ErrorCode code) override;
  void OnReset(h2::Stream& stream, h2::ErrorCode code, bool by_peer) override;
  void OnFramed(h2::Stream& stream) override;
  void OnSent(h2::Stream& stream) override;
  void OnPong(uint64_t opaque) override;
  // netpoll::Task
  void Run() override;
  void Discard() override;

  /// Sends a PING to a silent peer, and ends the connection without an answer, or at its age.
  class ClockTimer final : public netpoll::Timer {
   public:
    explicit ClockTimer(Http2Conn& conn) : conn_(&conn) {}

   private:
    void OnTimer() override { conn_->OnClock(); }

    Http2Conn* conn_;
  };

  [[gnu::cold]] void OnClock();
  void ArmClock(TimePoint ping);
  [[gnu::cold]] void Retire();
  [[gnu::cold]] void CountFault(h2::ErrorCode code) const;
  void Count(std::string_view scope, h2::ErrorCode code) const;
  void Receive();
  void UpdateReadDeadline(size_t had);
  void NoteUnsent();
  void EndIfDone();
  [[gnu::cold]] void OnPeerFinished();
  [[gnu::cold]] void SessionFailed();
  [[gnu::cold]] void FailLate(h2::ErrorCode code, std::string_view reason);
  [[gnu::cold]] void FinishGoAway();
  [[gnu::cold]] void Abandon(const Error& why, const Error& cause);
  void Release(Http2Exchange& exchange);
  [[nodiscard]] bool IsQuiet() const;
  void Close(netpoll::CloseHow how);
  void Gone();

  LoopServices* services_;
  netpoll::Connection* connection_;
  ConnScope* scope_;
  Http2Exchange* next_ = nullptr;  // for a stream whose section is being decoded
  h2::Session session_;
  IntrusiveList<Http2Exchange> exchanges_;
  ClockTimer clock_{*this};
  TimePoint began_{};
  TimePoint last_received_{};
  TimePoint last_stream_ended_{};
  uint64_t streams_opened_ = 0;
  size_t unsent_ = 0;  // Writer() when its deadline was set, and what was added since
  Phase phase_ = Phase::kOpen;
  bool receiving_ = false;     // inside Session::Receive
  bool deferred_ = false;      // Run will be called
  bool yielded_ = false;       // received frames wait for the next turn
  bool disconnected_ = false;  // no call on connection_ any more
  bool gone_ = false;          // to be destroyed by Run
  bool peer_finished_ = false;
  bool health_asked_ = false;  // a PING to a silent peer is unanswered
};

}  // namespace hon::engine
