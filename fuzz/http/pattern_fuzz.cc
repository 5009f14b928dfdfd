// Patterns and requests: the mux agrees with a plain search over all patterns, patterns that were
// accepted together never tie, and a redirect leads to no further redirect.
//
// Each line is a pattern ("P" and its text) or a request ("R", a method, a host and a target,
// with a blank between).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/assert.h"
#include "hon/http/serve_mux.h"
#include "http/pattern.h"
#include "http/request_path.h"

namespace {

using hon::http::internal::Pattern;
using hon::http::internal::Relation;
using hon::http::internal::RequestPath;
using hon::http::internal::Segment;

constexpr size_t kPatternsMax = 40;
constexpr size_t kRequestsMax = 40;

void Ignore(hon::http::ResponseWriter&, hon::http::Request&) {}

std::string_view TakeUntil(std::string_view& text, char end) {
  const std::string_view taken = text.substr(0, text.find(end));
  text.remove_prefix(taken.size() == text.size() ? text.size() : taken.size() + 1);
  return taken;
}

std::string Decoded(std::string_view segment, bool escaped) {
  const hon::Result<std::string> plain = hon::url::PathUnescape(segment);
  return escaped && plain ? *plain : std::string(segment);
}

bool PathMatches(const Pattern& pattern, RequestPath path) {
  std::string_view rest = path.text;
  for (const Segment& segment : pattern.segments) {
    if (rest.empty()) return false;
    if (segment.kind == Segment::Kind::kRest) return true;
    if (segment.kind == Segment::Kind::kEnd) return rest == "/";
    if (rest == "/") return false;  // a slash at the end matches nothing else
    rest.remove_prefix(1);
    const std::string_view text = rest.substr(0, rest.find('/'));
    rest.remove_prefix(text.size());
    if (segment.kind == Segment::Kind::kSingle && text.empty()) return false;
    if (segment.kind == Segment::Kind::kLiteral && Decoded(text, path.escaped) != segment.text) {
      return false;
    }
  }
  return rest.empty();
}

bool MethodMatches(const Pattern& pattern, std::string_view method) {
  return pattern.method.empty() || pattern.method == method ||
         (pattern.method == "GET" && method == "HEAD");
}

// The one pattern that takes precedence, or null.
const Pattern* Search(const std::vector<Pattern>& patterns, std::string_view host,
                      std::string_view method, RequestPath path) {
  const Pattern* best = nullptr;
  for (const Pattern& pattern : patterns) {
    if (!pattern.host.empty() && pattern.host != host) continue;
    if (!MethodMatches(pattern, method) || !PathMatches(pattern, path)) continue;
    if (best == nullptr || best->host.empty() != pattern.host.empty()) {
      if (best == nullptr || best->host.empty()) best = &pattern;
      continue;
    }
    const Relation relation = ComparePathsAndMethods(pattern, *best);
    HON_ASSERT(relation == Relation::kMoreSpecific || relation == Relation::kMoreGeneral);
    if (relation == Relation::kMoreSpecific) best = &pattern;
  }
  return best;
}

class Session {
 public:
  void AddPattern(std::string_view text) {
    if (patterns_.size() == kPatternsMax) return;
    if (mux_.TryHandle(text, handler_)) return;
    hon::Result<Pattern> parsed = hon::http::internal::ParsePattern(text, false);
    HON_ASSERT(parsed.has_value());
    patterns_.push_back(*std::move(parsed));
  }

  void Request(std::string_view line) {
    const std::string_view method = TakeUntil(line, ' ');
    const std::string_view host = TakeUntil(line, ' ');
    if (method == "CONNECT" || line == "*" || ++requests_ > kRequestsMax) return;
    Ask(method, host, line, 0);
  }

 private:
  void Ask(std::string_view method, std::string_view host, std::string_view target, int redirects) {
    hon::http::Request r;
    if (hon::url::ParseRequestTarget(target, false, r.URL)) return;
    r.Method = method;
    r.Host = host;
    r.RequestURI = target;
    const hon::http::ServeMux::Match match = mux_.Handler(r);
    std::string scratch;
    const RequestPath path = hon::http::internal::PathOf(r.URL, scratch);
    std::string lower;
    const std::string_view name =
        hon::http::internal::NormaliseHost(hon::http::internal::StripPort(host), lower);
    const Pattern* best = Search(patterns_, name, method, path);
    if (match.handler == &handler_) {
      HON_ASSERT(best != nullptr);
      HON_ASSERT(best->text == match.pattern);
      CheckValues(*best, r);
      return;
    }
    // A request without a route is redirected or refused; only a redirect has a pattern, if any.
    HON_ASSERT(best == nullptr || best->EndsInRest() || !path.clean);
    if (path.clean && match.pattern.empty()) HON_ASSERT(best == nullptr);
    if (redirects > 0) HON_ASSERT(path.clean && match.pattern.empty());
    if (redirects == 0 && path.clean && !match.pattern.empty()) {
      Ask(method, host, Escaped(path) + "/", 1);
    }
  }

  void CheckValues(const Pattern& pattern, hon::http::Request& r) {
    HON_ASSERT(mux_.Resolve(r).handler == &handler_);
    HON_ASSERT(r.Pattern == pattern.text);
    for (const Segment& segment : pattern.segments) {
      if (segment.kind == Segment::Kind::kSingle) HON_ASSERT(!r.PathValue(segment.text).empty());
    }
  }

  hon::http::HandlerFunc handler_{Ignore};
  hon::http::ServeMux mux_;
  std::vector<Pattern> patterns_;
  size_t requests_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  Session session;
  while (!text.empty()) {
    std::string_view line = TakeUntil(text, '\n');
    if (line.empty()) continue;
    const char kind = line.front();
    line.remove_prefix(1);
    if (kind == 'P') session.AddPattern(line);
    if (kind == 'R') session.Request(line);
  }
  return 0;
}
