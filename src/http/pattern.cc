#include "http/pattern.h"

#include <algorithm>
#include <utility>

#include "hon/base/quote.h"
#include "hon/url/escape.h"
#include "hon/url/path.h"
#include "http/token.h"

namespace hon::http::internal {
namespace {

using Kind = Segment::Kind;

tl::unexpected<Error> FailAt(size_t offset, std::string_view why) {
  std::string text = "at offset " + std::to_string(offset) + ": ";
  return Fail(Error::New(text.append(why)));
}

// A letter or "_", then digits too. Bytes past ASCII count as letters.
bool IsName(std::string_view text) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  if (text.empty() || !is_letter(text.front())) return false;
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

std::string UnescapedOrSame(std::string_view text) {
  Result<std::string> plain = url::PathUnescape(text);
  return plain ? *std::move(plain) : std::string(text);
}

// Reads "{...}" between the braces. `last`: no slash follows. Returns the fault, or "".
std::string ParseWildcard(std::string_view inside, bool last, Segment& segment) {
  if (inside == "$") {
    segment.kind = Kind::kEnd;
    return last ? "" : "{$} not at end";
  }
  segment.kind = Kind::kSingle;
  if (inside.size() >= 3 && inside.substr(inside.size() - 3) == "...") {
    if (!last) return "{...} wildcard not at end";
    segment.kind = Kind::kRest;
    inside.remove_suffix(3);
  }
  if (inside.empty()) return "empty wildcard";
  if (!IsName(inside)) return "bad wildcard name " + Quote(inside);
  segment.text.assign(inside);
  return "";
}

std::string ParseSegment(std::string_view text, bool last, Segment& segment) {
  const size_t brace = text.find('{');
  if (brace == std::string_view::npos) {
    segment.text = UnescapedOrSame(text);
    return "";
  }
  if (brace != 0) return "bad wildcard segment (must start with '{')";
  if (text.back() != '}') return "bad wildcard segment (must end with '}')";
  return ParseWildcard(text.substr(1, text.size() - 2), last, segment);
}

bool HasName(const Pattern& pattern, std::string_view name) {
  return std::any_of(pattern.segments.begin(), pattern.segments.end(),
                     [&](const Segment& s) { return s.kind != Kind::kLiteral && s.text == name; });
}

// Reads `path`, which ends the pattern.
Error ParsePath(std::string_view path, Pattern& pattern) {
  while (!path.empty()) {
    path.remove_prefix(1);
    const size_t offset = pattern.text.size() - path.size();
    Segment segment;
    if (path.empty()) {
      segment.kind = Kind::kRest;
      pattern.segments.push_back(std::move(segment));
      break;
    }
    const std::string_view text = path.substr(0, path.find('/'));
    path.remove_prefix(text.size());
    std::string wrong = ParseSegment(text, path.empty(), segment);
    const bool named = segment.kind != Kind::kLiteral && !segment.text.empty();
    if (wrong.empty() && named && HasName(pattern, segment.text)) {
      wrong = "duplicate wildcard name " + Quote(segment.text);
    }
    if (!wrong.empty()) return FailAt(offset, wrong).value();
    pattern.has_names = pattern.has_names || named;
    pattern.segments.push_back(std::move(segment));
  }
  return {};
}

}  // namespace

Result<Pattern> ParsePattern(std::string_view text, bool allow_unclean) {
  if (text.empty()) return Fail(Error::New("empty pattern"));
  Pattern pattern;
  pattern.text.assign(text);
  std::string_view rest = text;
  size_t offset = 0;
  const size_t blank = text.find_first_of(" \t");
  if (blank != std::string_view::npos) {
    pattern.method.assign(text, 0, blank);
    rest.remove_prefix(std::min(text.find_first_not_of(" \t", blank), text.size()));
    if (!pattern.method.empty() && !IsToken(pattern.method)) {
      return FailAt(0, "invalid method " + Quote(pattern.method));
    }
    offset = blank + 1;
  }
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return FailAt(offset, "host/path missing /");
  const std::string_view host = rest.substr(0, slash);
  const size_t brace = host.find('{');
  if (brace != std::string_view::npos) {
    return FailAt(offset + brace, "host contains '{' (missing initial '/'?)");
  }
  std::string lower;
  pattern.host.assign(NormaliseHost(host, lower));
  rest.remove_prefix(slash);
  pattern.unclean = !allow_unclean && url::CleanPath(rest) != rest;
  if (pattern.unclean && !pattern.method.empty() && pattern.method != "CONNECT") {
    return FailAt(offset + slash, "non-CONNECT pattern with unclean path can never match");
  }
  if (Error err = ParsePath(rest, pattern)) return Fail(std::move(err));
  return pattern;
}

std::string_view NormaliseHost(std::string_view host, std::string& into) {
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (std::none_of(host.begin(), host.end(), is_upper)) return host;
  into.assign(host);
  for (char& c : into) c = ToLower(c);
  return into;
}

}  // namespace hon::http::internal
