#include "hon/adaptor/head_parser.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "adaptor/ascii.h"
#include "adaptor/decimal.h"
#include "adaptor/field_lines.h"
#include "adaptor/head_cursor.h"
#include "adaptor/head_digest.h"
#include "adaptor/scan_kernels.h"
#include "hon/base/flatten.h"

namespace hon::adaptor {
namespace {

using internal::HeadCursor;
using internal::HeadDigest;
using internal::Incomplete;
using internal::Judge;
using internal::Pass;

constexpr std::string_view kHttp = "HTTP/";
constexpr size_t kVersionBytes = 8;

// Adds the fields of a head.
template <class Role>
struct Fields {
  HeadDigest digest;
  http::Header* header;
  size_t left;  // fields that may still come
  bool too_many = false;

  void Take(std::string_view name, std::string_view value) {
    if (left == 0) {
      too_many = true;
      return;
    }
    --left;
    const http::HeaderId id = http::FindHeaderId(name);
    if (Role::Note(digest, id, value)) header->AddView(name, value, id);
  }
};

// Whether the eight bytes at `version` are "HTTP/1." and a digit. Compared as a word.
inline bool IsHttp1(const char* version) {
  static_assert(std::endian::native == std::endian::little);
  uint64_t word;
  std::memcpy(&word, version, sizeof word);
  constexpr uint64_t kWanted = 0x002E312F50545448;  // "HTTP/1."
  return (word & 0x00FFFFFFFFFFFFFF) == kWanted && internal::IsDigit(version[7]);
}

// Judges a request line that does not end in "HTTP/1.x" CRLF; `version` follows its second space.
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

// RFC 9112 §3: method SP request-target SP HTTP-version CRLF. kDone: `at` is behind it, and all of
// `head` is set; otherwise `head` is unchanged.
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
  if (end - version < 10 || !IsHttp1(version) || version[8] != '\r' || version[9] != '\n') {
    return JudgeVersion(line, version, end);
  }
  head = {.method = {line, static_cast<size_t>(method_end - line)},
          .target = {target, static_cast<size_t>(target_end - target)},
          .version = {version, kVersionBytes},
          .host = {},
          .minor_version = static_cast<uint8_t>(version[7] - '0')};
  return {HeadStatus::kDone, Refusal::kNone, version + 10};
}

// RFC 9112 §4: HTTP-version SP status-code SP [ reason-phrase ] CRLF; the second SP may be missing
// with the phrase. kDone: `at` is behind it, and all of `head` is set; otherwise `head` is
// unchanged.
Pass ParseStatusLine(HeadCursor& cursor, const char* line, AnswerHead& head) {
  const char* const end = cursor.End();
  const char* const line_end = cursor.Find<&ScanMasks::control>(line);
  if (end - line_end < 2) {
    if (line_end == end || *line_end == '\r') return Incomplete(line);
    return Judge(line, end, Refusal::kBadRequest);
  }
  const std::string_view text(line, static_cast<size_t>(line_end - line));
  const bool well_formed = line_end[0] == '\r' && line_end[1] == '\n' && text.size() >= 12 &&
                           text.starts_with("HTTP/1.") && internal::IsDigit(text[7]) &&
                           text[8] == ' ' && (text.size() == 12 || text[12] == ' ');
  if (!well_formed) return Judge(line, end, Refusal::kBadRequest);
  const int64_t status = internal::ParseDecimal(text.substr(9, 3));
  if (status < 100) return Judge(line, end, Refusal::kBadRequest);
  head = {.version = text.substr(0, kVersionBytes),
          .status_text = text.substr(9),
          .status = static_cast<int>(status),
          .minor_version = static_cast<uint8_t>(text[7] - '0'),
          .fault = {}};
  return {HeadStatus::kDone, Refusal::kNone, line_end + 2};
}

const char* SkipLeadingEmptyLines(const char* at, const char* end) {
  for (size_t i = 0; i < kLeadingEmptyLinesMax; ++i) {
    if (end - at < 2 || at[0] != '\r' || at[1] != '\n') break;
    at += 2;
  }
  return at;
}

// The differences between the two kinds of heads.

struct RequestRole {
  RequestHead& head;

  void Reset() const { head = RequestHead(); }
  static const char* SkipEmptyLines(const char* at, const char* end) {
    return SkipLeadingEmptyLines(at, end);
  }
  [[nodiscard]] Pass ParseStart(HeadCursor& cursor, const char* line) const {
    return ParseRequestLine(cursor, line, head);
  }
  static bool Note(HeadDigest& digest, http::HeaderId id, std::string_view value) {
    return digest.Note(id, value);
  }
  [[nodiscard]] bool JudgeWhole(HeadDigest& digest) const {
    head.refusal = digest.Judge(head);
    return head.refusal == Refusal::kNone;
  }
  void TooLarge() const { head.refusal = Refusal::kHeadTooLarge; }
  void TooMany() const { head.refusal = Refusal::kHeadTooLarge; }
  void Bad(const Pass& pass, bool) const { head.refusal = pass.refusal; }
  [[nodiscard]] const char* Begin() const { return head.method.data(); }
};

struct AnswerRole {
  AnswerHead& head;
  std::string_view method;

  void Reset() const { head = AnswerHead(); }
  static const char* SkipEmptyLines(const char* at, const char*) { return at; }
  [[nodiscard]] Pass ParseStart(HeadCursor& cursor, const char* line) const {
    return ParseStatusLine(cursor, line, head);
  }
  static bool Note(HeadDigest& digest, http::HeaderId id, std::string_view value) {
    return digest.NoteOfAnswer(id, value);
  }
  [[nodiscard]] bool JudgeWhole(HeadDigest& digest) const {
    return digest.JudgeAnswer(method, head);
  }
  void TooLarge() const { head.fault = "header too large"; }
  void TooMany() const { head.fault = "too many fields"; }
  void Bad(const Pass& pass, bool in_fields) const {
    if (pass.status != HeadStatus::kBad) return;
    head.fault = in_fields ? "malformed header" : "malformed status line";
  }
  [[nodiscard]] const char* Begin() const { return head.version.data(); }
};

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

template <class Role>
[[gnu::noinline]] HeadStatus HeadParser::ParseAs(std::string_view bytes, HeadScan& scan, Role role,
                                                 http::Header& fields) const {
  const std::string_view allowed = bytes.substr(0, limits_.head_bytes_max);
  const HeadStatus status = scan.scanned == 0 ? ParseFromStart(allowed, scan, role, fields)
                                              : Resume(allowed, scan, role, fields);
  if (status == HeadStatus::kDone) return status;
  if (!fields.Empty()) fields.Reset();
  if (status == HeadStatus::kIncomplete && allowed.size() == limits_.head_bytes_max) {
    role.TooLarge();
    return HeadStatus::kBad;
  }
  return status;
}

template <class Role>
inline HeadStatus HeadParser::ParseFromStart(std::string_view bytes, HeadScan& scan, Role role,
                                             http::Header& fields) const {
  const char* const begin = bytes.data();
  const char* const end = begin + bytes.size();
  HeadCursor cursor(end, scan_);
  const char* line = Role::SkipEmptyLines(begin, end);
  if (line != end) [[likely]]
    cursor.Begin(line);
  Pass pass = line == end ? Incomplete(line) : role.ParseStart(cursor, line);
  scan = {0, static_cast<uint32_t>(bytes.size())};
  const bool in_fields = pass.status == HeadStatus::kDone;
  if (!in_fields) {
    role.Reset();
  } else {
    Fields<Role> sink{HeadDigest(), &fields, limits_.fields_max};
    pass = internal::ParseFieldLines(
        cursor, pass.at,
        [&sink](std::string_view name, std::string_view value) { sink.Take(name, value); });
    scan.line = static_cast<uint32_t>(pass.at - begin);
    if (pass.status == HeadStatus::kDone) {
      role.head.size = scan.line;
      if (!sink.too_many) {
        return role.JudgeWhole(sink.digest) ? HeadStatus::kDone : HeadStatus::kBad;
      }
      role.TooMany();
      return HeadStatus::kBad;
    }
  }
  role.Bad(pass, in_fields);
  return pass.status;
}

template <class Role>
[[gnu::noinline]] HeadStatus HeadParser::Resume(std::string_view bytes, HeadScan& scan, Role role,
                                                http::Header& fields) const {
  const size_t size = bytes.size();
  if (size <= scan.scanned) return HeadStatus::kIncomplete;
  const void* lf = std::memchr(bytes.data() + scan.scanned, '\n', size - scan.scanned);
  scan.scanned = static_cast<uint32_t>(size);
  if (lf == nullptr) return HeadStatus::kIncomplete;
  if (scan.line == 0) return ParseFromStart(bytes, scan, role, fields);
  HeadCursor cursor(bytes.data() + size, scan_);
  const Pass pass = internal::ParseFieldLines(cursor, bytes.data() + scan.line,
                                              [](std::string_view, std::string_view) {});
  scan.line = static_cast<uint32_t>(pass.at - bytes.data());
  role.Bad(pass, true);
  if (pass.status != HeadStatus::kDone) return pass.status;
  return ParseFromStart(bytes, scan, role, fields);
}

template <class Role>
inline HeadStatus HeadParser::ReadAs(io::LinkBuffer& in, HeadScan& scan, Role role,
                                     http::Header& fields) const {
  HeadStatus status = HeadStatus::kIncomplete;
  const std::string_view front = in.Front();
  if (scan.scanned == 0 && front.size() == in.Len() && front.size() < limits_.head_bytes_max) {
    // The common case: the head is in one block.
    status = ParseFromStart(front, scan, role, fields);
    if (status != HeadStatus::kDone && !fields.Empty()) fields.Reset();
  } else if (front.size() == in.Len() || scan.scanned < front.size()) {
    status = ParseAs(front, scan, role, fields);
  }
  if (status == HeadStatus::kIncomplete && front.size() != in.Len()) {
    status = ReadScattered(in, scan, role, fields);
  }
  if (status != HeadStatus::kDone) return status;
  // The caller finds the head at the front.
  if (const size_t skipped = static_cast<size_t>(role.Begin() - in.Front().data()); skipped != 0) {
    role.head.size -= skipped;
    static_cast<void>(in.Skip(skipped));
  }
  return HeadStatus::kDone;
}

// The first block of `in` does not hold the end of the head, and further blocks follow.
template <class Role>
[[gnu::noinline]] HeadStatus HeadParser::ReadScattered(io::LinkBuffer& in, HeadScan& scan,
                                                       Role role, http::Header& fields) const {
  const size_t joined = std::min(in.Len(), io::kBlockBytes);
  if (scan.scanned < joined) {
    const HeadStatus status = ParseAs(*in.Peek(joined), scan, role, fields);
    if (status != HeadStatus::kIncomplete) return status;
  }
  if (joined == in.Len()) return HeadStatus::kIncomplete;
  // Too many bytes to copy together for each small piece: search for the end where they lie. The
  // end is an empty line, or a line with only a CR; the parser judges the other lines when it is
  // found.
  for (;;) {
    const size_t lf = in.Find('\n', scan.scanned);
    const bool found = lf != io::LinkBuffer::kNpos;
    const size_t seen = std::min(found ? lf + 1 : in.Len(), limits_.head_bytes_max);
    if ((found && lf - scan.line <= 1) || seen == limits_.head_bytes_max) {
      scan = {};
      return ParseAs(*in.Peek(seen), scan, role, fields);
    }
    scan.scanned = static_cast<uint32_t>(seen);
    if (!found) return HeadStatus::kIncomplete;
    scan.line = scan.scanned;
  }
}

HeadStatus HeadParser::Parse(std::string_view bytes, HeadScan& scan, RequestHead& head,
                             http::Header& fields) const {
  return ParseAs(bytes, scan, RequestRole{head}, fields);
}

// Inlined, like the rest of a request's path.
HON_FLATTEN HON_NO_CANARY HeadStatus HeadParser::Read(io::LinkBuffer& in, HeadScan& scan,
                                                      RequestHead& head,
                                                      http::Header& fields) const {
  return ReadAs(in, scan, RequestRole{head}, fields);
}

HeadStatus HeadParser::ParseAnswer(std::string_view bytes, HeadScan& scan, std::string_view method,
                                   AnswerHead& head, http::Header& fields) const {
  return ParseAs(bytes, scan, AnswerRole{head, method}, fields);
}

HeadStatus HeadParser::ReadAnswer(io::LinkBuffer& in, HeadScan& scan, std::string_view method,
                                  AnswerHead& head, http::Header& fields) const {
  return ReadAs(in, scan, AnswerRole{head, method}, fields);
}

}  // namespace hon::adaptor
