// The inflater gives back the deflater's input, in any pieces; for any input, the inflater ends and
// gives bounded pieces.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "websocket/deflate.h"

namespace {

using namespace hon::websocket::internal;  // NOLINT(google-build-using-namespace)

void Require(bool true_here) {
  if (!true_here) std::abort();
}

constexpr size_t kOutputMax = 4 << 20;

// Returns false for malformed deflate data, or more output than the limit.
bool InflateAll(Inflater& inflater, std::string_view packed, size_t step, std::string& all) {
  do {
    std::string_view part = packed.substr(0, step);
    packed.remove_prefix(part.size());
    const bool final = packed.empty();
    for (bool more = true; more;) {
      std::string_view output;
      switch (inflater.Next(part, final, output)) {
        case Inflater::Status::kMore:
          Require(output.size() == kInflateBytes);
          break;
        case Inflater::Status::kInput:
          Require(!final && part.empty());
          more = false;
          break;
        case Inflater::Status::kEnd:
          Require(final && part.empty());
          more = false;
          break;
        case Inflater::Status::kBad:
          return false;
      }
      all += output;
      if (all.size() > kOutputMax) return false;
    }
  } while (!packed.empty());
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
  const size_t step = 1 + data[0];
  const int bits = 9 + data[1] % 7;

  std::string whole;
  std::string pieces;
  Inflater one(15);
  Inflater other(15);
  const bool good = InflateAll(one, input, input.size() + 1, whole);
  Require(InflateAll(other, input, step, pieces) == good);
  if (good) Require(whole == pieces);

  Deflater deflater(bits, 1 + data[0] % 9);
  Inflater inflater(bits);
  for (int message = 0; message < 2; ++message) {  // the second with the window of the first
    std::string packed;
    deflater.Add(input.substr(0, input.size() / 2), false, packed);
    deflater.Add(input.substr(input.size() / 2), true, packed);
    std::string back;
    Require(InflateAll(inflater, packed, step, back));
    Require(back == input);
  }
  return 0;
}
