#pragma once

#include <cstdint>
#include <string_view>

#include "hon/http/request.h"
#include "hon/http/response_writer.h"
#include "hon/http/time.h"

namespace hon::http::internal {

/// The value of the field `id` when the message has exactly one line of it, else "": a field that
/// is no list must not be repeated (RFC 9110 §5.3).
[[nodiscard]] std::string_view SingleValue(const Header& header, HeaderId id);

/// Whether `modtime` is unknown: Go's zero time, or the start of 1970.
[[nodiscard]] bool IsUnknownTime(Time modtime);

/// Sets Last-Modified, unless `modtime` is unknown.
void SetLastModified(ResponseWriter& w, Time modtime);

/// Commits 304, without the fields that describe a body (RFC 9110 §15.4.5).
void WriteNotModified(ResponseWriter& w);

/// Whether If-Modified-Since is there and `modtime` is not after it (RFC 9110 §13.1.3).
[[nodiscard]] bool IsUnmodified(const Request& r, Time modtime);

/// The result of evaluating the conditional fields of a request.
enum class Precondition : uint8_t {
  kSendRange,  // go on, and honour Range
  kSendWhole,  // go on, ignore Range
  kAnswered,   // 304 or 412 is committed
};

/// Evaluates If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since and If-Range in the
/// order of RFC 9110 §13.2.2, against `modtime` and the ETag field already set on `w`.
Precondition CheckPreconditions(ResponseWriter& w, const Request& r, Time modtime);

}  // namespace hon::http::internal
