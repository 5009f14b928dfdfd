#pragma once

// Field sections of requests, answers and trailers (RFC 9113 §8): from HPACK's lines to their
// meaning in HTTP.

#include <cstdint>
#include <span>
#include <string_view>

#include "hon/base/arena.h"
#include "hon/h2/field_line.h"
#include "hon/h2/frame.h"
#include "hon/h2/priority.h"
#include "hon/http/header.h"

namespace hon::h2 {

/// The contents of a request's field section without its Header. Views live as long as the
/// FieldLines.
struct RequestFields {
  std::string_view method;
  std::string_view scheme;          // "http" or "https"; "" with CONNECT
  std::string_view authority;       // :authority, or the Host field where that is missing
  std::string_view path;            // "" with CONNECT that has no :protocol
  std::string_view protocol;        // of an extended CONNECT (RFC 8441), else ""
  int64_t content_length = -1;      // -1: not declared
  bool expect_continue = false;     // Expect: 100-continue
  bool expects_otherwise = false;   // any other Expect: 417 (RFC 9110 §10.1.1)
  bool announces_trailers = false;  // there is a Trailer field
  bool has_priority = false;
  Priority priority;  // of a Priority field (RFC 9218 §5)
};

/// Judges the lines of a request and fills `fields` and `header`. The Header gets views of the
/// lines, or of `arena` where names are brought into Go's canonical spelling or Cookie fields are
/// joined (RFC 9113 §8.2.3). The Header has no Host field, as over HTTP/1. `end_stream`: no body
/// follows. A malformed request (RFC 9113 §8.1.1) gives a stream error, with `fields` and `header`
/// in any state. Allocates nothing where `arena` and `header` are warm.
[[nodiscard]] Violation ReadRequestFields(std::span<const FieldLine> lines, bool end_stream,
                                          Arena& arena, RequestFields& fields,
                                          http::Header& header);

/// The contents of an answer's field section without its Header.
struct ResponseFields {
  int status = 0;  // 100 to 999, never 101
  int64_t content_length = -1;
  bool announces_trailers = false;
};
/// As ReadRequestFields, for an answer. `end_stream` with an informational status is malformed (RFC
/// 9113 §8.1).
[[nodiscard]] Violation ReadResponseFields(std::span<const FieldLine> lines, bool end_stream,
                                           Arena& arena, ResponseFields& fields,
                                           http::Header& header);

/// As ReadRequestFields, for trailers, which have no pseudo-header fields. The caller checks
/// whether a name may be a trailer.
[[nodiscard]] Violation ReadTrailerFields(std::span<const FieldLine> lines, Arena& arena,
                                          http::Header& header);

}  // namespace hon::h2
