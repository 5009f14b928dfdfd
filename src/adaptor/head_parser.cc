#include "hon/adaptor/head_parser.h"

#include <algorithm>
#include <cstring>

#include "adaptor/ascii.h"
#include "adaptor/field_lines.h"
#include "adaptor/head_cursor.h"
#include "adaptor/head_digest.h"
#include "adaptor/scan_kernels.h"

namespace hon::adaptor {
namespace {

using internal::HeadCursor;
using internal::HeadDigest;
using internal::Incomplete;
using internal::Judge;
using internal::Pass;

constexpr std::string_view kHttp = "HTTP/";
constexpr size_t kVersionBytes = 8;

// Takes the fields of a head in.
struct Fields {
  HeadDigest digest;
  http::Header* header;
  size_t left;  // may still come
  bool too_many = false;

  void Take(std::string_view name, std::string_view value) {
    if (left == 0) {
      too_many = true;
      return;
    }
    --left;
    const http::HeaderId id = http::FindHeaderId(name);
    if (digest.Note(id, value)) header->AddView(name, value, id);
  }
};

// A request line that does not end in "HTTP/1.x" CRLF; `version` follows its second space.
Pass JudgeVersion(const char* line, const char* version, const char* end) {
  const size_t left = static_cast<size_t>(end - version);
  const void* lf = std::memchr(version, '\n', left);
  if (lf == nullptr) return Incomplete(line);
  const std::string_view text(version, static_cast<size_t>(static_cast<const char*>(lf) - version));
  const bool well_formed = text.size() == kVersionBytes + 1 && text.substr(0, 5) == kHttp &&
                           internal::IsDigit(text[5]) && text[6] == '.' &&
                           internal::IsDigit(text[7]) && text[8] == '\r';
  const bool other_major = well_formed && text[5] != '1';
  return {HeadStatus::kBad, other_major ? Refusal::kUnsupportedVersion : Refusal::kBadRequest,
          line};
}

// RFC 9112 §3: method SP request-target SP HTTP-version CRLF. kDone: `at` is behind it.
Pass ParseRequestLine(HeadCursor& cursor, const char* line, RequestHead& head) {
  const char* const end = cursor.End();
  const char* method_end = cursor.Find<&ScanMasks::no_token>(line);
  if (method_end == end) return Incomplete(line);
  if (*method_end != ' ' || method_end == line) return Judge(line, end, Refusal::kBadRequest);
  const char* target = method_end + 1;
  const char* target_end = cursor.Find<&ScanMasks::gap>(target);
  if (target_end == end) return Incomplete(line);
  if (*target_end != ' ' || target_end == target) return Judge(line, end, Refusal::kBadRequest);
  const char* version = target_end + 1;
  if (end - version < 10 || std::memcmp(version, "HTTP/1.", 7) != 0 ||
      !internal::IsDigit(version[7]) || version[8] != '\r' || version[9] != '\n') {
    return JudgeVersion(line, version, end);
  }
  head.method = {line, static_cast<size_t>(method_end - line)};
  head.target = {target, static_cast<size_t>(target_end - target)};
  head.version = {version, kVersionBytes};
  head.minor_version = static_cast<uint8_t>(version[7] - '0');
  return {HeadStatus::kDone, Refusal::kNone, version + 10};
}

const char* SkipEmptyLines(const char* at, const char* end) {
  for (size_t i = 0; i < kLeadingEmptyLinesMax; ++i) {
    if (end - at < 2 || at[0] != '\r' || at[1] != '\n') break;
    at += 2;
  }
  return at;
}

}  // namespace

Refusal internal::WhyBadName(const char* line, const char* end) {
  if (*line == ' ' || *line == ':') return Refusal::kBadRequest;
  while (line != end && (*line == ' ' || IsTokenByte(static_cast<unsigned char>(*line)))) ++line;
  return line != end && *line == ':' ? Refusal::kInvalidHeaderName : Refusal::kBadRequest;
}

HeadParser::HeadParser(ParseLimits limits, ScanLevel level)
    : limits_(limits), scan_(ScanFunctionOf(level)) {
  limits_.head_bytes_max = std::min(limits_.head_bytes_max, kHeadBytesCeiling);
}

HeadStatus HeadParser::Parse(std::string_view bytes, HeadScan& scan, RequestHead& head,
                             http::Header& fields) const {
  const std::string_view allowed = bytes.substr(0, limits_.head_bytes_max);
  const HeadStatus status = scan.scanned == 0 ? ParseFromStart(allowed, scan, head, fields)
                                              : Resume(allowed, scan, head, fields);
  if (status == HeadStatus::kDone) return status;
  if (!fields.Empty()) fields.Reset();
  if (status == HeadStatus::kIncomplete && allowed.size() == limits_.head_bytes_max) {
    head.refusal = Refusal::kHeadTooLarge;
    return HeadStatus::kBad;
  }
  return status;
}

HeadStatus HeadParser::ParseFromStart(std::string_view bytes, HeadScan& scan, RequestHead& head,
                                      http::Header& fields) const {
  const char* const begin = bytes.data();
  const char* const end = begin + bytes.size();
  ScanMasks masks;
  HeadCursor cursor(end, scan_, masks);
  head = RequestHead();
  const char* line = SkipEmptyLines(begin, end);
  Pass pass = line == end ? Incomplete(line) : ParseRequestLine(cursor, line, head);
  scan = {0, static_cast<uint32_t>(bytes.size())};
  if (pass.status == HeadStatus::kDone) {
    Fields sink{HeadDigest(), &fields, limits_.fields_max};
    pass = internal::ParseFieldLines(
        cursor, pass.at,
        [&sink](std::string_view name, std::string_view value) { sink.Take(name, value); });
    scan.line = static_cast<uint32_t>(pass.at - begin);
    if (pass.status == HeadStatus::kDone) {
      head.size = scan.line;
      head.refusal = sink.too_many ? Refusal::kHeadTooLarge : sink.digest.Judge(head);
      return head.refusal == Refusal::kNone ? HeadStatus::kDone : HeadStatus::kBad;
    }
  }
  head.refusal = pass.refusal;
  return pass.status;
}

HeadStatus HeadParser::Resume(std::string_view bytes, HeadScan& scan, RequestHead& head,
                              http::Header& fields) const {
  const size_t size = bytes.size();
  if (size <= scan.scanned) return HeadStatus::kIncomplete;
  const void* lf = std::memchr(bytes.data() + scan.scanned, '\n', size - scan.scanned);
  scan.scanned = static_cast<uint32_t>(size);
  if (lf == nullptr) return HeadStatus::kIncomplete;
  if (scan.line == 0) return ParseFromStart(bytes, scan, head, fields);
  ScanMasks masks;
  HeadCursor cursor(bytes.data() + size, scan_, masks);
  const Pass pass = internal::ParseFieldLines(cursor, bytes.data() + scan.line,
                                              [](std::string_view, std::string_view) {});
  scan.line = static_cast<uint32_t>(pass.at - bytes.data());
  head.refusal = pass.refusal;
  if (pass.status != HeadStatus::kDone) return pass.status;
  return ParseFromStart(bytes, scan, head, fields);
}

HeadStatus HeadParser::Read(io::LinkBuffer& in, HeadScan& scan, RequestHead& head,
                            http::Header& fields) const {
  HeadStatus status = HeadStatus::kIncomplete;
  const std::string_view front = in.Front();
  if (scan.scanned == 0 && front.size() == in.Len() && front.size() < limits_.head_bytes_max) {
    // The common head: it came in one piece.
    status = ParseFromStart(front, scan, head, fields);
    if (status != HeadStatus::kDone && !fields.Empty()) fields.Reset();
  } else if (front.size() == in.Len() || scan.scanned < front.size()) {
    status = Parse(front, scan, head, fields);
  }
  if (status == HeadStatus::kIncomplete && front.size() != in.Len()) {
    status = ReadScattered(in, scan, head, fields);
  }
  if (status != HeadStatus::kDone) return status;
  // The caller finds the head at the front.
  if (const size_t skipped = static_cast<size_t>(head.method.data() - in.Front().data());
      skipped != 0) {
    head.size -= skipped;
    static_cast<void>(in.Skip(skipped));
  }
  return HeadStatus::kDone;
}

// `in` holds more than its first block, and the head does not end in that.
HeadStatus HeadParser::ReadScattered(io::LinkBuffer& in, HeadScan& scan, RequestHead& head,
                                     http::Header& fields) const {
  const size_t joined = std::min(in.Len(), io::kBlockBytes);
  if (scan.scanned < joined) {
    const HeadStatus status = Parse(*in.Peek(joined), scan, head, fields);
    if (status != HeadStatus::kIncomplete) return status;
  }
  if (joined == in.Len()) return HeadStatus::kIncomplete;
  // Too much to bring together for every few bytes that come: look for the end where they lie. It
  // is a line of nothing, or of a lone CR; what other lines are worth is told when it is found.
  for (;;) {
    const size_t lf = in.Find('\n', scan.scanned);
    const bool found = lf != io::LinkBuffer::kNpos;
    const size_t seen = std::min(found ? lf + 1 : in.Len(), limits_.head_bytes_max);
    if ((found && lf - scan.line <= 1) || seen == limits_.head_bytes_max) {
      scan = {};
      return Parse(*in.Peek(seen), scan, head, fields);
    }
    scan.scanned = static_cast<uint32_t>(seen);
    if (!found) return HeadStatus::kIncomplete;
    scan.line = scan.scanned;
  }
}

}  // namespace hon::adaptor
