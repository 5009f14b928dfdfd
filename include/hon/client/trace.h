#pragma once

// Go's net/http/httptrace: hooks into what a Transport does for one request.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "hon/appcontext/context.h"
#include "hon/base/error.h"
#include "hon/base/time.h"
#include "hon/http/header.h"

namespace hon::client {

/// The connection that a request is sent on.
struct GotConnInfo {
  bool Reused = false;     // it has served another request before
  bool WasIdle = false;    // it was in the pool
  Duration IdleTime = {};  // for how long
  std::string LocalAddr;
  std::string RemoteAddr;
};

/// Any hook may be empty. Hooks are called in the order of their declaration, on the loop of the
/// connection, and must not wait. A request that is sent again calls its hooks again.
struct ClientTrace {
  /// The search for a connection to "host:port" begins.
  std::function<void(std::string_view host_port)> GetConn = {};
  std::function<void(std::string_view host)> DNSStart = {};
  std::function<void(const Error& err)> DNSDone = {};
  std::function<void(std::string_view address)> ConnectStart = {};
  std::function<void(std::string_view address, const Error& err)> ConnectDone = {};
  std::function<void(const GotConnInfo& info)> GotConn = {};
  /// The head of the request, as it is sent.
  std::function<void(std::string_view head)> WroteHeaders = {};
  /// The body is withheld until a 100 arrives (RFC 9110 §10.1.1).
  std::function<void()> Wait100Continue = {};
  std::function<void()> GotFirstResponseByte = {};
  /// A 1xx answer. An error ends the request.
  std::function<Error(int status, const http::Header& header)> Got1xxResponse = {};
  /// The connection is in the pool again, or is not because of `err`.
  std::function<void(const Error& err)> PutIdleConn = {};
};

/// A context whose requests call `trace`.
[[nodiscard]] appcontext::Context WithClientTrace(const appcontext::Context& parent,
                                                  std::shared_ptr<const ClientTrace> trace);
/// The trace of `context`, or null.
[[nodiscard]] std::shared_ptr<const ClientTrace> ContextClientTrace(
    const appcontext::Context& context);

}  // namespace hon::client
