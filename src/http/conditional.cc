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

// Whether `list`, an If-Match or If-None-Match value, holds "*" or a tag that matches `tag`.
bool ListHolds(std::string_view list, std::string_view tag,
               bool (*match)(std::string_view, std::string_view)) {
  for (;;) {
    TrimLeft(list);
    if (list.empty()) return false;
    if (list.front() == '*') return true;
    if (list.front() == ',') {
      list.remove_prefix(1);
      continue;
    }
    const std::string_view found = TakeTag(list);
    if (found.empty()) return false;
    if (match(found, tag)) return true;
  }
}

bool IsGetOrHead(const Request& r) { return r.Method == "GET" || r.Method == "HEAD"; }

// The date in `field`, when it can be read and there is something to compare it with.
std::optional<Time> DateIn(std::string_view field, Time modtime) {
  if (field.empty() || IsUnknownTime(modtime)) return std::nullopt;
  const Result<Time> date = ParseTime(field);
  return date ? std::optional(*date) : std::nullopt;
}

Answer IfMatch(ResponseWriter& w, const Request& r) {
  const std::string_view list = r.Header.Get(HeaderId::kIfMatch);
  if (list.empty()) return Answer::kNone;
  return Of(ListHolds(list, w.Header().Get(HeaderId::kETag), StrongMatch));
}

Answer IfUnmodifiedSince(const Request& r, Time modtime) {
  const std::optional<Time> date = DateIn(r.Header.Get(HeaderId::kIfUnmodifiedSince), modtime);
  return date ? Of(modtime.Unix() <= date->Unix()) : Answer::kNone;
}

Answer IfNoneMatch(ResponseWriter& w, const Request& r) {
  const std::string_view list = r.Header.Get(HeaderId::kIfNoneMatch);
  if (list.empty()) return Answer::kNone;
  return Of(!ListHolds(list, w.Header().Get(HeaderId::kETag), WeakMatch));
}

// RFC 9110 §13.1.5: a tag, compared strongly, or a date, which must be the very one we send.
Answer IfRange(ResponseWriter& w, const Request& r, Time modtime) {
  if (!IsGetOrHead(r)) return Answer::kNone;
  std::string_view field = r.Header.Get(HeaderId::kIfRange);
  if (field.empty()) return Answer::kNone;
  if (const std::string_view tag = TakeTag(field); !tag.empty()) {
    return Of(StrongMatch(tag, w.Header().Get(HeaderId::kETag)));
  }
  const std::optional<Time> date = DateIn(field, modtime);
  return Of(date && date->Unix() == modtime.Unix());
}

}  // namespace

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
  const std::optional<Time> date = DateIn(r.Header.Get(HeaderId::kIfModifiedSince), modtime);
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
  const bool range = r.Header.Has(HeaderId::kRange) && IfRange(w, r, modtime) != Answer::kFalse;
  return range ? Precondition::kSendRange : Precondition::kSendWhole;
}

}  // namespace hon::http::internal
