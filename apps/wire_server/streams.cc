// Endpoints whose answers come in pieces, or leave HTTP.

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

#include "endpoints.h"
#include "hon/http/reply.h"
#include "hon/sse/writer.h"
#include "numbers.h"

namespace hon::wire {
namespace {

constexpr int64_t kBytesMax = int64_t{1} << 40;
constexpr int64_t kChunksMax = 1'000'000;
constexpr size_t kTrailersBodyMax = size_t{64} << 20;

void WritePattern(http::ResponseWriter& w, int64_t bytes) {
  while (bytes > 0) {
    const std::string_view part = Pattern().substr(
        0, static_cast<size_t>(std::min<int64_t>(bytes, static_cast<int64_t>(Pattern().size()))));
    if (w.Write(part).err) return;
    bytes -= static_cast<int64_t>(part.size());
  }
}

void Chunked(http::ResponseWriter& w, http::Request& r) {
  const auto n = NumberIn(r, "n", 0, kChunksMax);
  if (!n) return http::ReplyError(w, "how many chunks?", 400);
  w.Header().Set("Content-Type", "text/plain; charset=utf-8");
  for (int64_t i = 0; i < *n; ++i) {
    if (w.Write("chunk " + std::to_string(i) + "\n").err) return;
    if (w.Flush()) return;
  }
}

void Length(http::ResponseWriter& w, http::Request& r) {
  const auto n = NumberIn(r, "n", 0, kBytesMax);
  if (!n) return http::ReplyError(w, "how many bytes?", 400);
  w.Header().Set("Content-Type", "text/plain; charset=utf-8");
  w.Header().Set("Content-Length", std::to_string(*n));
  WritePattern(w, *n);
}

void Stream(http::ResponseWriter& w, http::Request& r) {
  const auto n = NumberIn(r, "n", 0, kBytesMax);
  if (!n) return http::ReplyError(w, "how many bytes?", 400);
  w.Header().Set("Content-Type", "text/plain; charset=utf-8");
  WritePattern(w, *n);
}

void Trailers(http::ResponseWriter& w, http::Request& r) {
  const Result<std::string> body = r.Body.ReadAll(kTrailersBodyMax);
  if (!body) {
    w.Header().Set("Connection", "close");
    return http::ReplyError(w, "cannot read the body", 400);
  }
  std::vector<std::string> lines;
  for (const auto& field : r.Trailer) {
    lines.push_back(http::CanonicalHeaderKey(field.name) + ": " + std::string(field.value) + "\n");
  }
  std::stable_sort(lines.begin(), lines.end());
  w.Header().Set("Content-Type", "text/plain; charset=utf-8");
  w.Header().Set("Trailer", "X-Body-Length");
  w.Write("trailers:\n");
  for (const std::string& line : lines) w.Write(line);
  w.Header().Set("X-Body-Length", std::to_string(body->size()));
}

void EarlyHints(http::ResponseWriter& w, http::Request&) {
  w.Header().Set("Link", "</style.css>; rel=preload; as=style");
  w.WriteHeader(103);
  w.Header().Set("Content-Type", "text/plain; charset=utf-8");
  w.Write("hinted\n");
}

void Hijack(http::ResponseWriter& w, http::Request&) {
  Result<std::unique_ptr<io::Conn>> taken = w.Hijack();
  if (!taken) {
    const bool none = taken.error().Is(http::ErrNotSupported);
    return http::ReplyError(w, taken.error().Message(), none ? 501 : 500);
  }
  io::Conn& conn = **taken;
  io::IoResult done = conn.Write(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw-echo\r\n\r\n");
  std::array<char, 16 * 1024> buffer;
  while (!done.err) {
    done = conn.Read(buffer);
    if (done.n > 0) done.err = conn.Write({buffer.data(), done.n}).err;
  }
}

void Sse(http::ResponseWriter& w, http::Request& r) {
  Result<sse::Writer> stream = sse::Writer::Start(w, r);
  if (!stream) return;
  int64_t i = 0;
  while (!stream->Send("event " + std::to_string(i++)) && !stream->Wait(std::chrono::seconds(1))) {
  }
}

}  // namespace

std::string_view Pattern() {
  static const std::string text = [] {
    std::string all;
    while (all.size() < 64 * 1024) all += "0123456789abcdef";
    return all;
  }();
  return text;
}

void RegisterStreams(http::ServeMux& mux) {
  mux.HandleFunc("GET /chunked/{n}", Chunked);
  mux.HandleFunc("GET /length/{n}", Length);
  mux.HandleFunc("GET /stream/{n}", Stream);
  mux.HandleFunc("/trailers", Trailers);
  mux.HandleFunc("/early-hints", EarlyHints);
  mux.HandleFunc("/hijack", Hijack);
  mux.HandleFunc("/sse", Sse);
}

}  // namespace hon::wire
