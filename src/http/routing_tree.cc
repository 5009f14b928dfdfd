#include "http/routing_tree.h"

#include <array>
#include <cstddef>
#include <cstring>
#include <utility>

#include "hon/url/escape.h"

namespace hon::http::internal {
namespace {

using Kind = Segment::Kind;

constexpr size_t kDecodedOnStackMax = 256;

// Puts `entry` under `node`. Nodes are made from the end, so that the store that links the first
// new node publishes the whole pattern at once.
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

// The literal child for a segment in escaped form. A segment with a bad escape is compared
// undecoded.
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

PathNode* FindLiteral(const PathNode& node, std::string_view segment, bool escaped) {
  const bool decode = escaped && segment.find('%') != std::string_view::npos;
  return decode ? FindEscaped(node, segment) : node.literals.Find(segment);
}

// The entry of a pattern that ends with a slash at this node.
inline RouteEntry* EndOf(const PathNode& node) {
  RouteEntry* exact = node.end.load(std::memory_order_acquire);
  return exact != nullptr ? exact : node.rest.load(std::memory_order_acquire);
}

// The next "/" or the end. Most segments are short.
const char* FindSlash(const char* at, const char* end) {
  constexpr ptrdiff_t kShort = 12;
  const char* near_end = end - at < kShort ? end : at + kShort;
  for (; at != near_end; ++at) {
    if (*at == '/') return at;
  }
  const void* found = at == end ? nullptr : std::memchr(at, '/', static_cast<size_t>(end - at));
  return found == nullptr ? end : static_cast<const char*>(found);
}

// One look-up of a path in the trees of one host.
//
// Where the path ends without a match, the entry that would match with a further slash is noted. A
// second look-up with that slash would visit the same nodes in the same order, so it would find the
// first noted entry.
class Walk {
 public:
  explicit Walk(PathQuery path)
      : begin_(path.text.data()), end_(begin_ + path.text.size()), escaped_(path.escaped) {}

  // Returns true when the search is over.
  bool In(const MethodTree* tree) {
    if (tree == nullptr) return hit_.entry != nullptr;
    const PathNode& root = tree->root;
    hit_.entry = end_ - begin_ <= 1 ? AtEnd(root, begin_) : From(&root, begin_);
    return hit_.entry != nullptr;
  }
  [[nodiscard]] const Hit& Found() const { return hit_; }

 private:
  // Each node is visited at most once, since its depth determines how much of the path it has
  // consumed: no set of patterns makes a look-up slow.
  [[gnu::noinline]] RouteEntry* From(const PathNode* node, const char* at) {
    for (;;) {
      if (end_ - at <= 1) return AtEnd(*node, at);
      const char* start = at + 1;
      at = FindSlash(start, end_);
      const std::string_view segment(start, static_cast<size_t>(at - start));
      const PathNode* literal = FindLiteral(*node, segment, escaped_);
      const PathNode* single =
          segment.empty() ? nullptr : node->single.load(std::memory_order_acquire);
      RouteEntry* rest = node->rest.load(std::memory_order_acquire);
      const bool one_way = rest == nullptr && (literal == nullptr || single == nullptr);
      if (one_way) {
        node = literal != nullptr ? literal : single;
        if (node == nullptr) return nullptr;
        continue;
      }
      if (literal != nullptr) {
        if (RouteEntry* found = From(literal, at)) return found;
      }
      if (single != nullptr) {
        if (RouteEntry* found = From(single, at)) return found;
      }
      return rest;
    }
  }

  // The path ends here, or has only a slash left.
  RouteEntry* AtEnd(const PathNode& node, const char* at) {
    RouteEntry* end = EndOf(node);
    RouteEntry* found = at == end_ ? node.leaf.load(std::memory_order_acquire) : end;
    hit_.exact = found != nullptr;
    if (at == end_ && hit_.with_slash == nullptr) hit_.with_slash = end;
    return found;
  }

  const char* const begin_;
  const char* const end_;
  const bool escaped_;
  Hit hit_;
};

// Whether the search is over.
inline bool MatchHost(const HostTree& host, std::string_view method, Walk& walk) {
  // Compared by hand: most requests are GETs, and comparing views is a function call.
  const bool is_get = method.size() == 3 && std::memcmp(method.data(), "GET", 3) == 0;
  if (!is_get && walk.In(host.methods.Find(method))) return true;
  if (is_get || method == "HEAD") {
    if (walk.In(host.get.load(std::memory_order_acquire))) return true;
  }
  return walk.In(host.any.load(std::memory_order_acquire));
}

void CollectFrom(const HostTree& host, PathQuery path, bool with_slash,
                 std::vector<std::string>& methods) {
  host.methods.ForEach([&](const MethodTree& tree) {
    if (tree.key.empty()) return;
    Walk walk(path);
    const bool matches = walk.In(&tree) || (with_slash && walk.Found().with_slash != nullptr);
    if (matches) methods.push_back(tree.key);
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
  MethodTree* tree = host->methods.Find(pattern.method);
  if (tree != nullptr) {
    Attach(tree->root, begin, end, entry);
  } else {
    auto new_tree = std::make_unique<MethodTree>(pattern.method);
    Attach(new_tree->root, begin, end, entry);
    tree = host->methods.Insert(std::move(new_tree));
    if (pattern.method == "GET") host->get.store(tree, std::memory_order_release);
    if (pattern.method.empty()) host->any.store(tree, std::memory_order_release);
  }
  if (new_host != nullptr) {
    hosts_.Insert(std::move(new_host));
    has_hosts_.store(true, std::memory_order_release);
  }
}

Hit RoutingTree::Match(std::string_view host, std::string_view method, PathQuery path) const {
  Walk walk(path);
  if (!host.empty() && HasHosts()) {
    const HostTree* tree = hosts_.Find(host);
    if (tree != nullptr && MatchHost(*tree, method, walk)) return walk.Found();
  }
  MatchHost(any_host_, method, walk);
  return walk.Found();
}

void RoutingTree::CollectMethods(std::string_view host, PathQuery path, bool with_slash,
                                 std::vector<std::string>& methods) const {
  if (!host.empty()) {
    const HostTree* tree = hosts_.Find(host);
    if (tree != nullptr) CollectFrom(*tree, path, with_slash, methods);
  }
  CollectFrom(any_host_, path, with_slash, methods);
}

}  // namespace hon::http::internal
