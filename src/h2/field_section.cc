#include "hon/h2/field_section.h"

#include <cstring>
#include <limits>
#include <utility>

#include "h2/short_text.h"
#include "hon/base/eight_bytes.h"
#include "hon/base/flatten.h"
#include "http/list.h"

namespace hon::h2 {
namespace {

using http::HeaderId;

using internal::Is;

// Why a section is malformed: a static text; null where it is not.
using Fault = const char*;

Violation Malformed(Fault fault) {
  return fault == nullptr ? Violation() : StreamError(ErrorCode::kProtocolError, fault);
}

constexpr uint64_t Bit(HeaderId id) { return uint64_t{1} << static_cast<unsigned>(id); }

// Fields that concern a connection, which HTTP/2 forbids (RFC 9113 §8.2.2).
constexpr uint64_t kConnectionFields = Bit(HeaderId::kConnection) | Bit(HeaderId::kKeepAlive) |
                                       Bit(HeaderId::kProxyConnection) |
                                       Bit(HeaderId::kTransferEncoding) | Bit(HeaderId::kUpgrade);

// Fields that are not simply added.
constexpr uint64_t kWatchedFields =
    kConnectionFields | Bit(HeaderId::kTE) | Bit(HeaderId::kContentLength) | Bit(HeaderId::kHost) |
    Bit(HeaderId::kCookie) | Bit(HeaderId::kExpect) | Bit(HeaderId::kTrailer);

// Go's canonical spelling of a name in lower case.
std::string_view CanonicalName(const FieldLine& line, Arena& arena) {
  if (line.id != HeaderId::kUnknown) return http::HeaderName(line.id);
  if (line.name.empty()) return {};
  char* const name = static_cast<char*>(arena.Allocate(line.name.size()));
  bool upper = true;
  for (size_t i = 0; i < line.name.size(); ++i) {
    const char c = line.name[i];
    name[i] = upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    upper = c == '-';
  }
  return {name, line.name.size()};
}

// RFC 9110 §8.6: digits alone. -1 for all else, also for a length beyond every body.
int64_t ParseLength(std::string_view text) {
  constexpr size_t kDigitsMax = std::numeric_limits<int64_t>::digits10;  // 18
  if (text.empty() || text.size() > kDigitsMax) return -1;
  int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

// The meaning of the regular fields of a section of any message.
class Section {
 public:
  Section(Arena& arena, http::Header& header) : arena_(arena), header_(header) {}

  Fault Take(const FieldLine& line) {
    if ((kWatchedFields & Bit(line.id)) != 0) {
      return TakeWatched(line);
    }
    header_.AddView(CanonicalName(line, arena_), line.value, line.id);
    return nullptr;
  }

  // Adds the joined Cookie field (RFC 9113 §8.2.3).
  void JoinCookies(std::span<const FieldLine> lines) {
    if (cookies_ == 0) return;
    if (cookies_ == 1) {
      header_.AddView(http::HeaderName(HeaderId::kCookie), first_cookie_, HeaderId::kCookie);
      return;
    }
    constexpr std::string_view kBetween = "; ";
    const size_t size = cookie_bytes_ + (cookies_ - 1) * kBetween.size();
    char* const joined = static_cast<char*>(arena_.Allocate(size));
    char* at = joined;
    const auto append = [&at](std::string_view text) {
      if (!text.empty()) std::memcpy(at, text.data(), text.size());
      at += text.size();
    };
    for (const FieldLine& line : lines) {
      if (line.id != HeaderId::kCookie) continue;
      if (at != joined) append(kBetween);
      append(line.value);
    }
    header_.AddView(http::HeaderName(HeaderId::kCookie), {joined, size}, HeaderId::kCookie);
  }

  [[nodiscard]] int64_t ContentLength() const { return content_length_; }
  [[nodiscard]] bool HasHost() const { return hosts_ != 0; }
  [[nodiscard]] std::string_view Host() const { return host_; }
  [[nodiscard]] bool ExpectsContinue() const { return expects_continue_; }
  [[nodiscard]] bool ExpectsOtherwise() const { return expects_otherwise_; }
  [[nodiscard]] bool AnnouncesTrailers() const { return announces_trailers_; }

 private:
  Fault TakeWatched(const FieldLine& line) {
    if ((kConnectionFields & Bit(line.id)) != 0) return "connection-specific field";
    switch (line.id) {
      case HeaderId::kTE:
        if (!http::internal::EqualFold(line.value, "trailers")) return "TE other than trailers";
        break;
      case HeaderId::kContentLength:
        return TakeLength(line);
      case HeaderId::kHost:
        host_ = line.value;
        if (++hosts_ > 1) return "more than one Host field";
        return nullptr;
      case HeaderId::kCookie:
        if (cookies_++ == 0) first_cookie_ = line.value;
        cookie_bytes_ += line.value.size();
        return nullptr;
      case HeaderId::kExpect:
        TakeExpect(line.value);
        break;
      case HeaderId::kTrailer:
        announces_trailers_ = true;
        break;
      default:
        break;
    }
    header_.AddView(http::HeaderName(line.id), line.value, line.id);
    return nullptr;
  }

  // As over HTTP/1 (Go: the first line counts, and an empty value is no expectation).
  void TakeExpect(std::string_view value) {
    if (std::exchange(expect_seen_, true) || value.empty()) return;
    const bool known = http::internal::ListHasFold(value, "100-continue");
    (known ? expects_continue_ : expects_otherwise_) = true;
  }

  Fault TakeLength(const FieldLine& line) {
    const int64_t length = ParseLength(line.value);
    if (length < 0) return "invalid Content-Length";
    if (content_length_ >= 0) {
      // Repeats of the same text have one meaning; all other repeats are ambiguous.
      return line.value == length_text_ ? nullptr : "conflicting Content-Length fields";
    }
    content_length_ = length;
    length_text_ = line.value;
    header_.AddView(http::HeaderName(line.id), line.value, line.id);
    return nullptr;
  }

  Arena& arena_;
  http::Header& header_;
  std::string_view host_;
  std::string_view length_text_;
  std::string_view first_cookie_;
  size_t cookie_bytes_ = 0;
  size_t cookies_ = 0;
  int64_t content_length_ = -1;
  int hosts_ = 0;
  bool expect_seen_ = false;
  bool expects_continue_ = false;
  bool expects_otherwise_ = false;
  bool announces_trailers_ = false;
};

// Reads the pseudo-header fields, which come first (RFC 9113 §8.3): `take` stores each. The number
// of lines read is added to `count`.
template <class Take>
Fault ReadPseudoFields(std::span<const FieldLine> lines, size_t& count, Take&& take) {
  uint32_t seen = 0;
  for (const FieldLine& line : lines) {
    if (line.pseudo == PseudoField::kNone) break;
    const uint32_t bit = 1U << static_cast<unsigned>(line.pseudo);
    if ((seen & bit) != 0) return "repeated pseudo-header field";
    seen |= bit;
    if (!line.valid) return "invalid byte in a pseudo-header field";
    if (!take(line)) return "pseudo-header field not allowed here";
    ++count;
  }
  return nullptr;
}

Fault ReadRegularFields(std::span<const FieldLine> lines, Section& section) {
  for (const FieldLine& line : lines) {
    if (line.pseudo != PseudoField::kNone) {
      return "pseudo-header field after a regular field";
    }
    if (!line.valid) return "invalid byte in a field";
    if (const Fault fault = section.Take(line); fault != nullptr) return fault;
  }
  return nullptr;
}

bool TakeRequestPseudo(const FieldLine& line, RequestFields& fields) {
  switch (line.pseudo) {
    case PseudoField::kMethod:
      fields.method = line.value;
      return true;
    case PseudoField::kScheme:
      fields.scheme = line.value;
      return true;
    case PseudoField::kAuthority:
      fields.authority = line.value;
      return true;
    case PseudoField::kPath:
      fields.path = line.value;
      return true;
    case PseudoField::kProtocol:
      fields.protocol = line.value;
      return true;
    default:
      return false;
  }
}

// A token in any case (RFC 9110 §9.1, §5.6.2).
bool IsMethod(std::string_view method) {
  if (Is(method, "GET")) return true;
  for (const char c : method) {
    const char lower = http::internal::ToLower(c);
    if (!IsFieldName({&lower, 1})) return false;
  }
  return !method.empty();
}

// Valid like a request target over HTTP/1: no blank, no fragment. The check of the value excludes
// control bytes.
bool IsPath(std::string_view path, std::string_view method) {
  if (Is(path, "/")) return true;
  if (Is(path, "*")) return Is(method, "OPTIONS");
  if (path.empty() || path.front() != '/') return false;
  return !HasAny<' ', '\t', '#'>(path);
}

bool IsHttpScheme(std::string_view scheme) { return Is(scheme, "http") || Is(scheme, "https"); }

// RFC 9113 §8.3.1, §8.5; RFC 8441 §4.
Fault JudgeRequestPseudo(const RequestFields& fields) {
  if (!IsMethod(fields.method)) return "missing or invalid method";
  const bool connect = Is(fields.method, "CONNECT");
  if (!fields.protocol.empty() && !connect) return ":protocol without CONNECT";
  if (connect && fields.protocol.empty()) {
    if (!fields.scheme.empty() || !fields.path.empty()) return "CONNECT with a path";
    return nullptr;
  }
  if (!IsHttpScheme(fields.scheme)) return "scheme is neither http nor https";
  return IsPath(fields.path, fields.method) ? nullptr : "missing or invalid path";
}

// RFC 9113 §8.3.1: a Host field that names another host makes the request ambiguous.
Fault JudgeAuthority(const Section& section, RequestFields& fields) {
  if (fields.authority.empty()) {
    if (!section.HasHost() || section.Host().empty()) return "no authority";
    if (Is(fields.method, "CONNECT")) return "CONNECT without :authority";
    fields.authority = section.Host();
  } else if (section.HasHost() && !http::internal::EqualFold(section.Host(), fields.authority)) {
    return "Host is not :authority";
  }
  return nullptr;
}

}  // namespace

HON_NO_CANARY Violation ReadRequestFields(std::span<const FieldLine> lines, bool end_stream,
                                          Arena& arena, RequestFields& fields,
                                          http::Header& header) {
  fields = {};
  size_t count = 0;
  const auto take = [&fields](const FieldLine& line) { return TakeRequestPseudo(line, fields); };
  if (const Fault fault = ReadPseudoFields(lines, count, take); fault != nullptr)
    return Malformed(fault);
  if (const Fault fault = JudgeRequestPseudo(fields); fault != nullptr) return Malformed(fault);
  const std::span<const FieldLine> regular = lines.subspan(count);
  Section section(arena, header);
  if (const Fault fault = ReadRegularFields(regular, section); fault != nullptr)
    return Malformed(fault);
  if (const Fault fault = JudgeAuthority(section, fields); fault != nullptr)
    return Malformed(fault);
  section.JoinCookies(regular);
  fields.content_length = section.ContentLength();
  fields.expect_continue = section.ExpectsContinue();
  fields.expects_otherwise = section.ExpectsOtherwise();
  fields.announces_trailers = section.AnnouncesTrailers();
  if (end_stream && fields.content_length > 0) return Malformed("Content-Length without a body");
  if (header.MayHaveUnknown() && header.Has("Priority")) {
    fields.has_priority = true;
    fields.priority = ParsePriority(header.Get("Priority"));
  }
  return {};
}

Violation ReadResponseFields(std::span<const FieldLine> lines, bool end_stream, Arena& arena,
                             ResponseFields& fields, http::Header& header) {
  fields = {};
  size_t count = 0;
  std::string_view status;
  const auto take = [&status](const FieldLine& line) {
    status = line.value;
    return line.pseudo == PseudoField::kStatus;
  };
  if (const Fault fault = ReadPseudoFields(lines, count, take); fault != nullptr)
    return Malformed(fault);
  const int64_t code = status.size() == 3 ? ParseLength(status) : -1;
  // HTTP/2 has no 101 (RFC 9113 §8.6).
  if (code < 100 || code == 101) return Malformed("missing or invalid status");
  fields.status = static_cast<int>(code);
  if (end_stream && code < 200) return Malformed("informational answer ends the stream");
  const std::span<const FieldLine> regular = lines.subspan(count);
  Section section(arena, header);
  if (const Fault fault = ReadRegularFields(regular, section); fault != nullptr)
    return Malformed(fault);
  section.JoinCookies(regular);
  fields.content_length = section.ContentLength();
  fields.announces_trailers = section.AnnouncesTrailers();
  return {};
}

Violation ReadTrailerFields(std::span<const FieldLine> lines, Arena& arena, http::Header& header) {
  Section section(arena, header);
  if (const Fault fault = ReadRegularFields(lines, section); fault != nullptr)
    return Malformed(fault);
  section.JoinCookies(lines);
  return {};
}

}  // namespace hon::h2
