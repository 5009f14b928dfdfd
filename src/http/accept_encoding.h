#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hon/http/header.h"

namespace hon::http::internal {

/// A content coding for which a compressed copy may exist beside a file.
struct Coding {
  std::string_view name;    // in Accept-Encoding and Content-Encoding
  std::string_view suffix;  // of the file, with its dot
};

/// In order of preference where a client has none.
inline constexpr std::array<Coding, 3> kCodings = {
    {{"br", ".br"}, {"zstd", ".zst"}, {"gzip", ".gz"}}};

/// The codings that a client takes rather than the plain file, best first.
struct AcceptedCodings {
  size_t count = 0;
  std::array<const Coding*, kCodings.size()> list = {};

  [[nodiscard]] auto begin() const { return list.begin(); }
  [[nodiscard]] auto end() const { return list.begin() + count; }
};

/// Reads the Accept-Encoding fields of a request (RFC 9110 §12.5.3). A coding with a malformed
/// weight is not accepted.
[[nodiscard]] AcceptedCodings ParseAcceptEncoding(const Header& header);

}  // namespace hon::http::internal
