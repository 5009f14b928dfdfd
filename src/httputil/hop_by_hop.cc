#include "httputil/hop_by_hop.h"

#include <string>
#include <vector>

#include "hon/http/known_headers.h"
#include "http/list.h"

namespace hon::httputil::internal {
namespace {

using http::HeaderId;

// Proxy-Authenticate has no HeaderId.
constexpr HeaderId kAboutConnections[] = {
    HeaderId::kConnection, HeaderId::kProxyConnection,    HeaderId::kKeepAlive,
    HeaderId::kTE,         HeaderId::kProxyAuthorization, HeaderId::kTrailer,
    HeaderId::kUpgrade,    HeaderId::kTransferEncoding};

}  // namespace

void RemoveHopByHop(http::Header& header) {
  if (header.Has(HeaderId::kConnection)) {
    std::vector<std::string> named;
    for (const std::string_view line : header.Values("Connection")) {
      http::internal::ForEachElement(
          line, [&named](std::string_view element) { named.emplace_back(element); });
    }
    for (const std::string& name : named) header.Del(name);
  }
  for (const HeaderId id : kAboutConnections) header.Del(id);
  header.Del("Proxy-Authenticate");
}

std::string_view UpgradeProtocol(const http::Header& header) {
  if (!header.Has(HeaderId::kUpgrade) ||
      !http::internal::FieldLists(header, "Connection", "Upgrade"))
    return {};
  return header.Get(HeaderId::kUpgrade);
}

}  // namespace hon::httputil::internal
