// Headers of the PROXY protocol: what follows a whole header changes nothing, every beginning of
// one waits for more, and the client's address can be read back.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hon/base/assert.h"
#include "hon/server/proxy_protocol.h"

using hon::server::ParseProxyHeader;
using hon::server::ProxyHeader;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const ProxyHeader header = ParseProxyHeader(bytes);
  if (header.status != ProxyHeader::Status::kWhole) {
    HON_ASSERT(header.bytes == 0 && header.client.empty());
    return 0;
  }
  HON_ASSERT(header.bytes != 0 && header.bytes <= size);
  HON_ASSERT(header.bytes <= hon::server::kProxyBinaryBytesMax);
  const std::string_view whole = bytes.substr(0, header.bytes);
  const ProxyHeader alone = ParseProxyHeader(whole);
  HON_ASSERT(alone.status == header.status && alone.client == header.client);
  for (size_t n = 0; n < whole.size(); ++n) {
    HON_ASSERT(ParseProxyHeader(whole.substr(0, n)).status == ProxyHeader::Status::kMore);
  }
  if (header.client.empty()) return 0;
  const bool six = header.client.front() == '[';
  const size_t colon = header.client.rfind(':');
  const std::string ip = six ? header.client.substr(1, colon - 2) : header.client.substr(0, colon);
  const std::string text = std::string("PROXY ") + (six ? "TCP6 " : "TCP4 ") + ip + " " + ip + " " +
                           header.client.substr(colon + 1) + " 80\r\n";
  HON_ASSERT(ParseProxyHeader(text).client == header.client);
  return 0;
}
