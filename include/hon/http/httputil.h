#pragma once

// Go's httputil: messages as text, for logs and tests. The proxy is in hon/httputil.

#include <cstddef>
#include <string>

#include "hon/base/result.h"
#include "hon/http/request.h"
#include "hon/http/response.h"
#include "hon/io/io.h"

namespace hon::httputil {

/// Whether a dump shows the body too.
enum class DumpBody : uint8_t { kNo, kYes };

/// The request as it came, the fields sorted by name. With kYes the body is read, at most
/// `bytes_max` of it (io::ErrTooLong), and can be read again afterwards: it is kept in memory. When
/// reading fails, later reads of the body fail with the same error.
[[nodiscard]] Result<std::string> DumpRequest(http::Request& r, DumpBody body,
                                              size_t bytes_max = size_t{64} << 20);
/// The request as a client::Transport sends it in HTTP/1.1 without a proxy: with User-Agent,
/// Accept-Encoding, and the framing of the body. The body is read and kept as by DumpRequest; with
/// kNo it is left unread and the head shows its framing. Fails with http::ErrInvalidRequest where
/// the Transport would. Part of the component client.
[[nodiscard]] Result<std::string> DumpRequestOut(http::Request& r, DumpBody body,
                                                 size_t bytes_max = size_t{64} << 20);
/// The answer as Response::Write writes it.
[[nodiscard]] Result<std::string> DumpResponse(http::Response& response, DumpBody body,
                                               size_t bytes_max = size_t{64} << 20);

/// Writes the chunked coding (RFC 9112 §7.1): each Write is a chunk, an empty one nothing.
class ChunkedWriter final : public io::Writer, public io::Closer {
 public:
  /// `to` is kept by the caller.
  explicit ChunkedWriter(io::Writer& to) : to_(&to) {}
  /// The result of writing to the Writer below; the count is of bytes of `data`.
  io::IoResult Write(std::string_view data) override;
  /// Writes the last chunk. The trailer section and the empty line after it are the caller's.
  Error Close() override;

 private:
  io::Writer* to_;
};

}  // namespace hon::httputil
