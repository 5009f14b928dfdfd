#pragma once

// What a server's owner can be told of its connections, and add to the contexts of their requests.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "hon/appcontext/context.h"

namespace hon::netpoll {
class Connection;
}

namespace hon::engine {

/// What became of a connection; Go's ConnState.
///   new → active → idle → active ...;   any of them → closed;   active → hijacked
/// kActive begins with a whole request head (for the first one also with a broken one), not with
/// its first byte. kHijacked and kClosed are final, and every connection gets exactly one of them.
enum class ConnState : uint8_t { kNew, kActive, kIdle, kHijacked, kClosed };

/// "new", "active", "idle", "hijacked", "closed".
[[nodiscard]] std::string_view String(ConnState state);

/// A connection as hooks see it: for the time of the call.
class ConnInfo {
 public:
  explicit ConnInfo(const netpoll::Connection& connection) : connection_(&connection) {}
  /// Tells connections apart from kNew until the final state; another may have it later.
  [[nodiscard]] const void* Id() const { return connection_; }
  /// "ip:port", "[ip6]:port", or the path of a unix socket; "" when the peer had gone before
  /// anybody asked.
  [[nodiscard]] std::string RemoteAddr() const;
  /// Our end of it; "" with kClosed.
  [[nodiscard]] std::string LocalAddr() const;

 private:
  const netpoll::Connection* connection_;
};

/// Called where the state changes, on the connection's loop: must neither block nor wait. An
/// exception that leaves it is reported (Event::Kind::kCallback); the connection goes on.
using ConnStateHook = std::function<void(const ConnInfo&, ConnState)>;

/// Makes the context above all requests of one connection, from the one above all connections.
/// Called when it was accepted, on its loop: must neither block nor wait. An exception that leaves
/// it is reported (Event::Kind::kCallback), and the connection is reset before it is read.
using ConnContextHook =
    std::function<appcontext::Context(const appcontext::Context&, const ConnInfo&)>;

/// All that one server adds to its connections. What is not set costs nothing.
struct ConnHooks {
  ConnStateHook on_state;
  ConnContextHook context;
  /// Above all connections that come without one of their own (LoopEngine::Gate): its values are
  /// those of the requests. Its end is not looked at.
  appcontext::Context base;
  /// Binds http::LocalAddrContextKey.
  bool local_addr_value = false;
};

}  // namespace hon::engine
