#pragma once

// The opening handshake (RFC 6455 §4): the checks of a request and of its answer.

#include <string>
#include <string_view>
#include <vector>

#include "hon/http/header.h"
#include "hon/http/request.h"
#include "hon/http/response.h"
#include "hon/io/io.h"
#include "websocket/extension.h"

namespace hon::websocket::internal {

/// The reason for not upgrading a request, as an HTTP status and a text; status 0 for none.
struct Refusal {
  int status = 0;
  std::string_view text{};
};
/// Checks all that RFC 6455 §4.2.1 demands of a client's request, but for its origin.
[[nodiscard]] Refusal CheckRequest(const http::Request& r);
/// The extensions that the request offers. Returns false when the field is malformed.
[[nodiscard]] bool ReadOffers(const http::Header& header, std::vector<Extension>& offers);
/// Whether Origin is absent (no browser) or has the host of the request.
[[nodiscard]] bool IsSameOrigin(const http::Request& r);
/// The first of `ours` that the client offers, or "".
[[nodiscard]] std::string SelectSubprotocol(const http::Header& header,
                                            const std::vector<std::string>& ours);

/// A server's answer, as a client reads it.
struct HandshakeAnswer {
  DeflateTerms deflate;
  std::string subprotocol;
};
/// Checks a server's answer to `key`; over HTTP/2 the answer to an extended CONNECT (RFC 8441 §5).
[[nodiscard]] Result<HandshakeAnswer> CheckAnswer(const http::Response& response,
                                                  std::string_view key,
                                                  const std::vector<std::string>& subprotocols,
                                                  const DeflateOptions& options);
/// Reads a server's answer to `key` from `from`, and no byte behind its head, and checks all that
/// RFC 6455 §4.1 demands. Fails with ErrBadHandshake, or with the error of `from`.
[[nodiscard]] Result<HandshakeAnswer> ReadAnswer(io::Reader& from, std::string_view key,
                                                 const std::vector<std::string>& subprotocols,
                                                 const DeflateOptions& options);

}  // namespace hon::websocket::internal
