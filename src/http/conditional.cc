#include "http/conditional.h"

#include <optional>

#include "hon/http/status.h"

namespace hon::http::internal {
namespace {

enum class Answer : uint8_t { kNone, kTrue, kFalse };

Answer Of(bool is_true) { return is_true ? Answer::kTrue : Answer::kFalse; }

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

bool IsTagByte(char c) {
  const auto byte = static_cast<uint8_t>(c);
  return byte == 0x21 || (byte >= 0x23 && byte != 0x7F);
}

void TrimLeft(std::string_view& text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
}

// Takes the entity tag, weak or strong, that `text` begins with; "" when it begins with none
// (RFC 9110 §8.8.3).
std::string_view TakeTag(std::string_view& text) {
  TrimLeft(text);
  const size_t open = text.starts_with("W/") ? 2 : 0;
  if (open >= text.size() || text[open] != '"') return {};
  size_t at = open + 1;
  while (at < text.size() && IsTagByte(text[at])) ++at;
  if (at == text.size() || text[at] != '"') return {};
  const std::string_view tag = text.substr(0, at + 1);
  text.remove_prefix(tag.size());
  return tag;
}

// RFC 9110 §8.8.3.2.
bool StrongMatch(std::string_view a, std::string_view b) { return a == b && a.starts_with('"'); }

bool WeakMatch(std::string_view a, std::string_view b) {
  if (a.starts_with("W/")) a.remove_prefix(2);
  if (b.starts_with("W/")) b.remove_prefix(2);
  return a == b;
}

using Matcher = bool (*)(std::string_view, std::string_view);

using Matcher = bool (*)(std::string_view, std::string_view);

enum class Held : uint8_t { kYes, kNo, kMalformed };

// Whether `list`, one line of If-Match or If-None-Match, holds "*" or a tag that matches `tag`.
// kMalformed when a malformed element comes before a match.
Held ListHolds(std::string_view list, std::string_view tag, Matcher match) {
  for (;;) {
    TrimLeft(list);
    if (list.empty()) return Held::kNo;
    if (list.front() == '*') return Held::kYes;
    if (list.front() == ',') {
      list.remove_prefix(1);
      continue;
    }
    const std::string_view found = TakeTag(list);
    if (found.empty()) return Held::kMalformed;
    if (match(found, tag)) return Held::kYes;
  }
}

// Whether the field `id` holds "*" or a tag that matches `tag`; kNone when the field is absent or
// empty. The lines of the field are one list (RFC 9110 §5.3). A malformed element ends the search.
Answer FieldHolds(const Header& header, HeaderId id, std::string_view tag, Matcher match) {
  if (!header.Has(id)) return Answer::kNone;
  bool is_empty = true;
  for (const Header::Field& field : header) {
    if (field.id != id) continue;
    is_empty = is_empty && field.value.empty();
    const Held held = ListHolds(field.value, tag, match);
    if (held != Held::kNo) return Of(held == Held::kYes);
  }
  return is_empty ? Answer::kNone : Answer::kFalse;
}

bool IsGetOrHead(const Request& r) { return r.Method == "GET" || r.Method == "HEAD"; }

// The date in the field `id`, when it can be read and `modtime` is known. A field of several lines
// is not a date (RFC 9110 §13.1.3, §13.1.4).
std::optional<Time> DateIn(const Header& header, HeaderId id, Time modtime) {
  const std::string_view field = SingleValue(header, id);
  if (field.empty() || IsUnknownTime(modtime)) return std::nullopt;
  const Result<Time> date = ParseTime(field);
  return date ? std::optional(*date) : std::nullopt;
}

Answer IfMatch(ResponseWriter& w, const Request& r) {
  return FieldHolds(r.Header, HeaderId::kIfMatch, w.Header().Get(HeaderId::kETag), StrongMatch);
}

Answer IfUnmodifiedSince(const Request& r, Time modtime) {
  const std::optional<Time> date = DateIn(r.Header, HeaderId::kIfUnmodifiedSince, modtime);
  return date ? Of(modtime.Unix() <= date->Unix()) : Answer::kNone;
}

Answer IfNoneMatch(ResponseWriter& w, const Request& r) {
  const Answer holds =
      FieldHolds(r.Header, HeaderId::kIfNoneMatch, w.Header().Get(HeaderId::kETag), WeakMatch);
  return holds == Answer::kNone ? holds : Of(holds == Answer::kFalse);
}

// RFC 9110 §13.1.5: a tag, compared strongly, or a date, which must equal Last-Modified. A field of
// several lines is a false condition: the whole content is always a correct answer.
Answer IfRange(ResponseWriter& w, const Request& r, Time modtime) {
  if (!IsGetOrHead(r)) return Answer::kNone;
  if (r.Header.Get(HeaderId::kIfRange).empty()) return Answer::kNone;
  std::string_view field = SingleValue(r.Header, HeaderId::kIfRange);
  if (const std::string_view tag = TakeTag(field); !tag.empty()) {
    return Of(StrongMatch(tag, w.Header().Get(HeaderId::kETag)));
  }
  const std::optional<Time> date = DateIn(r.Header, HeaderId::kIfRange, modtime);
  return Of(date && date->Unix() == modtime.Unix());
}

}  // namespace

std::string_view SingleValue(const Header& header, HeaderId id) {
  if (!header.Has(id)) return {};
  std::optional<std::string_view> value;
  for (const Header::Field& field : header) {
    if (field.id != id) continue;
    if (value) return {};
    value = field.value;
  }
  return value.value_or(std::string_view());
}

bool IsUnknownTime(Time modtime) { return modtime.IsZero() || modtime == Time::FromUnix(0); }

void SetLastModified(ResponseWriter& w, Time modtime) {
  if (IsUnknownTime(modtime)) return;
  char text[kTimeBytes];
  FormatTime(modtime, text);
  w.Header().Set(HeaderId::kLastModified, std::string_view(text, kTimeBytes));
}

void WriteNotModified(ResponseWriter& w) {
  Header& header = w.Header();
  header.Del(HeaderId::kContentType);
  header.Del(HeaderId::kContentLength);
  header.Del(HeaderId::kContentEncoding);
  if (!header.Get(HeaderId::kETag).empty()) header.Del(HeaderId::kLastModified);
  w.WriteHeader(StatusNotModified);
}

bool IsUnmodified(const Request& r, Time modtime) {
  if (!IsGetOrHead(r)) return false;
  const std::optional<Time> date = DateIn(r.Header, HeaderId::kIfModifiedSince, modtime);
  return date && modtime.Unix() <= date->Unix();
}

Precondition CheckPreconditions(ResponseWriter& w, const Request& r, Time modtime) {
  Answer go_on = IfMatch(w, r);
  if (go_on == Answer::kNone) go_on = IfUnmodifiedSince(r, modtime);
  if (go_on == Answer::kFalse) {
    w.WriteHeader(StatusPreconditionFailed);
    return Precondition::kAnswered;
  }
  const Answer is_new = IfNoneMatch(w, r);
  if (is_new == Answer::kFalse && !IsGetOrHead(r)) {
    w.WriteHeader(StatusPreconditionFailed);
    return Precondition::kAnswered;
  }
  if (is_new == Answer::kFalse || (is_new == Answer::kNone && IsUnmodified(r, modtime))) {
    WriteNotModified(w);
    return Precondition::kAnswered;
  }
  const bool range =
      !SingleValue(r.Header, HeaderId::kRange).empty() && IfRange(w, r, modtime) != Answer::kFalse;
  return range ? Precondition::kSendRange : Precondition::kSendWhole;
}

}  // namespace hon::http::internal
