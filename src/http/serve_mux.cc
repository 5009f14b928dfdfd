#include "hon/http/serve_mux.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "hon/base/flatten.h"
#include "hon/base/quote.h"
#include "hon/http/method.h"
#include "hon/http/reply.h"
#include "hon/http/spawner.h"
#include "hon/http/status.h"
#include "hon/url/path.h"
#include "http/mounted_handler.h"
#include "http/pattern_index.h"
#include "http/request_path.h"
#include "http/routing_tree.h"

namespace hon::http {

using internal::Pattern;
using internal::RequestPath;
using internal::RouteEntry;
using internal::Segment;

class ServeMux::Impl final : public http::Handler {
 public:
  explicit Impl(Options options) : options_(std::move(options)) {}

  Error Register(std::string_view pattern, HandlerPtr handler, CallSite where);

  enum class Outcome { kRoute, kAddSlash, kClean, kNoRoute, kBadRequest };
  struct Found {
    Outcome outcome;
    RouteEntry* entry;  // null for kNoRoute and kBadRequest, perhaps for kClean
    RequestPath path;   // the path that was matched
  };
  Found Find(const Request& r, std::string& scratch) const;
  /// As Find, for most requests: not CONNECT, with a path and a host that are looked up as they
  /// came. kNoRoute for other requests too.
  Found FindPlain(const Request& r) const;

  /// Sets the pattern and the path values of `r`, and returns the handler to run.
  static Target Enter(const Found& found, Request& r);
  /// ServeMux::Resolve for what FindPlain does not find.
  [[gnu::noinline]] Target ResolveOther(Request& r);

  /// The handler of requests without a route.
  void ServeHTTP(ResponseWriter& w, Request& r) override;

 private:
  Found FindConnect(const Request& r, RequestPath path) const;
  Found FindUnclean(std::string_view host, const Request& r, RequestPath path,
                    std::string& scratch) const;
  Found Judge(const internal::Hit& hit, RequestPath path) const;
  std::string AllowedMethods(const Request& r, RequestPath path) const;
  void ReplyNoRoute(ResponseWriter& w, Request& r, RequestPath path);

  const Options options_;
  internal::RoutingTree tree_;
  std::atomic<bool> has_unclean_{false};

  std::mutex mutex_;  // serialises registration
  internal::PatternIndex index_;
  std::deque<RouteEntry> entries_;
};

namespace {

std::string_view HostOf(const Request& r, const internal::RoutingTree& tree, std::string& scratch) {
  if (!tree.HasHosts()) return {};
  return internal::NormaliseHost(internal::StripPort(r.Host), scratch);
}

// Gives `r` the values of the named wildcards.
[[gnu::noinline]] void BindValues(const Pattern& pattern, RequestPath found, Request& r) {
  std::string_view path = r.Own(found.text);
  for (const Segment& segment : pattern.segments) {
    path.remove_prefix(1);
    if (segment.kind == Segment::Kind::kRest) {
      if (!segment.text.empty()) r.AddPathValue(segment.text, path, found.escaped);
      return;
    }
    const std::string_view value = path.substr(0, path.find('/'));
    if (segment.kind == Segment::Kind::kSingle) {
      r.AddPathValue(segment.text, value, found.escaped);
    }
    path.remove_prefix(value.size());
  }
}

}  // namespace

Error ServeMux::Impl::Register(std::string_view pattern, HandlerPtr handler, CallSite where) {
  if (pattern.empty()) return Error::New("http: invalid pattern");
  if (handler == nullptr) return Error::New("http: nil handler");
  Result<Pattern> parsed = internal::ParsePattern(pattern, !options_.clean_paths);
  if (!parsed) return Error::Wrap("parsing " + Quote(pattern), parsed.error());
  std::string place = where.file + (":" + std::to_string(where.line));
  const std::lock_guard lock(mutex_);
  if (const RouteEntry* other = index_.FindConflict(*parsed)) {
    return Error::New("pattern " + Quote(pattern) + " (registered at " + place +
                      ") conflicts with pattern " + Quote(other->pattern.text) +
                      " (registered at " + other->where + "):\n" +
                      internal::DescribeConflict(*parsed, other->pattern));
  }
  RouteEntry& entry = entries_.emplace_back();
  entry.pattern = *std::move(parsed);
  entry.route.pattern = entry.pattern.text;
  entry.route.handler = handler.get();
  entry.handler = std::move(handler);
  entry.where = std::move(place);
  index_.Add(entry);
  tree_.Add(entry);
  if (entry.pattern.unclean) has_unclean_.store(true, std::memory_order_release);
  return {};
}

inline ServeMux::Impl::Found ServeMux::Impl::FindPlain(const Request& r) const {
  constexpr Found kNothing{Outcome::kNoRoute, nullptr, {}};
  const bool other = r.RequestURI == "*" || r.Method == MethodConnect || !internal::IsPlain(r.URL);
  if (other) return kNothing;
  std::string_view host;
  if (tree_.HasHosts()) {
    host = r.Host;
    if (!internal::TakePortOffPlain(host)) return kNothing;
  }
  const RequestPath path{r.URL.Path};
  return Judge(tree_.Match(host, r.Method, {path.text}), path);
}

ServeMux::Impl::Found ServeMux::Impl::Find(const Request& r, std::string& scratch) const {
  const bool asterisk = r.RequestURI.size() == 1 && r.RequestURI.front() == '*';
  if (asterisk) return {Outcome::kBadRequest, nullptr, {}};
  const RequestPath path = internal::PathOf(r.URL, scratch);
  if (r.Method == MethodConnect) return FindConnect(r, path);
  std::string host_scratch;
  const std::string_view host = HostOf(r, tree_, host_scratch);
  if (!path.clean) return FindUnclean(host, r, path, scratch);
  return Judge(tree_.Match(host, r.Method, {path.text, path.escaped}), path);
}

// The outcome of a look-up: a route, a redirect to the path with a slash, or nothing.
inline ServeMux::Impl::Found ServeMux::Impl::Judge(const internal::Hit& hit,
                                                   RequestPath path) const {
  const bool redirect = !hit.exact && hit.with_slash != nullptr && options_.redirect_to_slash &&
                        path.clean && !path.text.empty();
  if (redirect) return {Outcome::kAddSlash, hit.with_slash, path};
  return {hit.entry == nullptr ? Outcome::kNoRoute : Outcome::kRoute, hit.entry, path};
}

ServeMux::Impl::Found ServeMux::Impl::FindUnclean(std::string_view host, const Request& r,
                                                  RequestPath path, std::string& scratch) const {
  if (!options_.clean_paths || has_unclean_.load(std::memory_order_acquire)) {
    const internal::Hit hit = tree_.Match(host, r.Method, {path.text, path.escaped});
    if (!options_.clean_paths) return Judge(hit, path);
    if (hit.entry != nullptr && hit.entry->pattern.unclean) {
      return {Outcome::kRoute, hit.entry, path};
    }
  }
  std::string clean = url::CleanPath(path.text);
  scratch.swap(clean);
  path = {scratch, path.escaped, true};
  Found found = Judge(tree_.Match(host, r.Method, {path.text, path.escaped}), path);
  if (found.outcome != Outcome::kAddSlash) found.outcome = Outcome::kClean;
  return found;
}

// For CONNECT the path is not cleaned, and the port of the host is part of it.
ServeMux::Impl::Found ServeMux::Impl::FindConnect(const Request& r, RequestPath path) const {
  std::string scratch;
  const internal::PathQuery query{path.text, path.escaped};
  const Found found =
      Judge(tree_.Match(internal::NormaliseHost(r.URL.Host, scratch), r.Method, query), path);
  if (found.outcome == Outcome::kAddSlash) return found;
  RouteEntry* entry = tree_.Match(internal::NormaliseHost(r.Host, scratch), r.Method, query).entry;
  return {entry == nullptr ? Outcome::kNoRoute : Outcome::kRoute, entry, path};
}

std::string ServeMux::Impl::AllowedMethods(const Request& r, RequestPath path) const {
  std::string host_scratch;
  const std::string_view host = r.Method == MethodConnect
                                    ? internal::NormaliseHost(r.URL.Host, host_scratch)
                                    : HostOf(r, tree_, host_scratch);
  std::vector<std::string> methods;
  tree_.CollectMethods(host, {path.text, path.escaped}, options_.redirect_to_slash, methods);
  if (methods.empty()) return {};
  if (std::find(methods.begin(), methods.end(), MethodGet) != methods.end()) {
    methods.emplace_back(MethodHead);
  }
  if (options_.answer_options) methods.emplace_back(MethodOptions);
  std::sort(methods.begin(), methods.end());
  methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
  std::string allow;
  for (const std::string& method : methods) {
    if (!allow.empty()) allow += ", ";
    allow += method;
  }
  return allow;
}

void ServeMux::Impl::ReplyNoRoute(ResponseWriter& w, Request& r, RequestPath path) {
  const std::string allow = AllowedMethods(r, path);
  if (allow.empty()) {
    if (options_.not_found != nullptr) return options_.not_found->ServeHTTP(w, r);
    return NotFound(w, r);
  }
  w.Header().Set(HeaderId::kAllow, allow);
  if (options_.answer_options && r.Method == MethodOptions) {
    return w.WriteHeader(StatusNoContent);
  }
  if (options_.method_not_allowed != nullptr) {
    return options_.method_not_allowed->ServeHTTP(w, r);
  }
  ReplyError(w, StatusText(StatusMethodNotAllowed), StatusMethodNotAllowed);
}

inline Target ServeMux::Impl::Enter(const Found& found, Request& r) {
  RouteEntry& entry = *found.entry;
  r.Pattern = entry.route.pattern;
  if (entry.pattern.has_names) BindValues(entry.pattern, found.path, r);
  // The handler may be a mux too: then the inner mux's pattern counts.
  const Target inner = entry.route.handler->Resolve(r);
  return {inner.handler, inner.route == nullptr ? &entry.route : inner.route, inner.runner_hint,
          inner.delegates};
}

void ServeMux::Impl::ServeHTTP(ResponseWriter& w, Request& r) {
  std::string scratch;
  const Found found = Find(r, scratch);
  switch (found.outcome) {
    case Outcome::kRoute:  // the pattern was registered after the first look-up
      return Enter(found, r).handler->ServeHTTP(w, r);
    case Outcome::kNoRoute:
      return ReplyNoRoute(w, r, found.path);
    case Outcome::kBadRequest:
      if (r.ProtoAtLeast(1, 1)) w.Header().Set(HeaderId::kConnection, "close");
      return w.WriteHeader(StatusBadRequest);
    case Outcome::kAddSlash:
    case Outcome::kClean:
      break;
  }
  std::string location(r.MountPrefix());
  location += internal::Escaped(found.path);
  if (found.outcome == Outcome::kAddSlash) location += '/';
  if (!r.URL.RawQuery.empty()) location.append(1, '?').append(r.URL.RawQuery);
  Redirect(w, r, location, StatusTemporaryRedirect);
}

ServeMux::ServeMux() : ServeMux(Options()) {}
ServeMux::ServeMux(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
ServeMux::~ServeMux() = default;

Error ServeMux::TryHandle(std::string_view pattern, HandlerArg handler, CallSite where) {
  return impl_->Register(pattern, handler.Take(), where);
}

void ServeMux::Handle(std::string_view pattern, HandlerArg handler, CallSite where) {
  if (Error err = impl_->Register(pattern, handler.Take(), where)) {
    throw std::invalid_argument(err.Message());
  }
}

void ServeMux::HandleFunc(std::string_view pattern, HandlerFunc::Function function,
                          CallSite where) {
  Handle(pattern, HandlerArg(std::move(function)), where);
}

void ServeMux::Mount(std::string_view prefix, HandlerArg handler, CallSite where) {
  while (!prefix.empty() && prefix.back() == '/') prefix.remove_suffix(1);
  const std::string pattern = std::string(prefix) + "/";
  const Result<Pattern> parsed = internal::ParsePattern(pattern, true);
  // Handle refuses a malformed pattern, with its usual text.
  const size_t segments = parsed ? parsed->segments.size() - 1 : 0;
  HandlerPtr mounted = handler.Take();
  if (mounted != nullptr) {
    mounted = std::make_shared<internal::MountedHandler>(std::move(mounted), segments);
  }
  Handle(pattern, std::move(mounted), where);
}

Target ServeMux::Impl::ResolveOther(Request& r) {
  std::string scratch;
  const Found found = Find(r, scratch);
  if (found.outcome == Outcome::kRoute) return Enter(found, r);
  r.Pattern = found.entry == nullptr ? std::string_view() : found.entry->route.pattern;
  return {this, nullptr};
}

HON_FLATTEN HON_NO_CANARY Target ServeMux::Resolve(Request& r) {
  const Impl::Found found = impl_->FindPlain(r);
  if (found.outcome == Impl::Outcome::kRoute) [[likely]]
    return Impl::Enter(found, r);
  return impl_->ResolveOther(r);
}

void ServeMux::ServeHTTP(ResponseWriter& w, Request& r) {
  // Called inside of another handler: the server has not resolved this route.
  const Target target = Resolve(r);
  if (Spawner* spawner = SpawnerOf(r.Context())) return spawner->Serve(target, w, r);
  target.handler->ServeHTTP(w, r);
}

ServeMux::Match ServeMux::Handler(const Request& r) const {
  std::string scratch;
  const Impl::Found found = impl_->Find(r, scratch);
  const std::string_view pattern =
      found.entry == nullptr ? std::string_view() : std::string_view(found.entry->route.pattern);
  const bool is_route = found.outcome == Impl::Outcome::kRoute;
  return {is_route ? found.entry->route.handler : impl_.get(), pattern};
}

}  // namespace hon::http
