#include "httputil/hop_by_hop.h"

#include <algorithm>
#include <string>
#include <vector>

#include "hon/http/known_headers.h"

namespace hon::httputil::internal {
namespace {

using http::HeaderId;

constexpr std::string_view kAboutConnections[] = {"Connection",
                                                  "Proxy-Connection",
                                                  "Keep-Alive",
                                                  "Proxy-Authenticate",
                                                  "Proxy-Authorization",
                                                  "Te",
                                                  "Trailer",
                                                  "Transfer-Encoding",
                                                  "Upgrade"};

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool SameToken(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return Lower(x) == Lower(y); });
}

// Calls `visit` for each element of a list (RFC 9110 §5.6.1) until a call returns true.
template <class Visit>
bool AnyElement(std::string_view list, Visit visit) {
  constexpr std::string_view kBlanks = " \t";
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    std::string_view element = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    element.remove_prefix(std::min(element.find_first_not_of(kBlanks), element.size()));
    element = element.substr(0, element.find_last_not_of(kBlanks) + 1);
    if (!element.empty() && visit(element)) return true;
  }
  return false;
}

}  // namespace

bool Lists(const http::Header& header, std::string_view name, std::string_view token) {
  const std::vector<std::string_view> lines = header.Values(name);
  return std::any_of(lines.begin(), lines.end(), [token](std::string_view line) {
    return AnyElement(line,
                      [token](std::string_view element) { return SameToken(element, token); });
  });
}

void RemoveHopByHop(http::Header& header) {
  if (header.Has(HeaderId::kConnection)) {
    std::vector<std::string> named;
    for (const std::string_view line : header.Values("Connection")) {
      AnyElement(line, [&named](std::string_view element) {
        named.emplace_back(element);
        return false;
      });
    }
    for (const std::string& name : named) header.Del(name);
  }
  for (const std::string_view name : kAboutConnections) header.Del(name);
}

std::string_view UpgradeProtocol(const http::Header& header) {
  if (!header.Has(HeaderId::kUpgrade) || !Lists(header, "Connection", "Upgrade")) return {};
  return header.Get(HeaderId::kUpgrade);
}

}  // namespace hon::httputil::internal
