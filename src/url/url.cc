#include "hon/url/url.h"

#include <utility>

#include "url/authority.h"
#include "url/bytes.h"

namespace hon::url {
namespace {

using internal::kFragment;
using internal::kHost;
using internal::kPath;
using internal::kUserinfo;

// Whether `escaped` may serve as the encoding of `plain`: an encoding need not be the default one,
// but it must decode to `plain` and hold no byte that a URL cannot show.
bool IsEncodingOf(std::string_view escaped, std::string_view plain, internal::Part part) {
  if (escaped.empty()) return false;
  size_t at = 0;
  for (size_t i = 0; i < escaped.size(); ++i) {
    char c = escaped[i];
    if (c == '%') {
      if (!internal::IsEscape(escaped, i)) return false;
      c = internal::EscapedByte(escaped, i);
      i += 2;
    } else if (!internal::Allowed(c, part) &&
               std::string_view("!'()*,;[]").find(c) == std::string_view::npos) {
      return false;
    }
    if (at == plain.size() || plain[at] != c) return false;
    ++at;
  }
  return at == plain.size();
}

struct HostPort {
  std::string_view host;
  std::string_view port;
};

HostPort SplitHostPort(std::string_view text) {
  HostPort split{text, {}};
  const size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && internal::IsOptionalPort(text.substr(colon))) {
    split = {text.substr(0, colon), text.substr(colon + 1)};
  }
  if (split.host.size() >= 2 && split.host.front() == '[' && split.host.back() == ']') {
    split.host = split.host.substr(1, split.host.size() - 2);
  }
  return split;
}

bool SameUser(const UserinfoPtr& a, const UserinfoPtr& b) {
  return a == b || (a != nullptr && b != nullptr && *a == *b);
}

void AppendAuthority(std::string& text, const URL& url) {
  const bool has_authority = !url.Host.empty() || url.User != nullptr;
  if (!has_authority && (url.Scheme.empty() || url.OmitHost)) return;
  if (has_authority || !url.Path.empty()) text += "//";
  if (url.User != nullptr) {
    text += url.User->String();
    text += '@';
  }
  internal::AppendEscaped(text, url.Host, kHost);
}

void AppendPath(std::string& text, const URL& url) {
  std::string scratch;
  const std::string_view path = url.EscapedPathView(scratch);
  if (!path.empty() && path.front() != '/' && !url.Host.empty()) text += '/';
  // A colon in the first segment of a relative path would make it a scheme (RFC 3986 §4.2).
  if (text.empty() && path.substr(0, path.find('/')).find(':') != std::string_view::npos) {
    text += "./";
  }
  text += path;
}

}  // namespace

std::string Userinfo::String() const {
  std::string text;
  internal::AppendEscaped(text, username_, kUserinfo);
  if (has_password_) {
    text += ':';
    internal::AppendEscaped(text, password_, kUserinfo);
  }
  return text;
}

UserinfoPtr User(std::string_view username) { return std::make_shared<const Userinfo>(username); }

UserinfoPtr UserPassword(std::string_view username, std::string_view password) {
  return std::make_shared<const Userinfo>(username, password);
}

bool URL::operator==(const URL& other) const {
  return Scheme == other.Scheme && Opaque == other.Opaque && SameUser(User, other.User) &&
         Host == other.Host && Path == other.Path && RawPath == other.RawPath &&
         RawQuery == other.RawQuery && Fragment == other.Fragment &&
         RawFragment == other.RawFragment && ForceQuery == other.ForceQuery &&
         OmitHost == other.OmitHost;
}

std::string URL::String() const {
  std::string text;
  if (!Scheme.empty()) {
    text += Scheme;
    text += ':';
  }
  if (!Opaque.empty()) {
    text += Opaque;
  } else {
    AppendAuthority(text, *this);
    AppendPath(text, *this);
  }
  if (ForceQuery || !RawQuery.empty()) {
    text += '?';
    text += RawQuery;
  }
  if (!Fragment.empty()) {
    text += '#';
    text += EscapedFragment();
  }
  return text;
}

std::string URL::Redacted() const {
  if (User == nullptr || !User->HasPassword()) return String();
  URL redacted = *this;
  redacted.User = UserPassword(User->Username(), "xxxxx");
  return redacted.String();
}

std::string_view URL::EscapedPathView(std::string& scratch) const {
  if (IsEncodingOf(RawPath, Path, kPath)) return RawPath;
  if (Path == "*" || !internal::NeedsEscape(Path, kPath)) return Path;
  scratch.clear();
  internal::AppendEscaped(scratch, Path, kPath);
  return scratch;
}

std::string URL::EscapedPath() const {
  std::string scratch;
  const std::string_view escaped = EscapedPathView(scratch);
  return escaped.data() == scratch.data() ? std::move(scratch) : std::string(escaped);
}

std::string URL::EscapedFragment() const {
  if (IsEncodingOf(RawFragment, Fragment, kFragment)) return RawFragment;
  std::string escaped;
  internal::AppendEscaped(escaped, Fragment, kFragment);
  return escaped;
}

Values URL::Query() const { return ParseQuery(RawQuery).values; }

std::string URL::RequestURI() const {
  std::string text;
  if (Opaque.empty()) {
    text = EscapedPath();
    if (text.empty()) text = "/";
  } else {
    if (Opaque.compare(0, 2, "//") == 0) text = Scheme + ":";
    text += Opaque;
  }
  if (ForceQuery || !RawQuery.empty()) {
    text += '?';
    text += RawQuery;
  }
  return text;
}

std::string_view URL::Hostname() const { return SplitHostPort(Host).host; }
std::string_view URL::Port() const { return SplitHostPort(Host).port; }

void URL::Clear() {
  Path.clear();
  RawQuery.clear();
  ForceQuery = false;
  // The target of a request usually has none of these parts.
  if ((Scheme.size() | Opaque.size() | Host.size() | RawPath.size() | Fragment.size() |
       RawFragment.size()) != 0) {
    Scheme.clear();
    Opaque.clear();
    Host.clear();
    RawPath.clear();
    Fragment.clear();
    RawFragment.clear();
  }
  if (User != nullptr) User.reset();
  OmitHost = false;
}

}  // namespace hon::url
