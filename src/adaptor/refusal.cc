#include "hon/adaptor/refusal.h"

#include <algorithm>
#include <array>
#include <cstddef>

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

}  // namespace

const RefusalText& DescribeRefusal(Refusal refusal) {
  HON_ASSERT(refusal < Refusal::kCount);
  return kTexts[static_cast<size_t>(refusal)];
}

void WriteRefusal(Refusal refusal, std::string_view date, io::LinkBuffer& out, RefusalBody body) {
  if (refusal == Refusal::kNone) return;
  const RefusalText& text = DescribeRefusal(refusal);
  out.Write("HTTP/1.1 ");
  out.Write(text.reason);
  if (refusal == Refusal::kExpectationFailed) {
    out.Write("\r\nConnection: close\r\nDate: ");
    out.Write(date);
    out.Write("\r\nContent-Length: 0\r\n\r\n");
    return;
  }
  out.Write("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n");
  if (body == RefusalBody::kSent) out.Write(text.body);
}

void WriteRefusal(Refusal refusal, const OwnRefusal& own, io::LinkBuffer& out, RefusalBody body) {
  if (refusal == Refusal::kNone) return;
  out.Write("HTTP/1.1 ");
  out.Write(DescribeRefusal(refusal).reason);
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::ranges::none_of(own.content_type, control)) {
    out.Write("\r\nContent-Type: ");
    out.Write(own.content_type);
  }
  out.Write("\r\nConnection: close\r\n\r\n");
  if (body == RefusalBody::kSent) out.Write(own.content);
}

}  // namespace hon::adaptor
