#include "engine/http2_exchange.h"

#include <algorithm>
#include <new>
#include <utility>

#include "engine/http2_conn.h"
#include "engine/loop_services.h"
#include "hon/adaptor/chunked.h"
#include "hon/adaptor/request_reader.h"
#include "hon/base/assert.h"
#include "hon/base/flatten.h"
#include "hon/base/guard.h"
#include "hon/http/status.h"

namespace hon::engine {

Http2Exchange::Http2Exchange(LoopServices& services)
    : Exchange(services),
      wire_(services.loop.Blocks()),
      stream_(services, *this, wire_),
      remote_addr_() {
  wire_.SetUserData(this);
  response_.GetEncoder().Bind(*this, *this);
}

// --- The request.

// Lines are missing: the method is all that an answer needs.
void Http2Exchange::ReadLargeHead() {
  own_head_ = {};
  for (const h2::FieldLine& line : fields_.lines) {
    if (line.pseudo == h2::PseudoField::kMethod) own_head_.method = line.value;
  }
}

[[gnu::always_inline]] inline h2::Violation Http2Exchange::ReadHead(const h2::SectionInfo& info) {
  RepeatedHead* const shared = repeated_.Get();
  const h2::Violation violation =
      shared != nullptr ? ReadSharedHead(*shared, info)
                        : h2::ReadRequestFields(fields_.lines, info.end_stream, fields_.arena,
                                                own_head_, request_.Header);
  if (violation) return violation;
  if (head_->has_priority) conn_->GetSession().SetPriority(wire_, head_->priority);
  if (head_->content_length >= 0 && !info.end_stream) wire_.ExpectContent(head_->content_length);
  return {};
}

[[gnu::always_inline]] inline h2::Violation Http2Exchange::ReadSharedHead(
    RepeatedHead& shared, const h2::SectionInfo& info) {
  if (!shared.judged) {
    shared.violation = h2::ReadRequestFields(shared.fields.lines, info.end_stream,
                                             shared.fields.arena, shared.request, shared.header);
    shared.judged = true;
  }
  if (shared.violation) [[unlikely]]
    return shared.violation;
  head_ = &shared.request;
  for (const http::Header::Field& field : shared.header) {
    request_.Header.AddView(field.name, field.value, field.id);
  }
  return {};
}

[[gnu::always_inline]] inline adaptor::Refusal Http2Exchange::FillRequest(
    const h2::SectionInfo& info) {
  using adaptor::Refusal;
  RepeatedHead* const shared = repeated_.Get();
  const Refusal why = adaptor::FillRequest(
      adaptor::StreamHead{.method = head_->method,
                          .authority = head_->authority,
                          .path = head_->path,
                          .protocol = head_->protocol,
                          .content_length = head_->content_length,
                          .ended = info.end_stream,
                          .authority_valid = shared != nullptr && shared->authority_valid},
      request_);
  if (why != Refusal::kNone) return why;
  if (shared != nullptr) shared->authority_valid = true;
  if (head_->expects_otherwise) return Refusal::kExpectationFailed;
  if (head_->expect_continue) request_.Header.Del(http::HeaderId::kExpect);  // contract H31
  if (head_->content_length > services_->settings.body_bytes_max) return Refusal::kContentTooLarge;
  return Refusal::kNone;
}

HON_NO_CANARY bool Http2Exchange::Start(Http2Conn& conn, const h2::SectionInfo& info) {
  HON_ASSERT(conn_ == nullptr && !begun_);
  conn_ = &conn;
  begun_ = true;
  sent_ = false;
  stream_.Begin(conn, services_->settings);
  request_.RemoteAddr = conn.FormatRemoteAddr(remote_addr_);
  request_.TLS = conn.TlsState();
  if (info.too_large) [[unlikely]] {
    ReadLargeHead();
    Refuse(adaptor::Refusal::kHeadTooLarge);
    conn.Ended(*this);
    return false;
  }
  if (const h2::Violation violation = ReadHead(info)) {
    conn.ResetFaulty(wire_, violation);
    stream_.OnGone(io::ErrClosed);
    conn.Ended(*this);
    return false;
  }
  if (const adaptor::Refusal why = FillRequest(info); why != adaptor::Refusal::kNone) {
    Refuse(why);
    conn.Ended(*this);
    return false;
  }
  running_ = true;
  return true;
}

void Http2Exchange::RefuseToRun() {
  running_ = false;
  ResetOrCut(h2::ErrorCode::kRefusedStream);
  conn_->Ended(*this);
}

HON_NO_CANARY void Http2Exchange::Run() {
  const bool entered = services_->EnterRequest();
  try {
    entered ? Answer() : Refuse(adaptor::Refusal::kOverloaded);
  } catch (const std::bad_alloc&) {  // outside of the handler: costs this stream
    ResetOrCut(h2::ErrorCode::kInternalError);
    EndContext();
    Wipe();
  }
  if (entered) services_->LeaveRequest();
  fiber::SetAttributes({});
  running_ = false;
  conn_->Ended(*this);
}

[[gnu::always_inline]] inline void Http2Exchange::Complete() {
  if (const adaptor::Refusal why = WhySilent(response_.Status(), body_);
      why != adaptor::Refusal::kNone) [[unlikely]]
    return Refuse(why, &response_.Header());
  response_.Finish();
  if (response_.MustClose() || stream_.PastWriteDeadline()) [[unlikely]]
    ResetStream(h2::ErrorCode::kInternalError);
}

inline void Http2Exchange::EndCall(Call call) {
  switch (call) {
    case Call::kReturned:
      return Complete();
    case Call::kThrew:
      if (!response_.HeadSent()) {
        return Refuse(adaptor::Refusal::kInternalError, &response_.Header());
      }
      [[fallthrough]];
    case Call::kAborted:
      ResetStream(h2::ErrorCode::kInternalError);
  }
}

HON_NO_CANARY void Http2Exchange::Answer() {
  std::atomic<uint64_t>& requests = services_->requests;  // this thread alone counts
  requests.store(requests.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  const bool no_body = wire_.InputEnded() && wire_.In().Empty();
  body_.Begin(stream_, *this, no_body, head_->expect_continue, request_.Trailer,
              services_->settings.body_bytes_max);
  if (!no_body) request_.Body = http::Body(&body_);
  response_.Reset(stream_, *this,
                  {.head = head_->method == "HEAD",
                   .connect = head_->method == "CONNECT",
                   .date = services_->date.At(services_->loop.Now()),
                   .body = &body_});
  response_.GetEncoder().SetUpgradable(!head_->protocol.empty());
  BeginContext(conn_->Scope());
  const Call call = CallHandler(response_);
  if (!response_.Hijacked()) [[likely]]
    EndCall(call);
  EndContext();
  Wipe();
}

void Http2Exchange::Wipe() {
  request_.Recycle();
  if (repeated_.Get() != nullptr) {
    repeated_.Reset();
    head_ = &own_head_;
  } else {
    fields_.Reset();
  }
  wiped_ = true;
}

// --- The answer.

// Of the fields that a handler had set, only those that are true of every answer are kept.
void Http2Exchange::Refuse(adaptor::Refusal refusal, const http::Header* set_before) {
  if (Over()) return;
  const RefusedAnswer answer = services_->MakeRefusedAnswer({.refusal = refusal,
                                                             .peer = request_.RemoteAddr,
                                                             .pattern = request_.Pattern,
                                                             .set_before = set_before});
  if (set_before == nullptr) services_->engine.Report(answer.event);
  http::Header header;
  if (set_before != nullptr) {
    for (const http::Header::Field& field : *set_before) {
      if (adaptor::IsKeptInRefusal(field.name)) header.AddView(field.name, field.value, field.id);
    }
  }
  header.Set(http::HeaderId::kDate, services_->date.At(services_->loop.Now()));
  if (!answer.content_type.empty()) {
    header.Set(http::HeaderId::kContentType, answer.content_type);
  }
  header.Set(http::HeaderId::kContentLength, std::to_string(answer.body.size()));
  const bool ends = head_->method == "HEAD" || answer.body.empty();
  SendHead(answer.event.status, {}, header, ends);
  if (ends) return;
  wire_.Out().Write(answer.body);
  SendEnd();
}

void Http2Exchange::AnswerOptions() {
  response_.Header().Set(http::HeaderId::kContentLength, "0");
  response_.WriteHeader(http::StatusOK);
}

// Has the session send. A block that was encoded and is not sent would leave the table of the peer
// behind, so an allocation that fails costs the connection.
template <class Send>
inline void Http2Exchange::OrCut(const Send& send) {
  try {
    send(conn_->GetSession());
  } catch (const std::bad_alloc&) {
    conn_->OutOfMemory();
    throw;
  }
  conn_->PumpSoon();
}

void Http2Exchange::SendHead(int status, std::span<const h2::Session::ExtraField> extra,
                             const http::Header& header, bool end_stream) {
  OrCut([&](h2::Session& to) { to.SendResponse(wire_, status, extra, header, end_stream); });
}

void Http2Exchange::SendAnswer(int status, std::span<const h2::Session::ExtraField> extra,
                               const http::Header& header, std::string_view body) {
  OrCut([&](h2::Session& to) { to.SendAnswer(wire_, status, extra, header, body); });
}

void Http2Exchange::SendEnd() {
  OrCut([&](h2::Session& to) { to.SendEnd(wire_); });
}

void Http2Exchange::SendTrailers(const http::Header& trailers) {
  OrCut([&](h2::Session& to) { to.SendTrailers(wire_, trailers); });
}

void Http2Exchange::EndConnection() { conn_->BeginGoAway(); }

void Http2Exchange::ResetStream(h2::ErrorCode code) {
  if (Over()) return;
  conn_->GetSession().Reset(wire_, code);
  stream_.OnGone(io::ErrClosed);
  conn_->PumpSoon();
}

void Http2Exchange::ResetOrCut(h2::ErrorCode code) {
  try {
    ResetStream(code);
  } catch (const std::bad_alloc&) {
    conn_->OutOfMemory();
    stream_.OnGone(io::ErrClosed);
  }
}

bool Http2Exchange::KeepAlive() const {
  return services_->keep_alive.load(std::memory_order_relaxed);
}

Result<std::unique_ptr<io::Conn>> Http2Exchange::Hijack(std::string_view) {
  return Fail(Error::Of(http::ErrNotSupported, "http: a stream of HTTP/2 cannot be hijacked"));
}

// --- The body.

// By way of the encoder, which passes the call to the loop when the body is read on a worker.
void Http2Exchange::SendContinue() {
  response_.GetEncoder().SendInterim(http::StatusContinue, http::Header());
}

h2::Violation Http2Exchange::TakeTrailers(const h2::SectionInfo& info) {
  if (info.too_large || trailer_fields_.lines.size() > adaptor::kTrailerFieldsMax) {
    return h2::StreamError(h2::ErrorCode::kEnhanceYourCalm, "trailers are too long");
  }
  trailer_.Reset();
  const h2::Violation violation =
      h2::ReadTrailerFields(trailer_fields_.lines, trailer_fields_.arena, trailer_);
  if (!violation) stream_.OnData();
  return violation;
}

// Called at the end of the body, when the loop has no further access to trailer_.
void Http2Exchange::TakeTrailers(http::Header& into) {
  adaptor::DropAnnouncedNames(into);
  for (const http::Header::Field& field : trailer_) {
    if (adaptor::IsTrailerAllowed(field.name)) into.Add(field.name, field.value);
  }
}

// --- Workers.

void Http2Exchange::MoveAnswer(io::Stream& stream, adaptor::ConnControl& control,
                               std::string_view date) {
  response_.MoveTo(stream, control, date);
  response_.GetEncoder().SetControl(control);
}

WorkerCall::Lent Http2Exchange::LentToWorker() {
  return {.owner = *this, .body = body_, .stream = stream_, .control = *this};
}

// --- Tunnels.

Error Http2Exchange::Lend(io::ConnSink& sink, bool /*keep_alive*/) {
  HON_ASSERT(tunnel_ == nullptr);
  if (stream_.Gone()) return stream_.Failure();
  BecomeUnwatched();
  stream_.LiftDeadlines();
  auto tunnel = std::make_unique<Http2Tunnel>(*this, sink, !head_->protocol.empty());
  tunnel_ = tunnel.get();
  sink.OnOpen(std::move(tunnel));
  if (tunnel_ == nullptr) return {};
  conn_->SendSoon(wire_);
  if (services_->draining) tunnel_task_.Note(kShutdown);
  return {};
}

void Http2Exchange::OnData() {
  if (tunnel_ != nullptr) [[unlikely]]
    return tunnel_task_.Note(kInput);
  stream_.OnData();
}

void Http2Exchange::OnFramed() {
  if (tunnel_ == nullptr) [[likely]]
    return stream_.OnFramed();
  if (wire_.Out().Empty()) tunnel_task_.Note(kDrained);
}

void Http2Exchange::OnSent() {
  sent_ = true;
  if (tunnel_ != nullptr && tunnel_->Closing()) tunnel_task_.Note(kClosed);
}

void Http2Exchange::NotifyShutdown() {
  if (tunnel_ != nullptr) tunnel_task_.Note(kShutdown);
}

void Http2Exchange::CutTunnel(const Error& cause) {
  if (tunnel_ == nullptr) return;
  tunnel_why_ = cause;
  ResetStream(h2::ErrorCode::kCancel);
  tunnel_task_.Note(kClosed);
}

void Http2Exchange::EndTunnelOutput() {
  conn_->GetSession().SendEnd(wire_);
  conn_->PumpSoon();
}

void Http2Exchange::CloseTunnel(bool abort) {
  if (abort) ResetStream(h2::ErrorCode::kCancel);
  if (Over()) return tunnel_task_.Note(kClosed);
  EndTunnelOutput();
  if (!sent_) stream_.BeginDrain();
}

void Http2Exchange::OnTunnelDestroyed(bool closing) {
  tunnel_ = nullptr;
  if (!closing) ResetStream(h2::ErrorCode::kCancel);
  tunnel_task_.Note(kDestroyed);
}

// The stream of a sink that throws is reset.
template <class Callback>
void Http2Exchange::Guarded(std::string_view name, Callback callback) {
  const Error thrown = CallGuarded(callback);
  if (!thrown) return;
  services_->engine.ReportThrown(name, thrown);
  CutTunnel(thrown);
}

void Http2Exchange::OnTunnelDeadline(io::ConnDeadline which) {
  Guarded("io::ConnSink::OnDeadline", [&] { tunnel_->Sink().OnDeadline(which); });
}

void Http2Exchange::TunnelTask::Note(TunnelEvent event) {
  const bool queued = std::exchange(events_, static_cast<uint8_t>(events_ | event)) != 0;
  if (!queued) owner_->GetLoop().Defer(*this);
}

void Http2Exchange::NotifySink(uint8_t events) {
  const auto is_due = [&](TunnelEvent event) {
    return (events & event) != 0 && tunnel_ != nullptr && !tunnel_->Closing();
  };
  if (is_due(kShutdown)) {
    Guarded("io::ConnSink::OnShutdown", [&] { tunnel_->Sink().OnShutdown(); });
  }
  if (is_due(kInput)) Guarded("io::ConnSink::OnInput", [&] { tunnel_->Sink().OnInput(); });
  if (is_due(kDrained)) Guarded("io::ConnSink::OnDrained", [&] { tunnel_->Sink().OnDrained(); });
  if ((events & kClosed) != 0 && tunnel_ != nullptr) {
    Http2Tunnel& tunnel = *std::exchange(tunnel_, nullptr);
    io::ConnSink& sink = tunnel.Sink();
    tunnel.Forget();
    Guarded("io::ConnSink::OnClosed", [&] { sink.OnClosed(tunnel_why_); });  // destroys the tunnel
  }
  if (!running_ && !InTunnel()) conn_->Ended(*this);
}

// --- The end.

void Http2Exchange::OnGone(const Error& why, const Error& cause) {
  if (stream_.Gone()) return;
  stream_.OnGone(why);
  if (tunnel_ != nullptr) {
    tunnel_why_ = why;
    return tunnel_task_.Note(kClosed);
  }
  if (running_) Cancel(cause);
}

// An incomplete request, or the input of a tunnel, stays incomplete.
void Http2Exchange::OnPeerFinished() {
  if (tunnel_ != nullptr) {
    if (!tunnel_->InputEnded()) CutTunnel(io::ErrUnexpectedEof);
    return;
  }
  if (!wire_.InputEnded()) return OnGone(io::ErrUnexpectedEof, ErrClientGone);
  if (running_) Cancel(ErrClientGone);
}

void Http2Exchange::OnDrainTimeout() {
  ResetStream(h2::ErrorCode::kCancel);
  if (tunnel_ != nullptr) return tunnel_task_.Note(kClosed);
  conn_->Ended(*this);
}

HON_NO_CANARY void Http2Exchange::End(const ConnScope& scope) {
  HON_ASSERT(!running_ && !InTunnel());
  if (tunnel_why_) tunnel_why_ = {};
  ForgetScope(scope);
  stream_.End();
  if (!wiped_) Wipe();
  trailer_fields_.Reset();
  trailer_.Reset();
  if (!wire_.Out().Empty()) wire_.Out().Clear();
  wire_.SetUserData(this);
  conn_ = nullptr;
  begun_ = false;
  draining_ = false;
}

}  // namespace hon::engine
