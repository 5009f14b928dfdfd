#pragma once

// Sec-WebSocket-Extensions: its grammar (RFC 6455 §9.1) and the parameters of permessage-deflate
// (RFC 7692 §7.1).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hon/websocket/options.h"
#include "websocket/deflate.h"

namespace hon::websocket::internal {

/// The most elements of the field, and parameters of each; more is malformed.
inline constexpr size_t kExtensionsMax = 16;
inline constexpr size_t kExtensionParamsMax = 16;

/// Throws std::invalid_argument for invalid options.
void CheckDeflate(const DeflateOptions& options);

struct Extension {
  struct Param {
    std::string name;
    std::optional<std::string> value;
  };
  std::string name;
  std::vector<Param> params;
};

/// Appends the elements of one field value. Returns false when the value is malformed.
[[nodiscard]] bool ParseExtensions(std::string_view value, std::vector<Extension>& to);

/// The agreed behaviour of both sides; off when `enabled` is false.
struct DeflateTerms {
  bool enabled = false;
  DeflateParams send;
  DeflateParams receive;
  std::string field;  // a server's answer, as the field's value
};

/// A server's answer to a client's offers: to the first acceptable one.
[[nodiscard]] DeflateTerms AcceptDeflate(const std::vector<Extension>& offers,
                                         const DeflateOptions& options);

/// A client's offer.
[[nodiscard]] std::string OfferDeflate(const DeflateOptions& options);
/// The meaning of a server's answer to that offer. None when the answer does not fit the offer.
[[nodiscard]] std::optional<DeflateTerms> ReadDeflateAnswer(const std::vector<Extension>& answer,
                                                            const DeflateOptions& options);

}  // namespace hon::websocket::internal
