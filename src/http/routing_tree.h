#pragma once

// Finds the pattern for a host, a method and a path: a trie of path segments for each host and
// method. The trie only grows, and a pattern becomes visible by one atomic store, so look-ups take
// no lock and any number may run while a pattern is added.

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hon/http/handler.h"
#include "http/append_map.h"
#include "http/pattern.h"

namespace hon::http::internal {

/// A registered pattern.
struct RouteEntry {
  http::Route route;  // the public part
  Pattern pattern;
  HandlerPtr handler;  // owns route.handler, unless that is borrowed
  std::string where;   // "file:line" of the registration
};

/// A node of the trie: the patterns with the segments on the way to it.
struct PathNode {
  explicit PathNode(std::string_view text) : key(text) {}

  const std::string key;
  AppendMap<PathNode> literals;
  std::atomic<PathNode*> single{nullptr};
  std::atomic<RouteEntry*> rest{nullptr};  // {name...} or a slash at the end
  std::atomic<RouteEntry*> end{nullptr};   // {$}
  std::atomic<RouteEntry*> leaf{nullptr};  // the path stops here
  std::unique_ptr<PathNode> single_owner;
};

struct MethodTree {
  explicit MethodTree(std::string_view method) : key(method), root("") {}

  const std::string key;
  PathNode root;
};

struct HostTree {
  explicit HostTree(std::string_view host) : key(host) {}

  const std::string key;
  AppendMap<MethodTree> methods;
  std::atomic<MethodTree*> get{nullptr};  // the trees of `methods` that most requests use
  std::atomic<MethodTree*> any{nullptr};
};

/// A path to look up: empty, or begins with "/".
struct PathQuery {
  std::string_view text;
  bool escaped = false;  // its segments are percent-encoded
};

/// The result of a look-up.
struct Hit {
  RouteEntry* entry = nullptr;  // the pattern that takes precedence, or null
  bool exact = false;           // no rest wildcard of `entry` takes anything
  /// Unless `exact`: the entry that would have matched exactly with a slash after the path.
  RouteEntry* with_slash = nullptr;
};

class RoutingTree {
 public:
  /// Adds `entry`, which conflicts with no earlier entry and outlives the tree. One thread at a
  /// time.
  void Add(RouteEntry& entry);

  /// `host` is normalised. Any thread, any time.
  [[nodiscard]] Hit Match(std::string_view host, std::string_view method, PathQuery path) const;

  /// Whether any pattern names a host; if not, `host` may be left empty.
  [[nodiscard]] bool HasHosts() const { return has_hosts_.load(std::memory_order_acquire); }

  /// Adds the methods of the patterns that match apart from their method; with `with_slash` also of
  /// those that match with a slash after the path. Any thread, any time.
  void CollectMethods(std::string_view host, PathQuery path, bool with_slash,
                      std::vector<std::string>& methods) const;

 private:
  AppendMap<HostTree> hosts_;
  HostTree any_host_{""};
  std::atomic<bool> has_hosts_{false};
};

}  // namespace hon::http::internal
