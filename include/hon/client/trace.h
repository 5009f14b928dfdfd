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

namespace hon::tls {
struct ConnectionState;
}  // namespace hon::tls

namespace hon::client {

/// The connection that a request is sent on.
struct GotConnInfo {
  bool Reused = false;     // it has served another request before
  bool WasIdle = false;    // it was in the pool
  Duration IdleTime = {};  // for how long
  std::string LocalAddr;
  std::string RemoteAddr;
};

/// Any hook may be empty. Hooks are called in the order of their declaration, except that a body
/// may be complete (WroteRequest) after the answer has begun. Hooks are called on the loop of the
/// connection, and must not wait. A request that is sent again calls its hooks again.
struct ClientTrace {
  /// The search for a connection to "host:port" begins.
  std::function<void(std::string_view host_port)> GetConn = {};
  std::function<void(std::string_view host)> DNSStart = {};
  std::function<void(const Error& err)> DNSDone = {};
  /// Called for each address that is tried.
  std::function<void(std::string_view address)> ConnectStart = {};
  std::function<void(std::string_view address, const Error& err)> ConnectDone = {};
  /// The handshake with the server begins; through a proxy, after the proxy's answer.
  std::function<void()> TLSHandshakeStart = {};
  /// `state` is null after an error, and valid during the call.
  std::function<void(const tls::ConnectionState* state, const Error& err)> TLSHandshakeDone = {};
  std::function<void(const GotConnInfo& info)> GotConn = {};
  /// Each field of the request, as it is sent. HTTP/2 has its pseudo-header fields first.
  std::function<void(std::string_view name, std::string_view value)> WroteHeaderField = {};
  /// The head of the request, as it is sent; "" over HTTP/2.
  std::function<void(std::string_view head)> WroteHeaders = {};
  /// The body is withheld until a 100 arrives (RFC 9110 §10.1.1).
  std::function<void()> Wait100Continue = {};
  /// The request and its body are written, or the body failed.
  std::function<void(const Error& err)> WroteRequest = {};
  std::function<void()> GotFirstResponseByte = {};
  /// A 100 to a request that waits for it.
  std::function<void()> Got100Continue = {};
  /// A 1xx answer, a 100 too. An error ends the request.
  std::function<Error(int status, const http::Header& header)> Got1xxResponse = {};
  /// The connection is in the pool again, or is not because of `err`. Not called for HTTP/2.
  std::function<void(const Error& err)> PutIdleConn = {};
};

/// A context whose requests call `trace`, and after each of its hooks the same hook of the trace of
/// `parent`, if there is one.
[[nodiscard]] appcontext::Context WithClientTrace(const appcontext::Context& parent,
                                                  std::shared_ptr<const ClientTrace> trace);
/// The trace of `context`, or null.
[[nodiscard]] std::shared_ptr<const ClientTrace> ContextClientTrace(
    const appcontext::Context& context);

}  // namespace hon::client
