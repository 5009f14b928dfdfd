#include "websocket/utf8.h"

#include <algorithm>
#include <cstring>

namespace hon::websocket::internal {
namespace {

// Length of the character with the lead byte `lead`; 1 for an invalid lead.
size_t LengthBy(unsigned char lead) {
  if (lead < 0xC0) return 1;
  if (lead < 0xE0) return 2;
  return lead < 0xF0 ? 3 : 4;
}

// Whether `start`, shorter than its lead says, begins some character: one that is completed by the
// least continuation bytes is valid then (only the second byte is restricted further).
bool CanBegin(std::string_view start) {
  std::array<char, 4> whole;
  const size_t length = LengthBy(static_cast<unsigned char>(start.front()));
  std::copy(start.begin(), start.end(), whole.begin());
  std::fill(whole.begin() + static_cast<ptrdiff_t>(start.size()), whole.end(), '\x80');
  if (start.size() == 1) {
    const auto lead = static_cast<unsigned char>(start.front());
    if (lead == 0xE0) whole[1] = '\xA0';
    if (lead == 0xF0) whole[1] = '\x90';
  }
  return ValidUtf8Plain(whole.data(), length);
}

// Bytes at the end of `text` that begin a character without completing it.
size_t OpenBytes(std::string_view text) {
  const size_t look = std::min<size_t>(text.size(), 3);
  for (size_t back = 1; back <= look; ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;
    return LengthBy(byte) > back ? back : 0;
  }
  return 0;
}

}  // namespace

// Takes the rest of the pending character from `piece`. Returns false when that is impossible.
bool Utf8Checker::Complete(std::string_view& piece) {
  const size_t length = LengthBy(static_cast<unsigned char>(pending_[0]));
  const size_t take = std::min(length - pending_size_, piece.size());
  std::memcpy(pending_.data() + pending_size_, piece.data(), take);
  piece.remove_prefix(take);
  pending_size_ = static_cast<uint8_t>(pending_size_ + take);
  if (pending_size_ < length) return CanBegin({pending_.data(), pending_size_});
  pending_size_ = 0;
  return ValidUtf8Plain(pending_.data(), length);
}

bool Utf8Checker::Add(std::string_view piece, const Kernels& kernels) {
  if (piece.empty()) return true;
  if (pending_size_ != 0) {
    if (!Complete(piece)) return false;
    if (pending_size_ != 0 || piece.empty()) return true;
  }
  const size_t open = OpenBytes(piece);
  const std::string_view whole = piece.substr(0, piece.size() - open);
  if (!kernels.valid_utf8(whole.data(), whole.size())) return false;
  if (open == 0) return true;
  std::memcpy(pending_.data(), piece.data() + whole.size(), open);
  pending_size_ = static_cast<uint8_t>(open);
  return CanBegin({pending_.data(), open});
}

}  // namespace hon::websocket::internal
