#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hon/appcontext/context.h"
#include "hon/base/result.h"
#include "hon/base/time.h"

namespace hon::client {

/// Looks names up without stalling a loop: getaddrinfo runs on the resolver's own threads, at most
/// kResolverThreadsMax, which are started on demand. Any thread.
class Resolver {
 public:
  Resolver();
  /// Waits for pending look-ups.
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// The addresses of "host:port" as "ip:port", in the order in which to try them (RFC 8305 §4: the
  /// families alternate), at most kAddressesTriedMax. Called on a fiber, which is suspended until
  /// the answer comes, `deadline` passes or `context` ends. An address or "unix:/path" is its own
  /// result.
  Result<std::vector<std::string>> LookUp(const std::string& host_port,
                                          const appcontext::Context& context, TimePoint deadline);

 private:
  class Threads;
  std::unique_ptr<Threads> threads_;
};

}  // namespace hon::client
