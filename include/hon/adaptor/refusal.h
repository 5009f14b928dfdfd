#pragma once

// The answers that a server gives without calling a handler, in one table.

#include <cstdint>
#include <string_view>

#include "hon/http/header.h"
#include "hon/io/link_buffer.h"

namespace hon::adaptor {

/// The reason of refusing a request. Every refusal ends the connection after its answer.
enum class Refusal : uint8_t {
  kNone,
  kBadRequest,                   // 400: broken syntax or framing
  kMissingHost,                  // 400 (RFC 9112 §3.2)
  kMalformedHost,                // 400
  kInvalidHeaderName,            // 400: a space inside or after a field name (RFC 9112 §5.1)
  kRequestTimeout,               // 408: a started head is too late
  kContentTooLarge,              // 413: the declared body is longer than allowed
  kExpectationFailed,            // 417: an Expect other than 100-continue (RFC 9110 §10.1.1)
  kHeadTooLarge,                 // 431: too many bytes or fields
  kInternalError,                // 500: the handler failed before it sent anything
  kUnsupportedTransferEncoding,  // 501 (RFC 9112 §6.1)
  kOverloaded,                   // 503: no room for another request, or shutting down
  kUnsupportedVersion,           // 505: not HTTP/1.x
  kCount
};

/// The text of a Refusal on the wire.
struct RefusalText {
  int status;               // 0 for kNone
  std::string_view reason;  // "400 Bad Request: malformed Host header", as in the status line
  std::string_view body;
};

/// kLeftOut: the request is known to be a HEAD, whose answers end with their heads (RFC 9112 §6.3).
enum class RefusalBody : uint8_t { kSent, kLeftOut };

/// Never fails; `refusal` is one of the enumerators before kCount.
[[nodiscard]] const RefusalText& DescribeRefusal(Refusal refusal);

/// Whether a field that a handler had set before its failure is kept in the answer that replaces
/// the handler's. Kept are the fields that say who may read an answer, how it is traced and how a
/// browser treats the site, whatever the answer is: Access-Control-*, Vary, Timing-Allow-Origin,
/// Cross-Origin-*-Policy, Strict-Transport-Security, X-Frame-Options, X-Content-Type-Options,
/// Referrer-Policy, Server, Traceresponse, X-Request-Id, Request-Id, X-Correlation-Id, X-Trace-Id.
/// All others belong to the failed answer: Set-Cookie, Location, Cache-Control, Content-*...
[[nodiscard]] bool IsKeptInRefusal(std::string_view name);

/// Appends the whole answer to `out`: status line, the fields of `set_before` for which
/// IsKeptInRefusal is true, Content-Type, Connection: close and a text body that ends with the
/// connection, unless `body` is kLeftOut. 417 is an ordinary answer with `date` (the value of a
/// Date field) and no content. Appends nothing for kNone.
void WriteRefusal(Refusal refusal, std::string_view date, io::LinkBuffer& out,
                  RefusalBody body = RefusalBody::kSent, const http::Header* set_before = nullptr);

/// A text of the program for an answer of the server.
struct OwnRefusal {
  std::string_view content_type;  // left out when it holds a control byte
  std::string_view content;
};
/// As above, with `own` as the body for any refusal.
void WriteRefusal(Refusal refusal, const OwnRefusal& own, io::LinkBuffer& out,
                  RefusalBody body = RefusalBody::kSent, const http::Header* set_before = nullptr);

}  // namespace hon::adaptor
