// The Huffman code: a text has one encoding, so decoded text encodes to the same bytes.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "hon/base/assert.h"
#include "hon/h2/huffman.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hon::h2;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto decoded = std::make_unique<char[]>(HuffmanDecodedMax(size));
  if (const std::optional<size_t> bytes = HuffmanDecode(input, decoded.get())) {
    const std::string_view text(decoded.get(), *bytes);
    std::string again(HuffmanEncodedBytes(text), '\0');
    HON_ASSERT(HuffmanEncode(text, again.data()) == again.data() + again.size());
    HON_ASSERT(again == input);
  }
  std::string encoded(HuffmanEncodedBytes(input), '\0');
  HON_ASSERT(HuffmanEncode(input, encoded.data()) == encoded.data() + encoded.size());
  const auto back = std::make_unique<char[]>(HuffmanDecodedMax(encoded.size()));
  const std::optional<size_t> bytes = HuffmanDecode(encoded, back.get());
  HON_ASSERT(bytes && std::string_view(back.get(), *bytes) == input);
  return 0;
}
