#include "hon/adaptor/refusal.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "adaptor/ascii.h"
#include "hon/base/assert.h"

namespace hon::adaptor {
namespace {

// In the order of Refusal.
constexpr std::array<RefusalText, static_cast<size_t>(Refusal::kCount)> kTexts = {{
    {0, "", ""},
    {400, "400 Bad Request", "400 Bad Request"},
    {400, "400 Bad Request: missing required Host header",
     "400 Bad Request: missing required Host header"},
    {400, "400 Bad Request: malformed Host header", "400 Bad Request: malformed Host header"},
    {400, "400 Bad Request: invalid header name", "400 Bad Request: invalid header name"},
    {408, "408 Request Timeout", "408 Request Timeout"},
    {413, "413 Request Entity Too Large", "413 Request Entity Too Large"},
    {417, "417 Expectation Failed", ""},
    {431, "431 Request Header Fields Too Large", "431 Request Header Fields Too Large"},
    {500, "500 Internal Server Error", "500 Internal Server Error"},
    {501, "501 Not Implemented", "Unsupported transfer encoding"},
    {503, "503 Service Unavailable", "503 Service Unavailable"},
    {505, "505 HTTP Version Not Supported: unsupported protocol version",
     "505 HTTP Version Not Supported: unsupported protocol version"},
}};
static_assert(kTexts.back().status == 505, "every Refusal has its text");

// In lower case.
constexpr std::string_view kKeptNames[] = {
    "cross-origin-embedder-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "referrer-policy",
    "request-id",
    "server",
    "strict-transport-security",
    "timing-allow-origin",
    "traceresponse",
    "vary",
    "x-content-type-options",
    "x-correlation-id",
    "x-frame-options",
    "x-request-id",
    "x-trace-id",
};
constexpr std::string_view kKeptPrefix = "access-control-";

void WriteStart(Refusal refusal, const http::Header* set_before, io::LinkBuffer& out) {
  out.Write("HTTP/1.1 ");
  out.Write(DescribeRefusal(refusal).reason);
  out.Write("\r\n");
  if (refusal == Refusal::kOverloaded) out.Write("Retry-After: 1\r\n");
  if (set_before == nullptr) return;
  for (const http::Header::Field& field : *set_before) {
    if (!IsKeptInRefusal(field.name)) continue;
    out.Write(field.name);
    out.Write(": ");
    out.Write(field.value);
    out.Write("\r\n");
  }
}

}  // namespace

bool IsKeptInRefusal(std::string_view name) {
  if (name.size() > kKeptPrefix.size() &&
      internal::EqualsLower(name.substr(0, kKeptPrefix.size()), kKeptPrefix)) {
    return true;
  }
  return std::ranges::any_of(
      kKeptNames, [name](std::string_view kept) { return internal::EqualsLower(name, kept); });
}

const RefusalText& DescribeRefusal(Refusal refusal) {
  HON_ASSERT(refusal < Refusal::kCount);
  return kTexts[static_cast<size_t>(refusal)];
}

void WriteRefusal(Refusal refusal, std::string_view date, io::LinkBuffer& out, RefusalBody body,
                  const http::Header* set_before) {
  if (refusal == Refusal::kNone) return;
  WriteStart(refusal, set_before, out);
  if (refusal == Refusal::kExpectationFailed) {
    out.Write("Connection: close\r\nDate: ");
    out.Write(date);
    out.Write("\r\nContent-Length: 0\r\n\r\n");
    return;
  }
  out.Write("Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n");
  if (body == RefusalBody::kSent) out.Write(DescribeRefusal(refusal).body);
}

void WriteRefusal(Refusal refusal, const OwnRefusal& own, io::LinkBuffer& out, RefusalBody body,
                  const http::Header* set_before) {
  if (refusal == Refusal::kNone) return;
  WriteStart(refusal, set_before, out);
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::ranges::none_of(own.content_type, control)) {
    out.Write("Content-Type: ");
    out.Write(own.content_type);
    out.Write("\r\n");
  }
  out.Write("Connection: close\r\n\r\n");
  if (body == RefusalBody::kSent) out.Write(own.content);
}

}  // namespace hon::adaptor
