#include "hon/http/reply.h"

#include <algorithm>
#include <string>
#include <utility>

#include "hon/http/method.h"
#include "hon/http/status.h"
#include "hon/url/path.h"
#include "http/html.h"

namespace hon::http {
namespace {

std::string EscapeNonAscii(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      escaped += c;
    } else {
      escaped.append(1, '%').append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
    }
  }
  return escaped;
}

bool HasSchemeOrHost(std::string_view text) {
  const Result<url::URL> url = url::Parse(text);
  return !url || !url->Scheme.empty() || !url->Host.empty();
}

// The path (and query) that `text`, a reference without scheme and host, means relative to `r`.
std::string AbsolutePath(const Request& r, std::string_view text) {
  std::string full;
  if (text.empty() || text.front() != '/') {
    full.assign(r.MountPrefix()).append(r.URL.EscapedPath());
    full.resize(full.rfind('/') + 1);  // "" when there is no slash
    if (full.empty()) full = "/";
  }
  full += text;
  const size_t query = std::min(full.find('?'), full.size());
  return url::CleanPath(std::string_view(full).substr(0, query)) + full.substr(query);
}

}  // namespace

void ReplyError(ResponseWriter& w, std::string_view message, int code) {
  http::Header& header = w.Header();
  header.Del(HeaderId::kContentLength);
  header.Set(HeaderId::kContentType, "text/plain; charset=utf-8");
  header.Set(HeaderId::kXContentTypeOptions, "nosniff");
  w.WriteHeader(code);
  std::string body(message);
  body += '\n';
  w.Write(body);
}

void NotFound(ResponseWriter& w, Request&) { ReplyError(w, "404 page not found", StatusNotFound); }

HandlerPtr NotFoundHandler() { return std::make_shared<HandlerFunc>(NotFound); }

void Redirect(ResponseWriter& w, Request& r, std::string_view url, int code) {
  const std::string location = HasSchemeOrHost(url) ? std::string(url) : AbsolutePath(r, url);
  http::Header& header = w.Header();
  const bool had_type =
      header.Has(HeaderId::kContentType) || header.Suppressed(HeaderId::kContentType);
  header.Set(HeaderId::kLocation, EscapeNonAscii(location));
  if (!had_type && (r.Method == MethodGet || r.Method == MethodHead)) {
    header.Set(HeaderId::kContentType, "text/html; charset=utf-8");
  }
  w.WriteHeader(code);
  if (had_type || r.Method != MethodGet) return;
  std::string body = "<a href=\"";
  internal::AppendHtmlEscaped(body, location);
  body.append("\">").append(StatusText(code)).append("</a>.\n\n");
  w.Write(body);
}

HandlerPtr RedirectHandler(std::string url, int code) {
  return std::make_shared<HandlerFunc>(
      [url = std::move(url), code](ResponseWriter& w, Request& r) { Redirect(w, r, url, code); });
}

}  // namespace hon::http
