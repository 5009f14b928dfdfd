#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hon::multipart::internal {

/// The delimiter lines of a multipart body.
struct Boundary {
  explicit Boundary(std::string_view boundary) : text("\r\n--" + std::string(boundary) + "--") {}

  std::string text;
  bool lf_only = false;  // lines end in "\n", as the first delimiter showed

  [[nodiscard]] std::string_view Newline() const { return lf_only ? "\n" : "\r\n"; }
  /// "--boundary", "--boundary--", and the former after a line end.
  [[nodiscard]] std::string_view Dash() const {
    return std::string_view(text).substr(2, text.size() - 4);
  }
  [[nodiscard]] std::string_view DashDash() const { return std::string_view(text).substr(2); }
  [[nodiscard]] std::string_view NewlineDash() const {
    const size_t skip = lf_only ? 1 : 0;
    return std::string_view(text).substr(skip, text.size() - 2 - skip);
  }

  /// Whether `line` begins a part. The first delimiter shows how the lines of the body end.
  [[nodiscard]] bool IsDelimiter(std::string_view line, bool first);
  /// Whether `line` ends the body.
  [[nodiscard]] bool IsFinal(std::string_view line) const;
};

/// The result of scanning a window into a part's content.
struct Scan {
  enum class Next : uint8_t { kUnknown, kBoundary, kSourceEnd };
  size_t content = 0;  // bytes at the front that are content
  Next next = Next::kUnknown;
};

/// Looks for the end of a part. `at_start`: nothing of the part was read yet, so that it may be
/// empty. `source_ended`: nothing comes after `window`.
[[nodiscard]] Scan ScanContent(std::string_view window, const Boundary& boundary, bool at_start,
                               bool source_ended);

}  // namespace hon::multipart::internal
