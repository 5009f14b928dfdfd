#include "httputil/hop_by_hop.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "hon/http/known_headers.h"
#include "http/list.h"

namespace hon::httputil::internal {
namespace {

using http::HeaderId;

constexpr std::string_view kProxyAuthenticate = "Proxy-Authenticate";  // has no HeaderId

constexpr HeaderId kAboutConnections[] = {
    HeaderId::kConnection, HeaderId::kProxyConnection,    HeaderId::kKeepAlive,
    HeaderId::kTE,         HeaderId::kProxyAuthorization, HeaderId::kTrailer,
    HeaderId::kUpgrade,    HeaderId::kTransferEncoding};

}  // namespace

bool IsHopByHop(const http::Header::Field& field) {
  if (field.id != HeaderId::kUnknown) {
    return std::find(std::begin(kAboutConnections), std::end(kAboutConnections), field.id) !=
           std::end(kAboutConnections);
  }
  return field.name.size() == kProxyAuthenticate.size() &&
         http::internal::EqualFold(field.name, kProxyAuthenticate);
}

void NamedByConnection(const http::Header& header, std::vector<std::string_view>& named) {
  if (!header.Has(HeaderId::kConnection)) return;
  for (const auto& field : header) {
    if (field.id != HeaderId::kConnection) continue;
    http::internal::ForEachElement(
        field.value, [&named](std::string_view element) { named.push_back(element); });
  }
}

void RemoveHopByHop(http::Header& header) {
  if (std::none_of(header.begin(), header.end(), IsHopByHop)) return;
  std::vector<std::string_view> views;
  NamedByConnection(header, views);
  const std::vector<std::string> named(views.begin(), views.end());  // Del ends views
  for (const std::string& name : named) header.Del(name);
  for (const HeaderId id : kAboutConnections) header.Del(id);
  header.Del(kProxyAuthenticate);
}

std::string_view UpgradeProtocol(const http::Header& header) {
  if (!header.Has(HeaderId::kUpgrade) ||
      !http::internal::FieldLists(header, "Connection", "Upgrade"))
    return {};
  return header.Get(HeaderId::kUpgrade);
}

}  // namespace hon::httputil::internal
