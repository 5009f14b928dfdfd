#include "client/h2_conn.h"

#include <algorithm>
#include <utility>

#include "client/core.h"
#include "client/h2_tunnel.h"
#include "client/tell.h"
#include "hon/adaptor/chunked.h"
#include "hon/appcontext/callback_guard.h"
#include "hon/base/assert.h"
#include "hon/h2/config.h"
#include "hon/h2/field_section.h"
#include "hon/http/client_error.h"
#include "hon/http/status.h"

namespace hon::client {
namespace {

// Nothing is received while this much is unsent: each frame may be answered.
constexpr size_t kUnsentFramesMax = 512 * 1024;
constexpr uint32_t kStreamWindow = 1024 * 1024;
constexpr uint32_t kConnectionWindow = 16 * 1024 * 1024;
constexpr Duration kSendPingTimeout = std::chrono::seconds(30);

h2::SessionLimits LimitsOfH2(const TransportOptions& options) {
  h2::SessionLimits limits;
  limits.fields.list_bytes_max = options.MaxResponseHeaderBytes;
  limits.fields.fields_max = kResponseFieldsMax;
  limits.block_bytes_max = std::max(limits.block_bytes_max, options.MaxResponseHeaderBytes);
  limits.sections_bytes_max = 4 * std::max(size_t{1} << 20, options.MaxResponseHeaderBytes);
  limits.continuations_max = static_cast<uint32_t>(limits.block_bytes_max / 1024 + 1);
  limits.stream_window = kStreamWindow;
  limits.stream_window_max = 4 * kStreamWindow;
  limits.connection_window = kConnectionWindow;
  limits.unread_bytes_max = 4 * size_t{kConnectionWindow};
  h2::ApplyConfig(options.HTTP2, limits);
  return limits;
}

H2Stream& Of(h2::Stream& stream) { return *static_cast<H2Stream*>(stream.UserData()); }

io::BlockPool& BlocksHere() { return fiber::Scheduler::Current()->GetLoop().Blocks(); }

Error HeaderListTooLong() {
  return Error::Of(http::ErrResponseHeaderTooLong,
                   "http2: response header list larger than advertised limit");
}

}  // namespace

H2Stream::H2Stream(std::shared_ptr<H2Conn> conn)
    : conn_(std::move(conn)),
      stream_(BlocksHere()),
      buffer_(conn_->pool_->TakeFields()),
      header_(conn_->pool_->TakeHeader()) {}

H2Stream::~H2Stream() {
  HON_ASSERT(reader_ == nullptr && writer_ == nullptr);
  Release();
  conn_->pool_->GiveFields(std::move(buffer_));
}

void H2Stream::Release() {
  trace_ = nullptr;
  if (std::exchange(opened_, false)) conn_->Remove(*this);
}

Error H2Stream::Open(const h2::Session::RequestHead& head, const http::Header& fields,
                     bool end_stream, const appcontext::Context& context) {
  context_ = &context;
  to_head_ = head.method == "HEAD";
  if (Error why = conn_->AwaitRoom(context)) {
    refused_ = !context.Done();  // nothing was sent
    return why;
  }
  if (!conn_->Takes(head, fields)) return http::ErrRequestHeaderTooLong;
  if (!conn_->session_->SendRequest(stream_, head, fields, end_stream)) return io::ErrClosed;
  stream_.SetUserData(this);
  opened_ = true;
  if (conn_->streams_.Empty()) conn_->BeginSilence();
  conn_->streams_.PushBack(*this);
  conn_->served_ = true;
  conn_->conn_->SetDeadline(io::ConnDeadline::kIdle, kNever);
  conn_->Pump();
  return {};
}

Error H2Stream::Obstacle(TimePoint deadline) const {
  if (failure_) return failure_;
  if (context_->Done()) return context_->Cause();
  if (deadline != kNever && Clock::now() >= deadline) return io::ErrDeadlineExceeded;
  return {};
}

Error H2Stream::Put(std::string_view part) {
  HON_RETURN_IF_ERROR(Obstacle(kNever));
  stream_.Out().Write(part);
  return SendWithRoom();
}

Error H2Stream::PutBlocks(io::LinkBuffer& part) {
  HON_RETURN_IF_ERROR(Obstacle(kNever));
  stream_.Out().Append(std::move(part));
  return SendWithRoom();
}

// Sends Out(), and waits until there is room for more.
Error H2Stream::SendWithRoom() {
  SendSoon();
  while (stream_.Out().Len() > io::kHighWaterBytes) {
    HON_RETURN_IF_ERROR(Obstacle(kNever));
    Parker parker;
    writer_ = &parker;
    parker.Park(*context_, kNever);
    writer_ = nullptr;
  }
  return Obstacle(kNever);
}

Error H2Stream::End(const http::Header& trailer) {
  HON_RETURN_IF_ERROR(Obstacle(kNever));
  if (trailer.Empty()) {
    SendEnd();
  } else {
    conn_->session_->SendTrailers(stream_, trailer);
    conn_->Pump();
  }
  return {};
}

Error H2Stream::AwaitHead(TimePoint deadline) {
  while (!has_head_ && !continue_received_ && pending_interims_.empty()) {
    HON_RETURN_IF_ERROR(Obstacle(deadline));
    Parker parker;
    reader_ = &parker;
    parker.Park(*context_, deadline);
    reader_ = nullptr;
  }
  return {};
}

// Waits for content. At the end of the content: io::ErrEof.
Error H2Stream::AwaitContent() {
  while (stream_.In().Empty()) {
    if (failure_) return failure_;
    if (stream_.InputEnded()) return io::ErrEof;
    HON_RETURN_IF_ERROR(Obstacle(kNever));
    Parker parker;
    reader_ = &parker;
    parker.Park(*context_, kNever);
    reader_ = nullptr;
  }
  return {};
}

io::IoResult H2Stream::Read(std::span<char> into) {
  if (Error err = AwaitContent()) return {0, std::move(err)};
  const size_t n = stream_.In().ReadInto(into);
  Consumed();
  return {n, {}};
}

void H2Stream::SetTunnel(std::shared_ptr<TunnelState> tunnel) {
  context_ = nullptr;
  tunnel_ = std::move(tunnel);
  if (tunnel_ == nullptr) return;
  if (failure_) return tunnel_->OnGone(failure_);
  if (!stream_.In().Empty() || stream_.InputEnded()) tunnel_->Note(TunnelState::kInput);
}

void H2Stream::Consumed() {
  if (!opened_) return;
  conn_->session_->Consumed(stream_);
  conn_->Pump();
}

void H2Stream::SendSoon() {
  if (!opened_) return;
  conn_->session_->SendSoon(stream_);
  conn_->Pump();
}

void H2Stream::SendEnd() {
  if (!opened_) return;
  conn_->session_->SendEnd(stream_);
  conn_->Pump();
}

void H2Stream::WakeReader() {
  if (tunnel_ != nullptr) return tunnel_->Note(TunnelState::kInput);
  if (reader_ != nullptr) reader_->Wake();
}

void H2Stream::Fail(Error why) {
  if (!failure_) failure_ = std::move(why);
  if (tunnel_ != nullptr) return tunnel_->OnGone(failure_);
  WakeReader();
  if (writer_ != nullptr) writer_->Wake();
}

void H2Stream::OnInterim(int status) {
  for (const auto& field : header_) {
    interim_bytes_ += field.name.size() + field.value.size() + h2::kFieldOverheadBytes;
  }
  if (++interims_ > kInterimAnswersMax) {
    return Refuse(h2::ErrorCode::kEnhanceYourCalm,
                  Error::Of(http::ErrMalformedResponse, "http2: too many 1xx responses"));
  }
  if (interim_bytes_ > conn_->core_->Options().MaxResponseHeaderBytes) {
    return Refuse(h2::ErrorCode::kEnhanceYourCalm, HeaderListTooLong());
  }
  if (status == http::StatusContinue) continue_received_ = true;
  if (keeps_interims_) pending_interims_.push_back({status, header_.Clone()});
}

void H2Stream::OnTrailers(h2::FieldBuffer& fields, const h2::SectionInfo& info) {
  http::Header all;
  const h2::Violation violation = h2::ReadTrailerFields(fields.lines, fields.arena, all);
  if (violation || info.too_large) {
    return Refuse(h2::ErrorCode::kProtocolError,
                  Error::Of(http::ErrMalformedResponse, "http2: malformed trailers"));
  }
  for (const auto& field : all) {
    if (adaptor::IsTrailerAllowed(field.name)) trailers_.Add(field.name, field.value);
  }
}

void H2Stream::OnSection(h2::FieldBuffer& fields, const h2::SectionInfo& info) {
  if (!std::exchange(began_, true)) Tell(trace_, &ClientTrace::GotFirstResponseByte);
  if (info.trailers) {
    OnTrailers(fields, info);
    return WakeReader();
  }
  if (info.too_large) {
    return Refuse(h2::ErrorCode::kCancel, HeaderListTooLong());
  }
  header_.Reset();
  const h2::Violation violation =
      h2::ReadResponseFields(fields.lines, info.end_stream, fields.arena, head_, header_);
  if (violation) {
    return Refuse(violation.code,
                  Error::Of(http::ErrMalformedResponse,
                            "http2: malformed response: " + std::string(violation.reason)));
  }
  if (head_.status < 200) {
    OnInterim(head_.status);
  } else {
    has_head_ = true;
    const bool empty = to_head_ || head_.status == http::StatusNoContent ||
                       head_.status == http::StatusNotModified;
    stream_.ExpectContent(empty ? 0 : head_.content_length);
  }
  WakeReader();
}

void H2Stream::Refuse(h2::ErrorCode code, Error why) {
  conn_->session_->Reset(stream_, code);
  conn_->Count("stream_", code);
  Fail(std::move(why));
}

void H2Stream::OnReset(h2::ErrorCode code, bool by_peer) {
  // RFC 9113 §8.1: the answer is complete, and the server needs no more of the request.
  const bool complete = stream_.InputEnded() && by_peer && code == h2::ErrorCode::kNoError;
  if (complete) {
    if (tunnel_ != nullptr) return tunnel_->OnGone(io::ErrClosed);
    if (writer_ != nullptr) writer_->Wake();
    return WakeReader();
  }
  if (!by_peer) conn_->Count("stream_", code);
  refused_ = by_peer && code == h2::ErrorCode::kRefusedStream;
  const std::string text = "stream error: stream ID " + std::to_string(stream_.Id()) + "; " +
                           std::string(h2::ErrorCodeName(code)) +
                           (by_peer ? "; received from peer" : "");
  Fail(Error::Of(by_peer ? io::ErrUnexpectedEof : http::ErrMalformedResponse, text));
}

H2Conn::H2Conn(std::shared_ptr<Core> core, std::shared_ptr<Route> route,
               std::shared_ptr<LoopPool> pool)
    : core_(std::move(core)),
      route_(std::move(route)),
      pool_(std::move(pool)),
      retires_at_(core_->RetirementOfNew()) {}

H2Conn::~H2Conn() {
  HON_ASSERT(streams_.Empty() && openers_.Empty());
  session_.reset();
  conn_.reset();
  core_->FreeSlot(*route_);
}

void H2Conn::OnOpen(std::unique_ptr<io::EventConn> conn) {
  conn_ = std::move(conn);
  session_.emplace(h2::Role::kClient, LimitsOfH2(core_->Options()),
                   static_cast<h2::SessionHandler&>(*this), conn_->Out());
  session_->Start(false);
  conn_->SendSoon();
}

void H2Conn::OnInput() {
  if (!yielded_ && !closing_) Receive();
}

void H2Conn::Receive() {
  if (conn_->Out().Len() >= kUnsentFramesMax) {
    conn_->SendNow({}, {});
    if (gone_ || conn_->Out().Len() >= kUnsentFramesMax) return;  // OnDrained continues
  }
  const std::shared_ptr<H2Conn> self = shared_from_this();
  HON_ASSERT(!receiving_);
  receiving_ = true;
  silent_since_ = Clock::now();
  if (std::exchange(pinged_, false)) WatchSilence(silent_since_);
  const h2::Session::Status status = session_->Receive(conn_->In(), silent_since_);
  receiving_ = false;
  if (status == h2::Session::Status::kFailed) {
    const h2::Violation& failure = session_->Failure();
    Count("conn_", failure.code);
    const std::string reason = conn_->In().Front().starts_with("HTTP/1.")
                                   ? "the server answered in HTTP/1.1"
                                   : std::string(failure.reason);
    return Fail(Error::Of(http::ErrMalformedResponse,
                          "http2: connection error: " +
                              std::string(h2::ErrorCodeName(failure.code)) + ": " + reason));
  }
  conn_->ConsumedInput();
  Pump();
  if (status == h2::Session::Status::kYield) return Yield();
  if (conn_->InputEnded()) {
    return Fail(leaving_ ? Error::Of(io::ErrUnexpectedEof,
                                     "http2: server sent GOAWAY and closed the connection")
                         : Error(io::ErrUnexpectedEof));
  }
  EndIfDone();
}

// Gives other connections a turn.
void H2Conn::Yield() {
  yielded_ = true;
  conn_->Post([weak = weak_from_this()] {
    const std::shared_ptr<H2Conn> self = weak.lock();
    if (self == nullptr || self->gone_) return;
    self->yielded_ = false;
    if (!self->closing_) self->Receive();
  });
}

void H2Conn::Pump() {
  if (receiving_ || gone_ || closing_) return;
  for (;;) {
    const size_t before = conn_->Out().Len();
    const bool more = session_->Produce(io::kHighWaterBytes);
    if (unsent_ != 0) unsent_ += conn_->Out().Len() - before;
    if (conn_->Out().Empty()) return;
    NoteUnsent();
    if (!more) return conn_->SendSoon();
    conn_->SendNow({}, {});
    if (gone_ || !conn_->Out().Empty()) return;  // goes on with OnDrained
  }
}

void H2Conn::OnDrained() {
  Pump();
  if (!conn_->In().Empty() && !yielded_ && !closing_) Receive();
}

void H2Conn::OnDeadline(io::ConnDeadline which) {
  const std::shared_ptr<H2Conn> self = shared_from_this();
  if (which == io::ConnDeadline::kRead) return CheckSilence();
  if (which == io::ConnDeadline::kWrite) return CheckProgress();
  Leave();
}

// The first stream of a connection that had none: its silence counts from now on.
void H2Conn::BeginSilence() {
  silent_since_ = Clock::now();
  pinged_ = false;
  if (!watches_silence_) WatchSilence(silent_since_);
}

Duration H2Conn::SilenceMax() const {
  const Duration timeout = core_->Options().HTTP2.SendPingTimeout;
  return timeout > Duration() ? timeout : kSendPingTimeout;
}

void H2Conn::WatchSilence(TimePoint since) {
  watches_silence_ = true;
  conn_->SetDeadline(io::ConnDeadline::kRead, DeadlineAfter(since, SilenceMax()));
}

// Sends a PING to a silent server, and gives the connection up when that is not answered.
void H2Conn::CheckSilence() {
  watches_silence_ = false;
  if (gone_ || closing_ || streams_.Empty()) return;
  const TimePoint now = Clock::now();
  if (DeadlineAfter(silent_since_, SilenceMax()) > now) return WatchSilence(silent_since_);
  if (pinged_) return Lose();
  pinged_ = true;
  session_->SendPing(h2::kHealthPing);
  Pump();
  watches_silence_ = true;
  conn_->SetDeadline(io::ConnDeadline::kRead,
                     DeadlineAfter(now, h2::PingTimeoutOf(core_->Options().HTTP2)));
}

// There is output: the server has WriteByteTimeout to take a part of it.
void H2Conn::NoteUnsent() {
  const Duration timeout = core_->Options().HTTP2.WriteByteTimeout;
  if (timeout <= Duration() || unsent_ != 0) return;
  unsent_ = conn_->Unsent();
  conn_->SetDeadline(io::ConnDeadline::kWrite, DeadlineAfter(Clock::now(), timeout));
}

void H2Conn::CheckProgress() {
  const size_t all = std::exchange(unsent_, 0);
  const size_t left = conn_->Unsent();
  if (gone_ || left == 0) return;
  if (left < all) return NoteUnsent();
  Lose();
}

// The server has gone without a word.
void H2Conn::Lose() {
  Fail(http::ErrConnectionLost);
  conn_->Close(io::ConnClose::kAbort);
}

void H2Conn::Count(std::string_view scope, h2::ErrorCode code) const {
  const auto& count = core_->Options().HTTP2.CountError;
  if (!count) return;
  const std::string token = std::string(scope) + std::string(h2::ErrorCodeName(code));
  static_cast<void>(
      appcontext::CallbackGuard().Call("HTTP2Config::CountError", [&] { count(token); }));
}

void H2Conn::OnClosed(const Error& why) {
  const std::shared_ptr<H2Conn> self = shared_from_this();
  gone_ = why ? why : Error(io::ErrClosed);
  pool_->ForgetH2(*this);
  streams_.ForEach([this](H2Stream& stream) {
    if (stream.tunnel_ != nullptr) return stream.tunnel_->EndNow(gone_);
    if (!stream.AtEnd()) stream.Fail(gone_);
  });
  WakeOpeners();
}

// The connection cannot go on: sends GOAWAY, as far as the socket takes it.
void H2Conn::Fail(const Error& why) {
  const std::shared_ptr<H2Conn> self = shared_from_this();
  closing_ = true;
  leaving_ = true;
  streams_.ForEach([&why](H2Stream& stream) {
    if (stream.tunnel_ != nullptr || !stream.AtEnd()) stream.Fail(why);
  });
  WakeOpeners();
  pool_->ForgetH2(*this);
  conn_->Close(io::ConnClose::kGraceful);
}

void H2Conn::Leave() {
  leaving_ = true;
  EndIfDone();
}

void H2Conn::CloseIfIdle() {
  if (streams_.Empty()) Leave();
}

void H2Conn::EndIfDone() {
  if (gone_ || closing_ || !streams_.Empty()) return;
  const bool is_kept = !core_->ClosesIdle() && !(served_ && core_->Options().DisableKeepAlives);
  if (!leaving_ && is_kept) {
    const TimePoint idle_end = DeadlineAfter(Clock::now(), core_->Options().IdleConnTimeout);
    conn_->SetDeadline(io::ConnDeadline::kIdle, std::min(retires_at_, idle_end));
    return;
  }
  closing_ = true;
  leaving_ = true;
  session_->SendGoAway(session_->LastPeerStream(), h2::ErrorCode::kNoError);
  conn_->Close(io::ConnClose::kGraceful);
  WakeOpeners();
  pool_->ForgetH2(*this);
}

bool H2Conn::MayOpen() const {
  return session_->MayOpen() &&
         session_->Streams() < (settings_seen_ ? kStreamsAtOnceMax : kStreamsAssumedMax);
}

bool H2Conn::Takes(const h2::Session::RequestHead& head, const http::Header& fields) const {
  if (session_->PeerSectionBytesMax() == UINT32_MAX) return true;
  size_t bytes = 0;
  const auto add = [&bytes](size_t name, std::string_view value) {
    if (!value.empty()) bytes += name + value.size() + h2::kFieldOverheadBytes;
  };
  add(sizeof(":method") - 1, head.method);
  add(sizeof(":scheme") - 1, head.scheme);
  add(sizeof(":authority") - 1, head.authority);
  add(sizeof(":path") - 1, head.path);
  add(sizeof(":protocol") - 1, head.protocol);
  for (const auto& field : fields) {
    bytes += field.name.size() + field.value.size() + h2::kFieldOverheadBytes;
  }
  return bytes <= session_->PeerSectionBytesMax();
}

Error H2Conn::AwaitRoom(const appcontext::Context& context) {
  Opener opener;
  Parker parker;
  opener.parker = &parker;
  openers_.PushBack(opener);
  Error why;
  for (;;) {
    if (!Usable()) why = gone_ ? gone_ : Error(http::ErrServerClosedIdle);
    if (!why && context.Done()) why = context.Cause();
    if (why || (openers_.First() == &opener && MayOpen())) break;
    parker.Park(context, kNever);
  }
  openers_.Remove(opener);
  WakeOpeners();
  return why;
}

void H2Conn::WakeOpeners() {
  openers_.ForEach([](Opener& one) { one.parker->Wake(); });
}

void H2Conn::Remove(H2Stream& stream) {
  const std::shared_ptr<H2Conn> self = shared_from_this();
  streams_.Remove(stream);
  session_->Release(stream.stream_);
  Pump();
  WakeOpeners();
  EndIfDone();
}

h2::FieldBuffer& H2Conn::FieldsFor(h2::Stream* stream) {
  h2::FieldBuffer& fields = stream == nullptr ? spare_fields_ : Of(*stream).NextFields();
  fields.Reset();
  return fields;
}

// Servers open no streams: the Session refuses pushes.
h2::Stream& H2Conn::NewStream() {
  if (!spare_stream_) spare_stream_.emplace(conn_->In().Pool());
  return *spare_stream_;
}

void H2Conn::OnSection(h2::Stream& stream, h2::FieldBuffer& fields, const h2::SectionInfo& info) {
  Of(stream).OnSection(fields, info);
}

void H2Conn::OnData(h2::Stream& stream) { Of(stream).WakeReader(); }

void H2Conn::OnReset(h2::Stream& stream, h2::ErrorCode code, bool by_peer) {
  Of(stream).OnReset(code, by_peer);
}

void H2Conn::OnFramed(h2::Stream& stream) {
  H2Stream& own = Of(stream);
  if (own.tunnel_ != nullptr && stream.Out().Empty()) own.tunnel_->Note(TunnelState::kDrained);
  if (own.writer_ != nullptr && stream.Out().Len() <= io::kHighWaterBytes) own.writer_->Wake();
}

void H2Conn::OnSent(h2::Stream& stream) {
  // A request without a body is complete before its stream has its owner.
  const auto* own = static_cast<const H2Stream*>(stream.UserData());
  if (own != nullptr && own->tunnel_ != nullptr) own->tunnel_->OnSent();
}

Result<bool> H2Conn::AwaitConnectProtocol(const appcontext::Context& context) {
  Opener opener;
  Parker parker;
  opener.parker = &parker;
  openers_.PushBack(opener);
  while (!settings_seen_ && !gone_ && !context.Done()) parker.Park(context, kNever);
  openers_.Remove(opener);
  WakeOpeners();
  if (context.Done()) return hon::Fail(context.Cause());
  if (gone_) return hon::Fail(gone_);
  return session_->PeerAllowsConnectProtocol();
}

void H2Conn::OnGoAway(uint32_t last_stream, h2::ErrorCode code) {
  leaving_ = true;
  streams_.ForEach([&](H2Stream& stream) {
    if (stream.Id() <= last_stream) return;
    stream.refused_ = true;
    stream.Fail(
        Error::Of(io::ErrUnexpectedEof, "http2: Transport received GOAWAY from server ErrCode:" +
                                            std::string(h2::ErrorCodeName(code))));
  });
  WakeOpeners();
}

}  // namespace hon::client
