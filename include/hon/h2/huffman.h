#pragma once

// The Huffman code of HPACK (RFC 7541 §5.2, Appendix B).

#include <cstddef>
#include <optional>
#include <string_view>

namespace hon::h2 {

/// The most bytes that `encoded` bytes can decode to: the shortest code has 5 bits.
[[nodiscard]] constexpr size_t HuffmanDecodedMax(size_t encoded) { return encoded * 8 / 5; }

/// Decodes `encoded` to `to`, which has room for HuffmanDecodedMax(encoded.size()). Returns the
/// number of bytes written; nothing for an end that is no prefix of EOS or has 8 bits or more, or
/// for EOS in the text (RFC 7541 §5.2: COMPRESSION_ERROR).
[[nodiscard]] std::optional<size_t> HuffmanDecode(std::string_view encoded, char* to);

/// Bytes of the encoded `text`.
[[nodiscard]] size_t HuffmanEncodedBytes(std::string_view text);
/// Encodes `text` to `to`, which has room for HuffmanEncodedBytes(text). Returns the end of the
/// written bytes.
char* HuffmanEncode(std::string_view text, char* to);

}  // namespace hon::h2
