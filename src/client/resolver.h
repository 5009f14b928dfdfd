#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "hon/appcontext/context.h"
#include "hon/base/result.h"
#include "hon/base/time.h"

namespace hon::client {

struct ClientTrace;

/// Looks names up without stalling a loop: getaddrinfo runs on the resolver's own threads, at most
/// kResolverThreadsMax, which are started on demand. Any thread.
class Resolver {
 public:
  /// Asks `lookup` for the addresses of a host, or the system when `lookup` is empty. Keeps answers
  /// for `cache_time`, at most kNamesCachedMax.
  Resolver(std::function<Result<std::vector<std::string>>(const std::string&)> lookup,
           Duration cache_time);
  /// Waits for pending look-ups.
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// The addresses of "host:port" as "ip:port", in the order in which to try them (RFC 8305 §4: the
  /// families alternate), at most kAddressesTriedMax. Called on a fiber, which is suspended until
  /// the answer comes, `deadline` passes or `context` ends. An address or "unix:/path" is its own
  /// result. A look-up of the system is told to `trace` (null: none).
  Result<std::vector<std::string>> LookUp(const std::string& host_port,
                                          const appcontext::Context& context, TimePoint deadline,
                                          const ClientTrace* trace);

 private:
  class Threads;
  struct Kept {
    std::vector<std::string> addresses;
    TimePoint until;
  };

  [[nodiscard]] std::vector<std::string> FindKept(const std::string& host_port);
  void Keep(const std::string& host_port, const std::vector<std::string>& addresses);

  Result<std::vector<std::string>> Await(const std::string& host_port,
                                         const appcontext::Context& context, TimePoint deadline);

  Duration cache_time_;
  std::mutex mutex_;
  std::unordered_map<std::string, Kept> kept_;  // guarded by mutex_
  std::unique_ptr<Threads> threads_;
};

}  // namespace hon::client
