#include "http/redirect.h"

#include <algorithm>
#include <array>

#include "hon/http/method.h"
#include "hon/http/status.h"
#include "http/token.h"

namespace hon::http::internal {
namespace {

std::string_view PortOf(const url::URL& url) {
  const std::string_view port = url.Port();
  if (!port.empty()) return port;
  if (url.Scheme == "https") return "443";
  return url.Scheme == "http" ? "80" : "";
}

bool IsAmong(std::string_view name, std::span<const std::string_view> names) {
  return std::any_of(names.begin(), names.end(),
                     [name](std::string_view one) { return EqualFold(name, one); });
}

}  // namespace

RedirectPlan PlanRedirect(std::string_view method, int status) {
  switch (status) {
    case StatusMovedPermanently:
    case StatusFound:
    case StatusSeeOther:
      return {true, false, method == MethodGet || method == MethodHead ? method : MethodGet};
    case StatusTemporaryRedirect:
    case StatusPermanentRedirect:
      return {true, true, method};
    default:
      return {};
  }
}

bool SameOrigin(const url::URL& a, const url::URL& b) {
  return a.Scheme == b.Scheme && EqualFold(a.Hostname(), b.Hostname()) && PortOf(a) == PortOf(b);
}

bool IsCredential(std::string_view name) {
  static constexpr std::array<std::string_view, 7> kNames = {
      "Authorization",       "Www-Authenticate",   "Cookie",   "Cookie2",
      "Proxy-Authorization", "Proxy-Authenticate", "X-Api-Key"};
  return IsAmong(name, kNames);
}

bool DescribesBody(std::string_view name) {
  static constexpr std::array<std::string_view, 5> kNames = {
      "Content-Type", "Content-Encoding", "Content-Language", "Content-Location", "Content-Length"};
  return IsAmong(name, kNames);
}

std::string RefererFor(const url::URL& last, const url::URL& next) {
  if (last.Scheme == "https" && next.Scheme == "http") return "";
  url::URL shown = last;
  shown.User = nullptr;
  shown.Fragment.clear();
  shown.RawFragment.clear();
  if (!SameOrigin(last, next)) {
    shown.Path = "/";
    shown.RawPath.clear();
    shown.RawQuery.clear();
    shown.ForceQuery = false;
  }
  return shown.String();
}

std::string WithoutPassword(const url::URL& url) {
  if (url.User == nullptr || !url.User->HasPassword()) return url.String();
  // A userinfo would escape the asterisks.
  url::URL shown = url;
  shown.User = url::UserPassword(url.User->Username(), "xxxxx");
  std::string text = shown.String();
  const size_t at = text.find(":xxxxx@");
  if (at != std::string::npos) text.replace(at, 7, ":***@");
  return text;
}

}  // namespace hon::http::internal
