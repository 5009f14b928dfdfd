// Frames: what is judged good fits together, and a header that is written again is the same.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hon/base/assert.h"
#include "hon/h2/frame.h"

namespace {

using namespace hon::h2;

void CheckSettings(std::string_view payload) {
  Settings settings;
  const Violation violation = ApplySettings(payload, settings);
  HON_ASSERT(!violation || violation.connection);
  HON_ASSERT(settings.max_frame_size >= kFrameBytesMin && settings.max_frame_size < (1U << 24));
  HON_ASSERT(settings.initial_window_size <= static_cast<uint32_t>(kWindowMax));
  if (violation) return;
  // The settings of a payload, applied again behind it, change nothing. Two of them may not be
  // taken back (RFC 8441 §3, RFC 9218 §2.1).
  Settings again = settings;
  again.enable_connect_protocol = false;
  again.no_rfc7540_priorities = false;
  HON_ASSERT(!ApplySettings(payload, again));
  HON_ASSERT(again.header_table_size == settings.header_table_size);
  HON_ASSERT(again.initial_window_size == settings.initial_window_size);
  HON_ASSERT(again.max_frame_size == settings.max_frame_size);
  HON_ASSERT(again.enable_push == settings.enable_push);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (rest.size() >= kFrameHeaderBytes) {
    const FrameHeader header = ReadFrameHeader(rest.data());
    HON_ASSERT(header.length < (1U << 24) && header.stream <= kStreamIdMax);
    char bytes[kFrameHeaderBytes];
    WriteFrameHeader(bytes, header);
    HON_ASSERT(ReadFrameHeader(bytes) == header);
    // Only the reserved bit may be lost.
    HON_ASSERT(std::string_view(bytes, 5) == rest.substr(0, 5));
    rest.remove_prefix(kFrameHeaderBytes);
    // Memory of the exact size, so that AddressSanitizer detects a read past its end.
    const std::string payload(rest.substr(0, header.length));
    rest.remove_prefix(payload.size());
    const Violation violation = JudgeFrame(header, kFrameBytesMin);
    HON_ASSERT(header.length <= kFrameBytesMin || violation.code == ErrorCode::kFrameSizeError);
    if (violation || payload.size() != header.length) continue;
    const bool padded_type = header.type == FrameType::kData || header.type == FrameType::kHeaders;
    if (padded_type && (!header.Has(kFlagPadded) || !payload.empty())) {
      const uint8_t pad = payload.empty() ? uint8_t{0} : static_cast<uint8_t>(payload[0]);
      if (const std::optional<Unpadded> parts = Unpad(header, pad)) {
        HON_ASSERT(uint64_t{parts->before} + parts->content + parts->after == header.length);
        HON_ASSERT(header.Has(kFlagPadded) ? parts->after == pad : parts->after == 0);
      }
    }
    if (header.type == FrameType::kSettings) CheckSettings(payload);
  }
  return 0;
}
