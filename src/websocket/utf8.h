#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "websocket/kernels.h"

namespace hon::websocket::internal {

/// Checks a text that comes in pieces, cut anywhere, and finds an error as soon as the bytes that
/// make it one have come (RFC 6455 §8.1).
class Utf8Checker {
 public:
  /// False when no continuation can make a text of what has come. Nothing may follow that.
  [[nodiscard]] bool Add(std::string_view piece, const Kernels& kernels = BestKernels());
  /// Whether the text may end here, not within a character.
  [[nodiscard]] bool AtEnd() const { return pending_size_ == 0; }
  void Reset() { pending_size_ = 0; }

 private:
  [[nodiscard]] bool Complete(std::string_view& piece);

  std::array<char, 4> pending_{};  // the start of a character whose rest is to come
  uint8_t pending_size_ = 0;
};

/// Whether all of `text` is UTF-8.
[[nodiscard]] inline bool IsUtf8(std::string_view text) {
  // A view of nothing may point nowhere, where not even nothing may be copied from.
  return text.empty() || BestKernels().valid_utf8(text.data(), text.size());
}

}  // namespace hon::websocket::internal
