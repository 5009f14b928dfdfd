#include "client/exchange.h"

#include <utility>

#include "client/tell.h"
#include "hon/adaptor/message_reader.h"
#include "hon/base/quote.h"
#include "hon/http/client_error.h"
#include "hon/http/status.h"

namespace hon::client {
namespace {

// Bodies up to this length are sent together with the head.
constexpr size_t kInlineBodyBytes = io::kHighWaterBytes - 16 * 1024;

bool IsTunnel(const adaptor::AnswerHead& head, const RequestPlan& plan) {
  if (head.status == http::StatusSwitchingProtocols) return true;
  return plan.method == "CONNECT" && head.status >= 200 && head.status < 300;
}

// An error of a body's coding is a protocol error.
Error BodyError(Error err) {
  if (http::KindOf(err) != http::ErrorKind::kOther || err.SystemCode() != 0 ||
      err.Is(http::ErrBodyReadAfterClose)) {
    return err;
  }
  return Error::Of(http::ErrMalformedResponse, err.Message());
}

}  // namespace

Exchange::Exchange(std::unique_ptr<Conn> conn, appcontext::Context context,
                   std::shared_ptr<const ClientTrace> trace)
    : conn_(std::move(conn)),
      core_(conn_->GetCore()),
      pool_(conn_->GetPool()),
      context_(std::move(context)),
      trace_(std::move(trace)),
      tls_(conn_->TlsState()),
      fields_(pool_->TakeHeader()) {}

Exchange::~Exchange() { Abandon(); }

Error Exchange::Run(const http::Request& r, const RequestPlan& plan, std::shared_ptr<Upload> upload,
                    http::Response& into) {
  upload_ = std::move(upload);
  reused_ = conn_->Served();
  conn_->BeginExchange(context_, plan.framing == RequestFraming::kChunked);
  if (conn_->Gone()) return conn_->Gone();
  const std::string_view head = WriteRequestHead(r, plan, *conn_->GetRoute(), conn_->Out());
  TellHead(trace_.get(), head);
  conn_->MarkServed();
  conn_->SendSoon();
  awaits_continue_ = plan.expects_continue && core_->Options().ExpectContinueTimeout > Duration(0);
  const TimePoint now = Clock::now();
  if (awaits_continue_) {
    conn_->SetReadDeadline(DeadlineAfter(now, core_->Options().ExpectContinueTimeout));
    Tell(trace_.get(), &ClientTrace::Wait100Continue);
  } else if (upload_ != nullptr) {
    HON_RETURN_IF_ERROR(SendBody());
  } else {
    AwaitHeadFrom(now);
    TellWritten({});
  }
  Error err = AwaitHead(plan);
  if (err) {
    failure_ = err;
    return err;
  }
  Fill(plan, into);
  return {};
}

// The time for the head begins with the end of the request.
void Exchange::AwaitHeadFrom(TimePoint now) {
  conn_->SetReadDeadline(DeadlineAfter(now, core_->Options().ResponseHeaderTimeout));
}

void Exchange::TellWritten(const Error& err) const {
  Tell(trace_.get(), &ClientTrace::WroteRequest, err);
}

// Sends a short body in memory here, any other on a fiber of its own.
Error Exchange::SendBody() {
  awaits_continue_ = false;
  if (upload_ == nullptr) {
    AwaitHeadFrom(Clock::now());
    return {};
  }
  if (upload_->InMemory(kInlineBodyBytes)) {
    upload_->SendNow(*conn_);
    AwaitHeadFrom(Clock::now());
    TellWritten(upload_->Failure());
    return upload_->SourceError();
  }
  conn_->SetReadDeadline(kNever);
  upload_->Start(*conn_, [this] {
    TellWritten(upload_->Failure());
    if (upload_->SourceError()) {
      conn_->Interrupt(upload_->SourceError());
    } else if (!answer_begun_) {
      AwaitHeadFrom(Clock::now());
      conn_->Interrupt({});
    }
  });
  return {};
}

Error Exchange::HeadFault() const {
  if (head_.fault == "header too large" || head_.fault == "too many fields") {
    return Error::Of(http::ErrResponseHeaderTooLong,
                     "net/http: server response headers exceeded " +
                         std::to_string(core_->Options().MaxResponseHeaderBytes) +
                         " bytes; aborted");
  }
  return Error::Of(http::ErrMalformedResponse,
                   "net/http: HTTP/1.x transport connection broken: " + std::string(head_.fault));
}

// Returns no error when the wait goes on, else the reason of its end.
Error Exchange::OnWaitFailed(const Error& why) {
  if (context_.Done()) return context_.Cause();
  // Before the deadline of the head: the body's source may have a deadline of its own.
  if (upload_ != nullptr && upload_->SourceError()) return upload_->SourceError();
  if (why.Is(io::ErrDeadlineExceeded)) {
    if (awaits_continue_) return SendBody();
    return http::ErrResponseHeaderTimeout;
  }
  if (!why.Is(io::ErrEof)) return why;
  if (answer_begun_) return io::ErrUnexpectedEof;
  return reused_ ? Error(http::ErrServerClosedIdle) : Error(io::ErrEof);
}

Error Exchange::TakeInterim() {
  if (++interims_ > kInterimAnswersMax) {
    return Error::Of(http::ErrMalformedResponse, "net/http: too many 1xx informational responses");
  }
  const bool go_on = head_.status == http::StatusContinue && awaits_continue_;
  if (go_on) Tell(trace_.get(), &ClientTrace::Got100Continue);
  if (trace_ != nullptr && trace_->Got1xxResponse != nullptr) {
    HON_RETURN_IF_ERROR(trace_->Got1xxResponse(head_.status, fields_));
  }
  interim_bytes_ += head_.size;
  if (interim_bytes_ > core_->Options().MaxResponseHeaderBytes) {
    head_.fault = "header too large";
    return HeadFault();
  }
  HON_RETURN_IF_ERROR(conn_->In().Skip(head_.size));
  scan_ = {};
  fields_.Reset();
  return go_on ? SendBody() : Error();
}

Error Exchange::AwaitHead(const RequestPlan& plan) {
  bool roomy = false;
  for (;;) {
    io::LinkBuffer& in = conn_->In();
    if (!in.Empty() && !std::exchange(answer_begun_, true)) {
      Tell(trace_.get(), &ClientTrace::GotFirstResponseByte);
    }
    switch (core_->Parser().ReadAnswer(in, scan_, plan.method, head_, fields_)) {
      case adaptor::HeadStatus::kBad:
        return HeadFault();
      case adaptor::HeadStatus::kDone:
        if (head_.status >= 200 || head_.status == http::StatusSwitchingProtocols) {
          if (head_.status == http::StatusSwitchingProtocols && !plan.upgrades) {
            head_.fault = "101 without a request to upgrade";
            return HeadFault();
          }
          if (interim_bytes_ + head_.size > core_->Options().MaxResponseHeaderBytes) {
            head_.fault = "header too large";
            return HeadFault();
          }
          if (roomy) conn_->SetInputRoom(0);
          return {};
        }
        HON_RETURN_IF_ERROR(TakeInterim());
        continue;
      case adaptor::HeadStatus::kIncomplete:
        break;
    }
    if (!roomy && in.Len() >= netpoll::kInputHighWaterBytes / 2) {
      roomy = true;
      conn_->SetInputRoom(core_->Options().MaxResponseHeaderBytes + netpoll::kInputHighWaterBytes);
    }
    if (Error why = conn_->FillInput()) HON_RETURN_IF_ERROR(OnWaitFailed(why));
  }
}

void Exchange::Fill(const RequestPlan& plan, http::Response& into) {
  conn_->SetReadDeadline(kNever);
  into.Proto = head_.version;
  into.ProtoMajor = 1;
  into.ProtoMinor = head_.minor_version;
  into.Status = head_.status_text;
  into.StatusCode = head_.status;
  into.ContentLength = head_.content_length;
  into.Chunked = head_.chunked;
  into.Close = head_.close;
  into.Header = std::move(fields_);
  into.TLS = tls_.get();
  head_block_ = conn_->In().Hold();
  if (head_.chunked) adaptor::TakeTrailerNames(into);
  static_cast<void>(conn_->In().Skip(head_.size));
  raw_ = IsTunnel(head_, plan);
  const bool body_withheld = upload_ != nullptr && !upload_->Started();
  keep_ = !head_.close && !plan.close && !raw_ && !body_withheld;
  body_.Begin(*conn_, head_, trailers_);
  into.SetOwner(shared_from_this());
  if (raw_ || !body_.AtEnd()) {
    into.Body = http::Body(shared_from_this());
  } else {
    if (plan.method != "HEAD") into.ContentLength = 0;
    Finish();
  }
}

io::IoResult Exchange::ReadRaw(std::span<char> into) {
  if (conn_ == nullptr) return {0, io::ErrClosed};
  while (conn_->In().Empty()) {
    if (Error err = conn_->FillInput()) return {0, std::move(err)};
  }
  return {conn_->In().ReadInto(into), {}};
}

io::IoResult Exchange::Read(std::span<char> into) {
  if (into.empty() && !closed_) return {};
  if (raw_ && !closed_) return ReadRaw(into);
  return ReadBy([&] { return body_.Read(into); });
}

io::IoResult Exchange::ReadBlocks(io::LinkBuffer& into, size_t bytes_max) {
  return ReadBy([&] { return body_.ReadBlocks(into, bytes_max); });
}

// The connection may have gone back to its pool, with the end of the body.
io::BlockReader* Exchange::AsBlocks(const io::BlockPool& pool) {
  return conn_ != nullptr && !raw_ && body_.AsBlocks(pool) != nullptr ? this : nullptr;
}

template <class Receive>
io::IoResult Exchange::ReadBy(Receive&& receive) {
  if (closed_) return {0, http::ErrBodyReadAfterClose};
  if (failure_) return {0, failure_};
  if (conn_ == nullptr) return {0, io::ErrEof};
  io::IoResult got = receive();
  if (body_.AtEnd()) {
    Finish();
  } else if (got.err) {
    failure_ = context_.Done() ? context_.Cause() : BodyError(std::move(got.err));
    got.err = failure_;
    Abandon();
  }
  return got;
}

Error Exchange::Close() {
  closed_ = true;
  Abandon();
  return {};
}

std::unique_ptr<io::Conn> Exchange::TakeConn() {
  if (!raw_ || closed_ || conn_ == nullptr) return nullptr;
  std::unique_ptr<io::Conn> taken = conn_->TakeConn();
  conn_.reset();
  return taken;
}

// The connection ends with the upload.
void Exchange::StopUpload() {
  conn_->Abort();
  conn_->InterruptWriter(io::ErrClosed);
  upload_->Stop(std::shared_ptr<Conn>(std::move(conn_)));
}

// The answer is complete: the connection can go.
void Exchange::Finish() {
  if (response_ != nullptr && head_.chunked) response_->Trailer = std::move(trailers_);
  if (upload_ != nullptr && upload_->Started() && !upload_->Ended()) {
    return StopUpload();  // the server has answered without reading everything
  }
  const bool keep = keep_ && (upload_ == nullptr || upload_->Complete());
  Tell(trace_.get(), &ClientTrace::PutIdleConn, keep ? Error() : Error(io::ErrClosed));
  std::unique_ptr<Conn> conn = std::move(conn_);
  if (keep) core_->Release(std::move(conn));
}

// Drops the rest of the answer.
void Exchange::Abandon() {
  if (conn_ == nullptr) return;
  if (!failure_ && keep_ && body_.DrainReceived(static_cast<int64_t>(kUnreadAnswerBytesMax))) {
    return Finish();
  }
  if (upload_ != nullptr && upload_->Started() && !upload_->Ended()) {
    return StopUpload();
  }
  conn_->Abort();
  conn_.reset();
}

}  // namespace hon::client
