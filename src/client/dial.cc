#include "client/dial.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

#include "client/layers.h"
#include "client/tell.h"
#include "client/tls.h"
#include "hon/fiber/conn.h"
#include "hon/http/client_error.h"
#include "hon/url/host_port.h"

namespace hon::client {
namespace {

constexpr int kKeepAliveSeconds = 30;
constexpr int kKeepAliveIntervalSeconds = 15;
constexpr int kKeepAliveProbes = 9;

// Errors are ignored: a connection without these options is better than none.
void SetKeepAlive(int fd) {
  const int on = 1;
  static_cast<void>(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on));
#ifdef TCP_KEEPIDLE
  static_cast<void>(
      setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &kKeepAliveSeconds, sizeof kKeepAliveSeconds));
#endif
  static_cast<void>(setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &kKeepAliveIntervalSeconds,
                               sizeof kKeepAliveIntervalSeconds));
  static_cast<void>(
      setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &kKeepAliveProbes, sizeof kKeepAliveProbes));
}

// "connect: connection refused", as Go's net.OpError ends.
std::string ConnectReason(const Error& err) {
  const int code = err.SystemCode();
  if (code == 0) return err.Message();
  std::string text = std::generic_category().message(code);
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') {
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  }
  return "connect: " + text;
}

/// Handles the events of connections that have lost the race.
class NoEventsOfRace final : public netpoll::EventHandler {
 public:
  static NoEventsOfRace& Instance() {
    static NoEventsOfRace instance;
    return instance;
  }
  void OnRequest(netpoll::Connection&) override {}
};

void DropSocket(netpoll::Connection& c) {
  c.SetEventHandler(NoEventsOfRace::Instance());
  c.Close(netpoll::CloseHow::kAbort);
}

/// Tries the addresses of one name: the next address when one has failed or has not answered for
/// kNextAddressDelay (RFC 8305 §5). The first connection shakes hands; the others are closed. Every
/// pending attempt keeps this object.
class Race final : public netpoll::EventHandler, public std::enable_shared_from_this<Race> {
 public:
  Race(std::vector<std::string> addresses, std::unique_ptr<io::RecordLayer> layer,
       Duration handshake_timeout, const ClientTrace* trace,
       std::shared_ptr<HandshakeTrace> handshake_trace)
      : loop_(fiber::Scheduler::Current()->GetLoop()),
        addresses_(std::move(addresses)),
        layer_(std::move(layer)),
        handshake_timeout_(handshake_timeout),
        trace_(trace),
        handshake_trace_(std::move(handshake_trace)) {}

  /// Returns the connection, ready for HTTP, whose events still come here. Errors: see Dial.
  Result<netpoll::Connection*> Run(const appcontext::Context& context, TimePoint deadline);

  // netpoll::EventHandler
  void OnPrepare(netpoll::Connection& c) override;
  void OnConnect(netpoll::Connection&) override {
    ready_ = true;
    WakeUp();
  }
  void OnRequest(netpoll::Connection&) override {}
  void OnDisconnect(netpoll::Connection& c, const Error& why) override;

 private:
  void TryNext(TimePoint deadline);
  void EndOthers(const Error& why);
  void OnDialed(const std::string& address, const Result<netpoll::Connection*>& c);
  [[nodiscard]] Error HandshakeFailure() const;
  [[nodiscard]] Error Obstacle(const appcontext::Context& context, TimePoint deadline) const;
  void WakeUp() {
    if (parker_ != nullptr) parker_->Wake();
  }

  netpoll::Loop& loop_;
  std::vector<std::string> addresses_;
  std::unique_ptr<io::RecordLayer> layer_;  // until an address has connected
  Duration handshake_timeout_;
  const ClientTrace* trace_;
  std::shared_ptr<HandshakeTrace> handshake_trace_;
  std::vector<std::string> under_way_;  // the addresses of pending dials
  Parker* parker_ = nullptr;            // of the fiber in Run
  size_t tried_ = 0;
  TimePoint next_at_{};
  netpoll::Connection* winner_ = nullptr;
  bool running_ = false;
  bool connected_ = false;
  bool shakes_hands_ = false;
  bool ready_ = false;
  Error failure_;          // of the first address that failed
  Error handshake_error_;  // of the address that connected
};

void Race::OnPrepare(netpoll::Connection& c) {
  if (!running_ || connected_) return DropSocket(c);
  connected_ = true;
  winner_ = &c;
  SetKeepAlive(c.Fd());
  shakes_hands_ = layer_ != nullptr;
  if (shakes_hands_) c.SetRecordLayer(std::move(layer_), handshake_timeout_);
}

void Race::OnDisconnect(netpoll::Connection& c, const Error& why) {
  if (winner_ != &c) return;
  winner_ = nullptr;
  ready_ = false;
  handshake_error_ = why ? why : Error(io::ErrUnexpectedEof);
  WakeUp();
}

void Race::OnDialed(const std::string& address, const Result<netpoll::Connection*>& c) {
  under_way_.erase(std::find(under_way_.begin(), under_way_.end(), address));
  const Error why = c ? Error() : c.error();
  if (running_) Tell(trace_, &ClientTrace::ConnectDone, address, why);
  if (why && !failure_) {
    const std::string text = "dial tcp " + address + ": ";
    failure_ = why.Is(io::ErrDeadlineExceeded)
                   ? Error::Of(http::ErrDialTimeout, text + "i/o timeout")
                   : Error::Of(http::ErrDial, text + ConnectReason(why));
  }
  if (why) next_at_ = {};
  WakeUp();
}

void Race::TryNext(TimePoint deadline) {
  const std::string& address = addresses_[tried_++];
  const TimePoint now = Clock::now();
  next_at_ = now + kNextAddressDelay;
  under_way_.push_back(address);
  Tell(trace_, &ClientTrace::ConnectStart, address);
  const Duration left = deadline == kNever ? kUnlimited : Duration(deadline - now);
  loop_.Dial(address, *this, left,
             [self = shared_from_this(), address](const Result<netpoll::Connection*>& c) {
               self->OnDialed(address, c);
             });
}

Error Race::HandshakeFailure() const {
  const Error& why = handshake_error_;
  if (!shakes_hands_) return why;
  if (why.Is(io::ErrDeadlineExceeded)) {
    return handshake_trace_->begun ? http::ErrTLSHandshakeTimeout : http::ErrProxyTimeout;
  }
  if (http::KindOf(why) == http::ErrorKind::kClosed) {
    return Error::Of(http::ErrHandshake, "handshake: " + why.Message());
  }
  return why;
}

Error Race::Obstacle(const appcontext::Context& context, TimePoint deadline) const {
  if (context.Done()) return context.Cause();
  if (handshake_error_) return HandshakeFailure();
  if (connected_) return {};
  if (Clock::now() >= deadline) {
    return failure_ ? failure_
                    : Error::Of(http::ErrDialTimeout,
                                "dial tcp " + addresses_.front() + ": i/o timeout");
  }
  return under_way_.empty() && tried_ == addresses_.size() ? failure_ : Error();
}

// Ends the dials that have lost, or that nobody waits for.
void Race::EndOthers(const Error& why) {
  const std::shared_ptr<Race> self = shared_from_this();
  loop_.CancelDials(*this);
  for (const std::string& address : under_way_) {
    Tell(trace_, &ClientTrace::ConnectDone, address, why ? why : Error(appcontext::ErrCanceled));
  }
  under_way_.clear();
  if (why) handshake_trace_->End(nullptr, why);
  handshake_trace_->trace = nullptr;
}

Result<netpoll::Connection*> Race::Run(const appcontext::Context& context, TimePoint deadline) {
  Parker parker;
  parker_ = &parker;
  running_ = true;
  Error why;
  while (!ready_ && !why) {
    const bool more = !connected_ && tried_ < addresses_.size();
    if (more && (under_way_.empty() || Clock::now() >= next_at_)) TryNext(deadline);
    if (why = Obstacle(context, deadline); why || ready_) break;
    const bool waits_for_next = !connected_ && tried_ < addresses_.size();
    const TimePoint until = connected_ ? kNever : deadline;
    parker.Park(context, waits_for_next ? std::min(next_at_, until) : until);
  }
  running_ = false;
  parker_ = nullptr;
  EndOthers(why);
  if (!why) return winner_;
  if (winner_ != nullptr) DropSocket(*std::exchange(winner_, nullptr));
  return Fail(std::move(why));
}

Result<std::unique_ptr<io::RecordLayer>> TlsLayerFor(Core& core, const std::string& host,
                                                     bool http2, bool http1_only,
                                                     std::shared_ptr<HandshakeTrace> trace) {
  HON_TRY(const std::shared_ptr<tls::ClientContext> context, core.TlsContext());
  std::vector<std::string> protocols;
  if (http2) protocols.emplace_back("h2");
  if (!http2 || !core.OnlyHttp2()) protocols.emplace_back("http/1.1");
  Result<std::unique_ptr<io::RecordLayer>> layer =
      NewTlsLayer(*context, host, protocols, http1_only);
  if (!layer) return Fail(Error::Of(http::ErrHandshake, layer.error().Message()));
  return NewHandshakeLayer(std::move(*layer), std::move(trace));
}

Result<std::unique_ptr<io::RecordLayer>> ConnectLayerFor(const TransportOptions& options,
                                                         const std::shared_ptr<Route>& route,
                                                         const appcontext::Context& context) {
  ConnectRequest request{.target = route->host_port, .user = route->proxy_user};
  if (options.GetProxyConnectHeader != nullptr) {
    HON_TRY(request.fields,
            options.GetProxyConnectHeader(context, route->proxy_url, route->host_port));
  } else {
    request.fields = options.ProxyConnectHeader;
  }
  if (options.OnProxyConnectResponse != nullptr) {
    request.on_answer = [hook = options.OnProxyConnectResponse,
                         route](const http::Response& answer) {
      return hook(route->proxy_url, answer);
    };
  }
  return NewConnectLayer(std::move(request));
}

/// The slot of a connection that is being made. Frees the slot unless the connection takes it.
class Place {
 public:
  Place(Core& core, Route& route) : core_(core), route_(route) {}
  ~Place() {
    if (held_) core_.FreeSlot(route_);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  void Pass() { held_ = false; }

 private:
  Core& core_;
  Route& route_;
  bool held_ = true;
};

/// The parties to one Dial.
struct DialScope {
  const std::shared_ptr<Core>& core;
  const std::shared_ptr<Route>& route;
  const std::shared_ptr<LoopPool>& pool;
  const appcontext::Context& context;
  const ClientTrace* trace;
  Place& place;
};

// The record layers between the socket and HTTP; null for none.
Result<std::unique_ptr<io::RecordLayer>> LayersOf(const DialScope& scope,
                                                  std::shared_ptr<HandshakeTrace> trace) {
  Core& core = *scope.core;
  const Route& route = *scope.route;
  std::unique_ptr<io::RecordLayer> layers;
  if (route.proxy == ProxyKind::kHttps) {
    HON_TRY(layers, TlsLayerFor(core, route.proxy_host, false, true, nullptr));
  }
  if (route.proxy == ProxyKind::kSocks5) {
    HON_TRY(const net::HostPort target, net::SplitHostPort(route.host_port));
    HON_TRY(std::unique_ptr<io::RecordLayer> socks,
            NewSocksLayer(target.host, target.port, route.proxy_user));
    layers = Stack(std::move(layers), std::move(socks));
  } else if (route.proxy != ProxyKind::kNone && !route.AbsoluteForm()) {
    HON_TRY(std::unique_ptr<io::RecordLayer> tunnel,
            ConnectLayerFor(core.Options(), scope.route, scope.context));
    layers = Stack(std::move(layers), std::move(tunnel));
  }
  if (route.tls) {
    const bool http1_only = route.use != RouteUse::kAny;
    HON_TRY(std::unique_ptr<io::RecordLayer> tls,
            TlsLayerFor(core, route.host, core.OffersHttp2() && !http1_only, http1_only,
                        std::move(trace)));
    layers = Stack(std::move(layers), std::move(tls));
  }
  return layers;
}

// Errors on the way to a proxy name the proxy.
Error OfProxy(const Route& route, Error why) {
  if (route.proxy == ProxyKind::kNone || !why.Is(http::ErrDial)) return why;
  return Error::Of(http::ErrProxy, "proxyconnect tcp: " + why.Message());
}

// A connection, which now owns the slot.
Dialed NewDialed(const DialScope& scope, bool http2) {
  Dialed dialed;
  scope.place.Pass();
  if (http2) {
    dialed.shared = std::make_shared<H2Conn>(scope.core, scope.route, scope.pool);
  } else {
    dialed.conn = std::make_unique<Conn>(scope.core, scope.route, scope.pool);
  }
  return dialed;
}

bool SpeaksHttp2Plain(const DialScope& scope) {
  const Route& route = *scope.route;
  return !route.tls && !route.AbsoluteForm() && scope.core->PriorKnowledge();
}

Result<Dialed> DialOwn(const DialScope& scope) {
  Result<std::unique_ptr<io::Conn>> own =
      scope.core->Options().DialContext(scope.context, scope.route->host_port);
  if (!own) return Fail(Error::Of(http::ErrDial, own.error().Message()));
  if (*own == nullptr) {
    return Fail(Error::Of(http::ErrDial, "DialContext returned no connection"));
  }
  Dialed dialed = NewDialed(scope, SpeaksHttp2Plain(scope));
  Error err = dialed.shared != nullptr ? (*own)->BecomeEvented(*dialed.shared)
                                       : (*own)->BecomeEvented(*dialed.conn);
  if (err) return Fail(std::move(err));
  return dialed;
}

Result<netpoll::Connection*> DialSocket(const DialScope& scope) {
  const TransportOptions& options = scope.core->Options();
  const Route& route = *scope.route;
  std::string address = route.FirstHop();
  if (options.DialAddress != nullptr) address = options.DialAddress(address);
  const auto handshake_trace = std::make_shared<HandshakeTrace>();
  handshake_trace->trace = scope.trace;
  HON_TRY(std::unique_ptr<io::RecordLayer> layers, LayersOf(scope, handshake_trace));
  const TimePoint deadline = DeadlineAfter(Clock::now(), options.DialTimeout);
  HON_TRY(std::vector<std::string> addresses,
          scope.core->Names().LookUp(address, scope.context, deadline, scope.trace));
  const Duration handshake_timeout =
      route.proxy == ProxyKind::kNone ? options.TLSHandshakeTimeout : options.DialTimeout;
  const auto race = std::make_shared<Race>(std::move(addresses), std::move(layers),
                                           handshake_timeout, scope.trace, handshake_trace);
  return race->Run(scope.context, deadline);
}

Result<Dialed> Connect(const DialScope& scope) {
  if (scope.core->Options().DialContext != nullptr) return DialOwn(scope);
  HON_TRY(netpoll::Connection* const c, DialSocket(scope));
  io::RecordLayer* const layer = c->GetRecordLayer();
  const bool http2 =
      scope.route->tls ? layer->ApplicationProtocol() == "h2" : SpeaksHttp2Plain(scope);
  if (!http2 && scope.route->tls && scope.core->OnlyHttp2()) {
    DropSocket(*c);
    return Fail(Error::Of(http::ErrHandshake, "tls: the server does not choose HTTP/2"));
  }
  std::shared_ptr<const tls::ConnectionState> state;
  if (layer != nullptr && layer->State() != nullptr) {
    state = std::make_shared<tls::ConnectionState>(*layer->State());
  }
  Dialed dialed = NewDialed(scope, http2);
  if (http2) {
    dialed.shared->SetTlsState(std::move(state));
    fiber::OpenConn(*c, *dialed.shared);
  } else {
    dialed.conn->SetTlsState(std::move(state));
    dialed.conn->SetSocket(c);
    fiber::OpenConn(*c, *dialed.conn);
  }
  return dialed;
}

}  // namespace

Result<Dialed> Dial(const std::shared_ptr<Core>& core, const std::shared_ptr<Route>& route,
                    const std::shared_ptr<LoopPool>& pool, const appcontext::Context& context,
                    const ClientTrace* trace) {
  Place place(*core, *route);
  Result<Dialed> dialed = Connect({core, route, pool, context, trace, place});
  if (dialed) return dialed;
  Error& why = dialed.error();
  if (why.Is(appcontext::ErrCanceled) || why.Is(appcontext::ErrDeadlineExceeded)) return dialed;
  return Fail(OfProxy(*route, std::move(why)));
}

}  // namespace hon::client
