#include "client/h2_exchange.h"

#include <utility>

#include "client/decode.h"
#include "client/h2_tunnel.h"
#include "client/tell.h"
#include "hon/adaptor/message_reader.h"
#include "hon/base/quote.h"
#include "hon/http/client_error.h"
#include "hon/http/method.h"
#include "hon/http/status.h"
#include "http/token.h"

namespace hon::client {
namespace {

constexpr size_t kInlineH2BodyBytes = io::kHighWaterBytes / 2;

// Fields of an upgrade that an extended CONNECT does not have (RFC 8441 §5).
bool IsOfHttp1Upgrade(const http::Header::Field& field) {
  return field.id == http::HeaderId::kUpgrade || field.id == http::HeaderId::kConnection ||
         http::internal::EqualFold(field.name, "Sec-WebSocket-Key");
}

// The fields about the connection that mean something over HTTP/2, too; others cannot be sent (RFC
// 9113 §8.2.2).
Error CheckConnectionFields(const http::Header& header) {
  using http::internal::EqualFold;
  for (const auto& field : header) {
    const std::string_view value = field.value;
    const bool passes = field.id == http::HeaderId::kConnection
                            ? EqualFold(value, "close") || EqualFold(value, "keep-alive")
                        : field.id == http::HeaderId::kTransferEncoding
                            ? EqualFold(value, "chunked")
                            : field.id != http::HeaderId::kUpgrade;
    if (passes || value.empty()) continue;
    return Error::Of(http::ErrInvalidRequest, "http2: invalid " + std::string(field.name) +
                                                  " request header: " + Quote(value));
  }
  return {};
}

// A field for each cookie, so that the ones that stay the same are in the table (RFC 9113 §8.2.3).
void AddCookies(const http::Header::Field& field, http::Header& fields) {
  std::string_view rest = field.value;
  for (size_t end = 0; (end = rest.find(';')) != std::string_view::npos;) {
    if (end != 0) fields.AddView(field.name, rest.substr(0, end), field.id);
    rest.remove_prefix(end + 1);
    while (rest.starts_with(' ')) rest.remove_prefix(1);
  }
  if (!rest.empty()) fields.AddView(field.name, rest, field.id);
}

// The fields for HTTP/2: the Session leaves connection-specific fields out.
void AddFields(const http::Request& r, const RequestPlan& plan, http::Header& fields) {
  for (const auto& field : r.Header) {
    if (!plan.protocol.empty() && IsOfHttp1Upgrade(field)) continue;
    if (field.id == http::HeaderId::kContentLength || field.id == http::HeaderId::kTrailer)
      continue;
    if (field.id == http::HeaderId::kTE && field.value != "trailers") continue;
    if (field.id == http::HeaderId::kUserAgent && field.value.empty()) continue;
    if (field.id == http::HeaderId::kCookie) {
      AddCookies(field, fields);
      continue;
    }
    if (field.id == http::HeaderId::kAcceptEncoding && plan.asks_for_codings) continue;
    fields.AddView(field.name, field.value, field.id);
  }
  if (!r.Header.Has(http::HeaderId::kUserAgent) &&
      !r.Header.Suppressed(http::HeaderId::kUserAgent)) {
    fields.AddView("User-Agent", kUserAgent, http::HeaderId::kUserAgent);
  }
  if (plan.asks_for_codings) {
    fields.AddView("Accept-Encoding", AcceptedCodings(), http::HeaderId::kAcceptEncoding);
  }
  if (plan.framing == RequestFraming::kLength || StatesNoContent(plan)) {
    fields.Add(http::HeaderId::kContentLength, std::to_string(plan.length));
  }
  std::string names;
  for (const auto& field : r.Trailer) {
    names.append(names.empty() ? "" : ", ").append(field.name);
  }
  if (!names.empty() && plan.framing == RequestFraming::kChunked) {
    fields.Add(http::HeaderId::kTrailer, names);
  }
}

}  // namespace

H2Exchange::H2Exchange(const std::shared_ptr<H2Conn>& conn, appcontext::Context context,
                       std::shared_ptr<const ClientTrace> trace)
    : context_(std::move(context)),
      trace_(std::move(trace)),
      pool_(conn->GetPool()),
      stream_(std::allocate_shared<H2Stream>(ObjectAllocator<H2Stream, LoopPool>(pool_), conn)),
      core_(conn->GetCore()),
      tls_(conn->TlsState()) {}

H2Exchange::~H2Exchange() { Finish(); }

Error H2Exchange::Run(const http::Request& r, const RequestPlan& plan,
                      std::shared_ptr<Upload> upload, http::Response& into) {
  const bool extended = !plan.protocol.empty();
  if (!extended) HON_RETURN_IF_ERROR(CheckConnectionFields(r.Header));
  if (extended) {
    Result<bool> allowed = stream_->Connection().AwaitConnectProtocol(context_);
    if (!allowed) return failure_ = std::move(allowed.error());
    if (!*allowed) {
      return failure_ = Error::Of(http::ErrInvalidRequest,
                                  "http2: the server does not allow extended CONNECT");
    }
  }
  upload_ = std::move(upload);
  std::string scratch;
  std::string_view path = r.URL.EscapedPathView(scratch);
  if (!r.URL.Opaque.empty() && !r.URL.Opaque.starts_with("//")) path = r.URL.Opaque;
  if (path.empty()) path = plan.method == "OPTIONS" ? "*" : "/";
  std::string with_query;
  if (r.URL.ForceQuery || !r.URL.RawQuery.empty()) {
    with_query.append(path).append("?").append(r.URL.RawQuery);
    path = with_query;
  }
  const bool connect = plan.method == "CONNECT";
  stream_->SetTrace(trace_.get());
  if (trace_ != nullptr && trace_->Got1xxResponse != nullptr) stream_->KeepInterims();
  const h2::Session::RequestHead head{
      .method = extended ? http::MethodConnect : plan.method,
      .scheme = connect ? std::string_view() : std::string_view(r.URL.Scheme),
      .authority = plan.host,
      .path = connect ? std::string_view() : path,
      .protocol = plan.protocol};
  http::Header fields = pool_->TakeHeader();
  AddFields(r, plan, fields);
  failure_ = stream_->Open(head, fields, upload_ == nullptr && !extended && !connect, context_);
  if (failure_) return failure_;
  if (plan.close) stream_->Connection().Leave();
  TellHeadOfH2(head, fields);
  pool_->GiveHeader(std::move(fields));
  awaits_continue_ = plan.expects_continue && core_->Options().ExpectContinueTimeout > Duration(0);
  const TimePoint now = Clock::now();
  if (awaits_continue_) {
    head_deadline_ = DeadlineAfter(now, core_->Options().ExpectContinueTimeout);
    Tell(trace_.get(), &ClientTrace::Wait100Continue);
  } else {
    failure_ = SendBody();
  }
  if (!failure_) failure_ = AwaitHead();
  if (!failure_) Fill(plan, into);
  return failure_;
}

void H2Exchange::TellHeadOfH2(const h2::Session::RequestHead& head,
                              const http::Header& fields) const {
  if (trace_ == nullptr) return;
  if (trace_->WroteHeaderField != nullptr) {
    const auto tell = [this](std::string_view name, std::string_view value) {
      if (!value.empty()) trace_->WroteHeaderField(name, value);
    };
    tell(":method", head.method);
    tell(":scheme", head.scheme);
    tell(":authority", head.authority);
    tell(":path", head.path);
    tell(":protocol", head.protocol);
    for (const auto& field : fields) trace_->WroteHeaderField(field.name, field.value);
  }
  Tell(trace_.get(), &ClientTrace::WroteHeaders, std::string_view());
}

void H2Exchange::TellWritten(const Error& err) const {
  Tell(trace_.get(), &ClientTrace::WroteRequest, err);
}

Error H2Exchange::SendBody() {
  awaits_continue_ = false;
  const TimePoint deadline = DeadlineAfter(Clock::now(), core_->Options().ResponseHeaderTimeout);
  head_deadline_ = deadline;
  if (upload_ == nullptr) {
    TellWritten({});
    return {};
  }
  if (upload_->InMemory(kInlineH2BodyBytes)) {
    upload_->SendNow(*stream_);
    TellWritten(upload_->Failure());
    return upload_->SourceError();
  }
  head_deadline_ = kNever;
  upload_->Start(*stream_, [this] {
    TellWritten(upload_->Failure());
    if (upload_->SourceError()) return stream_->Fail(upload_->SourceError());
    head_deadline_ = DeadlineAfter(Clock::now(), core_->Options().ResponseHeaderTimeout);
    stream_->WakeReader();
  });
  return {};
}

// Called on the fiber of the request.
Error H2Exchange::TellInterims() {
  for (const H2Stream::Interim& interim : stream_->TakeInterims()) {
    HON_RETURN_IF_ERROR(trace_->Got1xxResponse(interim.status, interim.fields));
  }
  return {};
}

Error H2Exchange::AwaitHead() {
  for (;;) {
    Error why = stream_->AwaitHead(head_deadline_);
    HON_RETURN_IF_ERROR(TellInterims());
    if (stream_->TakeContinue()) {
      if (awaits_continue_) {
        Tell(trace_.get(), &ClientTrace::Got100Continue);
        HON_RETURN_IF_ERROR(SendBody());
      }
      continue;
    }
    if (!why && stream_->HasHead()) break;
    if (!why) continue;
    // The failure of the stream may be a deadline, too: that of the body's source.
    if (!why.Is(io::ErrDeadlineExceeded) || stream_->Failed()) return why;
    if (Clock::now() < head_deadline_) continue;
    if (!awaits_continue_) {
      return Error::Of(http::ErrResponseHeaderTimeout, "http2: timeout awaiting response headers");
    }
    HON_RETURN_IF_ERROR(SendBody());
  }
  return {};
}

void H2Exchange::Fill(const RequestPlan& plan, http::Response& into) {
  const h2::ResponseFields& head = stream_->Head();
  const std::string_view text = http::StatusText(head.status);
  status_ = std::to_string(head.status);
  if (!text.empty()) status_.append(" ").append(text);
  into.Status = status_;
  into.StatusCode = head.status;
  into.Proto = "HTTP/2.0";
  into.ProtoMajor = 2;
  into.ProtoMinor = 0;
  into.Header = std::move(stream_->Fields());
  into.TLS = tls_.get();
  const bool empty = plan.method == "HEAD" || head.status == http::StatusNoContent ||
                     head.status == http::StatusNotModified;
  into.ContentLength = plan.method == "HEAD" || !empty ? head.content_length : 0;
  if (head.announces_trailers) adaptor::TakeTrailerNames(into);
  into.SetOwner(shared_from_this());
  const bool asks_for_tunnel = !plan.protocol.empty() || plan.method == http::MethodConnect;
  raw_ = asks_for_tunnel && head.status >= 200 && head.status < 300 && upload_ == nullptr;
  if (raw_) {
    into.ContentLength = -1;
    into.Body = http::Body(shared_from_this());
  } else if (stream_->AtEnd()) {
    if (plan.method != "HEAD") into.ContentLength = 0;
    Finish();
  } else {
    into.Body = http::Body(shared_from_this());
  }
}

io::IoResult H2Exchange::Read(std::span<char> into) {
  if (into.empty() && !closed_) return {};
  return ReadBy([&] { return stream_->Read(into); });
}

io::IoResult H2Exchange::ReadBlocks(io::LinkBuffer& into, size_t bytes_max) {
  return ReadBy([&] { return stream_->ReadBlocks(into, bytes_max); });
}

template <class Receive>
io::IoResult H2Exchange::ReadBy(Receive&& receive) {
  if (closed_) return {0, http::ErrBodyReadAfterClose};
  if (failure_) return {0, failure_};
  if (done_) return {0, io::ErrEof};
  io::IoResult got = receive();
  if (stream_->AtEnd()) {
    Finish();
  } else if (got.err) {
    failure_ = got.err;
    Finish();
  }
  return got;
}

std::unique_ptr<io::Conn> H2Exchange::TakeConn() {
  if (!raw_ || done_) return nullptr;
  done_ = true;
  stream_->SetTrace(nullptr);
  return NewTunnelConn(stream_);
}

Error H2Exchange::Close() {
  closed_ = true;
  Finish();
  return {};
}

// Ends the stream: resets it, unless both directions are complete.
void H2Exchange::Finish() {
  if (std::exchange(done_, true)) return;
  if (response_ != nullptr && !stream_->Trailers().Empty()) {
    response_->Trailer = std::move(stream_->Trailers());
  }
  if (upload_ != nullptr && upload_->Started() && !upload_->Ended()) {
    stream_->Fail(io::ErrClosed);
    upload_->Stop(stream_);
  }
  stream_->Release();
}

}  // namespace hon::client
