// Field sections: an accepted one has a meaning in HTTP, with no field that another server could
// read as framing, or as a field of its own.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/assert.h"
#include "hon/h2/field_section.h"

namespace {

using namespace hon;
using namespace hon::h2;

// "name\0value\n" for each line.
std::vector<FieldLine> LinesOf(std::string_view text) {
  std::vector<FieldLine> lines;
  while (!text.empty() && lines.size() < 64) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const size_t cut = line.find('\0');
    const std::string_view name = line.substr(0, cut);
    const std::string_view value =
        cut == std::string_view::npos ? std::string_view() : line.substr(cut + 1);
    lines.push_back({name, value, http::FindHeaderId(name), FindPseudoField(name),
                     IsFieldName(name) && IsFieldValue(value), false});
  }
  return lines;
}

void CheckHeader(const http::Header& header) {
  size_t cookies = 0;
  for (const http::Header::Field& field : header) {
    HON_ASSERT(!field.name.empty() && field.name.find(':') == std::string_view::npos);
    HON_ASSERT(field.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
    HON_ASSERT(http::CanonicalHeaderKey(field.name) == field.name);
    cookies += field.name == "Cookie" ? 1 : 0;
  }
  for (const char* const name :
       {"Connection", "Transfer-Encoding", "Upgrade", "Keep-Alive", "Proxy-Connection", "Host"}) {
    HON_ASSERT(!header.Has(name));
  }
  HON_ASSERT(cookies <= 1);
}

bool IsToken(std::string_view text) {
  return !text.empty() && text.find_first_of(" \t\r\n:/@") == std::string_view::npos;
}

void CheckRequest(const std::vector<FieldLine>& lines, bool end_stream) {
  Arena arena;
  http::Header header;
  RequestFields request;
  if (ReadRequestFields(lines, end_stream, arena, request, header)) return;
  CheckHeader(header);
  HON_ASSERT(IsToken(request.method));
  const bool connect = request.method == "CONNECT";
  HON_ASSERT(connect || request.scheme == "http" || request.scheme == "https");
  HON_ASSERT(connect || request.protocol.empty());
  HON_ASSERT(!request.path.empty() || (connect && request.protocol.empty()));
  HON_ASSERT(request.path.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
  HON_ASSERT(request.content_length >= -1);
  HON_ASSERT(request.content_length <= 0 || !end_stream);
}

}  // namespace

// The first byte: whether the stream ends.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool end_stream = (data[0] & 1) != 0;
  const std::vector<FieldLine> lines = LinesOf(text);
  CheckRequest(lines, end_stream);
  Arena arena;
  http::Header header;
  ResponseFields response;
  if (!ReadResponseFields(lines, end_stream, arena, response, header)) {
    HON_ASSERT(response.status >= 100 && response.status <= 999 && response.status != 101);
    HON_ASSERT(response.status >= 200 || !end_stream);
  }
  http::Header trailer;
  if (!ReadTrailerFields(lines, arena, trailer)) {
    for (const http::Header::Field& field : trailer) {
      HON_ASSERT(field.name.find(':') == std::string_view::npos);
    }
  }
  return 0;
}
