#pragma once

// Hooks of a server's owner: news of connections, and values for the contexts of their requests.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "hon/appcontext/context.h"

namespace hon::netpoll {
class Connection;
}

namespace hon::engine {

/// The state of a connection; Go's ConnState.
///   new → active → idle → active ...;   any of them → closed;   active → hijacked
/// kActive begins with a whole request head (for the first head also with a broken one), not with
/// its first byte. kHijacked and kClosed are final, and every connection gets exactly one of them.
enum class ConnState : uint8_t { kNew, kActive, kIdle, kHijacked, kClosed };

/// "new", "active", "idle", "hijacked", "closed".
[[nodiscard]] std::string_view String(ConnState state);

/// A connection as hooks see it: for the time of the call.
class ConnInfo {
 public:
  explicit ConnInfo(const netpoll::Connection& connection) : connection_(&connection) {}
  /// Identifies a connection from kNew to its final state; a later connection may get the same Id.
  [[nodiscard]] const void* Id() const { return connection_; }
  /// "ip:port", "[ip6]:port", or the path of a unix socket; "" when the peer was gone before the
  /// first call.
  [[nodiscard]] std::string RemoteAddr() const;
  /// Our address of the connection; "" with kClosed.
  [[nodiscard]] std::string LocalAddr() const;

 private:
  const netpoll::Connection* connection_;
};

/// Called at a change of state, on the connection's loop: must neither block nor wait. An exception
/// that leaves the hook is reported (Event::Kind::kCallback); the connection goes on.
using ConnStateHook = std::function<void(const ConnInfo&, ConnState)>;

/// Makes the context above all requests of one connection, from the one above all connections.
/// Called at the accept, on the connection's loop: must neither block nor wait. An exception that
/// leaves the hook is reported (Event::Kind::kCallback), and the connection is reset before
/// anything is read.
using ConnContextHook =
    std::function<appcontext::Context(const appcontext::Context&, const ConnInfo&)>;

/// The hooks that one server adds to its connections. An unset hook costs nothing.
struct ConnHooks {
  ConnStateHook on_state;
  ConnContextHook context;
  /// The context above all connections that were not accepted through a gate (LoopEngine::Gate):
  /// requests see its values. The end of this context is not watched.
  appcontext::Context base;
  /// Binds http::LocalAddrContextKey.
  bool local_addr_value = false;
};

}  // namespace hon::engine
