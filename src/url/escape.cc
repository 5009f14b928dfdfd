#include "hon/url/escape.h"

#include <utility>

#include "hon/base/quote.h"
#include "hon/url/url.h"
#include "url/bytes.h"

namespace hon::url {
namespace internal {
namespace {

constexpr char kUpperHex[] = "0123456789ABCDEF";

// In a host only bytes past ASCII may be escaped (RFC 3986 §3.2.2), and "%25", which starts a zone
// (RFC 6874 §2). In a zone an escape may not bring in what could not be written plainly; a space
// may, since Windows has those in its interface names.
bool EscapeAllowed(std::string_view text, size_t at, Part part) {
  if (part != kHost && part != kZone) return true;
  const char byte = EscapedByte(text, at);
  if (byte == '%') return true;
  if (part == kHost) return static_cast<unsigned char>(byte) >= 0x80;
  return byte == ' ' || Allowed(byte, kHost);
}

}  // namespace

Error CheckEscapes(std::string_view text, Part part) {
  const bool is_host = part == kHost || part == kZone;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      if (!IsEscape(text, i) || !EscapeAllowed(text, i, part)) {
        return Error::Of(ErrEscape, "invalid URL escape " + Quote(text.substr(i, 3)));
      }
      i += 2;
    } else if (is_host && static_cast<unsigned char>(c) < 0x80 && !Allowed(c, part)) {
      return Error::Of(ErrHost, "invalid character " + Quote(text.substr(i, 1)) + " in host name");
    }
  }
  return {};
}

void AppendEscaped(std::string& to, std::string_view text, Part part) {
  for (const char c : text) {
    if (Allowed(c, part)) {
      to += c;
    } else if (c == ' ' && part == kQueryComponent) {
      to += '+';
    } else {
      const auto byte = static_cast<unsigned char>(c);
      to += '%';
      to += kUpperHex[byte >> 4];
      to += kUpperHex[byte & 15];
    }
  }
}

bool NeedsEscape(std::string_view text, Part part) {
  for (const char c : text) {
    if (!Allowed(c, part)) return true;
  }
  return false;
}

Error AppendUnescaped(std::string& to, std::string_view text, Part part) {
  HON_RETURN_IF_ERROR(CheckEscapes(text, part));
  AppendDecoded(to, text, part);
  return {};
}

void AppendDecoded(std::string& to, std::string_view text, Part part) {
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      to += EscapedByte(text, i);
      i += 2;
    } else {
      to += c == '+' && part == kQueryComponent ? ' ' : c;
    }
  }
}

bool IsDefaultEncoding(std::string_view escaped, Part part) {
  for (size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != '%') {
      if (!Allowed(escaped[i], part)) return false;
      continue;
    }
    const auto is_lower = [](char c) { return c >= 'a'; };
    if (Allowed(EscapedByte(escaped, i), part)) return false;
    if (is_lower(escaped[i + 1]) || is_lower(escaped[i + 2])) return false;
    i += 2;
  }
  return true;
}

}  // namespace internal

namespace {

std::string Escape(std::string_view text, internal::Part part) {
  std::string escaped;
  escaped.reserve(text.size());
  internal::AppendEscaped(escaped, text, part);
  return escaped;
}

Result<std::string> Unescape(std::string_view text, internal::Part part) {
  std::string plain;
  plain.reserve(text.size());
  if (Error err = internal::AppendUnescaped(plain, text, part)) return Fail(std::move(err));
  return plain;
}

}  // namespace

std::string QueryEscape(std::string_view text) { return Escape(text, internal::kQueryComponent); }
std::string PathEscape(std::string_view text) { return Escape(text, internal::kPathSegment); }

Result<std::string> QueryUnescape(std::string_view text) {
  return Unescape(text, internal::kQueryComponent);
}
Result<std::string> PathUnescape(std::string_view text) {
  return Unescape(text, internal::kPathSegment);
}

size_t PathUnescapeInto(std::string_view text, char* into) {
  size_t n = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (!internal::IsEscape(text, i)) return kBadEscape;
      into[n++] = internal::EscapedByte(text, i);
      i += 2;
    } else {
      into[n++] = text[i];
    }
  }
  return n;
}

}  // namespace hon::url
