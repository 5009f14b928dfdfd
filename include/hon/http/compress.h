#pragma once

// Compressing answers while they are served. FileServerOptions::precompressed sends files that were
// compressed before, at no cost for each request.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "hon/http/handler.h"
#include "hon/http/middleware.h"

namespace hon::http {

/// Options of CompressHandler and Compress.
struct CompressOptions {
  /// 1 is quick, 9 is small (RFC 1951). Other levels throw std::invalid_argument.
  int level = 5;
  /// A body that is known to have fewer bytes is not compressed: by its Content-Length, or because
  /// the handler has returned after fewer bytes and no Flush.
  size_t size_min = 1024;
  /// Media types to compress, without parameters, in lower case: "text/css"; "text/*" is all of a
  /// kind, "*+json" all of a structure. Empty for those of IsCompressible.
  std::vector<std::string> types = {};
  /// Answers compressed at the same time, each of which holds some 270 KiB; further answers are
  /// sent uncompressed.
  size_t streams_max = 1024;
};

/// Whether content of the media type `type` ("text/html; charset=utf-8") is worth compressing:
/// text, JSON, XML, scripts, fonts and images that are not compressed already. text/event-stream is
/// not among them, since each open stream would hold a compressor. To compress event streams, name
/// the type in CompressOptions::types and set a Cache-Control without no-transform, which
/// sse::Writer sends otherwise. Pure; any thread.
[[nodiscard]] bool IsCompressible(std::string_view type);

/// Calls `handler` with a ResponseWriter that compresses the answer by gzip where Accept-Encoding
/// gives gzip at least the weight of identity (RFC 9110 §12.5.3).
///
/// A compressed answer has Content-Encoding, no Content-Length and no Accept-Ranges. A strong ETag
/// "abc" of the handler's is sent as "abc--gzip", since the compressed representation is another
/// one (§8.8.3.3); a weak ETag is sent as it is. While the handler runs, If-Match and If-None-Match
/// list "abc" behind each "abc--gzip", so that the conditions of a request are true of either
/// representation: a PUT may name the tag that a GET has shown. If-Range is left alone: a part is
/// never of compressed bytes. Every answer of which a 200 might have been compressed has Vary, a
/// 206 and a 304 too, and a 304 has the ETag of the 200 (§15.3.7, §15.4.5).
///
/// A Flush sends everything written so far, so that streams arrive as they are written. A HEAD is
/// answered by the fields of the GET. A missing Content-Type is found by the first bytes, as
/// without CompressHandler.
///
/// Never compressed are: answers that have a Content-Encoding, Content-Range, Transfer-Encoding, a
/// digest (Digest, Content-Digest, Repr-Digest, Content-MD5) or Cache-Control: no-transform, with
/// which a handler prevents compression; the statuses 1xx, 204, 205, 206 and 304; CONNECT, HTTP/1.0
/// and hijacked connections.
///
/// Up to size_min bytes are kept back until the handler writes more, flushes or returns; the fields
/// are still those at the handler's WriteHeader or first Write. Writing less than a declared
/// Content-Length cuts the connection, so that no client takes a part for the whole. After a Write
/// past the declared length every Write fails.
///
/// The length of a compressed answer reveals something of its content. Where one answer holds a
/// secret as well as text that the client, or a page in the client, has sent, the length can reveal
/// the secret (BREACH): do not compress such answers. The `handler` may suspend. Compressing is
/// work on the calling thread; other fibers get a turn after every 64 KiB that are compressed.
[[nodiscard]] HandlerPtr CompressHandler(HandlerArg handler, CompressOptions options = {});

/// CompressHandler as a Middleware, for Chain and RouteGroup. All handlers wrapped by one Compress
/// share streams_max.
[[nodiscard]] Middleware Compress(CompressOptions options = {});

}  // namespace hon::http
