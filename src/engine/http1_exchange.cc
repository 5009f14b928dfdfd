#include "engine/http1_exchange.h"

#include <utility>

#include "base/outside_asan.h"
#include "engine/http1_conn.h"
#include "engine/loop_services.h"
#include "hon/adaptor/request_reader.h"
#include "hon/base/assert.h"
#include "hon/base/flatten.h"
#include "hon/http/status.h"

namespace hon::engine {
namespace {

// The content of "OPTIONS *" has no meaning; a longer one is not read.
constexpr int64_t kOptionsBodyBytesMax = 4096;

// How long an answer waits for the rest of a chunked body that its handler left unread.
constexpr Duration kUnreadBodyWait = std::chrono::milliseconds(10);

}  // namespace

adaptor::HeadStatus Http1Exchange::ReadHead(io::LinkBuffer& in, adaptor::HeadScan& scan) {
  return services_->parser.Read(in, scan, head_, request_.Header);
}

HON_NO_CANARY void Http1Exchange::Attach(Http1Conn& conn, netpoll::Connection& connection) {
  HON_ASSERT(conn_ == nullptr);
  conn_ = &conn;
  connection_ = &connection;
  connection.Retain();
  stream_.Attach(connection, services_->files);
  peer_ = connection.FormatRemoteAddr(remote_addr_);
  request_.TLS = connection.IsPlain() ? nullptr : connection.GetRecordLayer()->State();
}

void Http1Exchange::Detach(const ConnScope& scope) {
  HON_ASSERT(conn_ != nullptr);
  ForgetScope(scope);
  stream_.Detach();
  conn_ = nullptr;
  std::exchange(connection_, nullptr)->Release();
}

// Inlined: every request takes each of these steps once.
HON_FLATTEN HON_NO_CANARY Outcome Http1Exchange::Answer(const ConnScope& scope) {
  if (const adaptor::Refusal why = FillRequest(); why != adaptor::Refusal::kNone) [[unlikely]] {
    TurnAway(why);
    return Outcome::kRefused;
  }
  Begin(scope);
  const Call call = CallHandler(response_);
  if (call == Call::kThrew) [[unlikely]]
    Refuse(adaptor::Refusal::kInternalError);
  const Outcome outcome = call == Call::kReturned ? Complete() : CutOff();
  if (outcome != Outcome::kUnreadBody) End();
  return outcome;
}

Outcome Http1Exchange::Drain() {
  const bool whole = body_.Drain(adaptor::kUnreadBodyBytesMax);
  End();
  return whole ? Outcome::kKeepAlive : Outcome::kLinger;
}

void Http1Exchange::Abandon() {
  if (head_block_.Get() != nullptr) return End();  // Begin was called
  request_.Recycle();
}

// --- The request.

inline adaptor::Refusal Http1Exchange::FillRequest() {
  const adaptor::Refusal refusal = adaptor::FillRequest(head_, request_);
  if (refusal != adaptor::Refusal::kNone) return refusal;
  return head_.content_length > services_->settings.body_bytes_max
             ? adaptor::Refusal::kContentTooLarge
             : adaptor::Refusal::kNone;
}

inline void Http1Exchange::Begin(const ConnScope& scope) {
  std::atomic<uint64_t>& requests = services_->requests;  // only this thread counts
  requests.store(requests.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  head_block_ = stream_.In().Hold();
  const Error skipped = stream_.In().Skip(head_.size);
  HON_ASSERT(!skipped);
  stream_.Renew(services_->settings);
  BeginContext(scope);
  body_.Begin(stream_, head_, request_.Trailer, services_->settings.body_bytes_max);
  if (head_.HasBody()) request_.Body = http::Body(&body_);
  request_.RemoteAddr = peer_;
  response_.Reset(stream_, *this,
                  {.head = IsHead(),
                   .connect = head_.method == "CONNECT",
                   .http10 = head_.minor_version == 0,
                   .close = head_.close,
                   .date = services_->date.At(services_->loop.Now()),
                   .body = &body_});
}

// Ends every view that the handler was given.
inline void Http1Exchange::End() {
  stream_.EndRequest();
  EndContext();
  request_.Recycle();
  if (head_block_.Get() != nullptr) {
    PoisonAlways(const_cast<char*>(head_.method.data()), head_.size);
    head_block_.Reset();
  }
}

// --- The answer.

inline Outcome Http1Exchange::Complete() {
  if (response_.Hijacked()) return Outcome::kTakenOver;
  if (const adaptor::Refusal refusal = WhySilent(response_.Status(), body_);
      refusal != adaptor::Refusal::kNone) [[unlikely]] {
    Refuse(refusal);
    return CutOff();
  }
  // A client that got no 100 Continue may or may not have sent its body: received bytes are
  // ignored, so that the answer does not depend on them.
  if (!response_.HeadSent() && !body_.AtEnd() && !body_.ContinueWithheld()) DropUnreadBody();
  response_.Finish();
  if (stream_.Disconnected()) return Outcome::kAbort;
  if (response_.OutputError() || stream_.PastWriteDeadline()) return Outcome::kAbort;
  if (response_.MustClose()) return body_.AtEnd() ? Outcome::kClose : Outcome::kLinger;
  return body_.AtEnd() ? Outcome::kKeepAlive : Outcome::kUnreadBody;
}

// Drops the received part of a body before the answer's head is written. The length of a chunked
// body is unknown: a client that is just sending it gets kUnreadBodyWait, so that the head can say
// whether the connection ends.
void Http1Exchange::DropUnreadBody() {
  constexpr int64_t kMax = adaptor::kUnreadBodyBytesMax;
  if (body_.DrainReceived(kMax) || body_.Remaining() >= 0) return;
  const TimePoint until = Clock::now() + kUnreadBodyWait;
  while (!body_.TooMuch(kMax) && !body_.Failed() && stream_.AwaitInput(until)) {
    if (body_.DrainReceived(kMax)) return;
  }
}

// Answers in place of the handler; of the fields that the handler had set, only those that are true
// of every answer are kept.
void Http1Exchange::Refuse(adaptor::Refusal refusal) {
  if (response_.HeadSent() || stream_.Disconnected()) return;
  static_cast<void>(services_->AnswerRefused({.refusal = refusal,
                                              .peer = request_.RemoteAddr,
                                              .pattern = request_.Pattern,
                                              .head = IsHead(),
                                              .set_before = &response_.Header()},
                                             stream_.Out()));
}

// Ends the connection so that an incomplete answer is recognised: by a missing length or end mark
// where the framing has one; else, for a body that ends with the connection and for HTTP/1.0, only
// by a reset.
Outcome Http1Exchange::CutOff() const {
  if (response_.Hijacked()) return Outcome::kTakenOver;
  if (stream_.Disconnected()) return Outcome::kAbort;
  if (response_.HeadSent() && (head_.minor_version == 0 || response_.EndsWithConnection())) {
    return Outcome::kAbort;
  }
  return body_.AtEnd() ? Outcome::kClose : Outcome::kLinger;
}

void Http1Exchange::AnswerOptions() {
  if (body_.Remaining() > kOptionsBodyBytesMax) response_.Header().Set("Connection", "close");
  response_.Header().Set(http::HeaderId::kContentLength, "0");
  response_.WriteHeader(http::StatusOK);
}

bool Http1Exchange::KeepAlive() const {
  return services_->keep_alive.load(std::memory_order_relaxed);
}

Result<std::unique_ptr<io::Conn>> Http1Exchange::Hijack(std::string_view first) {
  if (conn_->Closed()) return Fail(stream_.Disconnected() ? stream_.Failure() : io::ErrClosed);
  BecomeUnwatched();
  if (Error err = body_.Close()) return Fail(std::move(err));
  stream_.Out().Write(first);
  return conn_->TakeOver();
}

Error Http1Exchange::Lend(io::ConnSink& sink, bool keep_alive) {
  if (conn_->Closed()) return stream_.Disconnected() ? stream_.Failure() : io::ErrClosed;
  BecomeUnwatched();
  conn_->Lend(sink, keep_alive);
  return {};
}

WorkerCall::Lent Http1Exchange::LentToWorker() {
  return {.owner = *this, .body = body_, .stream = stream_, .control = *this};
}

// --- The connection's events.

void Http1Exchange::OnInput() {
  stream_.OnInput();
  NoticePeer();
}

// A read deadline of the handler that passes when nothing is left to read ends the context
// (contract W87).
void Http1Exchange::OnTimeout(netpoll::DeadlineKind kind) {
  if (kind == netpoll::DeadlineKind::kRead && body_.AtEnd() && !stream_.AwaitsInput()) {
    Cancel(io::ErrDeadlineExceeded);
  }
  stream_.OnTimeout(kind);
}

void Http1Exchange::OnDisconnect(const Error& why) {
  stream_.OnDisconnect(why);
  Cancel(ErrClientGone);
}

// A client that will send nothing more has most likely gone; the context ends then, as in Go. The
// answer is still delivered, since the client may have closed only its sending direction. Bytes
// behind this request show that the client waits for more answers.
void Http1Exchange::NoticePeer() {
  if (!connection_->PeerFinished()) return;
  const int64_t body_left = call_ == nullptr ? body_.Remaining() : call_->ConnectionBodyLeft();
  const auto unread = static_cast<int64_t>(stream_.In().Len());
  if (body_left >= 0 && unread > body_left) return;
  Cancel(ErrClientGone);
}

}  // namespace hon::engine
