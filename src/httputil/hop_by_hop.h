#pragma once

// The connection-specific fields, which are not passed on (RFC 9110 §7.6.1).

#include <string_view>
#include <vector>

#include "hon/http/header.h"

namespace hon::httputil::internal {

/// Whether a field is about one connection, whatever Connection names.
[[nodiscard]] bool IsHopByHop(const http::Header::Field& field);
/// Appends the names that Connection lists, as views of `header`.
void NamedByConnection(const http::Header& header, std::vector<std::string_view>& named);
/// Removes the fields that Connection names, Connection itself, and the other connection-specific
/// fields.
void RemoveHopByHop(http::Header& header);

/// The protocol that a message requests or accepts: the value of Upgrade, when Connection names
/// Upgrade; else "".
[[nodiscard]] std::string_view UpgradeProtocol(const http::Header& header);

}  // namespace hon::httputil::internal
