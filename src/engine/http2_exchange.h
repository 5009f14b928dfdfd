#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "engine/exchange.h"
#include "engine/http2_encoder.h"
#include "engine/http2_repeated_head.h"
#include "engine/http2_stream.h"
#include "engine/http2_tunnel.h"
#include "engine/worker_call.h"
#include "hon/adaptor/body_reader.h"
#include "hon/adaptor/refusal.h"
#include "hon/adaptor/response_options.h"
#include "hon/base/intrusive_list.h"
#include "hon/h2/field_section.h"
#include "hon/h2/session.h"

namespace hon::engine {

class Http2Conn;

/// One request on a stream of HTTP/2 and its answer (RFC 9113 §8.1). Pooled by its loop; a
/// connection has one from the beginning of a request's field block until the handler has returned
/// and the answer is in frames, or the stream has ended early and the handler has returned.
class Http2Exchange final : public Exchange,
                            public IntrusiveListNode<>,
                            private adaptor::ConnControl,
                            private adaptor::StreamBody,
                            private Http2Wire,
                            private Http2Stream::Owner,
                            private WorkerCall::Owner {
 public:
  explicit Http2Exchange(LoopServices& services);

  // For its connection, on the loop outside any fiber.

  [[nodiscard]] h2::Stream& Wire() { return wire_; }
  /// The buffer that the next field section is decoded into.
  [[nodiscard]] h2::FieldBuffer& Fields() {
    if (begun_) return trailer_fields_;
    wiped_ = false;
    return fields_;
  }
  /// The head of the request is `head`, and not in Fields().
  void ShareHead(RepeatedHead& head) {
    HON_ASSERT(!begun_);
    wiped_ = false;
    repeated_.Set(head);
  }
  /// The head of the request is in Fields(), or shared: judges it. Returns true when Run must call
  /// the handler; otherwise the request was answered, and the exchange may have ended.
  [[nodiscard]] bool Start(Http2Conn& conn, const h2::SectionInfo& info);
  /// Calls the handler and ends the exchange. On a fiber with FiberAttributes, in place of which
  /// the fiber has none on return.
  void Run();
  /// In place of Run where there is no memory for a fiber.
  [[gnu::cold]] void RefuseToRun();
  /// Trailers are in Fields().
  [[nodiscard]] h2::Violation TakeTrailers(const h2::SectionInfo& info);
  void OnData();
  void OnFramed();
  /// END_STREAM is in the output.
  void OnSent();
  /// The stream or the connection has ended early. `cause` ends the request's context.
  void OnGone(const Error& why, const Error& cause);
  /// The peer has closed its sending direction.
  [[gnu::cold]] void OnPeerFinished();
  /// The handler has not returned, or has not been called yet.
  [[nodiscard]] bool Running() const { return running_; }
  /// The answer is in frames, or the stream has ended early: nothing more is sent on the stream.
  [[nodiscard]] bool Over() const { return sent_ || stream_.Gone(); }
  /// The handler has returned. The rest of its answer is sent within the write timeout.
  void BeginDrain() {
    draining_ = true;
    stream_.BeginDrain();
  }
  [[nodiscard]] bool Draining() const { return draining_; }
  /// A tunnel uses the stream in place of the handler, or has events left to deliver.
  [[nodiscard]] bool InTunnel() const { return tunnel_ != nullptr || tunnel_task_.Queued(); }
  /// Notifies a tunnel's sink that the server shuts down.
  [[gnu::cold]] void NotifyShutdown();
  /// Resets the stream of a tunnel; the sink gets `cause`.
  [[gnu::cold]] void CutTunnel(const Error& cause);
  /// Makes the exchange blank, for the pool.
  void End(const ConnScope& scope);

  // For its tunnel, on the loop.

  [[nodiscard]] Http2Conn& GetConn() { return *conn_; }
  [[nodiscard]] netpoll::Loop& GetLoop() { return services_->loop; }
  void OnTunnelDeadline(io::ConnDeadline which);
  void EndTunnelOutput();
  void CloseTunnel(bool abort);
  /// The sink has destroyed its Http2Tunnel; `closing`: after a Close.
  void OnTunnelDestroyed(bool closing);

 private:
  // Events of a tunnel that its sink is notified of.
  enum TunnelEvent : uint8_t {
    kInput = 1,
    kDrained = 2,
    kShutdown = 4,
    kClosed = 8,
    kDestroyed = 16
  };
  /// Notifies the sink later in the turn of the loop, so that no callback of the sink runs inside a
  /// call on the tunnel.
  class TunnelTask final : public netpoll::Task {
   public:
    explicit TunnelTask(Http2Exchange& owner) : owner_(&owner) {}
    [[nodiscard]] bool Queued() const { return events_ != 0; }
    void Note(TunnelEvent event);
    void Run() override { owner_->NotifySink(std::exchange(events_, uint8_t{0})); }

   private:
    Http2Exchange* owner_;
    uint8_t events_ = 0;
  };

  // adaptor::ConnControl
  [[gnu::cold]] Result<std::unique_ptr<io::Conn>> Hijack(std::string_view first) override;
  Error Lend(io::ConnSink& sink, bool keep_alive) override;
  Error SetRequestDeadline(TimePoint deadline) override { return MoveDeadline(deadline); }
  [[nodiscard]] bool KeepAlive() const override;
  void LogHandlerError(std::string_view message) override { ReportHandlerError(message); }
  // adaptor::StreamBody
  [[gnu::cold]] void SendContinue() override;
  void TakeTrailers(http::Header& into) override;
  // Http2Wire
  void SendHead(int status, std::span<const h2::Session::ExtraField> extra,
                const http::Header& header, bool end_stream) override;
  void SendAnswer(int status, std::span<const h2::Session::ExtraField> extra,
                  const http::Header& header, std::string_view body) override;
  void SendEnd() override;
  void SendTrailers(const http::Header& trailers) override;
  [[nodiscard]] size_t WaitingBytesMax() const override { return stream_.WaitingBytesMax(); }
  [[gnu::cold]] void EndConnection() override;
  // Http2Stream::Owner
  [[gnu::cold]] void OnReadDeadline() override { Cancel(io::ErrDeadlineExceeded); }
  [[gnu::cold]] void OnDrainTimeout() override;
  // WorkerCall::Owner
  void MoveAnswer(io::Stream& stream, adaptor::ConnControl& control,
                  std::string_view date) override;
  [[nodiscard]] bool Disconnected() const override { return stream_.Gone(); }
  void FlushSoon() override { stream_.SendSoon(); }
  // Exchange
  void FlushBeforeWait() override { stream_.SendSoon(); }
  void BeginWatch() override {}  // RST_STREAM is received at any time
  void InterruptWaits(const Error& cause) override { stream_.Interrupt(cause); }
  [[nodiscard]] bool HeadSent() const override { return response_.HeadSent(); }
  [[nodiscard]] bool TakenOver() const override { return response_.Hijacked(); }
  [[nodiscard]] WorkerCall::Lent LentToWorker() override;
  [[gnu::cold]] void AnswerOptions() override;

  [[gnu::cold]] void ReadLargeHead();
  [[nodiscard]] h2::Violation ReadHead(const h2::SectionInfo& info);
  [[nodiscard]] h2::Violation ReadSharedHead(RepeatedHead& shared, const h2::SectionInfo& info);
  [[nodiscard]] adaptor::Refusal FillRequest(const h2::SectionInfo& info);
  void Answer();
  void Wipe();
  void EndCall(Call call);
  void Complete();
  // Answers in place of a handler. The refusal is reported, unless a handler was called:
  // `set_before` has the fields that the handler had set.
  [[gnu::cold]] void Refuse(adaptor::Refusal refusal, const http::Header* set_before = nullptr);
  void ResetStream(h2::ErrorCode code);
  [[gnu::cold]] void ResetOrCut(h2::ErrorCode code);
  template <class Send>
  void OrCut(const Send& send);
  [[gnu::cold]] void NotifySink(uint8_t events);
  template <class Callback>
  void Guarded(std::string_view name, Callback callback);

  Http2Conn* conn_ = nullptr;
  h2::Stream wire_;
  h2::FieldBuffer fields_;
  RepeatedHead::Ref repeated_;  // in place of fields_
  h2::FieldBuffer trailer_fields_;
  h2::RequestFields own_head_;
  const h2::RequestFields* head_ = &own_head_;  // or that of repeated_; until Wipe
  Http2Stream stream_;
  adaptor::BodyReader body_;
  Http2Response response_;
  http::Header trailer_;           // received, until the body's reader takes it
  Http2Tunnel* tunnel_ = nullptr;  // until its sink has got OnClosed, or has destroyed the tunnel
  TunnelTask tunnel_task_{*this};
  Error tunnel_why_;
  bool begun_ = false;  // the head of the request was read: a further section is trailers
  bool wiped_ = true;   // request_ and fields_ hold nothing
  bool running_ = false;
  bool draining_ = false;
  bool sent_ = false;
  std::array<char, netpoll::kAddressTextMax> remote_addr_;
};

}  // namespace hon::engine
