#pragma once

#include <memory>

#include "client/conn.h"
#include "client/core.h"

namespace hon::client {

/// Returns a connection along `route`, with the handshakes of its proxy and of TLS done. Called on
/// a fiber, on whose loop the connection lives. The slot of the connection is taken already, and
/// freed when Dial fails. Errors: http::ErrDial, ErrDialTimeout, ErrHandshake,
/// ErrTLSHandshakeTimeout, ErrSchemeMismatch, ErrProxy, or the cause of `context`.
Result<std::unique_ptr<Conn>> Dial(const std::shared_ptr<Core>& core,
                                   const std::shared_ptr<Route>& route,
                                   const std::shared_ptr<LoopPool>& pool,
                                   const appcontext::Context& context, const ClientTrace* trace);

}  // namespace hon::client
