#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/conn_list.h"
#include "engine/conn_scope.h"
#include "engine/http2_exchange.h"
#include "engine/http2_repeated_head.h"
#include "hon/base/intrusive_list.h"
#include "hon/engine/conn_hooks.h"
#include "hon/h2/session.h"
#include "hon/netpoll/connection.h"
#include "hon/netpoll/loop.h"

namespace hon::engine {

/// One connection of HTTP/2 (RFC 9113): a session over a netpoll::Connection, and an exchange for
/// each stream. A handler's fiber begins with the end of the request's field block. The output of
/// all handlers is gathered, and sent once in a turn of the loop.
class Http2Conn final : public ConnEntry, private h2::SessionHandler, private netpoll::Task {
 public:
  Http2Conn(LoopServices& services, netpoll::Connection& connection, ConnScope& scope);

  /// Begins to serve the connection, which is counted, and was reported as ConnState::kNew. A scope
  /// of this connection alone belongs to the Http2Conn.
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
  /// Moves DATA of the streams into the connection's output while the flow-control windows and the
  /// bound of that output allow. No effect inside a callback of Session::Receive, whose end is
  /// followed by a Pump.
  void Pump();
  /// Pump, at the end of this turn of the loop.
  void PumpSoon();
  /// Bytes were added to Stream::Out().
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
  /// The handler of `exchange` has returned, or none was called. The exchange ends now, or when its
  /// answer is in frames.
  void Ended(Http2Exchange& exchange);
  /// Announces the end of the connection by GOAWAY in two steps, so that requests that the client
  /// sends before it receives the GOAWAY are answered (RFC 9113 §6.8). The connection ends with its
  /// last stream.
  [[gnu::cold]] void BeginGoAway();
  /// An allocation has failed inside of the session, whose tables and windows may not be those of
  /// the peer any more: the connection is cut.
  [[gnu::cold]] void OutOfMemory();

 private:
  enum class Phase : uint8_t {
    kOpen,
    kGoingAway,  // GOAWAY with the highest identifier is sent, and a PING, whose acknowledgement
                 // shows that the client has received the GOAWAY
    kLast,       // GOAWAY with the last stream is sent
    kClosed,     // the connection is closed, or about to be
  };

  ~Http2Conn() override;

  // h2::SessionHandler
  h2::FieldBuffer& FieldsFor(h2::Stream* stream) override;
  h2::FieldBuffer* FieldsOfRepeated() override;
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
  [[nodiscard]] bool ServeOpened();
  void RunOpened();
  void FinishAlone();
  void UpdateReadDeadline(size_t had);
  void Produce();
  void NoteUnsent();
  [[gnu::cold]] void ArmWriteDeadline();
  [[gnu::cold]] bool TakesOutput();
  void EndIfDone();
  [[gnu::cold]] void OnPeerFinished();
  [[gnu::cold]] void SessionFailed();
  [[gnu::cold]] void FailLate(h2::ErrorCode code, std::string_view reason);
  [[gnu::cold]] void FinishGoAway();
  [[gnu::cold]] void Abandon(const Error& why, const Error& cause);
  void Release(Http2Exchange& exchange);
  void ForgetRepeated();
  void FreeNext();
  [[nodiscard]] bool IsQuiet() const;
  void Close(netpoll::CloseHow how);
  void Gone();

  LoopServices* services_;
  netpoll::Connection* connection_;
  ConnScope* scope_;
  Http2Exchange* next_ = nullptr;    // for a stream whose section is being decoded
  Http2Exchange* opened_ = nullptr;  // its handler is the next to be called
  // Of the fiber that runs handlers inside Receive: set when the loop goes on without the fiber.
  bool* left_behind_ = nullptr;
  RepeatedHead::Ref repeated_;  // of the last field block that opened a stream
  h2::Session session_;
  IntrusiveList<Http2Exchange> exchanges_;
  ClockTimer clock_{*this};
  TimePoint began_{};
  TimePoint last_received_{};
  TimePoint last_stream_ended_{};
  uint64_t streams_opened_ = 0;
  size_t unsent_ = 0;  // bytes in Writer() when the write timeout began, and bytes added since
  size_t taken_ = 0;   // of them, at the last WriteByteTimeout
  TimePoint write_until_{};  // the end of the write timeout
  Phase phase_ = Phase::kOpen;
  h2::Session::Status status_ = h2::Session::Status::kMore;  // of the last Receive
  bool receiving_ = false;     // frames are processed, and the handlers that they begin run
  bool resuming_ = false;      // inside Session::ResumeReceive, on a fiber
  bool deferred_ = false;      // Run will be called
  bool yielded_ = false;       // received frames wait for the next turn
  bool disconnected_ = false;  // no call on connection_ any more
  bool gone_ = false;          // to be destroyed by Run
  bool peer_finished_ = false;
  bool health_asked_ = false;  // a PING to a silent peer is not acknowledged
};

}  // namespace hon::engine
