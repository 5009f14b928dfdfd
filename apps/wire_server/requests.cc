// Endpoints that show a handler's view of its request, and those behind handlers that wrap
// handlers.

#include <charconv>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include "endpoints.h"
#include "hon/http/cookie.h"
#include "hon/http/cross_origin_protection.h"
#include "hon/http/form.h"
#include "hon/http/httputil.h"
#include "hon/http/middleware.h"
#include "hon/http/reply.h"
#include "hon/http/status.h"
#include "hon/url/url.h"
#include "text.h"

namespace hon::wire {
namespace {

using http::Request;
using http::ResponseWriter;

// Collects "name value" lines.
class Lines {
 public:
  Lines& Add(std::string_view name, std::string_view value) {
    text_.append(name).append(" ").append(value).append("\n");
    return *this;
  }
  Lines& Add(std::string_view name, bool value) { return Add(name, value ? "true" : "false"); }
  Lines& Add(std::string_view name, int64_t value) { return Add(name, std::to_string(value)); }
  // Takes string literals, which would convert to bool.
  Lines& Add(std::string_view name, const char* value) {
    return Add(name, std::string_view(value));
  }

  [[nodiscard]] const std::string& String() const { return text_; }

 private:
  std::string text_;
};

void ShowRequest(ResponseWriter& w, Request& r) {
  Lines lines;
  lines.Add("method", r.Method).Add("path", r.URL.Path).Add("raw path", r.URL.RawPath);
  lines.Add("escaped", r.URL.EscapedPath()).Add("query", r.URL.RawQuery);
  lines.Add("scheme", r.URL.Scheme).Add("url host", r.URL.Host).Add("host", r.Host);
  lines.Add("uri", r.RequestURI);
  lines.Add("proto", std::string(r.Proto) + " " + std::to_string(r.ProtoMajor) + " " +
                         std::to_string(r.ProtoMinor));
  lines.Add("length", r.ContentLength).Add("chunked", r.Chunked).Add("close", r.Close);
  lines.Add("pattern", r.Pattern).Add("name", r.PathValue("name"));
  lines.Add("rest", r.PathValue("rest"));
  lines.Add("agent", r.UserAgent()).Add("referer", r.Referer());
  if (const auto basic = r.BasicAuth()) {
    lines.Add("user", basic->username).Add("password", basic->password);
  }
  std::map<std::string, int> announced;  // each name once, in order
  for (const auto& field : r.Trailer) announced[http::CanonicalHeaderKey(field.name)] = 1;
  for (const auto& [name, _] : announced) lines.Add("announced", name);
  Text(w, lines.String());
}

int64_t Number(const url::Values& query, std::string_view name) {
  const std::string_view digits = query.Get(name);
  int64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stopped, err] = std::from_chars(digits.data(), end, value);
  if (err != std::errc() || stopped != end) return 0;
  return value;
}

void RedirectTo(ResponseWriter& w, Request& r) {
  const url::Values query = r.URL.Query();
  const auto code = static_cast<int>(Number(query, "code"));
  http::Redirect(w, r, query.Get("to"), code == 0 ? http::StatusFound : code);
}

void SetCookie(ResponseWriter& w, Request& r) {
  const url::Values query = r.URL.Query();
  http::Cookie cookie{.Name = std::string(query.Get("name")),
                      .Value = std::string(query.Get("value")),
                      .Quoted = query.Has("quoted"),
                      .Path = std::string(query.Get("path")),
                      .Domain = std::string(query.Get("domain")),
                      .MaxAge = Number(query, "max-age"),
                      .Secure = query.Has("secure"),
                      .HttpOnly = query.Has("http-only"),
                      .SameSite = static_cast<http::SameSite>(Number(query, "same-site")),
                      .Partitioned = query.Has("partitioned")};
  if (query.Has("expires")) cookie.Expires = http::Time::FromUnix(Number(query, "expires"));
  http::SetCookie(w, cookie);
  Text(w, cookie.Valid() ? "valid false\n" : "valid true\n");
}

// Takes the body for a URL, and the query's "ref" for a reference relative to it.
void ShowUrl(ResponseWriter& w, Request& r) {
  const Result<std::string> given = r.Body.ReadAll();
  const Result<url::URL> url = url::Parse(given.value_or(""));
  if (!url) return Text(w, "no URL\n");
  Lines lines;
  lines.Add("scheme", url->Scheme).Add("opaque", url->Opaque).Add("host", url->Host);
  lines.Add("hostname", url->Hostname()).Add("port", url->Port());
  lines.Add("user", url->User ? url->User->String() : "").Add("path", url->Path);
  lines.Add("raw path", url->RawPath).Add("escaped", url->EscapedPath());
  lines.Add("query", url->RawQuery).Add("fragment", url->Fragment);
  lines.Add("raw fragment", url->RawFragment).Add("string", url->String());
  lines.Add("redacted", url->Redacted()).Add("uri", url->RequestURI());
  lines.Add("abs", url->IsAbs()).Add("encoded", url->Query().Encode());
  const url::Values query = r.URL.Query();
  const std::string_view ref = query.Get("ref");
  if (const Result<url::URL> to = url->Parse(ref)) lines.Add("resolved", to->String());
  lines.Add("joined", url->JoinPath({ref}).String());
  lines.Add("query escape", url::QueryEscape(ref)).Add("path escape", url::PathEscape(ref));
  Text(w, lines.String());
}

void Dump(ResponseWriter& w, Request& r) {
  const Result<std::string> text = httputil::DumpRequest(r, httputil::DumpBody::kYes);
  Text(w, text ? *text : "no body\n");
}

void FormValue(ResponseWriter& w, Request& r) {
  const std::string a(r.FormValue("a"));
  Text(w, Lines().Add("a", a).Add("post a", r.PostFormValue("a")).String());
}

void RegisterCrossOrigin(http::ServeMux& mux) {
  const auto protection = std::make_shared<http::CrossOriginProtection>();
  if (const Error err = protection->AddTrustedOrigin("https://trusted.example")) {
    throw std::invalid_argument(err.Message());
  }
  protection->AddInsecureBypassPattern("/cross-origin/open");
  mux.HandleFunc("/cross-origin/",
                 [protection, handler = protection->Handler(ShowRequest)](
                     ResponseWriter& w, Request& r) { handler->ServeHTTP(w, r); });
}

}  // namespace

void RegisterRequests(http::ServeMux& mux) {
  mux.HandleFunc("/request", ShowRequest);
  mux.HandleFunc("/request/{name}/{rest...}", ShowRequest);
  mux.HandleFunc("/redirect-to", RedirectTo);
  mux.HandleFunc("/set-cookie", SetCookie);
  mux.HandleFunc("/url", ShowUrl);
  mux.HandleFunc("/form-value", FormValue);
  mux.HandleFunc("/dump", Dump);
  mux.Handle("/strip/", http::StripPrefix("/strip", ShowRequest));
  mux.Handle("/semicolons", http::AllowQuerySemicolons(ShowForm));
  mux.Handle("/max-bytes", http::MaxBytesHandler(Echo, 10));
  RegisterCrossOrigin(mux);
}

}  // namespace hon::wire
