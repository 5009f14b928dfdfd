#include "hon/http/middleware.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "hon/http/loop_bound.h"
#include "hon/http/reply.h"
#include "hon/http/serve_mux.h"
#include "hon/httptest/recorder.h"
#include "hon/httptest/request.h"

namespace hon::http {
namespace {

using httptest::NewRequest;
using httptest::ResponseRecorder;

void Echo(ResponseWriter& w, Request& r) {
  std::string text(r.Pattern);
  text.append("|").append(r.MountPrefix()).append("|").append(r.URL.Path);
  text.append("|").append(r.URL.RawPath).append("|").append(r.URL.RawQuery);
  w.Write(text);
}

ResponseRecorder Ask(Handler& handler, Request& r) {
  ResponseRecorder w;
  handler.ServeHTTP(w, r);
  return w;
}

ResponseRecorder Get(Handler& handler, std::string_view target) {
  Request r = NewRequest("GET", target);
  return Ask(handler, r);
}

Middleware Mark(std::string name) {
  return [name = std::move(name)](HandlerPtr next) -> HandlerPtr {
    return std::make_shared<HandlerFunc>([name, next](ResponseWriter& w, Request& r) {
      w.Write(name + "(");
      next->ServeHTTP(w, r);
      w.Write(")");
    });
  };
}

TEST(Chain, FirstIsOutermost) {
  const HandlerPtr handler =
      Chain({Mark("a"), Mark("b")}, [](ResponseWriter& w, Request&) { w.Write("x"); });
  EXPECT_EQ(Get(*handler, "/").Body, "a(b(x))");
  HandlerFunc plain(Echo);
  EXPECT_EQ(Chain({}, plain).get(), &plain);
}

TEST(Around, AnswersOrCallsNext) {
  const Middleware mark = Around([](ResponseWriter& w, Request& r, Handler& next) {
    if (r.URL.Path == "/private") return w.WriteHeader(403);
    w.Write("(");
    next.ServeHTTP(w, r);
    w.Write(")");
  });
  const HandlerPtr handler = Chain({mark, mark}, [](ResponseWriter& w, Request&) { w.Write("x"); });
  EXPECT_EQ(Get(*handler, "/").Body, "((x))");
  EXPECT_EQ(Get(*handler, "/private").Code, 403);
  EXPECT_EQ(Get(*handler, "/private").Body, "");
  // One Middleware for several handlers, each of which it keeps.
  const HandlerPtr other = mark(std::make_shared<HandlerFunc>(
      [text = std::string("y")](ResponseWriter& w, Request&) { w.Write(text); }));
  EXPECT_EQ(Get(*other, "/").Body, "(y)");
}

// The scenarios of Go's TestStripPrefix and TestStripPrefixNotModifyRequest.
TEST(StripPrefix, Table) {
  const struct {
    const char* target;
    const char* body;  // null: 404
  } kCases[] = {
      {"/foo/bar/qux", "|/foo/bar|/qux||"},
      {"/foo/bar%2fqux", "|/foo/bar|/qux|%2fqux|"},
      {"/foo%2fbar/qux", nullptr},  // decoded it matches, escaped it does not
      {"/bar", nullptr},
      {"/foo/barbie", "|/foo/bar|bie||"},
      {"/foo/bar", "|/foo/bar|||"},
      {"/foo/bar/a%2Fb?q", "|/foo/bar|/a/b|/a%2Fb|q"},
      {"/foo/bar/a%20b", "|/foo/bar|/a b||"},
  };
  const HandlerPtr handler = StripPrefix("/foo/bar", Echo);
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.target);
    Request r = NewRequest("GET", c.target);
    const url::URL before = r.URL;
    const ResponseRecorder w = Ask(*handler, r);
    EXPECT_EQ(w.Code, c.body == nullptr ? 404 : 200);
    if (c.body != nullptr) {
      EXPECT_EQ(w.Body, c.body);
    }
    EXPECT_EQ(r.URL, before);
    EXPECT_EQ(r.MountPrefix(), "");
  }
}

TEST(StripPrefix, PutsBackAlsoAfterAThrow) {
  const HandlerPtr handler =
      StripPrefix("/a", [](ResponseWriter&, Request&) { throw std::runtime_error("x"); });
  Request r = NewRequest("GET", "/a/b");
  EXPECT_THROW(Ask(*handler, r), std::runtime_error);
  EXPECT_EQ(r.URL.Path, "/a/b");
}

TEST(StripPrefix, NestsAndAnEmptyOneIsNone) {
  const HandlerPtr inner = StripPrefix("/b", Echo);
  EXPECT_EQ(Get(*StripPrefix("/a", inner), "/a/b/c").Body, "|/a/b|/c||");
  EXPECT_EQ(StripPrefix("", inner), inner);
}

TEST(StripPrefix, MuxInsideRedirectsToTheRightPlace) {
  auto mux = std::make_shared<ServeMux>();
  mux->HandleFunc("/dir/", Echo);
  const HandlerPtr handler = StripPrefix("/app%", mux);
  EXPECT_EQ(Get(*handler, "/app%25/dir").HeaderMap.Get("Location"), "/app%25/dir/");
  EXPECT_EQ(Get(*handler, "/app%25//dir/x?q").HeaderMap.Get("Location"), "/app%25/dir/x?q");
}

TEST(AllowQuerySemicolons, ReplacesForTheHandlerOnly) {
  const HandlerPtr handler = AllowQuerySemicolons(Echo);
  Request r = NewRequest("GET", "/x?a=1;b=2;c=%3B");
  EXPECT_EQ(Ask(*handler, r).Body, "||/x||a=1&b=2&c=%3B");
  EXPECT_EQ(r.URL.RawQuery, "a=1;b=2;c=%3B");
  EXPECT_EQ(Get(*handler, "/x?a=1").Body, "||/x||a=1");
}

// Limits of bodies.

TEST(MaxBytesReader, AtTheLimitAndPastIt) {
  const std::string text = "0123456789";
  for (int64_t limit = -1; limit <= 12; ++limit) {
    for (const size_t step : {1U, 2U, 3U, 7U, 100U}) {
      ResponseRecorder w;
      Body body = MaxBytesReader(w, Body::FromString(text), limit);
      std::string got;
      Error err;
      while (!err) {
        char buffer[100];
        const io::IoResult result = body.Read(std::span<char>(buffer, step));
        got.append(buffer, result.n);
        err = result.err;
      }
      const auto allowed = static_cast<size_t>(std::max<int64_t>(limit, 0));
      EXPECT_EQ(got, text.substr(0, allowed)) << limit << " by " << step;
      const bool too_large = allowed < text.size();
      EXPECT_TRUE(err.Is(too_large ? ErrBodyTooLarge : io::ErrEof)) << err.Message();
      EXPECT_EQ(w.HeaderMap.Get("Connection"), too_large ? "close" : "");
      char more[1];
      EXPECT_TRUE(body.Read(more).err.Is(too_large ? ErrBodyTooLarge : io::ErrEof));
    }
  }
}

TEST(MaxBytesReader, HugeLimitAndNoBody) {
  ResponseRecorder w;
  EXPECT_EQ(MaxBytesReader(w, Body::FromString("abc"), INT64_MAX).ReadAll().value(), "abc");
  EXPECT_TRUE(MaxBytesReader(w, Body(), 0).IsNoBody());
  Body closed = MaxBytesReader(w, Body::FromString("abc"), 2);
  EXPECT_FALSE(closed.Close());
  char some[1];
  EXPECT_TRUE(closed.Read(some).err.Is(ErrBodyReadAfterClose));
}

TEST(MaxBytesHandler, LimitsTheBodyForTheHandler) {
  const HandlerPtr handler = MaxBytesHandler(
      [](ResponseWriter& w, Request& r) {
        const Result<std::string> body = r.Body.ReadAll();
        if (!body) return http::ReplyError(w, body.error().Message(), 413);
        w.Write(*body);
      },
      3);
  Request fits = NewRequest("POST", "/", std::string("abc"));
  EXPECT_EQ(Ask(*handler, fits).Body, "abc");
  Request over = NewRequest("POST", "/", std::string("abcd"));
  const ResponseRecorder w = Ask(*handler, over);
  EXPECT_EQ(w.Code, 413);
  EXPECT_EQ(w.Body, "http: request body too large\n");
  EXPECT_EQ(w.HeaderMap.Get("Connection"), "close");
  EXPECT_EQ(Get(*handler, "/").Body, "");
}

// Groups and mounts.

TEST(RouteGroup, PrefixesAndMiddleware) {
  ServeMux mux;
  RouteGroup api(mux, "/api/", {Mark("api")});
  api.HandleFunc("GET /list", Echo);
  RouteGroup admin = api.Group("/admin", {Mark("admin")});
  admin.HandleFunc("POST /users/{id}", Echo);
  api.Use(Mark("late"));
  api.HandleFunc("/late", Echo);
  admin.HandleFunc("/{$}", Echo);
  EXPECT_EQ(Get(mux, "/api/list").Body, "api(GET /api/list||/api/list||)");
  EXPECT_EQ(Get(mux, "/api/late").Body, "api(late(/api/late||/api/late||))");
  EXPECT_EQ(Get(mux, "/api/admin/").Body, "api(admin(/api/admin/{$}||/api/admin/||))");
  Request post = NewRequest("POST", "/api/admin/users/7");
  EXPECT_EQ(Ask(mux, post).Body, "api(admin(POST /api/admin/users/{id}||/api/admin/users/7||))");
  EXPECT_EQ(post.PathValue("id"), "7");
  EXPECT_EQ(Get(mux, "/list").Code, 404);
}

TEST(RouteGroup, WildcardsAndHosts) {
  ServeMux mux;
  RouteGroup user(mux, "/users/{id}");
  user.HandleFunc("GET  /posts/{post}", Echo);
  Request r = NewRequest("GET", "/users/7/posts/8");
  EXPECT_EQ(Ask(mux, r).Code, 200);
  EXPECT_EQ(r.PathValue("id"), "7");
  EXPECT_EQ(r.PathValue("post"), "8");

  RouteGroup host(mux, "other.com");
  host.HandleFunc("GET /x", Echo);
  EXPECT_EQ(Get(mux, "http://other.com/x").Code, 200);
  EXPECT_EQ(Get(mux, "/x").Code, 404);
  RouteGroup none(mux);
  none.HandleFunc("third.com/x", Echo);
  EXPECT_EQ(Get(mux, "http://third.com/x").Code, 200);
}

TEST(RouteGroup, RefusesInvalidPatternsAndHosts) {
  ServeMux mux;
  RouteGroup group(mux, "/g");
  EXPECT_THROW(group.HandleFunc("h.com/x", Echo), std::invalid_argument);
  EXPECT_THROW(group.HandleFunc("GET x", Echo), std::invalid_argument);
  EXPECT_THROW(group.HandleFunc("/{", Echo), std::invalid_argument);
  group.HandleFunc("/a", Echo);
  EXPECT_THROW(mux.HandleFunc("/g/a", Echo), std::invalid_argument);
}

TEST(RouteGroup, RefusesAnEmptyFunction) {
  ServeMux mux;
  RouteGroup group(mux, "/g", {Mark("m")});
  EXPECT_THROW(group.HandleFunc("/a", HandlerFunc::Function()), std::invalid_argument);
  EXPECT_THROW(group.Handle("/a", HandlerPtr()), std::invalid_argument);
}

TEST(Mount, CutsThePrefixAndKeepsItsValues) {
  auto posts = std::make_shared<ServeMux>();
  posts->HandleFunc("GET /posts/{post}", [](ResponseWriter& w, Request& r) {
    Echo(w, r);
    w.Write(std::string("|") + std::string(r.PathValue("user")) + "," +
            std::string(r.PathValue("post")));
  });
  posts->HandleFunc("/tree/", Echo);
  ServeMux mux;
  mux.Mount("/users/{user}", posts);
  EXPECT_EQ(Get(mux, "/users/ann/posts/5").Body, "GET /posts/{post}|/users/ann|/posts/5|||ann,5");
  EXPECT_EQ(Get(mux, "/users/a%2Fb/posts/c%2Fd?q").Body,
            "GET /posts/{post}|/users/a%2Fb|/posts/c/d|/posts/c%2Fd|q|a/b,c/d");
  EXPECT_EQ(Get(mux, "/users/ann").HeaderMap.Get("Location"), "/users/ann/");
  EXPECT_EQ(Get(mux, "/users/ann/tree").HeaderMap.Get("Location"), "/users/ann/tree/");
  EXPECT_EQ(Get(mux, "/users/ann/nothing").Code, 404);
  Request r = NewRequest("GET", "/users/ann/posts/5");
  Ask(mux, r);
  EXPECT_EQ(r.URL.Path, "/users/ann/posts/5");
  EXPECT_EQ(r.MountPrefix(), "");
}

TEST(Mount, InMountsAndGroups) {
  auto inner = std::make_shared<ServeMux>();
  inner->HandleFunc("/x/", Echo);
  auto middle = std::make_shared<ServeMux>();
  middle->Mount("/b/", inner);
  ServeMux mux;
  RouteGroup group(mux, "/g", {Mark("m")});
  group.Mount("/a", middle);
  EXPECT_EQ(Get(mux, "/g/a/b/x/y").Body, "m(/x/|/g/a/b|/x/y||)");
  EXPECT_EQ(Get(mux, "/g/a/b/x").HeaderMap.Get("Location"), "/g/a/b/x/");
  mux.Mount("", HandlerFunc::Function(Echo));
  EXPECT_EQ(Get(mux, "/other").Body, "/||/other||");
}

TEST(Mount, RefusesWhatHandleRefuses) {
  ServeMux mux;
  EXPECT_THROW(mux.Mount("/{", Echo), std::invalid_argument);
  EXPECT_THROW(mux.Mount("/a", HandlerPtr()), std::invalid_argument);
  mux.Mount("/a", Echo);
  EXPECT_THROW(mux.HandleFunc("/a/", Echo), std::invalid_argument);
}

// A handler that stays on its loop.
class Waiter final : public Handler, public LoopBound {
 public:
  void ServeHTTP(ResponseWriter&, Request&) override {}
  Target Resolve(Request&) override { return Around(*this, *this); }
};

TEST(LoopBound, IsRespectedBySubtreesAndPrefixes) {
  const auto waiter = std::make_shared<Waiter>();
  const HandlerPtr other = std::make_shared<HandlerFunc>(Echo);
  ServeMux mux;
  mux.Handle("/itself", waiter);
  mux.Mount("/mounted", waiter);
  mux.Handle("/stripped/", StripPrefix("/stripped", waiter));
  mux.Mount("/other", other);
  mux.Handle("/strips/", StripPrefix("/strips", other));
  const auto stays = [&mux](std::string_view path) {
    Request r = NewRequest("GET", path);
    return mux.Resolve(r).delegates;
  };
  EXPECT_TRUE(stays("/itself"));
  EXPECT_TRUE(stays("/mounted/a"));
  EXPECT_TRUE(stays("/stripped/a"));
  EXPECT_FALSE(stays("/other/a"));
  EXPECT_FALSE(stays("/strips/a"));
}

}  // namespace
}  // namespace hon::http
