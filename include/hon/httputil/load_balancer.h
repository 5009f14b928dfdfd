#pragma once

// A transport that spreads requests over several servers.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hon/base/time.h"
#include "hon/client/transport.h"
#include "hon/http/round_tripper.h"
#include "hon/url/url.h"

namespace hon::httputil {

/// Consecutive failures after which a server is left out.
inline constexpr unsigned kUpstreamFailuresMax = 3;
/// How long a server is left out. One request tries the server then; its failure leaves the server
/// out again.
inline constexpr Duration kUpstreamRestTime = std::chrono::seconds(10);
/// The largest number of servers of one LoadBalancer.
inline constexpr size_t kUpstreamsMax = 1024;

/// How a LoadBalancer chooses among the servers that are not left out.
enum class Balance : uint8_t {
  kRoundRobin,      // in turn
  kLeastBusy,       // the server with the fewest pending requests
  kConsistentHash,  // by LoadBalancerOptions::Key: the same server for the same key, while that
                    // server is there (rendezvous hashing)
};

struct LoadBalancerOptions {
  httputil::Balance Balance = Balance::kRoundRobin;
  /// The key of kConsistentHash. Empty: the client's address in X-Forwarded-For, else the URL's
  /// path.
  std::function<std::string(const http::Request&)> Key{};
  /// Null: http::DefaultTransport().
  std::shared_ptr<http::RoundTripper> Transport{};
  unsigned FailuresMax = kUpstreamFailuresMax;
  Duration RestTime = kUpstreamRestTime;
  /// The largest number of servers that one request is sent to; 1 or more.
  unsigned TriesMax = 3;
};

/// Sends each request to one of several servers: to its scheme, host and base path. A server fails
/// a request when it gives no answer; any status is an answer. The request then goes to another
/// server where a repetition is safe: no connection was made, or the method is idempotent (RFC 9110
/// §9.2.2); and the request has no body, a body of which nothing was read, or a body that can be
/// read again (hon/http/replay.h). When all servers are left out, all are tried. Thread-safe if
/// Transport is. For a Client, or as Transport of a ReverseProxy.
class LoadBalancer final : public http::RoundTripper, public client::UpgradeTripper {
 public:
  /// Throws std::invalid_argument for no server, more than kUpstreamsMax, or a URL without scheme
  /// or host.
  explicit LoadBalancer(std::vector<url::URL> servers, LoadBalancerOptions options = {});
  ~LoadBalancer() override;

  /// Keeps the Host of a request; an empty Host becomes that of the server.
  Result<http::Response> RoundTrip(http::Request& request) override;
  /// As RoundTrip; by the UpgradeTripper of Transport, if Transport is one.
  Result<http::Response> RoundTripUpgrade(http::Request& request) override;
  void CloseIdleConnections() override;

  struct Health {
    size_t requests = 0;  // pending, up to the end of the answer's body
    unsigned failures = 0;
    bool resting = false;
  };
  /// The health of each server, in the order of the constructor's list.
  [[nodiscard]] std::vector<Health> GetHealth() const;

 private:
  struct Upstream;
  class CountedBody;
  using Send = Result<http::Response> (LoadBalancer::*)(http::Request& request);

  Result<http::Response> SendPlain(http::Request& request);
  Result<http::Response> SendUpgrade(http::Request& request);
  Result<http::Response> Spread(http::Request& request, Send send);
  [[nodiscard]] std::shared_ptr<Upstream> Choose(
      const http::Request& r, const std::vector<std::shared_ptr<Upstream>>& tried);
  [[nodiscard]] std::string KeyOf(const http::Request& r) const;
  void Note(Upstream& upstream, const Result<http::Response>& answer, const http::Request& r) const;

  const LoadBalancerOptions options_;
  std::shared_ptr<http::RoundTripper> transport_;
  std::vector<std::shared_ptr<Upstream>> upstreams_;
  std::atomic<size_t> next_{0};
};

}  // namespace hon::httputil
