// Request heads: every scan level, every split and every way of storing the bytes must give the
// same answer; an accepted head must hold the parser's guarantees and survive a round trip.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hon/adaptor/head_parser.h"
#include "hon/adaptor/request_reader.h"
#include "hon/base/assert.h"

namespace {

using namespace hon;
using namespace hon::adaptor;

// Small, so that the fuzzer reaches the limits.
constexpr ParseLimits kLimits{.head_bytes_max = 2000, .fields_max = 20};

struct Outcome {
  HeadStatus status = HeadStatus::kIncomplete;
  std::string text;  // the reason of a refusal, or the head written anew
  bool close = false;
  bool expect = false;

  bool operator==(const Outcome&) const = default;
};

void CheckAccepted(std::string_view bytes, const RequestHead& head, const http::Header& fields) {
  HON_ASSERT(head.size <= bytes.size() && head.size <= kLimits.head_bytes_max);
  const std::string_view text = bytes.substr(0, head.size);
  HON_ASSERT(text.ends_with("\r\n\r\n"));
  for (size_t i = 0; i < text.size(); ++i) {
    HON_ASSERT(text[i] != '\0');
    HON_ASSERT(text[i] != '\n' || text[i - 1] == '\r');
    HON_ASSERT(text[i] != '\r' || text[i + 1] == '\n');
  }
  HON_ASSERT(!head.chunked || !head.has_content_length);
  HON_ASSERT(!head.chunked || head.minor_version > 0);
  HON_ASSERT(head.chunked ? head.content_length == -1 : head.content_length >= 0);
  HON_ASSERT(fields.Len() <= kLimits.fields_max);
  for (const auto& field : fields) {
    HON_ASSERT(!field.name.empty() && field.id == http::FindHeaderId(field.name));
    HON_ASSERT(field.name.find_first_of(" \t:\r\n") == std::string_view::npos);
    HON_ASSERT(field.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
    HON_ASSERT(field.value.empty() || (field.value.front() != ' ' && field.value.back() != ' '));
  }
}

Outcome Describe(HeadStatus status, const RequestHead& head, const http::Header& fields) {
  Outcome outcome{status, "", false, false};
  if (status == HeadStatus::kBad) outcome.text = DescribeRefusal(head.refusal).reason;
  if (status != HeadStatus::kDone) {
    HON_ASSERT(fields.Empty());
    return outcome;
  }
  std::string& text = outcome.text;
  text.append(head.method).append(" ").append(head.target).append(" ").append(head.version);
  text.append("\r\n");
  if (!head.host.empty()) text.append("Host: ").append(head.host).append("\r\n");
  if (head.chunked) text.append("Transfer-Encoding: chunked\r\n");
  for (const auto& field : fields) {
    text.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  text.append("\r\n");
  outcome.close = head.close;
  outcome.expect = head.expect_continue;
  return outcome;
}

Outcome Parse(const HeadParser& parser, std::string_view bytes, size_t cut, size_t step) {
  HeadScan scan;
  RequestHead head;
  http::Header fields;
  HeadStatus status = HeadStatus::kIncomplete;
  for (size_t size = cut; status == HeadStatus::kIncomplete; size += step) {
    // A copy of the exact size, so that AddressSanitizer detects a read past its end.
    const std::string copy(bytes.substr(0, size));
    status = parser.Parse(copy, scan, head, fields);
    if (status == HeadStatus::kDone) {
      CheckAccepted(copy, head, fields);
      return Describe(status, head, fields);
    }
    if (size >= bytes.size()) break;
  }
  return Describe(status, head, fields);
}

Outcome ReadBlocks(const HeadParser& parser, std::string_view bytes, size_t step) {
  io::BlockPool pool;
  io::LinkBuffer in(pool);
  HeadScan scan;
  RequestHead head;
  http::Header fields;
  HeadStatus status = HeadStatus::kIncomplete;
  for (size_t at = 0; at < bytes.size() && status == HeadStatus::kIncomplete; at += step) {
    const std::string_view part = bytes.substr(at, step);
    io::Block* block = pool.GetLarge(part.size());
    part.copy(block->data, part.size());
    block->end = static_cast<uint32_t>(part.size());
    in.Append(block);
    status = parser.Read(in, scan, head, fields);
  }
  if (status == HeadStatus::kDone) HON_ASSERT(in.Front().size() >= head.size);
  return Describe(status, head, fields);
}

void CheckRequest(const HeadParser& parser, std::string_view bytes) {
  HeadScan scan;
  RequestHead head;
  http::Request request;
  HON_ASSERT(parser.Parse(bytes, scan, head, request.Header) == HeadStatus::kDone);
  if (FillRequest(head, request) != Refusal::kNone) return;
  // HTTP/1.0 needs no host (RFC 9112 §3.2 demands one of HTTP/1.1), and as in Go, CONNECT to a path
  // needs none either.
  HON_ASSERT(request.Host.empty() ? head.minor_version == 0 || head.method == "CONNECT"
                                  : IsValidHost(request.Host));
  HON_ASSERT(request.URL.User == nullptr);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const HeadParser plain(kLimits, ScanLevel::kPlain);
  const Outcome want = Parse(plain, bytes, size, 1);
  for (const ScanLevel level : ScanLevels()) {
    const HeadParser parser(kLimits, level);
    HON_ASSERT(Parse(parser, bytes, size, 1) == want);
    HON_ASSERT(Parse(parser, bytes, size % 61, 97) == want);
  }
  // The expensive comparisons for short inputs only; most inputs are short.
  const HeadParser best(kLimits);
  if (size != 0) HON_ASSERT(ReadBlocks(best, bytes, size / 2 + 1) == want);
  if (size != 0 && size <= 200) {
    HON_ASSERT(Parse(best, bytes, 1, 1) == want);
    HON_ASSERT(ReadBlocks(best, bytes, 1) == want);
  }
  if (want.status == HeadStatus::kDone) {
    CheckRequest(plain, bytes);
    // A parsed head, written out, parses to the same.
    const HeadParser roomy({.head_bytes_max = 2 * kLimits.head_bytes_max});
    HON_ASSERT(Parse(roomy, want.text, want.text.size(), 1) == want);
  }
  return 0;
}
