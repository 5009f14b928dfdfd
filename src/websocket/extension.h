#pragma once

// Sec-WebSocket-Extensions: its grammar (RFC 6455 §9.1) and what permessage-deflate says in it
// (RFC 7692 §7.1).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hon/websocket/options.h"
#include "websocket/deflate.h"

namespace hon::websocket::internal {

/// Elements of the field, and parameters of each, that are looked at; more is malformed.
inline constexpr size_t kExtensionsMax = 16;
inline constexpr size_t kExtensionParamsMax = 16;

/// Throws std::invalid_argument for options that no connection can have.
void CheckDeflate(const DeflateOptions& options);

struct Extension {
  struct Param {
    std::string name;
    std::optional<std::string> value;
  };
  std::string name;
  std::vector<Param> params;
};

/// Appends the elements of one field value. False when it is malformed.
[[nodiscard]] bool ParseExtensions(std::string_view value, std::vector<Extension>& to);

/// What both sides do; off when `enabled` is false.
struct DeflateTerms {
  bool enabled = false;
  DeflateParams send;
  DeflateParams receive;
  std::string field;  // a server's answer, as the field's value
};

/// A server's answer to a client's offers: the first that it can meet.
[[nodiscard]] DeflateTerms AcceptDeflate(const std::vector<Extension>& offers,
                                         const DeflateOptions& options);

/// A client's offer.
[[nodiscard]] std::string OfferDeflate(const DeflateOptions& options);
/// What a server's answer to that offer means. None when it is no answer to it.
[[nodiscard]] std::optional<DeflateTerms> ReadDeflateAnswer(const std::vector<Extension>& answer,
                                                            const DeflateOptions& options);

}  // namespace hon::websocket::internal
