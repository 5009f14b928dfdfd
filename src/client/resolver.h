#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hon/appcontext/context.h"
#include "hon/base/result.h"
#include "hon/base/time.h"

namespace hon::client {

/// Looks names up without stalling a loop: getaddrinfo runs on threads of the resolver's own, at
/// most kResolverThreadsMax, started when they are needed. Any thread.
class Resolver {
 public:
  Resolver();
  /// Waits for look-ups that are under way.
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// The addresses of "host:port" as "ip:port", in the order in which to try them (RFC 8305 §4:
  /// the families alternate), at most kAddressesTriedMax. From a fiber, which is suspended until
  /// the answer comes, `deadline` passes or `context` ends. Addresses and "unix:/path" give
  /// themselves.
  Result<std::vector<std::string>> LookUp(const std::string& host_port,
                                          const appcontext::Context& context, TimePoint deadline);

 private:
  class Threads;
  std::unique_ptr<Threads> threads_;
};

}  // namespace hon::client
