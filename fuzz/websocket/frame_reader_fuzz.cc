// For any input and any split, the reader finds the same messages, stays within its limits, and
// gives no text that is not UTF-8.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "websocket/frame_reader.h"

namespace {

using namespace hon::websocket;  // NOLINT(google-build-using-namespace)
using internal::Found;

constexpr uint64_t kMessageBytesMax = 100'000;

void Require(bool true_here) {
  if (!true_here) std::abort();
}

// A trace of the reader's results, for pieces of `step` bytes.
std::string Trace(std::string_view wire, size_t step, const internal::ReaderOptions& options) {
  internal::FrameReader reader(options);
  std::string trace;
  std::string message;
  for (size_t at = 0; at < wire.size(); at += step) {
    std::string part(wire.substr(at, step));
    std::span<char> input(part);
    for (bool ended = false; !ended;) {
      const Found found = reader.Next(input, true);
      switch (found.kind) {
        case Found::Kind::kNothing:
        case Found::Kind::kBlocked:
          Require(input.empty());
          ended = true;
          break;
        case Found::Kind::kPiece:
          message += found.data;
          Require(message.size() <= kMessageBytesMax);
          if (!found.final) break;
          if (found.type == MessageType::kText) Require(internal::IsUtf8(message));
          trace += "message " + std::to_string(message.size()) + " " + message + "\n";
          message.clear();
          break;
        case Found::Kind::kPing:
        case Found::Kind::kPong:
          Require(found.data.size() <= kControlBytesMax);
          trace += "control " + std::string(found.data) + "\n";
          break;
        case Found::Kind::kClose:
          Require(found.code == kCloseNoStatus || IsSendableCloseCode(found.code));
          Require(internal::IsUtf8(found.data));
          return trace + "close " + std::to_string(found.code);
        case Found::Kind::kBad:
          return trace + "bad " + std::to_string(found.code);
      }
    }
  }
  return trace;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  static internal::DeflatePool pool(1);
  const internal::ReaderOptions options = {.masked = (data[0] & 1) != 0,
                                           .deflate = (data[0] & 2) != 0,
                                           .inflate = {.takeover = (data[0] & 4) != 0},
                                           .pool = &pool,
                                           .message_bytes_max = kMessageBytesMax};
  const size_t step = 1 + data[1] % 50;
  const std::string_view wire(reinterpret_cast<const char*>(data) + 2, size - 2);
  Require(Trace(wire, wire.size() + 1, options) == Trace(wire, step, options));
  return 0;
}
