#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "engine/exchange.h"
#include "engine/http2_encoder.h"
#include "engine/http2_stream.h"
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
  /// Where the section that comes next is decoded to.
  [[nodiscard]] h2::FieldBuffer& Fields() { return begun_ ? trailer_fields_ : fields_; }
  /// The head of the request is in Fields(): judges it and begins a fiber for the handler, or
  /// answers without one. The exchange may have ended on return.
  void Start(Http2Conn& conn, const h2::SectionInfo& info);
  /// Trailers are in Fields().
  [[nodiscard]] h2::Violation TakeTrailers(const h2::SectionInfo& info);
  void OnData() { stream_.OnData(); }
  void OnFramed() { stream_.OnFramed(); }
  /// END_STREAM is in the output.
  void OnSent() { sent_ = true; }
  /// The stream or the connection has ended early. `cause` ends the request's context.
  void OnGone(const Error& why, const Error& cause);
  /// The peer sends nothing more.
  [[gnu::cold]] void OnPeerFinished();
  /// A handler runs, or has not been called yet.
  [[nodiscard]] bool Running() const { return running_; }
  /// Nothing is to be sent any more.
  [[nodiscard]] bool Over() const { return sent_ || stream_.Gone(); }
  /// The handler has returned; the rest of its answer goes on within the write timeout.
  void BeginDrain() {
    draining_ = true;
    stream_.BeginDrain();
  }
  [[nodiscard]] bool Draining() const { return draining_; }
  /// Blank again, for the pool.
  void End(const ConnScope& scope);

 private:
  // adaptor::ConnControl
  [[gnu::cold]] Result<std::unique_ptr<io::Conn>> Hijack() override;
  Error SetRequestDeadline(TimePoint deadline) override { return MoveDeadline(deadline); }
  [[nodiscard]] bool KeepAlive() const override;
  void LogHandlerError(std::string_view message) override { ReportHandlerError(message); }
  // adaptor::StreamBody
  [[gnu::cold]] void SendContinue() override;
  void TakeTrailers(http::Header& into) override;
  // Http2Wire
  void SendHead(int status, std::span<const h2::Session::ExtraField> extra,
                const http::Header& header, bool end_stream) override;
  void SendEnd() override;
  void SendTrailers(const http::Header& trailers) override;
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
  void BeginWatch() override {}  // a reset is always noticed
  void InterruptWaits(const Error& cause) override { stream_.Interrupt(cause); }
  [[nodiscard]] bool HeadSent() const override { return response_.HeadSent(); }
  [[nodiscard]] bool TakenOver() const override { return response_.Hijacked(); }
  [[nodiscard]] bool CallOnWorker(http::Handler& handler, http::Route& route,
                                  http::ResponseWriter& w, http::Request& r) override;
  [[gnu::cold]] void AnswerOptions() override;

  [[nodiscard]] h2::Violation ReadHead(const h2::SectionInfo& info);
  [[nodiscard]] adaptor::Refusal FillRequest(const h2::SectionInfo& info);
  void Run();
  void Answer();
  void Complete();
  [[nodiscard]] adaptor::Refusal WhySilent();
  // Reported unless a handler has been called, whose fields are `set_before`.
  [[gnu::cold]] void Refuse(adaptor::Refusal refusal, const http::Header* set_before = nullptr);
  void ResetStream(h2::ErrorCode code);

  Http2Conn* conn_ = nullptr;
  h2::Stream wire_;
  h2::FieldBuffer fields_;
  h2::FieldBuffer trailer_fields_;
  h2::RequestFields head_;
  Http2Stream stream_;
  adaptor::BodyReader body_;
  Http2Response response_;
  http::Header trailer_;        // received, until the body's reader takes it
  WorkerCall* call_ = nullptr;  // while a worker owns request, body and response
  bool begun_ = false;          // the head has been taken
  bool running_ = false;
  bool draining_ = false;
  bool sent_ = false;
  std::array<char, netpoll::kAddressTextMax> remote_addr_;
};

}  // namespace hon::engine
