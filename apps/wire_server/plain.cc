// Endpoints that read a request and answer it in one piece.

#include <algorithm>
#include <array>
#include <string>

#include "endpoints.h"
#include "hon/http/reply.h"
#include "numbers.h"
#include "text.h"

namespace hon::wire {
namespace {

constexpr size_t kEchoBytesMax = size_t{64} << 20;

void Root(http::ResponseWriter& w, http::Request&) { Text(w, "hello, world\n"); }
void Marker(http::ResponseWriter& w, http::Request&) { Text(w, "MARKER"); }
void Hidden(http::ResponseWriter& w, http::Request&) { Text(w, "HIDDEN"); }
void NoRead(http::ResponseWriter& w, http::Request&) { Text(w, "not read\n"); }

void Discard(http::ResponseWriter& w, http::Request& r) {
  std::array<char, 16 * 1024> buffer;
  size_t bytes = 0;
  while (true) {
    const auto [n, err] = r.Body.Read(buffer);
    bytes += n;
    if (err.Is(io::ErrEof)) break;
    if (err) {
      w.Header().Set("Connection", "close");
      http::ReplyError(w, "cannot read the body", 400);
      return;
    }
  }
  Text(w, std::to_string(bytes));
}

// In the order of their names, since Go's map of fields has no order of its own.
void Headers(http::ResponseWriter& w, http::Request& r) {
  std::vector<std::string> lines = {"Host: " + std::string(r.Host) + "\n"};
  for (const auto& field : r.Header) {
    lines.push_back(http::CanonicalHeaderKey(field.name) + ": " + std::string(field.value) + "\n");
  }
  std::stable_sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) text += line;
  Text(w, text);
}

void Status(http::ResponseWriter& w, http::Request& r) {
  const auto code = NumberIn(r, "code", 200, 999);
  if (!code) {
    http::ReplyError(w, "a code between 200 and 999", 400);
    return;
  }
  w.WriteHeader(static_cast<int>(*code));
  if (*code != 204 && *code != 304) w.Write("status " + std::to_string(*code) + "\n");
}

void Redirect(http::ResponseWriter& w, http::Request& r) { http::Redirect(w, r, "/", 302); }

}  // namespace

void Echo(http::ResponseWriter& w, http::Request& r) {
  const Result<std::string> body = r.Body.ReadAll(kEchoBytesMax);
  if (!body) {
    w.Header().Set("Connection", "close");
    http::ReplyError(w, "cannot read the body", 400);
    return;
  }
  const std::string_view type = r.Header.Get("Content-Type");
  w.Header().Set("Content-Type", type.empty() ? "application/octet-stream" : type);
  w.Header().Set("Content-Length", std::to_string(body->size()));
  w.Write(*body);
}

static void Proto(http::ResponseWriter& w, http::Request& r) {
  Text(w, "proto: " + std::string(r.Proto) + "\nmethod: " + std::string(r.Method) +
              "\nscheme: " + (r.TLS == nullptr ? "http" : "https") +
              "\nhost: " + std::string(r.Host) + "\nuri: " + std::string(r.RequestURI) +
              "\nremote: " + std::string(r.RemoteAddr) + "\n");
}

void RegisterPlain(http::ServeMux& mux) {
  mux.HandleFunc("/proto", Proto);
  mux.HandleFunc("/{$}", Root);
  mux.HandleFunc("/echo", Echo);
  mux.HandleFunc("/discard", Discard);
  mux.HandleFunc("/headers", Headers);
  mux.HandleFunc("/status/{code}", Status);
  mux.HandleFunc("/echo-marker", Marker);
  mux.HandleFunc("/echo-hidden", Hidden);
  mux.HandleFunc("/noread", NoRead);
  mux.HandleFunc("/redirect", Redirect);
}

}  // namespace hon::wire
