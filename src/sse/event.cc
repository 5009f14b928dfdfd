#include "hon/sse/event.h"

#include <algorithm>

#include "hon/base/result.h"
#include "hon/base/utf8.h"

namespace hon::sse {
namespace {

// A line break would end the field; clients ignore an id with a NUL.
Error CheckField(std::string_view name, std::string_view value) {
  if (value.size() > kFieldBytesMax) {
    return Error::Of(ErrTooLarge, "sse: " + std::string(name) + " of " +
                                      std::to_string(value.size()) + " bytes, at most " +
                                      std::to_string(kFieldBytesMax));
  }
  const auto ends_value = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
  if (std::any_of(value.begin(), value.end(), ends_value)) {
    return Error::Of(ErrBadField, "sse: line break or NUL in " + std::string(name));
  }
  return {};
}

// A client sends the last id back as the value of Last-Event-ID, encoded as UTF-8. Clients decode a
// stream as UTF-8, which replaces every malformed byte. A field's value has no blank at either end,
// and no control character but tabs inside (RFC 9110 §5.5).
Error CheckId(std::string_view id) {
  HON_RETURN_IF_ERROR(CheckField("id", id));
  if (id.empty()) return {};
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  if (is_blank(id.front()) || is_blank(id.back())) {
    return Error::Of(ErrBadField, "sse: blank at the start or end of id");
  }
  const auto is_control = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7F;
  };
  if (std::any_of(id.begin(), id.end(), is_control)) {
    return Error::Of(ErrBadField, "sse: control character in id");
  }
  return IsUtf8(id) ? Error() : Error::Of(ErrBadField, "sse: id is not UTF-8");
}

void AppendLine(std::string_view name, std::string_view value, std::string& out) {
  out.append(name);
  out.append(": ");  // clients drop one space, so a value's leading space is kept
  out.append(value);
  out.push_back('\n');
}

// Writes a line for each line of `text`. A line break at the end of `text` becomes an empty last
// line, since clients append no line break to the last line.
void AppendLines(std::string_view name, std::string_view text, std::string& out) {
  const auto is_break = [](char c) { return c == '\r' || c == '\n'; };
  while (true) {
    // find_first_of would look for each byte of the text among the breaks by a call.
    const auto found = std::find_if(text.begin(), text.end(), is_break);
    const auto end = static_cast<size_t>(found - text.begin());
    AppendLine(name, text.substr(0, end), out);
    if (end == text.size()) return;
    text.remove_prefix(text.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
  }
}

// Takes back the text appended since `begin` when it is too large.
Error CheckSize(size_t begin, std::string& out) {
  const size_t size = out.size() - begin;
  if (size <= kEventBytesMax) return {};
  out.resize(begin);
  return Error::Of(ErrTooLarge, "sse: event of " + std::to_string(size) + " bytes, at most " +
                                    std::to_string(kEventBytesMax));
}

// Checked before any work: the encoded text is never shorter.
Error CheckLength(std::string_view text) {
  return text.size() <= kEventBytesMax ? Error() : Error(ErrTooLarge);
}

}  // namespace

Error AppendEvent(const Event& event, std::string& out) {
  HON_RETURN_IF_ERROR(CheckField("event", event.event));
  if (event.id) HON_RETURN_IF_ERROR(CheckId(*event.id));
  if (event.data) HON_RETURN_IF_ERROR(CheckLength(*event.data));
  if (event.retry && event.retry->count() < 0) {
    return Error::Of(ErrBadField, "sse: negative retry time");
  }
  const size_t begin = out.size();
  if (!event.event.empty()) AppendLine("event", event.event, out);
  if (event.id) AppendLine("id", *event.id, out);
  if (event.retry) AppendLine("retry", std::to_string(event.retry->count()), out);
  if (event.data) AppendLines("data", *event.data, out);
  out.push_back('\n');
  return CheckSize(begin, out);
}

Error AppendComment(std::string_view text, std::string& out) {
  HON_RETURN_IF_ERROR(CheckLength(text));
  const size_t begin = out.size();
  AppendLines("", text, out);
  out.push_back('\n');
  return CheckSize(begin, out);
}

}  // namespace hon::sse
