#pragma once

// Entity tags of answers that CompressHandler compresses. Representations of different content
// codings need different strong tags (RFC 9110 §8.8.3.3): "abc" is "abc--gzip" when compressed.

#include <string>
#include <string_view>

#include "hon/http/request.h"

namespace hon::http::internal {

/// The tag of the compressed representation. A weak tag, which may be the same for both
/// representations (§8.8.3.3), and malformed text are returned unchanged.
[[nodiscard]] std::string CodedTag(std::string_view tag);

/// Whether a line of If-None-Match lists the strong tag `tag`.
[[nodiscard]] bool ListsTag(const Header& header, std::string_view tag);

/// A scope in which If-Match of a Request lists, beside each tag of a compressed representation,
/// the handler's own tag; with `compressible` so does If-None-Match. Allocates nothing when there
/// is nothing to add.
class PlainTagScope {
 public:
  PlainTagScope(Request& r, bool compressible);
  PlainTagScope(const PlainTagScope&) = delete;
  PlainTagScope& operator=(const PlainTagScope&) = delete;
  ~PlainTagScope();

 private:
  Request& r_;
  Header original_;
  bool changed_ = false;
};

}  // namespace hon::http::internal
