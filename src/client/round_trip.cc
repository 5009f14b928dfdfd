#include "client/round_trip.h"

#include <array>
#include <optional>
#include <utility>

#include "client/decode.h"
#include "client/dial.h"
#include "client/exchange.h"
#include "client/h2_exchange.h"
#include "client/tell.h"
#include "hon/base/quote.h"
#include "hon/http/client_error.h"
#include "hon/http/method.h"
#include "hon/http/replay.h"
#include "http/token.h"

namespace hon::client {
namespace {

using http::HeaderId;

// Bytes of a body that are read to learn whether the body is empty.
constexpr size_t kProbeBytes = 512;
// How often one request is sent again.
constexpr size_t kRepeatsMax = 16;

// Methods that may be repeated (RFC 9110 §9.2.2).
bool IsIdempotent(const http::Request& r, std::string_view method) {
  return method == http::MethodGet || method == http::MethodHead || method == http::MethodOptions ||
         method == http::MethodTrace || method == http::MethodPut || method == http::MethodDelete ||
         r.Header.Has("Idempotency-Key") || r.Header.Has("X-Idempotency-Key");
}

/// One call of RoundTrip, over one or more connections.
class Trip {
 public:
  Trip(const std::shared_ptr<Core>& core, const http::Request& r, http::Body body,
       Extended extended, const ClientTrace* trace)
      : core_(core),
        r_(r),
        body_(std::move(body)),
        trace_(TraceOf(r.Context(), trace)),
        extended_(extended) {}

  Error Run(http::Response& into);

 private:
  Error FindWay();
  [[nodiscard]] bool MayExtend() const;
  Error Probe();
  struct Way {
    std::shared_ptr<AnyExchange> exchange;
    bool reused = false;
  };
  Result<Way> FindConnection();
  Way Over(const std::shared_ptr<H2Conn>& shared, bool idle);
  Way OverDialed(const std::shared_ptr<H2Conn>& dialed);
  Way Over(std::unique_ptr<Conn> conn, bool idle, Duration idle_time);
  template <class AnyConn>
  void TellGotConn(const AnyConn& conn, bool idle, Duration idle_time) const;
  Error AwaitTurn();
  [[nodiscard]] bool MayRepeat(const Error& err, const Way& way) const;

  const std::shared_ptr<Core>& core_;
  const http::Request& r_;
  http::Body body_;
  std::shared_ptr<const ClientTrace> trace_;
  RequestPlan plan_;
  std::shared_ptr<LoopPool> pool_;
  std::shared_ptr<Route> route_;
  Extended extended_;
  std::string probed_;
  size_t repeats_ = 0;
  size_t refusals_ = 0;
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
  if (by == nullptr && pool_->last_route.Serves(r_.URL)) {
    route_ = pool_->last_route.route;
  } else {
    HON_RETURN_IF_ERROR(RouteKey(r_, by, RouteUse::kAny, pool_->key));
    route_ =
        core_->FindRoute(pool_->key, [&] { return NewRoute(pool_->key, r_, by, RouteUse::kAny); });
    if (by == nullptr) pool_->last_route.Keep(r_.URL, route_);
  }
  if (!plan_.upgrades) return {};
  if (extended_ == Extended::kAllowed && MayExtend()) {
    plan_.protocol = r_.Header.Get(HeaderId::kUpgrade);
    return {};
  }
  const bool by_tunnel = extended_ == Extended::kAllowed && route_->AbsoluteForm();
  if (!route_->tls && !by_tunnel) return {};
  const RouteUse use = by_tunnel ? RouteUse::kTunnel : RouteUse::kUpgrade;
  HON_RETURN_IF_ERROR(RouteKey(r_, by, use, pool_->key));
  route_ = core_->FindRoute(pool_->key, [&] { return NewRoute(pool_->key, r_, by, use); });
  return {};
}

// Whether the request goes over HTTP/2: over a connection that exists, or since HTTP/1 is excluded.
bool Trip::MayExtend() const {
  if (route_->AbsoluteForm()) return false;
  if (route_->tls ? core_->OnlyHttp2() : core_->PriorKnowledge()) return true;
  const std::shared_ptr<H2Conn> shared = pool_->Shared(*route_);
  return shared != nullptr && shared->AllowsConnectProtocol();
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

template <class AnyConn>
void Trip::TellGotConn(const AnyConn& conn, bool idle, Duration idle_time) const {
  if (trace_ == nullptr || trace_->GotConn == nullptr) return;  // the addresses cost system calls
  trace_->GotConn({.Reused = conn.Served(),
                   .WasIdle = idle,
                   .IdleTime = idle_time,
                   .LocalAddr = conn.LocalAddr(),
                   .RemoteAddr = conn.RemoteAddr()});
}

Trip::Way Trip::Over(const std::shared_ptr<H2Conn>& shared, bool idle) {
  const bool reused = shared->Served();
  TellGotConn(*shared, idle, {});
  const ObjectAllocator<H2Exchange, LoopPool> memory(pool_);
  return {std::allocate_shared<H2Exchange>(memory, shared, r_.Context(), trace_), reused};
}

Trip::Way Trip::Over(std::unique_ptr<Conn> conn, bool idle, Duration idle_time) {
  const bool reused = conn->Served();
  TellGotConn(*conn, idle, idle_time);
  const ObjectAllocator<Exchange, LoopPool> memory(pool_);
  return {std::allocate_shared<Exchange>(memory, std::move(conn), r_.Context(), trace_), reused};
}

// Returns a shared connection with a free stream, else an idle one, else a new one. For a server
// that is known to support HTTP/2, one connection is made at a time and the other requests wait for
// it. A shared connection without a free stream is used where no further connection is allowed, or
// none can be made.
Result<Trip::Way> Trip::FindConnection() {
  const TransportOptions& options = core_->Options();
  Tell(trace_.get(), &ClientTrace::GetConn, route_->host_port);
  for (;;) {
    const std::shared_ptr<H2Conn> full = pool_->Shared(*route_);
    if (full != nullptr && (full->HasRoom() || options.HTTP2.StrictMaxConcurrentRequests)) {
      return Over(full, true);
    }
    if (!options.DisableKeepAlives && route_->shares.load(std::memory_order_relaxed)) {
      HON_TRY(const bool waited, pool_->AwaitDial(*route_, r_.Context()));
      if (waited) continue;
    }
    if (full == nullptr) {
      HON_TRY(Core::Acquired acquired, core_->Acquire(route_, pool_, r_.Context()));
      if (acquired.again) continue;
      if (acquired.conn != nullptr) {
        return Over(std::move(acquired.conn), true, acquired.idle_time);
      }
    } else if (!core_->TakeSlot(*route_)) {
      return Over(full, true);
    }
    const LoopPool::Dialing dialing(*pool_, *route_);
    Result<Dialed> dialed = Dial(core_, route_, pool_, r_.Context(), trace_.get());
    route_->shares.store(dialed && dialed->shared != nullptr, std::memory_order_relaxed);
    if (!dialed) {
      if (full != nullptr && full->Usable()) return Over(full, true);
      return Fail(std::move(dialed.error()));
    }
    if (dialed->shared == nullptr) return Over(std::move(dialed->conn), false, {});
    return OverDialed(dialed->shared);
  }
}

// Of connections that several requests have made at once, those that are not needed end.
Trip::Way Trip::OverDialed(const std::shared_ptr<H2Conn>& dialed) {
  if (core_->Options().DisableKeepAlives) return Over(dialed, false);
  const std::shared_ptr<H2Conn> other = pool_->Shared(*route_);
  if (other != nullptr && other->HasRoom()) {
    dialed->Leave();
    return Over(other, true);
  }
  pool_->PutShared(dialed);
  return Over(dialed, false);
}

// Repeats only when the server has stated that it did not process the request, or over a reused
// connection, which the server may have closed while the request was on its way.
bool Trip::MayRepeat(const Error& err, const Way& way) const {
  if (r_.Context().Done() || repeats_ == kRepeatsMax) return false;
  if (way.exchange->Refused()) return refusals_ < kRefusalsMax;
  if (!way.reused || !way.exchange->NothingCame()) return false;
  return http::KindOf(err) == http::ErrorKind::kClosed && IsIdempotent(r_, plan_.method);
}

// A server that goes on refusing gets time to recover.
Error Trip::AwaitTurn() {
  if (++refusals_ == 1) return {};
  const TimePoint until = Clock::now() + kRefusalWait * (int64_t{1} << (refusals_ - 2));
  Parker parker;
  while (Clock::now() < until) {
    if (r_.Context().Done()) return r_.Context().Cause();
    parker.Park(r_.Context(), until);
  }
  return {};
}

// `into` is filled by the exchange that succeeds.
Error Trip::Run(http::Response& into) {
  Result<RequestPlan> plan = PlanRequest(r_, core_->Options());
  if (!plan) return std::move(plan.error());
  plan_ = *plan;
  if (body_.IsNoBody()) plan_.framing = RequestFraming::kNone;
  HON_RETURN_IF_ERROR(FindWay());
  HON_RETURN_IF_ERROR(Probe());
  std::shared_ptr<Upload> upload;
  for (;;) {
    if (r_.Context().Done()) return r_.Context().Cause();
    Result<Way> found = FindConnection();
    if (!found) return std::move(found.error());
    const Way& way = *found;
    if (plan_.framing != RequestFraming::kNone && upload == nullptr) {
      upload = std::make_shared<Upload>(body_, plan_, r_.Trailer, std::exchange(probed_, {}));
    }
    Error err = way.exchange->Run(r_, plan_, upload, into);
    if (!err) {
      if (plan_.asks_for_codings) DecodeBody(into);
      return {};
    }
    if (!MayRepeat(err, way)) return err;
    ++repeats_;
    if (way.exchange->Refused()) {
      HON_RETURN_IF_ERROR(AwaitTurn());
    }
    if (upload != nullptr && upload->Started()) {
      if (!http::IsReplayable(r_.Body)) return http::ErrCannotRewind;
      Result<http::Body> again = http::GetBody(r_.Body);
      if (!again) return std::move(again.error());
      body_ = std::move(*again);
      upload = nullptr;
    }
  }
}

}  // namespace

Result<http::Response> RoundTripHere(const std::shared_ptr<Core>& core, const http::Request& r,
                                     http::Body body, Extended extended, const ClientTrace* trace) {
  Result<http::Response> answer;
  if (Error err = Trip(core, r, std::move(body), extended, trace).Run(*answer)) {
    answer = Fail(std::move(err));
  }
  return answer;
}

}  // namespace hon::client
