#include <algorithm>
#include <stdexcept>
#include <utility>

#include "hon/base/quote.h"
#include "hon/http/middleware.h"

namespace hon::http {

RouteGroup::RouteGroup(ServeMux& mux, std::string_view prefix, std::vector<Middleware> middleware)
    : mux_(&mux), prefix_(prefix), middleware_(std::move(middleware)) {
  while (!prefix_.empty() && prefix_.back() == '/') prefix_.pop_back();
}

RouteGroup RouteGroup::Group(std::string_view prefix, std::vector<Middleware> middleware) const {
  RouteGroup group(*mux_, prefix_, middleware_);
  group.prefix_.append(RouteGroup(*mux_, prefix).prefix_);
  std::move(middleware.begin(), middleware.end(), std::back_inserter(group.middleware_));
  return group;
}

void RouteGroup::Use(Middleware middleware) { middleware_.push_back(std::move(middleware)); }

// The pattern with the prefix between its method and its path.
std::string RouteGroup::Join(std::string_view pattern) const {
  const size_t blank = pattern.find_first_of(" \t");
  const size_t path = blank == std::string_view::npos
                          ? 0
                          : std::min(pattern.find_first_not_of(" \t", blank), pattern.size());
  const bool has_host = path < pattern.size() && pattern[path] != '/';
  if (has_host && !prefix_.empty()) {
    throw std::invalid_argument("pattern " + Quote(pattern) +
                                " does not begin with a path, but is in the group " +
                                Quote(prefix_));
  }
  std::string joined(pattern.substr(0, path));
  return joined.append(prefix_).append(pattern.substr(path));
}

// A null handler stays null: the mux refuses it.
HandlerPtr RouteGroup::Wrap(HandlerPtr handler) const {
  return handler == nullptr ? handler : Chain(middleware_, std::move(handler));
}

void RouteGroup::Handle(std::string_view pattern, HandlerArg handler, CallSite where) {
  mux_->Handle(Join(pattern), Wrap(handler.Take()), where);
}

void RouteGroup::HandleFunc(std::string_view pattern, HandlerFunc::Function function,
                            CallSite where) {
  Handle(pattern, std::move(function), where);
}

void RouteGroup::Mount(std::string_view prefix, HandlerArg handler, CallSite where) {
  mux_->Mount(Join(prefix), Wrap(handler.Take()), where);
}

}  // namespace hon::http
