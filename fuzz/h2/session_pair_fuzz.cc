// A client's and a server's session against each other: the input chooses the requests, the cuts of
// the bytes, what is read and what is reset.

#include <cstddef>
#include <cstdint>

#include "h2/session_simulation.h"
#include "hon/base/assert.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  size_t at = 0;
  // Three bytes a choice, 0 behind the end.
  hon::h2::testing::Simulation simulation([&at, data, size] {
    uint32_t choice = 0;
    for (int i = 0; i < 3; ++i, ++at) choice = choice << 8 | (at < size ? data[at] : 0U);
    return choice;
  });
  const std::string wrong = simulation.Run(static_cast<int>(std::min<size_t>(size / 6, 400)));
  HON_ASSERT(wrong.empty());
  return 0;
}
