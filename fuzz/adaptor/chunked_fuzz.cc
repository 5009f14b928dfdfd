// Chunked bodies: every split and every bound on the data must give the same answer; decoded
// content survives a round trip; no forbidden trailer gets through.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hon/adaptor/chunked.h"
#include "hon/base/assert.h"

namespace {

using namespace hon;
using namespace hon::adaptor;

struct Outcome {
  std::string body;
  std::string error;
  std::string trailers;
  size_t used = 0;
  bool done = false;

  bool operator==(const Outcome&) const = default;
};

Outcome Decode(std::string_view wire, size_t piece, size_t data_max) {
  ChunkedDecoder decoder;
  Outcome outcome;
  for (size_t at = 0; at < wire.size() && !decoder.Done() && outcome.error.empty(); at += piece) {
    // A copy of the exact size, so that AddressSanitizer detects a read past its end.
    const std::string copy(wire.substr(at, piece));
    std::string_view rest = copy;
    while (!rest.empty() && !decoder.Done()) {
      const ChunkedDecoder::Piece got = decoder.Decode(rest, data_max);
      HON_ASSERT(got.used <= rest.size() && got.data.size() <= std::min(got.used, data_max));
      outcome.used += got.used;
      outcome.body.append(got.data);
      if (got.err) {
        outcome.error = got.err.Message();
        break;
      }
      HON_ASSERT(got.used != 0);
      rest.remove_prefix(got.used);
    }
  }
  outcome.done = decoder.Done() && outcome.error.empty();
  if (!outcome.done) return outcome;
  http::Header trailers;
  decoder.TakeTrailers(trailers);
  HON_ASSERT(trailers.Len() <= kTrailerFieldsMax);
  for (const auto& field : trailers) {
    HON_ASSERT(IsTrailerAllowed(field.name));
    HON_ASSERT(field.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
    // No longer than the input, which may have been as long as the limit.
    outcome.trailers.append(field.name).append(":").append(field.value).append("\r\n");
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view wire(reinterpret_cast<const char*>(data), size);
  const Outcome want = Decode(wire, std::max<size_t>(size, 1), SIZE_MAX);
  HON_ASSERT(Decode(wire, 1, SIZE_MAX) == want);
  HON_ASSERT(Decode(wire, size % 17 + 2, SIZE_MAX) == want);
  HON_ASSERT(Decode(wire, std::max<size_t>(size, 1), size % 5 + 1) == want);
  if (!want.done) return 0;

  // Only lines that end in CRLF, and no more overhead than the limit.
  const std::string_view message = wire.substr(0, want.used);
  HON_ASSERT(message.ends_with("\r\n\r\n") || message == "0\r\n\r\n");
  HON_ASSERT(want.used <= 3 * want.body.size() + 18 * (want.body.size() + 1) +
                              static_cast<size_t>(kChunkOverheadBytesMax) + kChunkLineBytesMax +
                              kTrailerBytesMax);
  std::string again;
  if (!want.body.empty()) {
    char head[kChunkHeadBytesMax];
    const char* begin = FormatChunkHeadBackward(want.body.size(), head + sizeof head);
    again.append(begin, static_cast<size_t>(head + sizeof head - begin));
    again.append(want.body).append("\r\n");
  }
  again.append("0\r\n").append(want.trailers).append("\r\n");
  const Outcome second = Decode(again, again.size(), SIZE_MAX);
  HON_ASSERT(second.done && second.body == want.body && second.trailers == want.trailers);
  return 0;
}
