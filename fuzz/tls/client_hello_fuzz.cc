// The first bytes of a TLS connection, read as a whole and as every prefix of a few sizes. A prefix
// of a complete message is incomplete or complete, never bad; views lie within the input.

#include <cstdint>
#include <string>
#include <string_view>

#include "hon/base/assert.h"
#include "tls/client_hello.h"

namespace {

namespace tls = hon::tls;

bool Within(std::string_view view, std::string_view stream, std::string_view joined) {
  const auto inside = [&](std::string_view whole) {
    return view.data() >= whole.data() && view.data() + view.size() <= whole.data() + whole.size();
  };
  return view.empty() || inside(stream) || inside(joined);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  std::string joined;
  tls::ClientHello hello;
  const tls::HelloResult whole = tls::ReadClientHello(stream, joined, hello);
  if (whole.status == tls::HelloStatus::kComplete) {
    HON_ASSERT(Within(hello.server_name, stream, joined));
    HON_ASSERT(Within(hello.protocols, stream, joined));
    HON_ASSERT(hello.has_protocols != hello.protocols.empty());
    static_cast<void>(hello.ProtocolsText());
  }
  for (const size_t part : {size / 4, size / 2, size - size / 4, size == 0 ? size : size - 1}) {
    std::string other;
    tls::ClientHello cut;
    const tls::HelloResult result = tls::ReadClientHello(stream.substr(0, part), other, cut);
    const bool settled = result.status == tls::HelloStatus::kBad ||
                         result.status == tls::HelloStatus::kHttp ||
                         result.status == tls::HelloStatus::kComplete;
    if (settled) HON_ASSERT(result.status == whole.status);
  }
  return 0;
}
