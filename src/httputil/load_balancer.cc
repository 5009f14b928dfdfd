#include "hon/httputil/load_balancer.h"

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "hon/http/client_error.h"
#include "hon/http/method.h"
#include "hon/http/replay.h"
#include "httputil/forwarding.h"
#include "httputil/passed_body.h"

namespace hon::httputil {
namespace {

constexpr int64_t kNotResting = 0;

int64_t Ticks(TimePoint at) { return at.time_since_epoch().count(); }

// FNV-1a, with the bits mixed at the end.
uint64_t HashOf(std::string_view key, std::string_view server) {
  uint64_t hash = 0xCBF29CE484222325;
  const auto add = [&hash](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001B3;
  };
  add(key);
  add(std::string_view("\0", 1));
  add(server);
  hash ^= hash >> 33;
  hash *= 0xFF51AFD7ED558CCD;
  return hash ^ (hash >> 33);
}

bool IsRepeatable(std::string_view method) {
  return method.empty() || method == http::MethodGet || method == http::MethodHead ||
         method == http::MethodOptions || method == http::MethodTrace ||
         method == http::MethodPut || method == http::MethodDelete;
}

// Whether the request, whose body can be sent, may go to another server after `err`.
bool MayTryAnother(const http::Request& r, const Error& err) {
  if (r.Context().Done()) return false;
  switch (http::KindOf(err)) {
    case http::ErrorKind::kDial:
      return true;
    case http::ErrorKind::kTimeout:
      if (err.Is(http::ErrDialTimeout)) return true;
      break;
    case http::ErrorKind::kTls:
    case http::ErrorKind::kClosed:
    case http::ErrorKind::kProtocol:
      break;
    default:
      return false;
  }
  return IsRepeatable(r.Method);
}

// Whether an error is the fault of the server, not of the request or its client.
bool IsFailure(const http::Request& r, const Error& err) {
  if (r.Context().Done()) return false;
  switch (http::KindOf(err)) {
    case http::ErrorKind::kTimeout:
    case http::ErrorKind::kDial:
    case http::ErrorKind::kTls:
    case http::ErrorKind::kProtocol:
    case http::ErrorKind::kClosed:
      return true;
    default:
      return false;
  }
}

}  // namespace

struct LoadBalancer::Upstream {
  url::URL url;
  std::string name;
  std::atomic<size_t> requests{0};
  std::atomic<unsigned> failures{0};
  std::atomic<int64_t> rests_until{kNotResting};

  // Whether a request may be sent to this server. The first call after a rest takes the right to
  // try.
  [[nodiscard]] bool MayServe(TimePoint now, Duration rest) {
    int64_t until = rests_until.load(std::memory_order_relaxed);
    if (until == kNotResting) return true;
    if (Ticks(now) < until) return false;
    return rests_until.compare_exchange_strong(until, Ticks(DeadlineAfter(now, rest)));
  }
};

// Counts a request until the body of its answer is destroyed.
class LoadBalancer::CountedBody final : public http::ConnSource, public io::BlockReader {
 public:
  CountedBody(http::Body body, std::shared_ptr<Upstream> upstream)
      : body_(std::move(body)), upstream_(std::move(upstream)) {}
  ~CountedBody() override { End(); }

  io::IoResult Read(std::span<char> into) override {
    io::IoResult got = body_.Read(into);
    if (got.err) End();
    return got;
  }
  io::IoResult ReadBlocks(io::LinkBuffer& into, size_t bytes_max) override {
    io::IoResult got = blocks_->ReadBlocks(into, bytes_max);
    if (got.err) End();
    return got;
  }
  io::BlockReader* AsBlocks(const io::BlockPool& pool) override {
    blocks_ = body_.AsBlocks(pool);
    return blocks_ == nullptr ? nullptr : this;
  }
  Error Close() override {
    End();
    return body_.Close();
  }
  io::File* AsFile(int64_t* limit) override { return body_.AsFile(limit); }
  std::unique_ptr<io::Conn> TakeConn() override {
    auto* const source = dynamic_cast<http::ConnSource*>(body_.Source());
    return source == nullptr ? nullptr : source->TakeConn();
  }

 private:
  void End() {
    if (upstream_ != nullptr) upstream_->requests.fetch_sub(1, std::memory_order_relaxed);
    upstream_ = nullptr;
  }

  http::Body body_;
  io::BlockReader* blocks_ = nullptr;  // of the body, once AsBlocks has found it
  std::shared_ptr<Upstream> upstream_;
};

LoadBalancer::LoadBalancer(std::vector<url::URL> servers, LoadBalancerOptions options)
    : options_(std::move(options)), transport_(options_.Transport) {
  if (servers.empty() || servers.size() > kUpstreamsMax) {
    throw std::invalid_argument("httputil: a LoadBalancer has 1 to " +
                                std::to_string(kUpstreamsMax) + " servers");
  }
  if (transport_ == nullptr) transport_ = http::DefaultTransport();
  for (url::URL& server : servers) {
    if (server.Scheme.empty() || server.Host.empty()) {
      throw std::invalid_argument("httputil: a server's URL has a scheme and a host");
    }
    auto upstream = std::make_shared<Upstream>();
    upstream->name = server.Scheme + "://" + server.Host + server.EscapedPath();
    upstream->url = std::move(server);
    upstreams_.push_back(std::move(upstream));
  }
}

LoadBalancer::~LoadBalancer() = default;

std::string LoadBalancer::KeyOf(const http::Request& r) const {
  if (options_.Key) return options_.Key(r);
  const std::string_view forwarded = r.Header.Get(http::HeaderId::kXForwardedFor);
  return std::string(forwarded.empty() ? std::string_view(r.URL.Path)
                                       : forwarded.substr(0, forwarded.find(',')));
}

// The server for the next try, or null when all were tried. Servers that rest come last.
std::shared_ptr<LoadBalancer::Upstream> LoadBalancer::Choose(
    const http::Request& r, const std::vector<std::shared_ptr<Upstream>>& tried) {
  std::vector<std::shared_ptr<Upstream>> order;
  const size_t first = next_.fetch_add(1, std::memory_order_relaxed);
  for (size_t i = 0; i < upstreams_.size(); ++i) {
    const auto& upstream = upstreams_[(first + i) % upstreams_.size()];
    if (std::find(tried.begin(), tried.end(), upstream) == tried.end()) order.push_back(upstream);
  }
  if (order.empty()) return nullptr;
  if (options_.Balance == Balance::kLeastBusy) {
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
      return a->requests.load(std::memory_order_relaxed) <
             b->requests.load(std::memory_order_relaxed);
    });
  } else if (options_.Balance == Balance::kConsistentHash) {
    const std::string key = KeyOf(r);
    std::sort(order.begin(), order.end(), [&key](const auto& a, const auto& b) {
      return HashOf(key, a->name) > HashOf(key, b->name);
    });
  }
  const TimePoint now = Clock::now();
  for (const auto& upstream : order) {
    if (upstream->MayServe(now, options_.RestTime)) return upstream;
  }
  return order.front();
}

void LoadBalancer::Note(Upstream& upstream, const Result<http::Response>& answer,
                        const http::Request& r) const {
  if (answer) {
    upstream.failures.store(0, std::memory_order_relaxed);
    upstream.rests_until.store(kNotResting, std::memory_order_relaxed);
    return;
  }
  if (!IsFailure(r, answer.error())) return;
  if (upstream.failures.fetch_add(1, std::memory_order_relaxed) + 1 < options_.FailuresMax) return;
  upstream.rests_until.store(Ticks(DeadlineAfter(Clock::now(), options_.RestTime)),
                             std::memory_order_relaxed);
}

Result<http::Response> LoadBalancer::RoundTrip(http::Request& request) {
  return Spread(request, &LoadBalancer::SendPlain);
}

Result<http::Response> LoadBalancer::RoundTripUpgrade(http::Request& request) {
  return Spread(request, &LoadBalancer::SendUpgrade);
}

Result<http::Response> LoadBalancer::SendPlain(http::Request& request) {
  return transport_->RoundTrip(request);
}

Result<http::Response> LoadBalancer::SendUpgrade(http::Request& request) {
  auto* const tripper = dynamic_cast<client::UpgradeTripper*>(transport_.get());
  return tripper == nullptr ? SendPlain(request) : tripper->RoundTripUpgrade(request);
}

// Sends `request` by `send` to one server after another, while a repetition is safe.
Result<http::Response> LoadBalancer::Spread(http::Request& request, Send send) {
  std::vector<std::shared_ptr<Upstream>> tried;
  for (;;) {
    const std::shared_ptr<Upstream> upstream = Choose(request, tried);
    tried.push_back(upstream);
    const auto sent = std::make_shared<http::Request>(request.WithContext(request.Context()));
    internal::Retarget(upstream->url, sent->URL);
    std::shared_ptr<internal::PassedBody> passed;
    if (!http::IsReplayable(request.Body)) {
      passed = std::make_shared<internal::PassedBody>(request, *sent);
      sent->Body = http::Body(passed);
    } else if (tried.size() > 1) {
      HON_TRY(sent->Body, http::GetBody(request.Body));
    }
    upstream->requests.fetch_add(1, std::memory_order_relaxed);
    Result<http::Response> answer = (this->*send)(*sent);
    // A body that cannot be read is no fault of the server.
    const bool body_failed = passed != nullptr && passed->Failed();
    if (!body_failed) Note(*upstream, answer, request);
    if (answer) {
      if (answer->Request == nullptr) answer->Request = sent;
      if (answer->Body.IsNoBody()) {
        upstream->requests.fetch_sub(1, std::memory_order_relaxed);
      } else {
        answer->Body = http::Body(std::make_shared<CountedBody>(answer->Body, upstream));
      }
      return answer;
    }
    upstream->requests.fetch_sub(1, std::memory_order_relaxed);
    const bool last = tried.size() >= std::min<size_t>(options_.TriesMax, upstreams_.size());
    const bool body_gone = passed != nullptr && passed->Started();
    if (last || body_gone || !MayTryAnother(request, answer.error())) return answer;
  }
}

void LoadBalancer::CloseIdleConnections() { transport_->CloseIdleConnections(); }

std::vector<LoadBalancer::Health> LoadBalancer::GetHealth() const {
  std::vector<Health> health;
  for (const auto& upstream : upstreams_) {
    const int64_t until = upstream->rests_until.load(std::memory_order_relaxed);
    health.push_back({.requests = upstream->requests.load(std::memory_order_relaxed),
                      .failures = upstream->failures.load(std::memory_order_relaxed),
                      .resting = until != kNotResting && Ticks(Clock::now()) < until});
  }
  return health;
}

}  // namespace hon::httputil
