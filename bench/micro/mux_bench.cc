// Routing among 10, 100 and 1,000 patterns; bench/micro/go does the same with Go's ServeMux.

#include <array>
#include <string>
#include <vector>

#include "bench.h"
#include "hon/http/serve_mux.h"
#include "hon/url/url.h"

namespace hon::bench {
namespace {

void Answer(http::ResponseWriter&, http::Request&) {}

struct Wanted {
  std::string target;
  std::string pattern;
};

// Of each ten patterns, five are plain and five have wildcards; each has a target.
std::vector<Wanted> Routes(int64_t patterns) {
  constexpr std::array<std::array<const char*, 2>, 10> kShapes = {{
      {"", ""},
      {"/list", "/list"},
      {"/new", "/new"},
      {"/search", "/search"},
      {"/{id}", "/4711"},
      {"/{id}/edit", "/4711/edit"},
      {"/{id}/comments", "/4711/comments"},
      {"/{id}/comments/{comment}", "/4711/comments/42"},
      {"-files/{path...}", "-files/a/b/c.txt"},
      {"/stats/daily/visits", "/stats/daily/visits"},
  }};
  std::vector<Wanted> routes;
  for (int64_t i = 0; i < patterns; ++i) {
    const std::string base = "/api/v1/resource" + std::to_string(i / 10);
    const auto& [pattern, target] = kShapes[static_cast<size_t>(i % 10)];
    routes.push_back({base + target, "GET " + base + pattern});
  }
  return routes;
}

void RouteAmong(benchmark::State& state) {
  const std::vector<Wanted> routes = Routes(state.range(0));
  http::ServeMux mux;
  for (const Wanted& route : routes) mux.HandleFunc(route.pattern, Answer);
  std::vector<http::Request> requests(routes.size());
  for (size_t i = 0; i < routes.size(); ++i) {
    requests[i].Method = "GET";
    requests[i].RequestURI = routes[i].target;
    if (url::ParseRequestTarget(routes[i].target, false, requests[i].URL)) {
      state.SkipWithError("a target is no URL");
      return;
    }
    const http::ServeMux::Match match = mux.Handler(requests[i]);
    if (!Prove(state, match.pattern == routes[i].pattern, "a request was routed wrongly")) return;
  }
  size_t next = 0;
  Measure(state, 1, [&] {
    benchmark::DoNotOptimize(mux.Handler(requests[next]).handler);
    next = next + 1 == requests.size() ? 0 : next + 1;
  });
}
BENCHMARK(RouteAmong)->Arg(10)->Arg(100)->Arg(1000);

}  // namespace
}  // namespace hon::bench
