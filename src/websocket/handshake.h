#pragma once

// The opening handshake (RFC 6455 §4): what a request must say, and what the answer to it.

#include <string>
#include <string_view>
#include <vector>

#include "hon/http/header.h"
#include "hon/http/request.h"
#include "websocket/extension.h"

namespace hon::websocket::internal {

/// The answer to a key: base64 of the SHA-1 of it and the RFC's constant.
[[nodiscard]] std::string AcceptKey(std::string_view key);
/// 16 random bytes in base64.
[[nodiscard]] std::string NewKey();

/// Whether a field that is a list of tokens has `token`, in any case.
[[nodiscard]] bool HasToken(const http::Header& header, std::string_view name,
                            std::string_view token);

/// Why a request is not upgraded, as an HTTP status and a text; status 0 when it is.
struct Refusal {
  int status = 0;
  std::string_view text{};
};
/// Looks at all that RFC 6455 §4.2.1 asks of a client's request, but not at its origin.
[[nodiscard]] Refusal CheckRequest(const http::Request& r);
/// What it offers. False when the field is malformed.
[[nodiscard]] bool ReadOffers(const http::Header& header, std::vector<Extension>& offers);
/// Whether Origin is absent (no browser) or names the host that the request went to.
[[nodiscard]] bool IsSameOrigin(const http::Request& r);
/// The first of `ours` that the client offers, or "".
[[nodiscard]] std::string SelectSubprotocol(const http::Header& header,
                                            const std::vector<std::string>& ours);

/// A server's answer, as a client reads it.
struct HandshakeAnswer {
  DeflateTerms deflate;
  std::string subprotocol;
};
/// Looks at all that RFC 6455 §4.1 asks of a server's answer to `key`. `head` is the status line
/// and the fields, with the empty line at their end.
[[nodiscard]] Result<HandshakeAnswer> ReadAnswer(std::string_view head, std::string_view key,
                                                 const std::vector<std::string>& subprotocols,
                                                 const DeflateOptions& options);

}  // namespace hon::websocket::internal
