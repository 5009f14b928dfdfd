// The body of an answer with a content coding: a byte that chooses the coding and the pieces in
// which the body arrives, then the body. What is decoded, and the error, depend on no pieces, and
// no more is decoded than the ratio allows.

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "client/decode.h"
#include "fuzz/pieces.h"
#include "hon/base/assert.h"
#include "hon/client/transport.h"
#include "hon/http/response.h"

namespace {

using namespace hon;

struct Decoded {
  size_t bytes = 0;
  uint64_t digest = 14695981039346656037U;  // FNV-1a
  std::string error;

  bool operator==(const Decoded&) const = default;
};

Decoded Decode(std::string_view coding, std::string_view body, size_t piece, size_t room) {
  http::Response answer;
  answer.Header.Set("Content-Encoding", coding);
  answer.Body = http::Body(std::make_shared<fuzz::Pieces>(body, piece));
  client::DecodeBody(answer);
  Decoded decoded;
  std::array<char, 64 * 1024> into;
  for (;;) {
    const io::IoResult got = answer.Body.Read(std::span(into).first(room));
    HON_ASSERT(got.n <= room && (got.n != 0 || got.err));
    for (const char byte : std::string_view(into.data(), got.n)) {
      decoded.digest = (decoded.digest ^ static_cast<uint8_t>(byte)) * 1099511628211U;
    }
    decoded.bytes += got.n;
    if (!got.err) continue;
    decoded.error = got.err.Message();
    const size_t allowed =
        std::max(client::kDecodedFreeBytes, client::kDecodedRatioMax * (body.size() + 1));
    HON_ASSERT(decoded.bytes <= allowed + into.size());
    return decoded;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  constexpr std::array<std::string_view, 3> kCodings = {"gzip", "br", "zstd"};
  const std::string_view coding = kCodings[data[0] % kCodings.size()];
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Decoded whole = Decode(coding, body, body.size(), 64 * 1024);
  const Decoded parts = Decode(coding, body, 1 + data[0] / kCodings.size(), 1000);
  // Which of two faults is found first depends on how far the decoder was ahead.
  HON_ASSERT((whole.error == "EOF") == (parts.error == "EOF"));
  HON_ASSERT(whole.error != "EOF" || whole == parts);
  return 0;
}
