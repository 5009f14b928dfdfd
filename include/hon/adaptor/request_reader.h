#pragma once

#include "hon/adaptor/head_parser.h"
#include "hon/http/request.h"

namespace hon::adaptor {

/// Makes `request`, blank or reset, the request that `head` describes; its Header already holds the
/// fields (HeadParser::Parse filled it). Sets Method, URL, Proto, ProtoMajor, ProtoMinor,
/// ContentLength, Chunked, Close, Host, RequestURI and the announced names of Trailer; adds
/// Cache-Control to a Pragma: no-cache that stands alone (RFC 9111 §5.4). Body, RemoteAddr and
/// the context are the caller's to set.
/// Views are of the head's bytes. Warm, it allocates nothing.
/// Errors: kBadRequest for a target that is no URI or has userinfo, "*" without OPTIONS
/// (RFC 9112 §3.2.4), an absolute http URI without a host, or an announced trailer that frames the
/// message; kMalformedHost for an absolute target with a host that no Host field may hold.
[[nodiscard]] Refusal FillRequest(const RequestHead& head, http::Request& request);

}  // namespace hon::adaptor
