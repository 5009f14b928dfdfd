#pragma once

// Byte buffers that grow, and a pool of them. The pool learns from returned buffers how large a new
// one should be and which are too large to keep.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "hon/io/io.h"

namespace hon::bytebufferpool {

/// A growing sequence of bytes. A value; used by one thread at a time.
class ByteBuffer final : public io::Writer {
 public:
  ByteBuffer() = default;

  [[nodiscard]] size_t Len() const { return bytes_.size(); }
  [[nodiscard]] size_t Cap() const { return bytes_.capacity(); }
  /// All bytes; the view lives until the next change.
  [[nodiscard]] std::string_view Bytes() const { return bytes_; }
  /// A copy of all bytes.
  [[nodiscard]] std::string String() const { return bytes_; }

  /// Appends `data`; never fails.
  io::IoResult Write(std::string_view data) override {
    bytes_.append(data);
    return {data.size(), {}};
  }
  io::IoResult WriteString(std::string_view text) { return Write(text); }
  void WriteByte(char byte) { bytes_.push_back(byte); }

  /// Appends everything that `from` has. The end of `from` is no error.
  io::CopyResult ReadFrom(io::Reader& from);
  /// Writes everything to `to`; keeps it.
  io::CopyResult WriteTo(io::Writer& to) const;

  /// Replaces the content.
  void Set(std::span<const char> bytes) { bytes_.assign(bytes.data(), bytes.size()); }
  void SetString(std::string_view text) { bytes_.assign(text); }
  /// Makes it empty; keeps the memory.
  void Reset() { bytes_.clear(); }
  /// Room for `capacity` bytes in all.
  void Reserve(size_t capacity) { bytes_.reserve(capacity); }

 private:
  std::string bytes_;
};

}  // namespace hon::bytebufferpool
