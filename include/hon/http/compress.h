#pragma once

// Compressing answers while they are served. FileServerOptions::precompressed sends what was
// compressed before, at no cost for each request.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "hon/http/handler.h"

namespace hon::http {

/// What CompressHandler compresses, and how hard it tries.
struct CompressOptions {
  /// 1 is quick, 9 is small (RFC 1951). Others throw std::invalid_argument.
  int level = 5;
  /// A body that is known to be shorter, in bytes, is left alone. Known is a Content-Length, or
  /// that the handler returned having written less without a Flush.
  size_t size_min = 1024;
  /// Media types to compress, without parameters, in lower case: "text/css"; "text/*" is all of a
  /// kind, "*+json" all of a structure. Empty for those of IsCompressible.
  std::vector<std::string> types = {};
  /// Answers compressed at once, each of which holds some 270 KiB; one more is sent as it is.
  size_t streams_max = 1024;
};

/// Whether content of the media type `type` ("text/html; charset=utf-8") is worth compressing:
/// text, JSON, XML, scripts, fonts and images that are not compressed already.
/// text/event-stream is not among them: its connections stay, and so would their memory; name it
/// in CompressOptions::types to have it, and set a Cache-Control without no-transform, which
/// sse::Writer sends otherwise. Pure; any thread.
[[nodiscard]] bool IsCompressible(std::string_view type);

/// Calls `handler` with a ResponseWriter that compresses by gzip what the client's Accept-Encoding
/// takes in this form at least as gladly as plain (RFC 9110 §12.5.3).
///
/// Such an answer has Content-Encoding, no Content-Length and no Accept-Ranges. A strong ETag "abc"
/// of the handler's is sent as "abc--gzip", since the compressed representation is another one
/// (§8.8.3.3); a weak ETag is sent as it is. While the handler runs, If-Match and If-None-Match
/// list "abc" behind each "abc--gzip", so that the conditions of a request are true of either
/// representation: a PUT may name the tag that a GET has shown. If-Range is left alone: a part is
/// never of compressed bytes. Every answer of which a 200 might have been compressed says Vary, a
/// 206 and a 304 too, and a 304 has the ETag of the 200 (§15.3.7, §15.4.5).
///
/// A Flush sends everything written so far, so that streams arrive as they are written. A HEAD is
/// answered by the fields of the GET. Where there is no Content-Type it is found by the first
/// bytes, as ever.
///
/// Left alone are: answers that have a Content-Encoding, Content-Range, Transfer-Encoding, a digest
/// (Digest, Content-Digest, Repr-Digest, Content-MD5) or Cache-Control: no-transform, which is how
/// a handler keeps one from being compressed; the statuses 1xx, 204, 205, 206 and 304; CONNECT,
/// HTTP/1.0 and hijacked connections.
///
/// Up to size_min bytes are kept back until it is known whether there are more; the fields are
/// those at the handler's WriteHeader or first Write all the same. Writing less than a declared
/// Content-Length cuts the connection, so that no client takes a part for the whole; behind a Write
/// past it every Write fails.
///
/// The length of a compressed answer tells of its content. Where one answer holds a secret as well
/// as what the client, or a page that it shows, has sent, this can reveal the secret (BREACH): do
/// not compress such answers. The `handler` may suspend. Compressing is work on the calling
/// thread; other fibers get a turn behind every 64 KiB that are compressed.
[[nodiscard]] HandlerPtr CompressHandler(HandlerArg handler, CompressOptions options = {});

}  // namespace hon::http
