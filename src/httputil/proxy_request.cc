// The URL and the forwarding fields of a request that a proxy sends.

#include <string>
#include <utility>

#include "hon/httputil/reverse_proxy.h"
#include "hon/url/host_port.h"
#include "hon/url/values.h"
#include "httputil/forwarding.h"

namespace hon::httputil {
namespace {

using http::HeaderId;

// Joins "/a/" and "b", or "/a" and "b", to "/a/b".
std::string JoinWithSlash(std::string_view base, std::string_view path) {
  const bool ends = base.ends_with('/');
  const bool begins = path.starts_with('/');
  std::string joined(base);
  if (ends && begins) return joined.append(path.substr(1));
  if (!ends && !begins) joined += '/';
  return joined.append(path);
}

}  // namespace

namespace internal {

void JoinPaths(const url::URL& base, url::URL& url) {
  // A base without a path leaves an absolute path as it is.
  const bool no_base = base.RawPath.empty() && (base.Path.empty() || base.Path == "/");
  if (no_base && url.RawPath.empty() && url.Path.starts_with('/')) return;
  const std::string escaped = JoinWithSlash(base.EscapedPath(), url.EscapedPath());
  url.Path = JoinWithSlash(base.Path, url.Path);
  url.RawPath.clear();
  if (url.EscapedPath() != escaped) url.RawPath = escaped;
}

void Retarget(const url::URL& target, url::URL& url) {
  url.Scheme = target.Scheme;
  url.Host = target.Host;
  url.Opaque.clear();
  JoinPaths(target, url);
  if (target.RawQuery.empty()) return;
  if (url.RawQuery.empty()) {
    url.RawQuery = target.RawQuery;
  } else {
    url.RawQuery = target.RawQuery + "&" + url.RawQuery;
  }
}

bool IsCleanQuery(std::string_view query) {
  const auto bad_escape = [](std::string_view text) {
    const auto hex = [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    };
    for (size_t i = text.find('%'); i != text.npos; i = text.find('%', i + 1)) {
      if (i + 2 >= text.size() || !hex(text[i + 1]) || !hex(text[i + 2])) return true;
    }
    return false;
  };
  return query.find(';') == query.npos && !bad_escape(query);
}

std::string CleanQuery(std::string_view query) {
  if (IsCleanQuery(query)) return std::string(query);
  url::URL one;
  one.RawQuery = query;
  return one.Query().Encode();
}

std::string_view AddressOf(const http::Request& r) {
  const Result<net::HostPort> parts = net::SplitHostPort(r.RemoteAddr);
  return parts ? parts->host : std::string_view();
}

std::string JoinLines(const http::Header& header, HeaderId id, std::string_view last) {
  std::string joined;
  if (header.Has(id)) {
    for (const std::string_view line : header.Values(http::HeaderName(id))) {
      joined.append(line).append(", ");
    }
  }
  return joined.append(last);
}

}  // namespace internal

void ProxyRequest::SetURL(const url::URL& target) {
  internal::Retarget(target, Out.URL);
  Out.Host = {};
}

void ProxyRequest::SetXForwarded() {
  const std::string_view address = internal::AddressOf(In);
  if (address.empty()) {
    Out.Header.Del(HeaderId::kXForwardedFor);
  } else if (!Out.Header.Has(HeaderId::kXForwardedFor)) {
    Out.Header.Set(HeaderId::kXForwardedFor, address);
  } else {
    Out.Header.Set(HeaderId::kXForwardedFor,
                   internal::JoinLines(Out.Header, HeaderId::kXForwardedFor, address));
  }
  Out.Header.Set(HeaderId::kXForwardedHost, In.Host);
  Out.Header.Set(HeaderId::kXForwardedProto, In.TLS == nullptr ? "http" : "https");
}

}  // namespace hon::httputil
