#include "admin.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <string_view>
#include <utility>

#include "hon/http/middleware.h"
#include "hon/http/reply.h"
#include "hon/http/status.h"
#include "json.h"
#include "profile.h"
#include "symbols.h"

namespace hon::app {
namespace {

// Addresses of one symbol request: far more than pprof asks for at once.
constexpr int64_t kSymbolBytesMax = 256 * 1024;

bool IsIpOrLocalhost(std::string_view host) {
  if (host.starts_with('[')) return true;  // the parser checks IPv6 addresses
  host = host.substr(0, host.find(':'));
  return host == "localhost" ||
         (!host.empty() && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

http::HandlerPtr ForLocalNames(http::HandlerPtr inner) {
  return std::make_shared<http::HandlerFunc>(
      [inner = std::move(inner)](http::ResponseWriter& w, http::Request& r) {
        if (IsIpOrLocalhost(r.Host)) return inner->ServeHTTP(w, r);
        http::ReplyError(w, "ask by IP address", http::StatusForbidden);
      });
}

void Text(http::ResponseWriter& w) {
  w.Header().Set("Content-Type", "text/plain; charset=utf-8");
  w.Header().Set("X-Content-Type-Options", "nosniff");
  w.Header().Set("Cache-Control", "no-store");
}

// Writes the beginning of a page of links.
void BeginIndex(http::ResponseWriter& w, std::string_view title) {
  w.Header().Set("Content-Type", "text/html; charset=utf-8");
  w.Header().Set("Content-Security-Policy", "default-src 'none'");
  w.Header().Set("Cache-Control", "no-store");
  const std::string name(title);
  w.Write(
      "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">"
      "<meta name=\"color-scheme\" content=\"light dark\"><title>" +
      name + "</title>\n<h1>" + name + "</h1>\n");
}

void Index(http::ResponseWriter& w, http::Request&) {
  BeginIndex(w, "hon: for operators");
  w.Write(
      "<ul>\n<li><a href=\"/debug/vars\">/debug/vars</a>: counters as JSON\n"
      "<li><a href=\"/debug/pprof/\">/debug/pprof/</a>: profiles of processor time and memory\n"
      "</ul>\n");
}

void ProfileIndex(http::ResponseWriter& w, http::Request&) {
  BeginIndex(w, "/debug/pprof/");
  if (!HasProfiler()) {
    w.Write("<p>This program was built without gperftools: profile and heap answer 501.\n");
  }
  w.Write(
      "<ul>\n<li><a href=\"profile?seconds=5\">profile?seconds=5</a>: where processor time goes, "
      "1 to " +
      std::to_string(kProfileMax.count()) +
      " seconds of it; <code>go tool pprof</code> or <code>google-pprof</code> read it\n"
      "<li><a href=\"heap\">heap</a>: sampled allocations that live\n"
      "<li><a href=\"symbol\">symbol</a>: names of addresses, by POST\n"
      "<li><a href=\"cmdline\">cmdline</a>: the command line\n"
      "<li><a href=\"../vars\">/debug/vars</a>: counters\n</ul>\n");
}

// "0x1+0x2": a line with the name for each address that has one.
std::string NamesOf(std::string_view addresses) {
  std::string lines;
  while (!addresses.empty()) {
    const size_t end = std::min(addresses.find('+'), addresses.size());
    const std::string_view text = addresses.substr(0, end);
    addresses.remove_prefix(std::min(end + 1, addresses.size()));
    if (!text.starts_with("0x")) continue;
    uintptr_t address = 0;
    const auto [stop, problem] =
        std::from_chars(text.data() + 2, text.data() + text.size(), address, 16);
    if (problem != std::errc() || stop != text.data() + text.size()) continue;
    const std::string name = SymbolAt(address);
    if (!name.empty()) lines.append(text).append("\t").append(name).append("\n");
  }
  return lines;
}

// The symbol protocol of pprof: GET answers a count that shows whether there are symbols, POST the
// names.
void Symbol(http::ResponseWriter& w, http::Request& r) {
  Text(w);
  if (r.Method != "POST") {
    w.Write("num_symbols: 1\n");
    return;
  }
  const Result<std::string> addresses = http::MaxBytesReader(w, r.Body, kSymbolBytesMax).ReadAll();
  if (!addresses) {
    const bool large = addresses.error().Is(http::ErrBodyTooLarge);
    return http::ReplyError(w, addresses.error().Message(),
                            large ? http::StatusRequestEntityTooLarge : http::StatusBadRequest);
  }
  w.Write("num_symbols: 1\n" + NamesOf(*addresses));
}

std::string Joined(const std::vector<std::string>& parts, char mark) {
  std::string all;
  for (const std::string& part : parts) all.append(all.empty() ? "" : std::string(1, mark)) += part;
  return all;
}

std::string JsonList(const std::vector<std::string>& parts) {
  std::string list;
  for (const std::string& part : parts)
    list.append(list.empty() ? "" : ",").append(JsonString(part));
  return "[" + list + "]";
}

}  // namespace

Admin::Admin(std::vector<std::string> command_line, std::function<std::string()> vars)
    : engine_(mux_), server_(engine_, server::WithLoops(1)) {
  http::RouteGroup local(mux_, "", {ForLocalNames});
  local.HandleFunc("GET /{$}", Index);
  http::RouteGroup debug = local.Group("/debug");
  debug.HandleFunc("GET /pprof/{$}", ProfileIndex);
  debug.HandleFunc("GET /pprof/profile", ServeCpuProfile);
  debug.HandleFunc("GET /pprof/heap", ServeHeapProfile);
  debug.HandleFunc("GET /pprof/symbol", Symbol);
  debug.HandleFunc("POST /pprof/symbol", Symbol);
  debug.HandleFunc("GET /pprof/cmdline", [command_line](http::ResponseWriter& w, http::Request&) {
    Text(w);
    w.Write(Joined(command_line, '\0'));
  });
  debug.HandleFunc("GET /vars",
                   [command_line, vars = std::move(vars)](http::ResponseWriter& w, http::Request&) {
                     Text(w);
                     w.Header().Set("Content-Type", "application/json");
                     w.Write("{\"cmdline\":" + JsonList(command_line) + "," + vars() + "}\n");
                   });
}

Error Admin::Listen(const std::string& address) {
  StartHeapSampling();
  return server_.Listen(address);
}

}  // namespace hon::app
