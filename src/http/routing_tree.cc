#include "http/routing_tree.h"

#include <array>
#include <utility>

#include "hon/url/escape.h"

namespace hon::http::internal {
namespace {

using Kind = Segment::Kind;

constexpr size_t kDecodedOnStackMax = 256;

// Puts `entry` under `node`. Nodes are made from the end, so that the store that links the first
// new one shows all of the pattern at once.
void Attach(PathNode& node, const Segment* segment, const Segment* end, RouteEntry& entry) {
  if (segment == end) {
    node.leaf.store(&entry, std::memory_order_release);
    return;
  }
  switch (segment->kind) {
    case Kind::kRest:
      node.rest.store(&entry, std::memory_order_release);
      return;
    case Kind::kEnd:
      node.end.store(&entry, std::memory_order_release);
      return;
    case Kind::kSingle:
      if (PathNode* next = node.single.load(std::memory_order_relaxed)) {
        Attach(*next, segment + 1, end, entry);
        return;
      }
      node.single_owner = std::make_unique<PathNode>("");
      Attach(*node.single_owner, segment + 1, end, entry);
      node.single.store(node.single_owner.get(), std::memory_order_release);
      return;
    case Kind::kLiteral:
      if (PathNode* next = node.literals.Find(segment->text)) {
        Attach(*next, segment + 1, end, entry);
        return;
      }
      auto next = std::make_unique<PathNode>(segment->text);
      Attach(*next, segment + 1, end, entry);
      node.literals.Insert(std::move(next));
      return;
  }
}

// The literal child for a segment in escaped form; one with a bad escape is taken as it is.
PathNode* FindEscaped(const PathNode& node, std::string_view segment) {
  std::array<char, kDecodedOnStackMax> on_stack;
  std::string on_heap;
  char* into = on_stack.data();
  if (segment.size() > on_stack.size()) {
    on_heap.resize(segment.size());
    into = on_heap.data();
  }
  const size_t size = url::PathUnescapeInto(segment, into);
  return node.literals.Find(size == url::kBadEscape ? segment : std::string_view(into, size));
}

// What ends with a slash at this node.
RouteEntry* MatchEnd(const PathNode& node) {
  RouteEntry* exact = node.end.load(std::memory_order_acquire);
  return exact != nullptr ? exact : node.rest.load(std::memory_order_acquire);
}

PathNode* FindLiteral(const PathNode& node, std::string_view segment, bool escaped) {
  const bool decode = escaped && segment.find('%') != std::string_view::npos;
  return decode ? FindEscaped(node, segment) : node.literals.Find(segment);
}

// The text of `path` is empty or begins with "/". Each node is entered at most once, since a node
// tells how much of the path lies behind it: no set of patterns makes this slow.
RouteEntry* MatchPath(const PathNode& node, PathQuery path) {
  if (path.text.empty()) {
    return path.slash_added ? MatchEnd(node) : node.leaf.load(std::memory_order_acquire);
  }
  if (path.text == "/") return MatchEnd(node);
  path.text.remove_prefix(1);
  const std::string_view segment = path.text.substr(0, path.text.find('/'));
  path.text.remove_prefix(segment.size());
  if (const PathNode* literal = FindLiteral(node, segment, path.escaped)) {
    if (RouteEntry* found = MatchPath(*literal, path)) return found;
  }
  const PathNode* single = node.single.load(std::memory_order_acquire);
  if (single != nullptr && !segment.empty()) {
    if (RouteEntry* found = MatchPath(*single, path)) return found;
  }
  return node.rest.load(std::memory_order_acquire);
}

RouteEntry* MatchMethod(const HostTree& host, std::string_view method, PathQuery path) {
  const MethodTree* tree = host.methods.Find(method);
  return tree == nullptr ? nullptr : MatchPath(tree->root, path);
}

RouteEntry* MatchHost(const HostTree& host, std::string_view method, PathQuery path) {
  if (RouteEntry* found = MatchMethod(host, method, path)) return found;
  if (method == "HEAD") {
    if (RouteEntry* found = MatchMethod(host, "GET", path)) return found;
  }
  return MatchMethod(host, "", path);
}

void CollectFrom(const HostTree& host, PathQuery path, std::vector<std::string>& methods) {
  host.methods.ForEach([&](const MethodTree& tree) {
    if (!tree.key.empty() && MatchPath(tree.root, path) != nullptr) methods.push_back(tree.key);
  });
}

}  // namespace

void RoutingTree::Add(RouteEntry& entry) {
  const Pattern& pattern = entry.pattern;
  HostTree* host = &any_host_;
  std::unique_ptr<HostTree> new_host;
  if (!pattern.host.empty()) {
    host = hosts_.Find(pattern.host);
    if (host == nullptr) {
      new_host = std::make_unique<HostTree>(pattern.host);
      host = new_host.get();
    }
  }
  const Segment* begin = pattern.segments.data();
  const Segment* end = begin + pattern.segments.size();
  if (MethodTree* tree = host->methods.Find(pattern.method)) {
    Attach(tree->root, begin, end, entry);
  } else {
    auto new_tree = std::make_unique<MethodTree>(pattern.method);
    Attach(new_tree->root, begin, end, entry);
    host->methods.Insert(std::move(new_tree));
  }
  if (new_host != nullptr) {
    hosts_.Insert(std::move(new_host));
    has_hosts_.store(true, std::memory_order_release);
  }
}

RouteEntry* RoutingTree::Match(std::string_view host, std::string_view method,
                               PathQuery path) const {
  if (!host.empty() && HasHosts()) {
    if (const HostTree* tree = hosts_.Find(host)) {
      if (RouteEntry* found = MatchHost(*tree, method, path)) return found;
    }
  }
  return MatchHost(any_host_, method, path);
}

void RoutingTree::CollectMethods(std::string_view host, PathQuery path,
                                 std::vector<std::string>& methods) const {
  if (!host.empty()) {
    if (const HostTree* tree = hosts_.Find(host)) CollectFrom(*tree, path, methods);
  }
  CollectFrom(any_host_, path, methods);
}

}  // namespace hon::http::internal
