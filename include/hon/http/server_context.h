#pragma once

// Values of a request's context that describe its server, under Go's names.

#include <string_view>

#include "hon/appcontext/context.h"
#include "hon/base/error.h"

namespace hon::http {

/// The error of Serve after Shutdown or Close, and the cause of the contexts and connections that
/// end then.
inline constexpr Sentinel ErrServerClosed{"http: Server closed"};
/// The cause of ShutdownContext in place of ErrServerClosed when a successor serves
/// (server::Server::StartSuccessor): a client that connects again is served at once.
inline constexpr Sentinel ErrServerReplaced{"http: Server replaced by a successor"};

/// The key of a context value. Keys are told apart by their addresses, so take the address of the
/// named one: `r.Context().Value(&http::ServerContextKey)`.
struct ContextKey {
  std::string_view name;
};

/// The server that took the connection: a `server::Server*`.
inline constexpr ContextKey ServerContextKey{"http-server"};
/// The address that the client connected to: a `std::string`, "ip:port". Bound only by a server
/// with server::WithLocalAddrValue.
inline constexpr ContextKey LocalAddrContextKey{"local-addr"};
/// The value that ShutdownContext returns: an `appcontext::Context`.
inline constexpr ContextKey ShutdownContextKey{"http-shutdown"};

/// The context that ends, with the cause ErrServerClosed or ErrServerReplaced, when the server of
/// this request begins to shut down or is closed. Without a server (a handler under test): a
/// context that never ends. `request` is the context of the request or one made from it.
///
/// The request's own context does not end then, so that its answer can still be given. A handler
/// whose answer is endless (a stream of events), or that has hijacked its connection, waits for the
/// ShutdownContext too, sends its last message and returns:
///     while (!fiber::Sleep(http::ShutdownContext(r.Context()), 1s)) { ... }
/// May be kept and used from any thread.
[[nodiscard]] appcontext::Context ShutdownContext(const appcontext::Context& request);

}  // namespace hon::http
