#include "hon/http/serve_mux.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "hon/http/reply.h"
#include "hon/httptest/recorder.h"
#include "hon/httptest/request.h"
#include "http/mux_cases.h"
#include "http/pattern_cases.h"

namespace hon::http {
namespace {

using httptest::NewRequest;
using httptest::ResponseRecorder;

void Ignore(ResponseWriter&, Request&) {}

// The names of the wildcards in a pattern, without the parser under test.
std::vector<std::string> WildcardNames(std::string_view pattern) {
  std::vector<std::string> names;
  for (;;) {
    const size_t open = pattern.find('{');
    if (open == std::string_view::npos) return names;
    const size_t close = pattern.find('}', open);
    std::string name(pattern.substr(open + 1, close - open - 1));
    if (name.size() > 3 && name.substr(name.size() - 3) == "...") name.resize(name.size() - 3);
    if (name != "$") names.push_back(name);
    pattern.remove_prefix(close + 1);
  }
}

void WriteValues(ResponseWriter& w, Request& r) {
  std::string values;
  for (const std::string& name : WildcardNames(r.Pattern)) {
    if (!values.empty()) values += ' ';
    values.append(name).append(1, '=').append(r.PathValue(name));
  }
  w.Write(values);
}

struct Answer {
  int status;
  std::string pattern;
  std::string location;
  std::string allow;
  std::string body;
};

Answer Ask(http::Handler& handler, std::string_view method, std::string_view target,
           std::string_view host = "example.com") {
  Request r = NewRequest(method, target);
  r.Host = host;
  ResponseRecorder w;
  handler.ServeHTTP(w, r);
  return {w.Code, std::string(r.Pattern), std::string(w.HeaderMap.Get("Location")),
          std::string(w.HeaderMap.Get("Allow")), w.Body};
}

std::string Refusal(ServeMux& mux, std::string_view pattern) {
  try {
    mux.HandleFunc(pattern, Ignore);
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "";
}

TEST(ServeMux, RoutesAsGo) {
  for (const MuxCase& c : kMuxCases) {
    SCOPED_TRACE(c.name);
    ServeMux mux;
    for (const char* pattern : c.patterns) mux.HandleFunc(pattern, WriteValues);
    for (const MuxRequest& request : c.requests) {
      SCOPED_TRACE(std::string(request.method) + " " + request.host + " " + request.target);
      const Answer answer = Ask(mux, request.method, request.target, request.host);
      EXPECT_EQ(answer.status, request.status);
      EXPECT_EQ(answer.pattern, request.pattern);
      EXPECT_EQ(answer.location, request.location);
      EXPECT_EQ(answer.allow, request.allow);
      if (request.status == 200) {
        EXPECT_EQ(answer.body, request.values);
      }
    }
  }
}

TEST(ServeMux, OrderOfRegistrationDoesNotMatter) {
  for (const MuxCase& c : kMuxCases) {
    SCOPED_TRACE(c.name);
    ServeMux mux;
    for (size_t i = c.patterns.size(); i-- > 0;) mux.HandleFunc(c.patterns[i], WriteValues);
    for (const MuxRequest& request : c.requests) {
      const Answer answer = Ask(mux, request.method, request.target, request.host);
      EXPECT_EQ(answer.pattern, request.pattern) << request.method << request.target;
    }
  }
}

TEST(ServeMux, HandlerFindsTheHandlerWithoutRunningIt) {
  for (const MuxCase& c : kMuxCases) {
    SCOPED_TRACE(c.name);
    ServeMux mux;
    std::vector<std::shared_ptr<HandlerFunc>> handlers;
    for (const char* pattern : c.patterns) {
      handlers.push_back(std::make_shared<HandlerFunc>(Ignore));
      mux.Handle(pattern, handlers.back());
    }
    for (const MuxRequest& request : c.requests) {
      SCOPED_TRACE(request.target);
      Request r = NewRequest(request.method, request.target);
      r.Host = request.host;
      const ServeMux::Match match = mux.Handler(r);
      EXPECT_EQ(match.pattern, request.pattern);
      EXPECT_EQ(r.Pattern, "");
      ASSERT_NE(match.handler, nullptr);
      const bool is_ours = std::any_of(handlers.begin(), handlers.end(), [&](const auto& handler) {
        return handler.get() == match.handler;
      });
      EXPECT_EQ(is_ours, request.status == 200);
      ResponseRecorder w;
      match.handler->ServeHTTP(w, r);
      EXPECT_EQ(w.Code, request.status);
    }
  }
}

TEST(ServeMux, ResolveIsServeHTTPInTwoSteps) {
  for (const MuxCase& c : kMuxCases) {
    ServeMux mux;
    for (const char* pattern : c.patterns) mux.HandleFunc(pattern, WriteValues);
    for (const MuxRequest& request : c.requests) {
      SCOPED_TRACE(request.target);
      Request r = NewRequest(request.method, request.target);
      r.Host = request.host;
      const Target target = mux.Resolve(r);
      EXPECT_EQ(r.Pattern, request.pattern);
      EXPECT_EQ(target.route != nullptr, request.status == 200);
      if (target.route != nullptr) {
        EXPECT_EQ(target.route->pattern, request.pattern);
      }
      ResponseRecorder w;
      target.handler->ServeHTTP(w, r);
      EXPECT_EQ(w.Code, request.status);
      if (request.status == 200) {
        EXPECT_EQ(w.Body, request.values);
      }
      Request again = NewRequest(request.method, request.target);
      again.Host = request.host;
      EXPECT_EQ(mux.Resolve(again).route, target.route);
    }
  }
}

TEST(ServeMux, RefusesMalformedPatterns) {
  for (const SyntaxCase& c : kSyntaxCases) {
    ServeMux mux;
    EXPECT_EQ(Refusal(mux, c.pattern), c.error == nullptr ? "" : c.error);
  }
}

TEST(ServeMux, RefusesConflicts) {
  for (const ConflictCase& c : kConflictCases) {
    SCOPED_TRACE(std::string(c.first) + " | " + c.second);
    ServeMux mux;
    EXPECT_EQ(Refusal(mux, c.first), "");
    const std::string refusal = Refusal(mux, c.second);
    ASSERT_EQ(refusal.empty(), c.explanation == nullptr) << refusal;
    if (refusal.empty()) continue;
    const std::string end = std::string("):\n") + c.explanation;
    ASSERT_GE(refusal.size(), end.size());
    EXPECT_EQ(refusal.substr(refusal.size() - end.size()), end);
    // A refused pattern leaves no trace.
    EXPECT_EQ(Refusal(mux, std::string("unrelated.example/x")), "");
    EXPECT_EQ(Refusal(mux, c.second), refusal);
  }
}

TEST(ServeMux, ConflictsAreSymmetric) {
  for (const ConflictCase& c : kConflictCases) {
    ServeMux mux;
    mux.HandleFunc(c.second, Ignore);
    EXPECT_EQ(Refusal(mux, c.first).empty(), c.explanation == nullptr) << c.first << c.second;
  }
}

TEST(ServeMux, ConflictNamesBothPlaces) {
  ServeMux mux;
  mux.HandleFunc("/a", Ignore);
  const int line = __LINE__ - 1;
  const std::string refusal = Refusal(mux, "/a");
  const std::string here = std::string(__FILE__) + ":";
  EXPECT_EQ(refusal.find("pattern \"/a\" (registered at " + here), 0U);
  EXPECT_NE(refusal.find(") conflicts with pattern \"/a\" (registered at " + here +
                         std::to_string(line) + "):\n"),
            std::string::npos)
      << refusal;
}

TEST(ServeMux, RefusesANullHandler) {
  ServeMux mux;
  EXPECT_THROW(mux.HandleFunc("/", HandlerFunc::Function()), std::invalid_argument);
  EXPECT_EQ(mux.TryHandle("/", HandlerPtr()).Message(), "http: nil handler");
  EXPECT_FALSE(mux.TryHandle("/", std::make_shared<HandlerFunc>(Ignore)));
  EXPECT_TRUE(mux.TryHandle("/", std::make_shared<HandlerFunc>(Ignore)));
}

TEST(ServeMux, BorrowsOrOwnsHandlers) {
  HandlerFunc borrowed([](ResponseWriter& w, Request&) { w.Write("borrowed"); });
  ServeMux mux;
  mux.Handle("/borrowed", borrowed);
  std::weak_ptr<http::Handler> watch;
  {
    auto owned =
        std::make_shared<HandlerFunc>([](ResponseWriter& w, Request&) { w.Write("owned"); });
    watch = owned;
    mux.Handle("/owned", std::move(owned));
  }
  EXPECT_FALSE(watch.expired());
  EXPECT_EQ(Ask(mux, "GET", "/borrowed").body, "borrowed");
  EXPECT_EQ(Ask(mux, "GET", "/owned").body, "owned");
}

TEST(ServeMux, NotFoundAndNotAllowedTexts) {
  ServeMux mux;
  mux.HandleFunc("POST /a", Ignore);
  EXPECT_EQ(Ask(mux, "GET", "/b").body, "404 page not found\n");
  EXPECT_EQ(Ask(mux, "GET", "/a").body, "Method Not Allowed\n");
}

TEST(ServeMux, StarIsABadRequestAndCloses) {
  ServeMux mux;
  mux.HandleFunc("/", Ignore);
  Request r = NewRequest("OPTIONS", "*");
  ResponseRecorder w;
  mux.ServeHTTP(w, r);
  EXPECT_EQ(w.Code, 400);
  EXPECT_EQ(w.HeaderMap.Get("Connection"), "close");
}

TEST(ServeMux, RedirectBodies) {
  ServeMux mux;
  mux.HandleFunc("/b/", Ignore);
  Request get = NewRequest("GET", "/b");
  ResponseRecorder w;
  mux.ServeHTTP(w, get);
  EXPECT_EQ(w.Body, "<a href=\"/b/\">Temporary Redirect</a>.\n\n");
  EXPECT_EQ(w.HeaderMap.Get("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(Ask(mux, "POST", "/b").body, "");
}

// Intended differences from Go.

TEST(ServeMuxDeviation, HostsCompareWithoutCase) {
  ServeMux mux;
  mux.HandleFunc("Alt.COM/", WriteValues);
  EXPECT_EQ(Ask(mux, "GET", "/", "aLT.com:80").pattern, "Alt.COM/");
  EXPECT_NE(Refusal(mux, "alt.com/"), "");
}

TEST(ServeMuxDeviation, AddressesInBracketsMatchWithAndWithoutPort) {
  ServeMux mux;
  mux.HandleFunc("[::1]/", Ignore);
  for (const char* host : {"[::1]", "[::1]:80"}) {
    EXPECT_EQ(Ask(mux, "GET", "/", host).pattern, "[::1]/") << host;
  }
}

TEST(ServeMuxDeviation, WildcardsNeverMatchAnEmptySegment) {
  ServeMux mux;
  mux.HandleFunc("/con/{x}/z", WriteValues);
  EXPECT_EQ(Ask(mux, "CONNECT", "/con//z").status, 404);
  EXPECT_EQ(Ask(mux, "CONNECT", "/con/y/z").body, "x=y");
}

TEST(ServeMuxDeviation, UncleanPatternsCanBeReached) {
  ServeMux mux;
  mux.HandleFunc("/a//b", Ignore);
  mux.HandleFunc("/a/{x}", WriteValues);
  EXPECT_EQ(Ask(mux, "GET", "/a//b").pattern, "/a//b");
  EXPECT_EQ(Ask(mux, "GET", "/a/b").body, "x=b");
  EXPECT_EQ(Ask(mux, "GET", "/a//c").location, "/a/c");
  EXPECT_EQ(Ask(mux, "GET", "/a/x/b").status, 404);
}

TEST(ServeMuxDeviation, AnEscapedSlashIsASegmentAndNoEnd) {
  ServeMux mux;
  mux.HandleFunc("/w/{x}", WriteValues);
  mux.HandleFunc("/w/{x}/{$}", WriteValues);
  mux.HandleFunc("/e/{$}", WriteValues);
  EXPECT_EQ(Ask(mux, "GET", "/w/%2F").body, "x=/");
  EXPECT_EQ(Ask(mux, "GET", "/w/%2F/").pattern, "/w/{x}/{$}");
  EXPECT_EQ(Ask(mux, "GET", "/e/%2F").status, 404);
}

TEST(ServeMuxDeviation, RedirectsDoNotEscapeTwice) {
  ServeMux mux;
  mux.HandleFunc("/t/{x...}", Ignore);
  mux.HandleFunc("/u/{x}/", Ignore);
  EXPECT_EQ(Ask(mux, "GET", "/t/a%20b//c").location, "/t/a%20b/c");
  EXPECT_EQ(Ask(mux, "GET", "/t//%2e").location, "/t/%2e");
  EXPECT_EQ(Ask(mux, "GET", "/t//a%2Fb").location, "/t/a%2Fb");
  EXPECT_EQ(Ask(mux, "GET", "/t/\xC3\xA9//x").location, "/t/%C3%A9/x");
  EXPECT_EQ(Ask(mux, "GET", "/u/a%2Fb").location, "/u/a%2Fb/");
  EXPECT_EQ(Ask(mux, "GET", "/u/a%20b?c=%20").location, "/u/a%20b/?c=%20");
}

TEST(ServeMuxDeviation, ConnectRedirectTellsThePattern) {
  ServeMux mux;
  mux.HandleFunc("/b/{$}", Ignore);
  const Answer answer = Ask(mux, "CONNECT", "/b");
  EXPECT_EQ(answer.location, "/b/");
  EXPECT_EQ(answer.pattern, "/b/{$}");
}

// Options.

TEST(ServeMuxOptions, OwnNotFoundAndMethodNotAllowed) {
  ServeMux::Options options;
  options.not_found = std::make_shared<HandlerFunc>([](ResponseWriter& w, Request& r) {
    w.WriteHeader(404);
    w.Write("no " + r.URL.Path);
  });
  options.method_not_allowed = std::make_shared<HandlerFunc>([](ResponseWriter& w, Request&) {
    w.WriteHeader(405);
    w.Write("only " + std::string(w.Header().Get("Allow")));
  });
  ServeMux mux(options);
  mux.HandleFunc("PUT /a", Ignore);
  EXPECT_EQ(Ask(mux, "GET", "/x").body, "no /x");
  EXPECT_EQ(Ask(mux, "GET", "/a").body, "only PUT");
}

TEST(ServeMuxOptions, WithoutCleaning) {
  ServeMux::Options options;
  options.clean_paths = false;
  ServeMux mux(options);
  mux.HandleFunc("GET /a//b", WriteValues);
  mux.HandleFunc("/a/{rest...}", WriteValues);
  mux.HandleFunc("/dir/", Ignore);
  EXPECT_EQ(Ask(mux, "GET", "/a//b").pattern, "GET /a//b");
  EXPECT_EQ(Ask(mux, "GET", "/a/../x//y").body, "rest=../x//y");
  EXPECT_EQ(Ask(mux, "GET", "/dir").location, "/dir/");
  EXPECT_EQ(Ask(mux, "GET", "//dir").status, 404);  // "//dir/" would name a host
  EXPECT_EQ(Ask(mux, "GET", "//dir/").status, 404);
}

TEST(ServeMuxOptions, WithoutSlashRedirect) {
  ServeMux::Options options;
  options.redirect_to_slash = false;
  ServeMux mux(options);
  mux.HandleFunc("POST /dir/", Ignore);
  EXPECT_EQ(Ask(mux, "POST", "/dir").status, 404);
  EXPECT_EQ(Ask(mux, "GET", "/dir").status, 404);
  EXPECT_EQ(Ask(mux, "POST", "//dir/").location, "/dir/");
}

TEST(ServeMuxOptions, AnswersOptions) {
  ServeMux::Options options;
  options.answer_options = true;
  ServeMux mux(options);
  mux.HandleFunc("GET /a", Ignore);
  mux.HandleFunc("OPTIONS /own", WriteValues);
  mux.HandleFunc("/all", WriteValues);
  const Answer answer = Ask(mux, "OPTIONS", "/a");
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.allow, "GET, HEAD, OPTIONS");
  EXPECT_EQ(Ask(mux, "POST", "/a").allow, "GET, HEAD, OPTIONS");
  EXPECT_EQ(Ask(mux, "OPTIONS", "/own").pattern, "OPTIONS /own");
  EXPECT_EQ(Ask(mux, "OPTIONS", "/all").pattern, "/all");
  EXPECT_EQ(Ask(mux, "OPTIONS", "/none").status, 404);
}

// Muxes in muxes.

TEST(ServeMux, InAnotherMuxKeepsOuterValuesAndShadowsThem) {
  auto inner = std::make_shared<ServeMux>();
  inner->HandleFunc("/{org}/{repo}/x", [](ResponseWriter& w, Request& r) {
    w.Write(std::string(r.PathValue("org")) + "," + std::string(r.PathValue("repo")) + "," +
            std::string(r.PathValue("rest")));
  });
  ServeMux outer;
  outer.Handle("/{org}/{rest...}", inner);
  const Answer answer = Ask(outer, "GET", "/a/b/x");
  EXPECT_EQ(answer.body, "a,b,b/x");
  EXPECT_EQ(answer.pattern, "/{org}/{repo}/x");

  Request r = NewRequest("GET", "/a/b/x");
  EXPECT_EQ(outer.Resolve(r).route->pattern, "/{org}/{repo}/x");
  r = NewRequest("GET", "/a/b/y");
  const Target lost = outer.Resolve(r);
  EXPECT_EQ(lost.route->pattern, "/{org}/{rest...}");
  ResponseRecorder w;
  lost.handler->ServeHTTP(w, r);
  EXPECT_EQ(w.Code, 404);
  EXPECT_EQ(r.Pattern, "");
}

// Size and threads.

TEST(ServeMux, AThousandPatternsOfEachKind) {
  ServeMux mux;
  for (int i = 0; i < 1000; ++i) {
    const std::string n = std::to_string(i);
    mux.HandleFunc("GET /static/page" + n, WriteValues);
    mux.HandleFunc("/tree" + n + "/", WriteValues);
    mux.HandleFunc("/item/" + n + "/{id}", WriteValues);
    mux.HandleFunc("h" + n + ".com/", WriteValues);
  }
  for (int i = 0; i < 1000; ++i) {
    const std::string n = std::to_string(i);
    EXPECT_EQ(Ask(mux, "GET", "/static/page" + n).pattern, "GET /static/page" + n);
    EXPECT_EQ(Ask(mux, "GET", "/tree" + n + "/x/y").pattern, "/tree" + n + "/");
    EXPECT_EQ(Ask(mux, "GET", "/item/" + n + "/7").body, "id=7");
    EXPECT_EQ(Ask(mux, "GET", "/x", "h" + n + ".com").pattern, "h" + n + ".com/");
  }
  EXPECT_EQ(Ask(mux, "GET", "/static/page1000").status, 404);
}

TEST(ServeMux, LongEscapedSegments) {
  ServeMux mux;
  const std::string letters(1000, 'a');
  std::string escaped;
  for (int i = 0; i < 1000; ++i) escaped += "%61";
  mux.HandleFunc("/" + letters, WriteValues);
  mux.HandleFunc("/{x}", WriteValues);
  EXPECT_EQ(Ask(mux, "GET", "/" + escaped).pattern, "/" + letters);
  EXPECT_EQ(Ask(mux, "GET", "/" + escaped + "%61").body, "x=" + letters + "a");
}

TEST(ServeMux, ServesWhileOthersRegister) {
  constexpr int kPatterns = 400;
  ServeMux mux;
  std::atomic<int> registered{0};
  std::atomic<bool> failed{false};
  const auto path_of = [](int i) {
    return "/p" + std::to_string(i % 7) + "/q" + std::to_string(i);
  };
  std::thread writer([&] {
    for (int i = 0; i < kPatterns; ++i) {
      mux.HandleFunc(path_of(i) + "/{x}", WriteValues);
      registered.store(i + 1, std::memory_order_release);
    }
  });
  std::vector<std::thread> readers;
  for (int t = 0; t < 2; ++t) {
    readers.emplace_back([&] {
      for (int seen = 0; seen < kPatterns;) {
        seen = registered.load(std::memory_order_acquire);
        for (int i = std::max(0, seen - 3); i < std::min(seen + 3, kPatterns); ++i) {
          const Answer answer = Ask(mux, "GET", path_of(i) + "/7");
          const bool found = answer.status == 200 && answer.body == "x=7";
          if (!found && (i < seen || answer.status != 404)) failed = true;
        }
      }
    });
  }
  writer.join();
  for (std::thread& reader : readers) reader.join();
  EXPECT_FALSE(failed);
}

}  // namespace
}  // namespace hon::http
