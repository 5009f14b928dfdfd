#include "client/round_trip.h"

#include <array>
#include <optional>
#include <utility>

#include "client/decode.h"
#include "client/dial.h"
#include "client/exchange.h"
#include "hon/base/quote.h"
#include "hon/http/client_error.h"
#include "hon/http/method.h"
#include "hon/http/replay.h"

namespace hon::client {
namespace {

using http::HeaderId;

// Bytes of a body that are read to learn whether the body is empty.
constexpr size_t kProbeBytes = 512;

// Methods without content in most requests: a body of unknown length may be empty.
bool SeldomHasContent(std::string_view method) {
  return method == http::MethodGet || method == http::MethodHead || method == http::MethodDelete ||
         method == http::MethodOptions || method == "PROPFIND" || method == "SEARCH";
}

// Methods that may be repeated (RFC 9110 §9.2.2).
bool IsIdempotent(const http::Request& r, std::string_view method) {
  return method == http::MethodGet || method == http::MethodHead || method == http::MethodOptions ||
         method == http::MethodTrace || method == http::MethodPut || method == http::MethodDelete ||
         r.Header.Has("Idempotency-Key") || r.Header.Has("X-Idempotency-Key");
}

bool IsGzip(std::string_view coding) {
  constexpr std::string_view kGzip = "gzip";
  if (coding.size() != kGzip.size()) return false;
  for (size_t i = 0; i < coding.size(); ++i) {
    if ((coding[i] | 0x20) != kGzip[i]) return false;
  }
  return true;
}

/// One call of RoundTrip, over one or more connections.
class Trip {
 public:
  Trip(const std::shared_ptr<Core>& core, const http::Request& r, http::Body body)
      : core_(core), r_(r), body_(std::move(body)), trace_(ContextClientTrace(r.Context())) {}

  Result<http::Response> Run();

 private:
  Error FindWay();
  Error Probe();
  Result<std::unique_ptr<Conn>> Connection(bool& idle);
  [[nodiscard]] bool MayRepeat(const Error& err, const Exchange& exchange, bool reused) const;

  const std::shared_ptr<Core>& core_;
  const http::Request& r_;
  http::Body body_;
  std::shared_ptr<const ClientTrace> trace_;
  RequestPlan plan_;
  std::shared_ptr<LoopPool> pool_;
  std::shared_ptr<Route> route_;
  std::string probed_;
};

Error Trip::FindWay() {
  std::optional<url::URL> proxy;
  if (core_->Options().Proxy != nullptr) {
    Result<std::optional<url::URL>> found = core_->Options().Proxy(r_);
    if (!found) return Error::Of(http::ErrProxy, found.error().Message());
    proxy = std::move(*found);
  }
  const url::URL* const by = proxy ? &*proxy : nullptr;
  pool_ = core_->PoolHere();
  HON_RETURN_IF_ERROR(RouteKey(r_, by, pool_->key));
  route_ = core_->FindRoute(pool_->key, [&] { return NewRoute(pool_->key, r_, by); });
  return {};
}

// A body of unknown length that proves empty is sent as no body.
Error Trip::Probe() {
  if (plan_.framing != RequestFraming::kChunked || r_.Chunked || !SeldomHasContent(plan_.method)) {
    return {};
  }
  std::array<char, kProbeBytes> start;
  const io::IoResult got = body_.Read(start);
  probed_.assign(start.data(), got.n);
  if (got.n != 0) return {};
  if (got.err && !got.err.Is(io::ErrEof)) return got.err;
  body_ = http::Body();
  plan_.framing = RequestFraming::kNone;
  plan_.expects_continue = false;
  return {};
}

Result<std::unique_ptr<Conn>> Trip::Connection(bool& idle) {
  const ClientTrace* const trace = trace_.get();
  if (trace != nullptr && trace->GetConn != nullptr) trace->GetConn(route_->host_port);
  HON_TRY(Core::Acquired acquired, core_->Acquire(route_, pool_, r_.Context()));
  idle = acquired.conn != nullptr;
  if (!idle) {
    HON_TRY(acquired.conn, Dial(core_, route_, pool_, r_.Context(), trace));
  }
  if (trace != nullptr && trace->GotConn != nullptr) {
    trace->GotConn({.Reused = acquired.conn->Served(),
                    .WasIdle = idle,
                    .IdleTime = acquired.idle_time,
                    .LocalAddr = acquired.conn->LocalAddr(),
                    .RemoteAddr = acquired.conn->RemoteAddr()});
  }
  return std::move(acquired.conn);
}

// Repeats only over a reused connection, which the server may have closed while the request was on
// its way, and only without a byte of an answer.
bool Trip::MayRepeat(const Error& err, const Exchange& exchange, bool reused) const {
  if (!reused || !exchange.NothingCame()) return false;
  if (http::KindOf(err) != http::ErrorKind::kClosed || r_.Context().Done()) return false;
  return IsIdempotent(r_, plan_.method);
}

Result<http::Response> Trip::Run() {
  HON_TRY(plan_, PlanRequest(r_, core_->Options()));
  if (body_.IsNoBody()) plan_.framing = RequestFraming::kNone;
  if (Error err = FindWay()) return Fail(std::move(err));
  if (Error err = Probe()) return Fail(std::move(err));
  for (;;) {
    if (r_.Context().Done()) return Fail(r_.Context().Cause());
    bool idle = false;
    HON_TRY(std::unique_ptr<Conn> conn, Connection(idle));
    const bool reused = conn->Served();
    const auto exchange = std::make_shared<Exchange>(std::move(conn), r_.Context(), trace_);
    std::shared_ptr<Upload> upload;
    if (plan_.framing != RequestFraming::kNone) {
      upload = std::make_shared<Upload>(body_, plan_, r_.Trailer, std::exchange(probed_, {}));
    }
    http::Response answer;
    Error err = exchange->Run(r_, plan_, upload, answer);
    if (!err) {
      if (plan_.asks_for_gzip && !answer.Body.IsNoBody() &&
          IsGzip(answer.Header.Get(HeaderId::kContentEncoding))) {
        DecodeGzip(answer);
      }
      return answer;
    }
    if (!MayRepeat(err, *exchange, reused)) return Fail(std::move(err));
    if (upload != nullptr) {
      if (!http::IsReplayable(r_.Body)) return Fail(http::ErrCannotRewind);
      HON_TRY(body_, http::GetBody(r_.Body));
    }
  }
}

}  // namespace

Result<http::Response> RoundTripHere(const std::shared_ptr<Core>& core, const http::Request& r,
                                     http::Body body) {
  return Trip(core, r, std::move(body)).Run();
}

}  // namespace hon::client
