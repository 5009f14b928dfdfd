#pragma once

#include <memory>
#include <string_view>

#include "hon/client/trace.h"

namespace hon::client {

/// Calls the hook of `trace` if there are both.
template <class Hook, class... Arguments>
void Tell(const ClientTrace* trace, Hook ClientTrace::*hook, const Arguments&... arguments) {
  if (trace != nullptr && trace->*hook != nullptr) (trace->*hook)(arguments...);
}

/// The trace of `context`, called after `extra` (null: none), which the caller keeps.
[[nodiscard]] std::shared_ptr<const ClientTrace> TraceOf(const appcontext::Context& context,
                                                         const ClientTrace* extra);

/// Calls WroteHeaderField for each line of `head`, a request's head in HTTP/1.1, then WroteHeaders.
/// `trace` may be null.
void TellHead(const ClientTrace* trace, std::string_view head);

/// The handshake of one connection, told to the trace of the request that dials. Shared by the dial
/// and the record layer, which may outlive the request.
struct HandshakeTrace {
  const ClientTrace* trace = nullptr;  // null: the request has ended, or nobody listens
  bool pending = false;
  bool begun = false;

  void Begin() {
    begun = true;
    if (trace == nullptr || pending) return;
    pending = true;
    Tell(trace, &ClientTrace::TLSHandshakeStart);
  }
  void End(const tls::ConnectionState* state, const Error& err) {
    if (trace == nullptr || !pending) return;
    pending = false;
    Tell(trace, &ClientTrace::TLSHandshakeDone, state, err);
  }
};

}  // namespace hon::client
