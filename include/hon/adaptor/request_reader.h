#pragma once

#include <cstdint>
#include <string_view>

#include "hon/adaptor/head_parser.h"
#include "hon/http/request.h"

namespace hon::adaptor {

/// Fills `request`, blank or reset, from `head`; its Header already holds the fields
/// (HeadParser::Parse filled it). Sets Method, URL, Proto, ProtoMajor, ProtoMinor, ContentLength,
/// Chunked, Close, Host, RequestURI and the announced names of Trailer; adds Cache-Control to a
/// Pragma: no-cache without one (RFC 9111 §5.4). The caller sets Body, RemoteAddr and the context.
/// Views are of the head's bytes. A warm request allocates nothing. Errors: kBadRequest for a
/// target that is no URI or has userinfo, "*" without OPTIONS (RFC 9112 §3.2.4), an absolute http
/// URI without a host, or an announced trailer that frames the message; kMalformedHost for an
/// absolute target with a host that no Host field may hold.
[[nodiscard]] Refusal FillRequest(const RequestHead& head, http::Request& request);

/// The head of a request on an HTTP/2 stream (RFC 9113 §8.3.1).
struct StreamHead {
  std::string_view method;
  std::string_view authority;
  std::string_view path;         // "": a CONNECT without :protocol
  std::string_view protocol;     // of an extended CONNECT (RFC 8441); goes into the Header as
                                 // ":protocol", as in Go
  int64_t content_length = -1;   // -1: not declared
  bool ended = false;            // the request has no body
  bool authority_valid = false;  // `authority` was accepted before, and needs no check
};
/// As the other FillRequest, for a head whose field section was already checked.
[[nodiscard]] Refusal FillRequest(const StreamHead& head, http::Request& request);

}  // namespace hon::adaptor
