#include "hon/httptest/request.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace hon::httptest {
namespace {

constexpr std::string_view kDefaultHost = "example.com";

bool IsMethod(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c <= '~' &&
           std::string_view("\"(),/:;<=>?@[\\]{}").find(c) == std::string_view::npos;
  });
}

}  // namespace

http::Request NewRequest(std::string_view method, std::string_view target) {
  if (method.empty()) method = "GET";
  if (!IsMethod(method)) throw std::invalid_argument("httptest: invalid method");
  if (target.find(' ') != target.npos) throw std::invalid_argument("httptest: blank in target");
  http::Request r;
  if (const Error err = url::ParseRequestTarget(target, method == "CONNECT", r.URL)) {
    throw std::invalid_argument("httptest: " + err.Message());
  }
  r.Method = r.Own(method);
  r.RequestURI = r.Own(target);
  r.Proto = "HTTP/1.1";
  r.Host = r.URL.Host.empty() ? kDefaultHost : r.Own(r.URL.Host);
  r.RemoteAddr = kRemoteAddr;
  return r;
}

http::Request NewRequest(std::string_view method, std::string_view target, std::string body) {
  http::Request r = NewRequest(method, target);
  r.ContentLength = static_cast<int64_t>(body.size());
  r.Body = http::Body::FromString(std::move(body));
  return r;
}

http::Request NewRequest(std::string_view method, std::string_view target, http::Body body) {
  http::Request r = NewRequest(method, target);
  r.ContentLength = body.IsNoBody() ? 0 : -1;
  r.Body = std::move(body);
  return r;
}

}  // namespace hon::httptest
