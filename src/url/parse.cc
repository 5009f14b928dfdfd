#include <algorithm>
#include <utility>

#include "hon/base/flatten.h"
#include "hon/base/quote.h"
#include "hon/url/url.h"
#include "url/authority.h"
#include "url/bytes.h"

namespace hon::url {
namespace {

using internal::Allowed;
using internal::IsControl;
using internal::kPath;

enum class Origin { kAnywhere, kRequest };

bool HasControlByte(std::string_view text) {
  return std::any_of(text.begin(), text.end(), IsControl);
}

constexpr bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Takes "scheme:" off `text` when it begins with one (RFC 3986 §3.1).
Error TakeScheme(std::string_view& text, std::string& scheme) {
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (IsLetter(c)) continue;
    if (c == ':') {
      if (i == 0) return ErrMissingScheme;
      scheme.assign(text, 0, i);
      for (char& letter : scheme) {
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter | 0x20);
      }
      text.remove_prefix(i + 1);
      return {};
    }
    const bool inner = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
    if (i == 0 || !inner) return {};
  }
  return {};
}

// Takes the query off `text`.
void TakeQuery(std::string_view& text, URL& into) {
  const size_t mark = text.find('?');
  if (mark == std::string_view::npos) return;
  into.ForceQuery = mark + 1 == text.size();
  into.RawQuery.assign(text, mark + 1);
  text = text.substr(0, mark);
}

// A first segment such as "cache_object:foo" would be a scheme if it were read again.
bool FirstSegmentHasColon(std::string_view path) {
  return path.substr(0, path.find('/')).find(':') != std::string_view::npos;
}

Error ParseAuthorityAndPath(std::string_view text, URL& into) {
  const size_t end = std::min(text.find('/'), text.size());
  HON_RETURN_IF_ERROR(internal::ParseAuthority(text.substr(0, end), into));
  return into.SetEscapedPath(text.substr(end));
}

// Reads all of `text` but a fragment. `into` is empty.
Error ParseGeneral(std::string_view text, Origin origin, URL& into) {
  if (HasControlByte(text)) return ErrControlByte;
  if (text.empty() && origin == Origin::kRequest) return ErrEmpty;
  if (text == "*") {
    into.Path.assign(text);
    return {};
  }
  HON_RETURN_IF_ERROR(TakeScheme(text, into.Scheme));
  TakeQuery(text, into);
  if (text.empty() || text.front() != '/') {
    if (!into.Scheme.empty()) {
      into.Opaque.assign(text);
      return {};
    }
    if (origin == Origin::kRequest) return ErrRequestURI;
    if (FirstSegmentHasColon(text)) return ErrFirstSegmentColon;
  }
  const bool may_have_authority =
      !into.Scheme.empty() || (origin == Origin::kAnywhere && text.substr(0, 3) != "///");
  if (may_have_authority && text.substr(0, 2) == "//") {
    return ParseAuthorityAndPath(text.substr(2), into);
  }
  into.OmitHost = !into.Scheme.empty();
  return into.SetEscapedPath(text);
}

// The authority form of CONNECT, read as if "http://" stood before it.
Error ParseAuthorityForm(std::string_view text, URL& into) {
  if (text.empty()) return ErrEmpty;
  if (HasControlByte(text)) return ErrControlByte;
  into.Scheme.assign("http");
  TakeQuery(text, into);
  HON_RETURN_IF_ERROR(ParseAuthorityAndPath(text, into));
  into.Scheme.clear();
  return {};
}

Error SetEscapedFragment(std::string_view escaped, URL& into) {
  into.Fragment.clear();
  HON_RETURN_IF_ERROR(internal::AppendUnescaped(into.Fragment, escaped, internal::kFragment));
  if (!internal::IsDefaultEncoding(escaped, internal::kFragment)) into.RawFragment.assign(escaped);
  return {};
}

Error WithText(std::string_view text, Error err) {
  return Error::Wrap("parse " + Quote(text), std::move(err));
}

}  // namespace

Error URL::SetEscapedPath(std::string_view escaped) {
  HON_RETURN_IF_ERROR(internal::CheckEscapes(escaped, kPath));
  Path.clear();
  RawPath.clear();
  internal::AppendDecoded(Path, escaped, kPath);
  if (!internal::IsDefaultEncoding(escaped, kPath)) RawPath.assign(escaped);
  return {};
}

HON_NO_CANARY bool ParsePlainTarget(std::string_view target, URL& into) {
  into.Clear();  // appending to an empty text is cheaper than assigning
  if (target.empty() || target.front() != '/') return false;
  size_t path_end = 1;
  while (path_end < target.size() && Allowed(target[path_end], kPath)) ++path_end;
  if (path_end < target.size()) {
    if (target[path_end] != '?') return false;
    for (size_t i = path_end + 1; i < target.size(); ++i) {
      if (IsControl(target[i])) return false;
    }
    into.RawQuery.append(target.data() + path_end + 1, target.size() - path_end - 1);
    into.ForceQuery = path_end + 1 == target.size();
  }
  into.Path.append(target.data(), path_end);
  return true;
}

Error ParseRequestTarget(std::string_view target, bool connect, URL& into) {
  if (ParsePlainTarget(target, into)) return {};
  const bool authority_form = connect && (target.empty() || target.front() != '/');
  if (authority_form) return ParseAuthorityForm(target, into);
  return ParseGeneral(target, Origin::kRequest, into);
}

Result<URL> Parse(std::string_view text) {
  const size_t hash = std::min(text.find('#'), text.size());
  URL url;
  if (Error err = ParseGeneral(text.substr(0, hash), Origin::kAnywhere, url)) {
    return Fail(WithText(text.substr(0, hash), std::move(err)));
  }
  if (hash < text.size()) {
    if (Error err = SetEscapedFragment(text.substr(hash + 1), url)) {
      return Fail(WithText(text, std::move(err)));
    }
  }
  return url;
}

Result<URL> ParseRequestURI(std::string_view text) {
  URL url;
  if (Error err = ParseGeneral(text, Origin::kRequest, url)) {
    return Fail(WithText(text, std::move(err)));
  }
  return url;
}

}  // namespace hon::url
