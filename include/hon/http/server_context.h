#pragma once

// What the context of a request knows of the server that runs it, under Go's names.

#include <string_view>

#include "hon/appcontext/context.h"
#include "hon/base/error.h"

namespace hon::http {

/// What Serve returns after Shutdown or Close, and why contexts and connections end then.
inline constexpr Sentinel ErrServerClosed{"http: Server closed"};

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
/// What ShutdownContext returns: an `appcontext::Context`.
inline constexpr ContextKey ShutdownContextKey{"http-shutdown"};

/// The context that ends, with the cause ErrServerClosed, when the server of this request begins
/// to shut down or is closed; one that never ends when there is no server (a handler under test).
/// `request` is the context of the request or one made from it.
///
/// The request's own context goes on then, since its answer shall still be given. A handler whose
/// answer has no end of its own (a stream of events), or that has hijacked its connection, waits
/// for this one too, says goodbye and returns:
///     while (!fiber::Sleep(http::ShutdownContext(r.Context()), 1s)) { ... }
/// May be kept and used from any thread.
[[nodiscard]] appcontext::Context ShutdownContext(const appcontext::Context& request);

}  // namespace hon::http
