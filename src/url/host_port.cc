#include "hon/url/host_port.h"

#include <cstddef>
#include <string>

namespace hon::net {
namespace {

Result<HostPort> Refuse(std::string_view address, std::string_view why) {
  std::string text;
  if (!address.empty()) text.append("address ").append(address).append(": ");
  return Fail(Error::Of(ErrAddress, text.append(why)));
}

}  // namespace

Result<HostPort> SplitHostPort(std::string_view address) {
  constexpr std::string_view kMissingPort = "missing port in address";
  constexpr std::string_view kTooManyColons = "too many colons in address";
  const size_t colon = address.rfind(':');
  if (colon == address.npos) return Refuse(address, kMissingPort);
  HostPort parts = {address.substr(0, colon), address.substr(colon + 1)};
  std::string_view open_from = address;   // where no "[" may stand
  std::string_view close_from = address;  // where no "]" may stand
  if (address.starts_with('[')) {
    const size_t close = address.find(']');
    if (close == address.npos) return Refuse(address, "missing ']' in address");
    if (close + 1 != colon) {
      const bool another = close + 1 < address.size() && address[close + 1] == ':';
      return Refuse(address, another ? kTooManyColons : kMissingPort);
    }
    parts.host = address.substr(1, close - 1);
    open_from = address.substr(1);
    close_from = address.substr(close + 1);
  } else if (parts.host.find(':') != parts.host.npos) {
    return Refuse(address, kTooManyColons);
  }
  if (open_from.find('[') != open_from.npos) return Refuse(address, "unexpected '[' in address");
  if (close_from.find(']') != close_from.npos) return Refuse(address, "unexpected ']' in address");
  return parts;
}

std::string JoinHostPort(std::string_view host, std::string_view port) {
  std::string address;
  const bool brackets = host.find(':') != host.npos;
  if (brackets) address += '[';
  address.append(host).append(brackets ? "]:" : ":").append(port);
  return address;
}

}  // namespace hon::net
