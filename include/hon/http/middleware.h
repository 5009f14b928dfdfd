#pragma once

// Handlers that wrap handlers, and ways to wrap many.

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/call_site.h"
#include "hon/http/handler.h"
#include "hon/http/serve_mux.h"

namespace hon::http {

/// Wraps a handler: returns a handler that calls the given one.
using Middleware = std::function<HandlerPtr(HandlerPtr)>;

/// A Middleware from a function: `around` answers, or calls `next` with the same or with other
/// arguments, as often as it likes:
///     const http::Middleware logged = http::Around(
///         [](http::ResponseWriter& w, http::Request& r, http::Handler& next) {
///           next.ServeHTTP(w, r);
///           Log(r.URL.Path, w.Status());
///         });
/// `around` may be called for several requests at once, by several threads.
[[nodiscard]] Middleware Around(
    std::function<void(ResponseWriter& w, Request& r, Handler& next)> around);

/// `handler` within all of `middleware`; the first one is outermost and sees a request first.
[[nodiscard]] HandlerPtr Chain(const std::vector<Middleware>& middleware, HandlerArg handler);

/// Calls `handler` with a URL path that lacks `prefix`, which is in decoded form. Answers 404 when
/// the path, or its escaped form if it has one, does not begin with the prefix. "" gives `handler`
/// itself. The Request is the same object: its path is put back when the handler has returned.
[[nodiscard]] HandlerPtr StripPrefix(std::string prefix, HandlerArg handler);

/// Calls `handler` with every ";" of the query replaced by "&": HTML 4 allowed both between pairs.
[[nodiscard]] HandlerPtr AllowQuerySemicolons(HandlerArg handler);

/// Calls `handler` with a Body that ends in ErrBodyTooLarge after `bytes_max` bytes, as
/// MaxBytesReader makes it.
[[nodiscard]] HandlerPtr MaxBytesHandler(HandlerArg handler, int64_t bytes_max);

/// `body` cut at `bytes_max` bytes (0 if negative): exactly that many can be read, then every Read
/// fails with ErrBodyTooLarge. The failing Read also makes `w`, which must outlive the Body, close
/// the connection, so that the client does not send the rest.
[[nodiscard]] Body MaxBytesReader(ResponseWriter& w, Body body, int64_t bytes_max);

/// Registers patterns of one mux that share a prefix and middleware.
class RouteGroup {
 public:
  /// `mux` must outlive the group. `prefix` is put between the method of a pattern and its path:
  /// "/api/v1", "/users/{id}", "example.com", "example.com/api".
  explicit RouteGroup(ServeMux& mux, std::string_view prefix = "",
                      std::vector<Middleware> middleware = {});

  /// A group below this one: prefixes are joined, this group's middleware is outside.
  [[nodiscard]] RouteGroup Group(std::string_view prefix,
                                 std::vector<Middleware> middleware = {}) const;
  /// Adds middleware, inside of the middleware that the group has, for later registrations.
  void Use(Middleware middleware);

  /// "GET /list" in the group "/api" is the mux's "GET /api/list". Throws as ServeMux::Handle.
  void Handle(std::string_view pattern, HandlerArg handler, CallSite where = CallSite::Here());
  /// As Handle, with a function.
  void HandleFunc(std::string_view pattern, HandlerFunc::Function function,
                  CallSite where = CallSite::Here());
  /// As ServeMux::Mount, below the group's prefix.
  void Mount(std::string_view prefix, HandlerArg handler, CallSite where = CallSite::Here());

 private:
  [[nodiscard]] std::string Join(std::string_view pattern) const;
  [[nodiscard]] HandlerPtr Wrap(HandlerPtr handler) const;

  ServeMux* mux_;
  std::string prefix_;
  std::vector<Middleware> middleware_;
};

}  // namespace hon::http
