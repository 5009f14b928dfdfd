// The proxy settings in the environment of the process.

#include <cstdlib>
#include <string>
#include <string_view>

#include "hon/http/proxy.h"
#include "http/token.h"

namespace hon::httpproxy {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') {
    value = std::getenv(http::internal::ToLower(std::string_view(name)).c_str());
  }
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

Config Config::FromEnvironment() {
  const char* const method = std::getenv("REQUEST_METHOD");
  return {.HTTPProxy = Environment("HTTP_PROXY"),
          .HTTPSProxy = Environment("HTTPS_PROXY"),
          .AllProxy = Environment("ALL_PROXY"),
          .NoProxy = Environment("NO_PROXY"),
          .CGI = method != nullptr && *method != '\0'};
}

}  // namespace hon::httpproxy

namespace hon::http {

Result<std::optional<url::URL>> ProxyFromEnvironment(const Request& r) {
  static const httpproxy::Rules rules(httpproxy::Config::FromEnvironment());
  return rules.ProxyFor(r.URL);
}

}  // namespace hon::http
