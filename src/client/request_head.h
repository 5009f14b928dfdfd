#pragma once

#include <string>
#include <string_view>

#include "client/route.h"
#include "hon/base/result.h"
#include "hon/client/transport.h"
#include "hon/http/request.h"
#include "hon/io/link_buffer.h"

namespace hon::client {

/// How the body of a request is framed (RFC 9112 §6).
enum class RequestFraming : uint8_t { kNone, kLength, kChunked };

/// The facts of a request that decide how it is sent.
struct RequestPlan {
  std::string_view method;
  std::string_view host;  // value of the Host field
  RequestFraming framing = RequestFraming::kNone;
  int64_t length = 0;             // with kLength
  bool asks_for_codings = false;  // by the transport, not the caller
  bool expects_continue = false;  // Expect: 100-continue
  bool upgrades = false;          // has Upgrade
  std::string_view protocol{};    // of an extended CONNECT in place of the upgrade (RFC 8441)
  bool close = false;             // the connection ends after the answer
};

/// The User-Agent of requests without one.
inline constexpr std::string_view kUserAgent = "hon-http-client/1.1";

/// Whether `value` can be a field's value: visible bytes, blanks and obs-text (RFC 9110 §5.5).
[[nodiscard]] bool IsFieldValue(std::string_view value);

/// Whether requests of `method` seldom have content, so that a body of unknown length may be empty.
[[nodiscard]] bool SeldomHasContent(std::string_view method);

/// Whether the request states that it has no content (RFC 9110 §8.6).
[[nodiscard]] bool StatesNoContent(const RequestPlan& plan);

/// Checks everything that is sent, so that nothing of a bad request reaches the wire. Fails with
/// http::ErrInvalidRequest.
Result<RequestPlan> PlanRequest(const http::Request& r, const TransportOptions& options);

/// Appends the head of `r` to `out` and returns a view of the head there. The view is valid until
/// the next call on `out`.
std::string_view WriteRequestHead(const http::Request& r, const RequestPlan& plan,
                                  const Route& route, io::LinkBuffer& out);

}  // namespace hon::client
