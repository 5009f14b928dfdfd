// Two muxes behind hosts of their own: one with paths that match nothing, and one that matches all.

#include <initializer_list>
#include <memory>
#include <string>

#include "endpoints.h"
#include "text.h"

namespace hon::wire {
namespace {

void ShowRoute(http::ResponseWriter& w, http::Request& r) {
  std::string text = "pattern " + std::string(r.Pattern) + "\n";
  for (const char* name : {"a", "b", "x", "y", "ü"}) {
    text.append(name).append("=").append(r.PathValue(name)).append("\n");
  }
  Text(w, text);
}

std::shared_ptr<http::ServeMux> Patterns(std::initializer_list<const char*> patterns) {
  auto mux = std::make_shared<http::ServeMux>();
  for (const char* pattern : patterns) mux->HandleFunc(pattern, ShowRoute);
  return mux;
}

}  // namespace

void RegisterRoutes(http::ServeMux& mux) {
  mux.Handle("mux.test/", Patterns({"GET /a",      "POST /a",         "/b/",
                                    "/b/{$}",      "/c/{x}",          "/c/{x}/d",
                                    "/c/lit/d",    "/r/{x...}",       "/e/{x}/{y}/z",
                                    "HEAD /head",  "PUT /put/",       "GET /get/{x...}",
                                    "/lit/a%2Fb",  "/lit/a%20b",      "/Case",
                                    "GET /x/{y}",  "DELETE /x/{y}",   "/deep/{a}/x/{b...}",
                                    "/hosted",     "mux.test/hosted", "CUSTOM /custom",
                                    "/slash/{x}/", "/back/{x}/y",     "/back/z/{y}/w",
                                    "/é/{ü}"}));
  mux.Handle("all.test/", Patterns({"/", "/{$}", "GET /a", "/b/", "POST /c/{x}"}));
}

}  // namespace hon::wire
