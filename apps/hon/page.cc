#include "page.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "hon/http/file_server.h"
#include "hon/http/reply.h"
#include "hon/io/io.h"
#include "page_files.h"

namespace hon::app {
namespace {

// Allows only content from this server, and no inline script or style.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view CutUntil(std::string_view& text, char mark) {
  const size_t at = std::min(text.find(mark), text.size());
  const std::string_view before = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return Trim(before);
}

bool SameWithoutCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

// The weight among the parameters of one element; 1 without one, 0 for a malformed one.
double Weight(std::string_view parameters) {
  while (!parameters.empty()) {
    std::string_view parameter = CutUntil(parameters, ';');
    const std::string_view name = CutUntil(parameter, '=');
    if (!SameWithoutCase(name, "q")) continue;
    double weight = 0;
    const auto [end, problem] =
        std::from_chars(parameter.data(), parameter.data() + parameter.size(), weight);
    const bool good = problem == std::errc() && end == parameter.data() + parameter.size();
    return good && weight >= 0 && weight <= 1 ? weight : 0;
  }
  return 1;
}

// The weight that `accept` gives to the media type `wanted` by name; 0 without such an element.
double WeightOf(std::string_view wanted, std::string_view accept) {
  while (!accept.empty()) {
    std::string_view element = CutUntil(accept, ',');
    const std::string_view type = CutUntil(element, ';');
    if (SameWithoutCase(type, wanted)) return Weight(element);
  }
  return 0;
}

std::string Accept(const http::Request& r) {
  std::string all;
  for (const std::string_view value : r.Header.Values("Accept")) all.append(value).append(",");
  return all;
}

void ServePage(http::ResponseWriter& w, http::Request& r, std::string_view name) {
  const auto& files = PageFiles();
  const auto file = std::find_if(files.begin(), files.end(),
                                 [&](const PageFile& each) { return each.name == name; });
  if (file == files.end()) return http::NotFound(w, r);
  http::Header& header = w.Header();
  header.Set("ETag", file->etag);
  header.Set("Cache-Control", "no-cache");
  header.Set("Content-Security-Policy", kContentSecurityPolicy);
  header.Set("X-Content-Type-Options", "nosniff");
  header.Set("Referrer-Policy", "no-referrer");
  if (name.ends_with(".js")) header.Set("Content-Type", "text/javascript; charset=utf-8");
  io::StringReader data(file->data);
  http::ServeContent(w, r, name, {}, data);
}

void Welcome(http::ResponseWriter& w, http::Request&) {
  w.Header().Set("Content-Type", "text/plain; charset=utf-8");
  w.Write(kWelcome);
}

void Front(http::ResponseWriter& w, http::Request& r) {
  w.Header().Add("Vary", "Accept");
  PrefersHtml(Accept(r)) ? ServePage(w, r, "index.html") : Welcome(w, r);
}

}  // namespace

bool PrefersHtml(std::string_view accept) {
  const double html = WeightOf("text/html", accept);
  return html > 0 && html >= WeightOf("text/plain", accept);
}

void RegisterPage(http::ServeMux& mux) {
  mux.HandleFunc("/{$}", Front);
  mux.HandleFunc("/", Welcome);
  mux.HandleFunc("/page/{name}", [](http::ResponseWriter& w, http::Request& r) {
    ServePage(w, r, r.PathValue("name"));
  });
}

}  // namespace hon::app
