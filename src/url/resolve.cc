#include <string>
#include <utility>

#include "hon/url/path.h"
#include "hon/url/url.h"

namespace hon::url {
namespace {

// RFC 3986 §5.2.4, but "//" never comes to stand at the start where dots removed what was before
// it: the result would name a host. `path` is not empty.
std::string RemoveDotSegments(std::string_view path) {
  std::string clean = "/";
  bool at_start = true;  // the next segment follows the "/" that `clean` begins with
  for (;;) {
    const size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    if (segment == "..") {
      const size_t last = clean.rfind('/');
      clean.resize(last == 0 ? 1 : last);
      at_start = clean.size() == 1;
    } else if (segment == ".") {
      at_start = false;
    } else {
      if (!at_start) clean += '/';
      clean += segment;
      at_start = false;
    }
    if (slash == std::string_view::npos) {
      // Dots at the end name a directory.
      if (segment == "." || segment == "..") clean += '/';
      break;
    }
    path.remove_prefix(slash + 1);
  }
  if (clean.size() > 1 && clean[1] == '/') clean.erase(0, 1);
  return clean;
}

// RFC 3986 §5.2.3 and §5.2.4. `base` and `reference` are in escaped form.
std::string ResolvePath(std::string_view base, std::string_view reference) {
  std::string full;
  if (reference.empty()) {
    full.assign(base);
  } else if (reference.front() == '/') {
    full.assign(reference);
  } else {
    full.assign(base.substr(0, base.rfind('/') + 1)).append(reference);
  }
  return full.empty() ? full : RemoveDotSegments(full);
}

bool EndsInSlash(std::string_view text) { return !text.empty() && text.back() == '/'; }

Error JoinInto(const URL& base, std::initializer_list<std::string_view> elements, URL& joined) {
  std::string path = base.EscapedPath();
  const bool relative = path.empty() || path.front() != '/';
  if (relative) path.insert(0, 1, '/');
  for (const std::string_view element : elements) path.append(1, '/').append(element);
  // The last element decides about the slash at the end; an empty element adds none.
  const bool ends_in_slash =
      elements.size() == 0 ? path.back() == '/' : EndsInSlash(*(elements.end() - 1));
  path = CleanPath(path);
  if (relative) path.erase(0, 1);
  if (ends_in_slash && !EndsInSlash(path)) path += '/';
  if (!ends_in_slash && path.size() > 1 && EndsInSlash(path)) path.pop_back();
  joined = base;
  return joined.SetEscapedPath(path);
}

}  // namespace

URL URL::ResolveReference(const URL& reference) const {
  URL url = reference;
  if (reference.Scheme.empty()) url.Scheme = Scheme;
  if (!reference.Scheme.empty() || !reference.Host.empty() || reference.User != nullptr) {
    static_cast<void>(url.SetEscapedPath(ResolvePath(reference.EscapedPath(), "")));
    return url;
  }
  url.User = nullptr;
  url.Host.clear();
  url.Path.clear();
  if (!reference.Opaque.empty()) return url;
  if (reference.Path.empty() && !reference.ForceQuery && reference.RawQuery.empty()) {
    url.RawQuery = RawQuery;
    if (reference.Fragment.empty()) {
      url.Fragment = Fragment;
      url.RawFragment = RawFragment;
    }
  }
  if (reference.Path.empty() && !Opaque.empty()) {
    url.Opaque = Opaque;
    return url;
  }
  url.Host = Host;
  url.User = User;
  // EscapedPath is validly escaped: SetEscapedPath cannot fail.
  static_cast<void>(url.SetEscapedPath(ResolvePath(EscapedPath(), reference.EscapedPath())));
  return url;
}

Result<URL> URL::Parse(std::string_view reference) const {
  HON_TRY(const URL parsed, url::Parse(reference));
  return ResolveReference(parsed);
}

URL URL::JoinPath(std::initializer_list<std::string_view> elements) const {
  URL joined;
  static_cast<void>(JoinInto(*this, elements, joined));
  return joined;
}

Result<std::string> JoinPath(std::string_view base,
                             std::initializer_list<std::string_view> elements) {
  HON_TRY(const URL parsed, Parse(base));
  URL joined;
  if (Error err = JoinInto(parsed, elements, joined)) return Fail(std::move(err));
  return joined.String();
}

}  // namespace hon::url
