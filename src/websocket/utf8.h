#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "websocket/kernels.h"

namespace hon::websocket::internal {

/// Checks a text in pieces, with any split, and finds an error at the first byte that makes it one
/// (RFC 6455 §8.1).
class Utf8Checker {
 public:
  /// Returns false when no continuation can make the pieces valid. No further call may follow.
  [[nodiscard]] bool Add(std::string_view piece, const Kernels& kernels = BestKernels());
  /// Whether the text may end here, with no character incomplete.
  [[nodiscard]] bool AtEnd() const { return pending_size_ == 0; }
  void Reset() { pending_size_ = 0; }

 private:
  [[nodiscard]] bool Complete(std::string_view& piece);

  std::array<char, 4> pending_{};  // the start of an incomplete character
  uint8_t pending_size_ = 0;
};

/// Whether all of `text` is UTF-8.
[[nodiscard]] inline bool IsUtf8(std::string_view text) {
  // An empty view may be null, which memcpy must not get.
  return text.empty() || BestKernels().valid_utf8(text.data(), text.size());
}

}  // namespace hon::websocket::internal
