// nghttp2 as the oracle: a request that a server of ours and one of nghttp2 both take from the same
// bytes is the same to both.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

#include "h2/nghttp2_peer.h"
#include "hon/base/assert.h"

// The bytes behind the client's preface.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes =
      std::string(hon::h2::kClientPreface).append(reinterpret_cast<const char*>(data), size);
  size_t compared = 0;
  const std::string difference = hon::h2::testing::CompareRequests(bytes, compared);
  if (!difference.empty()) std::fprintf(stderr, "%s\n", difference.c_str());
  HON_ASSERT(difference.empty());
  return 0;
}
