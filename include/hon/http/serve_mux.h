#pragma once

#include <memory>
#include <string_view>

#include "hon/base/call_site.h"
#include "hon/base/error.h"
#include "hon/http/handler.h"

namespace hon::http {

/// Calls the handler whose pattern fits a request best, by the rules of Go 1.22 and later.
///
/// A pattern is "[METHOD ][HOST]/[PATH]". Segments of the path are literals, {name} for one
/// segment, {name...} for the rest of the path, {$} for nothing after the last slash; a slash at
/// the end is a {...} without a name. GET patterns serve HEAD too. Hosts compare without regard to
/// case and port. Of the patterns that match, the more specific wins: one with a host before one
/// without, else the one whose requests are a true subset of the other's. Patterns that overlap
/// otherwise are refused when they are registered.
///
/// Paths are compared segment by segment, percent-decoded: "%2F" never parts segments. A path with
/// "//", "." or ".." is redirected (307) to the clean one, and "/tree" to "/tree/" when only the
/// latter is registered. CONNECT paths are not cleaned.
///
/// Any number of threads may serve while one registers, without waiting. Patterns cannot be
/// removed.
class ServeMux : public http::Handler {
 public:
  struct Options {
    /// Answer 404 and 405 in place of the built-in texts; for 405 the Allow header is set before.
    HandlerPtr not_found;
    HandlerPtr method_not_allowed;
    /// Off: paths are matched as they come, and patterns may be unclean.
    bool clean_paths = true;
    /// Off: "/tree" is not redirected to "/tree/".
    bool redirect_to_slash = true;
    /// On: OPTIONS on a path without an OPTIONS pattern is answered by 204 and Allow, not by 405.
    bool answer_options = false;
  };

  /// With Go's behaviour, or with `options`.
  ServeMux();
  explicit ServeMux(Options options);
  ServeMux(const ServeMux&) = delete;
  ServeMux& operator=(const ServeMux&) = delete;
  ~ServeMux() override;

  /// Registers a handler. Throws std::invalid_argument, and registers nothing, when the pattern is
  /// malformed or conflicts with an earlier one; the text names that pattern and its place of
  /// registration.
  void Handle(std::string_view pattern, HandlerArg handler, CallSite where = CallSite::Here());
  /// As Handle, with a function that must not be empty.
  void HandleFunc(std::string_view pattern, HandlerFunc::Function function,
                  CallSite where = CallSite::Here());

  /// As Handle, but returns the error in place of throwing.
  Error TryHandle(std::string_view pattern, HandlerArg handler, CallSite where = CallSite::Here());

  /// Hands everything below `prefix` ("/api", "/users/{id}", "POST example.com/x") to `handler`,
  /// which sees the path without the prefix, and the values of the prefix's wildcards. Redirects of
  /// a mounted mux have the prefix put back. Throws as Handle.
  void Mount(std::string_view prefix, HandlerArg handler, CallSite where = CallSite::Here());

  /// Calls the handler that Resolve finds.
  void ServeHTTP(ResponseWriter& w, Request& r) override;

  /// Sets r.Pattern and the path values. Allocates nothing; path values use r's own memory.
  Target Resolve(Request& r) override;

  /// The result of Handler.
  struct Match {
    http::Handler* handler;    // never null; a redirect, 404 or 405 has a handler that answers so
    std::string_view pattern;  // "" for 404 and 405; of a redirect, the target's
  };
  /// Looks a request up without running or changing anything. Any thread.
  [[nodiscard]] Match Handler(const Request& r) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hon::http
