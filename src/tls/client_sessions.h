#pragma once

#include <deque>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tls/openssl.h"

namespace hon::tls {

using SessionPtr = std::unique_ptr<SSL_SESSION, FreeBy<SSL_SESSION_free>>;

/// The tickets of servers for one ClientContext, by route. At most kClientSessionHostsMax routes
/// and kClientSessionsPerHostMax tickets of each. Any thread.
class ClientSessions {
 public:
  void Add(const std::string& route, SessionPtr session);
  /// The newest session of `route` that may still be resumed, or null. A session of TLS 1.3 is
  /// removed, so that no ticket is used twice (RFC 8446 §C.4).
  SessionPtr Take(const std::string& route);

 private:
  struct Entry {
    std::string route;
    std::deque<SessionPtr> sessions;  // oldest first
  };
  using Entries = std::list<Entry>;  // most recently used first

  std::mutex mutex_;
  Entries entries_;
  std::unordered_map<std::string_view, Entries::iterator> by_route_;  // views of Entry::route
};

}  // namespace hon::tls
