// The small parsers of texts in messages. The first byte chooses one.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "hon/base/assert.h"
#include "hon/base/duration.h"
#include "hon/http/base64.h"
#include "hon/http/html.h"
#include "hon/http/sniff.h"
#include "hon/http/version.h"
#include "hon/url/path.h"
#include "http/accept_encoding.h"
#include "http/ip_address.h"
#include "http/quoted_printable.h"

namespace {

using namespace hon;

// What was decoded, encoded again, decodes to the same; a strict decoder takes one text alone.
void CheckBase64(std::string_view text) {
  for (const base64::Encoding& encoding : {base64::StdEncoding, base64::RawURLEncoding}) {
    const Result<std::string> bytes = encoding.DecodeString(text);
    const Result<std::string> strict = encoding.Strict().DecodeString(text);
    HON_ASSERT(!strict || *strict == bytes.value());
    if (!bytes) continue;
    const std::string again = encoding.EncodeToString(*bytes);
    HON_ASSERT(encoding.Strict().DecodeString(again).value() == *bytes);
    const bool lines = text.find_first_of("\r\n") != std::string_view::npos;
    HON_ASSERT(!strict || lines || again == text);
  }
}

void CheckDuration(std::string_view text) {
  const Result<Duration> time = ParseDuration(text);
  if (!time || text.starts_with('-')) return;
  std::string negative(text);
  if (negative.starts_with('+')) negative.erase(0, 1);
  HON_ASSERT(ParseDuration("-" + negative).value() == -*time);
}

void CheckAddress(std::string_view text) {
  using namespace http::internal;
  if (const auto network = ParseIpNetwork(text)) {
    HON_ASSERT(network->prefix_bits <= 128);
    HON_ASSERT(network->Contains(network->address));
  }
  const auto address = ParseIpAddress(text);
  if (!address) return;
  HON_ASSERT(text.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos);
  HON_ASSERT(ParseIpNetwork(std::string(text) + (text.find(':') != text.npos ? "/128" : "/32")));
}

void CheckHtml(std::string_view text) {
  const std::string escaped = html::EscapeString(text);
  HON_ASSERT(escaped.find_first_of("<>'\"") == std::string::npos);
  HON_ASSERT(html::UnescapeString(escaped) == text);
  static_cast<void>(html::UnescapeString(text));
}

void CheckSniff(std::string_view data) {
  const std::string_view type = http::DetectContentType(data);
  HON_ASSERT(!type.empty());
  HON_ASSERT(http::DetectContentType(data.substr(0, http::kSniffBytes)) == type);
}

void CheckPath(std::string_view path) {
  const std::string clean = url::CleanPath(path);
  HON_ASSERT(clean.starts_with('/') && clean.size() <= path.size() + 1);
  HON_ASSERT(url::CleanPath(clean) == clean);
  HON_ASSERT(clean.find("//") == std::string::npos);
  HON_ASSERT((clean + "/").find("/../") == std::string::npos);
  HON_ASSERT((clean + "/").find("/./") == std::string::npos);
}

void CheckCodings(std::string_view text) {
  http::Header header;
  header.AddView("Accept-Encoding", text, http::FindHeaderId("Accept-Encoding"));
  const auto accepted = http::internal::ParseAcceptEncoding(header);
  HON_ASSERT(accepted.count <= http::internal::kCodings.size());
  for (const http::internal::Coding* coding : accepted) {
    HON_ASSERT(std::count(accepted.begin(), accepted.end(), coding) == 1);
  }
}

std::string Unquoted(std::string_view text, size_t step) {
  multipart::internal::QuotedPrintableReader reader(std::make_unique<io::StringReader>(text));
  std::string all;
  std::string part(step, '\0');
  for (;;) {
    const io::IoResult read = reader.Read(std::span(part));
    all.append(part, 0, read.n);
    if (read.err) return all + "!" + read.err.Message();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 8) {
    case 0:
      CheckBase64(text);
      break;
    case 1:
      CheckDuration(text);
      break;
    case 2:
      CheckAddress(text);
      break;
    case 3:
      CheckHtml(text);
      break;
    case 4:
      CheckSniff(text);
      break;
    case 5:
      CheckPath(text);
      break;
    case 6:
      CheckCodings(text);
      HON_ASSERT(!http::ParseHTTPVersion(text) || text.size() == 8);
      break;
    default:
      HON_ASSERT(Unquoted(text, 1) == Unquoted(text, 1000));
  }
  return 0;
}
