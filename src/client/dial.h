#pragma once

#include <memory>

#include "client/conn.h"
#include "client/core.h"

namespace hon::client {

/// A new connection: `conn` in HTTP/1.1, or `shared` in HTTP/2.
struct Dialed {
  std::unique_ptr<Conn> conn;
  std::shared_ptr<H2Conn> shared;
};

/// A connection along `route`, with the handshakes of its proxy and of TLS done. From a fiber, on
/// whose loop the connection lives. The place of the connection is taken already; it is given back
/// when this fails. Errors: http::ErrDial, ErrDialTimeout, ErrHandshake, ErrTLSHandshakeTimeout,
/// ErrSchemeMismatch, ErrProxy, or the cause of `context`.
Result<Dialed> Dial(const std::shared_ptr<Core>& core, const std::shared_ptr<Route>& route,
                    const std::shared_ptr<LoopPool>& pool, const appcontext::Context& context,
                    const ClientTrace* trace);

}  // namespace hon::client
