#include "hon/h2/config.h"

#include <algorithm>

namespace hon::h2 {
namespace {

constexpr int kStreamsAtOnceMax = 10'000;
constexpr int kDecoderTableBytesMax = 65'536;

constexpr Duration kPingTimeout = std::chrono::seconds(15);

template <class T>
void SetInRange(int value, int min, int max, T& limit) {
  if (value >= min && value <= max) limit = static_cast<T>(value);
}

}  // namespace

void ApplyConfig(const http::HTTP2Config& config, SessionLimits& limits) {
  SetInRange(config.MaxConcurrentStreams, 1, kStreamsAtOnceMax, limits.streams_max);
  SetInRange(config.MaxDecoderHeaderTableSize, 1, kDecoderTableBytesMax,
             limits.decoder_table_bytes);
  SetInRange(config.MaxEncoderHeaderTableSize, 1, static_cast<int>(limits.encoder_table_bytes),
             limits.encoder_table_bytes);
  SetInRange(config.MaxReceiveBufferPerConnection, 1, static_cast<int>(kWindowMax),
             limits.unread_bytes_max);
  SetInRange(config.MaxReceiveBufferPerStream, static_cast<int>(kFrameBytesMin),
             static_cast<int>(kWindowMax), limits.stream_window_max);
  limits.stream_window = std::min(limits.stream_window, limits.stream_window_max);
}

Duration PingTimeoutOf(const http::HTTP2Config& config) {
  return config.PingTimeout > Duration() ? config.PingTimeout : kPingTimeout;
}

}  // namespace hon::h2
