#include "hon/http/client.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "hon/http/method.h"
#include "hon/http/replay.h"
#include "hon/http/status.h"

namespace hon::http {
namespace {

// One request as a transport sees it.
struct Seen {
  std::string method;
  std::string url;
  std::string host;
  std::string body;
  Header header;
};

// A server without a wire: answers each request by `answer`.
class FakeTransport final : public RoundTripper {
 public:
  using Answer = std::function<Result<Response>(const Seen&)>;
  explicit FakeTransport(Answer answer) : answer_(std::move(answer)) {}

  Result<Response> RoundTrip(Request& request) override {
    Seen one{std::string(request.Method), request.URL.String(), std::string(request.Host),
             request.Body.ReadAll().value_or("?"), request.Header.Clone()};
    seen.push_back(std::move(one));
    if (request.Context().Done()) return Fail(request.Context().Cause());
    return answer_(seen.back());
  }
  void CloseIdleConnections() override { ++closed_idle; }

  std::vector<Seen> seen;
  int closed_idle = 0;

 private:
  Answer answer_;
};

Response Ok(std::string body = "fine") {
  Response response;
  response.StatusCode = StatusOK;
  response.Body = Body::FromString(std::move(body));
  return response;
}

Response RedirectTo(int status, std::string_view location) {
  Response response;
  response.StatusCode = status;
  response.Header.Set("Location", location);
  return response;
}

// Redirects the first requests to `locations`, one after the other, and answers the last one.
std::shared_ptr<FakeTransport> Redirecting(int status, std::vector<std::string> locations) {
  auto at = std::make_shared<size_t>(0);
  return std::make_shared<FakeTransport>([=](const Seen&) -> Result<Response> {
    if (*at == locations.size()) return Ok();
    return RedirectTo(status, locations[(*at)++]);
  });
}

TEST(Client, NewRequestSetsWhatGoSets) {
  Result<Request> request = NewRequest("", "http://h:/p?q=1#f", Body::FromString("five!"));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->Method, "GET");
  EXPECT_EQ(request->Host, "h");
  EXPECT_EQ(request->ContentLength, 5);
  EXPECT_EQ(request->URL.RawQuery, "q=1");
  EXPECT_TRUE(NewRequest("POST", "http://h/", Body::FromString(""))->Body.IsNoBody());
  EXPECT_EQ(NewRequest("POST", "http://h/", ReaderBody(std::make_shared<io::StringReader>("x")))
                ->ContentLength,
            -1);
  EXPECT_TRUE(NewRequest("G T", "http://h/").error().Is(ErrInvalidRequest));
  EXPECT_FALSE(NewRequest("GET", "http://h/%zz"));
}

TEST(Client, AnswersAreSuccessesWhateverTheirStatusIs) {
  auto transport = std::make_shared<FakeTransport>([](const Seen&) -> Result<Response> {
    Response response = Ok("gone");
    response.StatusCode = StatusGone;
    return response;
  });
  Client client{.Transport = transport};
  Result<Response> answer = client.Get("http://h/x");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->StatusCode, StatusGone);
  EXPECT_EQ(answer->Body.ReadAll(), "gone");
  ASSERT_NE(answer->Request, nullptr);
  EXPECT_EQ(answer->Request->URL.String(), "http://h/x");
  client.CloseIdleConnections();
  EXPECT_EQ(transport->closed_idle, 1);
}

TEST(Client, ErrorsNameTheOperationAndHideThePassword) {
  auto transport = std::make_shared<FakeTransport>(
      [](const Seen&) -> Result<Response> { return Fail(io::ErrUnexpectedEof); });
  Client client{.Transport = transport};
  const Error err = client.Head("http://u:secret@h/").error();
  EXPECT_EQ(err.Message(), "Head \"http://u:***@h/\": unexpected EOF");
  EXPECT_EQ(KindOf(err), ErrorKind::kClosed);
  Request request = *NewRequest("GET", "http://h/");
  request.RequestURI = "/";
  EXPECT_EQ(client.Do(request).error().Message(),
            "Get \"http://h/\": http: Request.RequestURI can't be set in client requests");
  EXPECT_EQ(transport->seen.size(), 1U);
}

// Go's client_test: the methods behind each status.
TEST(Client, RedirectsKeepOrDropMethodAndBody) {
  struct Case {
    int status;
    std::string_view method;
    std::string_view then;
    bool body;
  };
  for (const auto& [status, method, then, body] :
       std::initializer_list<Case>{{301, "POST", "GET", false},
                                   {302, "POST", "GET", false},
                                   {303, "PUT", "GET", false},
                                   {301, "HEAD", "HEAD", false},
                                   {303, "DELETE", "GET", false},
                                   {307, "POST", "POST", true},
                                   {308, "PUT", "PUT", true},
                                   {308, "GET", "GET", false}}) {
    auto transport = Redirecting(status, {"/next"});
    Client client{.Transport = transport};
    Request request = *NewRequest(method, "http://h/",
                                  body || method == "POST" ? Body::FromString("content") : Body());
    request.Header.Set("Content-Type", "text/x");
    ASSERT_TRUE(client.Do(request));
    ASSERT_EQ(transport->seen.size(), 2U) << status << method;
    EXPECT_EQ(transport->seen[1].method, then) << status << method;
    EXPECT_EQ(transport->seen[1].url, "http://h/next");
    EXPECT_EQ(transport->seen[1].body, body ? "content" : "") << status << method;
    EXPECT_EQ(transport->seen[1].header.Has("Content-Type"), status >= 307) << status << method;
  }
}

TEST(Client, StatusesThatAreNotFollowed) {
  for (const int status : {300, 304, 305, 306, 399}) {
    auto transport = Redirecting(status, {"/next"});
    Client client{.Transport = transport};
    EXPECT_EQ(client.Get("http://h/")->StatusCode, status);
  }
  auto transport = std::make_shared<FakeTransport>([](const Seen&) -> Result<Response> {
    Response response;
    response.StatusCode = StatusFound;
    return response;
  });
  Client client{.Transport = transport};
  EXPECT_EQ(client.Get("http://h/")->StatusCode, StatusFound) << "no Location";
  client.Transport = Redirecting(302, {""});
  EXPECT_EQ(client.Get("http://h/")->StatusCode, StatusFound) << "an empty Location";
}

TEST(Client, ABodyThatCannotBeReadTwiceIsAnErrorBehind307) {
  auto transport = Redirecting(307, {"/next"});
  Client client{.Transport = transport};
  Result<Response> answer = client.Post("http://h/", "text/plain",
                                        ReaderBody(std::make_shared<io::StringReader>("once")));
  EXPECT_TRUE(answer.error().Is(ErrRedirectBody));
  EXPECT_EQ(KindOf(answer.error()), ErrorKind::kRedirect);
}

TEST(Client, ABodyThatWasDroppedDoesNotComeBack) {
  auto at = std::make_shared<int>(0);
  auto transport = std::make_shared<FakeTransport>([at](const Seen&) -> Result<Response> {
    ++*at;
    if (*at == 1) return RedirectTo(303, "/a");
    if (*at == 2) return RedirectTo(307, "/b");
    return Ok();
  });
  Client client{.Transport = transport};
  ASSERT_TRUE(client.Post("http://h/", "text/plain", Body::FromString("content")));
  EXPECT_EQ(transport->seen[2].method, "GET");
  EXPECT_EQ(transport->seen[2].body, "");
}

TEST(Client, StopsBehindTenRequests) {
  for (const size_t redirects : {kRedirectsMax - 1, kRedirectsMax}) {
    auto transport = Redirecting(302, std::vector<std::string>(redirects, "/again"));
    Client client{.Transport = transport};
    Result<Response> answer = client.Get("http://h/");
    EXPECT_EQ(transport->seen.size(), kRedirectsMax);
    if (redirects < kRedirectsMax) {
      EXPECT_TRUE(answer);
    } else {
      EXPECT_EQ(answer.error().Message(), "Get \"http://h/again\": stopped after 10 redirects");
      EXPECT_EQ(KindOf(answer.error()), ErrorKind::kRedirect);
    }
  }
}

TEST(Client, CheckRedirectSeesTheChainAndMayStopIt) {
  auto transport = Redirecting(302, {"/a", "/b"});
  Client client{.Transport = transport};
  std::vector<std::string> told;
  client.CheckRedirect = [&](Request& next, std::span<Request* const> via) -> Error {
    told.push_back(next.URL.Path + " " + std::to_string(via.size()) + via.front()->URL.Path);
    next.Header.Set("X-Added", "1");
    return next.URL.Path == "/b" ? Error(ErrUseLastResponse) : Error();
  };
  Result<Response> answer = client.Get("http://h/first");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->StatusCode, StatusFound);
  EXPECT_EQ(told, (std::vector<std::string>{"/a 1/first", "/b 2/first"}));
  EXPECT_TRUE(transport->seen[1].header.Has("X-Added"));
  client.CheckRedirect = [](Request&, std::span<Request* const>) { return Error::New("no"); };
  client.Transport = Redirecting(302, {"/a"});
  EXPECT_EQ(client.Get("http://h/first").error().Message(), "Get \"http://h/first\": no");
}

TEST(Client, CredentialsStayWithTheirOrigin) {
  struct Case {
    std::string_view from;
    std::string_view to;
    bool kept;
  };
  for (const auto& [from, to, kept] :
       std::initializer_list<Case>{{"http://a.test/", "/x", true},
                                   {"http://a.test/", "http://A.TEST:80/x", true},
                                   {"https://a.test/", "https://a.test:443/", true},
                                   {"http://a.test/", "http://a.test:8080/", false},
                                   {"https://a.test/", "http://a.test/", false},
                                   {"http://a.test/", "https://a.test/", false},
                                   {"http://a.test/", "http://sub.a.test/", false},
                                   {"http://a.test/", "http://b.test/", false}}) {
    for (const bool trust : {false, true}) {
      auto transport = Redirecting(302, {std::string(to)});
      Client client{.Transport = transport, .SensitiveHeaders = {"X-Own"}, .TrustRedirects = trust};
      Request request = *NewRequest("GET", from);
      const std::initializer_list<std::string_view> secrets = {
          "Authorization", "Cookie", "Proxy-Authorization", "X-Api-Key", "X-Own"};
      for (const std::string_view name : secrets) request.Header.Set(name, "secret");
      request.Header.Set("X-Plain", "1");
      ASSERT_TRUE(client.Do(request));
      for (const std::string_view name : secrets) {
        EXPECT_EQ(transport->seen[1].header.Has(name), kept || trust) << from << to << name;
      }
      EXPECT_TRUE(transport->seen[1].header.Has("X-Plain"));
    }
  }
}

TEST(Client, CredentialsAreNotSentAgainOnReturnToTheOrigin) {
  auto transport = Redirecting(302, {"http://b.test/", "http://a.test/"});
  Client client{.Transport = transport};
  Request request = *NewRequest("GET", "http://a.test/");
  request.Header.Set("Authorization", "secret");
  ASSERT_TRUE(client.Do(request));
  EXPECT_TRUE(transport->seen[0].header.Has("Authorization"));
  EXPECT_FALSE(transport->seen[2].header.Has("Authorization"));
}

TEST(Client, RefererHasNoUserinfoAndNoHttpsUrlOverHttp) {
  struct Case {
    std::string_view from;
    std::string_view to;
    std::string_view referer;
  };
  for (const auto& [from, to, referer] :
       std::initializer_list<Case>{{"http://u:p@a.test/x?q#frag", "/y", "http://a.test/x?q"},
                                   {"http://a.test/x?q", "http://b.test/", "http://a.test/"},
                                   {"https://a.test/x", "http://a.test/", ""},
                                   {"http://a.test/x", "https://a.test/", "http://a.test/"}}) {
    auto transport = Redirecting(302, {std::string(to)});
    Client client{.Transport = transport};
    ASSERT_TRUE(client.Get(from));
    EXPECT_EQ(transport->seen[1].header.Get("Referer"), referer) << from;
  }
}

TEST(Client, UserinfoBecomesBasicCredentials) {
  auto transport =
      std::make_shared<FakeTransport>([](const Seen&) -> Result<Response> { return Ok(); });
  Client client{.Transport = transport};
  ASSERT_TRUE(client.Get("http://us%20er:pa%3Ass@h/"));
  EXPECT_EQ(transport->seen[0].header.Get("Authorization"), "Basic dXMgZXI6cGE6c3M=");
  Request request = *NewRequest("GET", "http://u:p@h/");
  request.Header.Set("Authorization", "Own");
  ASSERT_TRUE(client.Do(request));
  EXPECT_EQ(transport->seen[1].header.Get("Authorization"), "Own");
}

TEST(Client, InvalidLocationsAreErrors) {
  for (const std::string_view location : {"http://h:bad/", "ftp://h/", "javascript:x"}) {
    auto transport = Redirecting(302, {std::string(location)});
    Client client{.Transport = transport};
    Result<Response> answer = client.Get("http://h/");
    ASSERT_FALSE(answer) << location;
    EXPECT_EQ(KindOf(answer.error()), ErrorKind::kRedirect) << location;
    EXPECT_EQ(transport->seen.size(), 1U);
  }
}

// CheckRedirect is asked before the scheme is looked at, and the error names the new URL.
TEST(Client, SchemesThatCannotBeFollowed) {
  Client client{.Transport = Redirecting(302, {"ftp://h/x"})};
  EXPECT_EQ(client.Get("http://h/").error().Message(),
            "Get \"ftp://h/x\": unsupported protocol scheme \"ftp\"");
  client.Transport = Redirecting(302, {"ftp://h/x"});
  client.CheckRedirect = [](Request&, std::span<Request* const>) -> Error {
    return ErrUseLastResponse;
  };
  EXPECT_EQ(client.Get("http://h/")->StatusCode, StatusFound);
}

TEST(Client, HostOfTheCallerSurvivesRelativeRedirectsOnly) {
  auto transport = Redirecting(302, {"/rel", "http://h/abs"});
  Client client{.Transport = transport};
  Request request = *NewRequest("GET", "http://h/");
  request.Host = "virtual";
  ASSERT_TRUE(client.Do(request));
  EXPECT_EQ(transport->seen[1].host, "virtual");
  EXPECT_EQ(transport->seen[2].host, "h");
}

class ListJar final : public CookieJar {
 public:
  void SetCookies(const url::URL& url, const std::vector<Cookie>& cookies) override {
    for (const Cookie& one : cookies) log.push_back(url.Host + " sets " + one.Name);
    kept = cookies;
  }
  std::vector<Cookie> Cookies(const url::URL&) override { return kept; }
  std::vector<std::string> log;
  std::vector<Cookie> kept;
};

TEST(Client, JarIsAskedOnEveryHop) {
  auto at = std::make_shared<int>(0);
  auto transport = std::make_shared<FakeTransport>([at](const Seen&) -> Result<Response> {
    if ((*at)++ != 0) return Ok();
    Response response = RedirectTo(302, "/next");
    response.Header.Add("Set-Cookie", "a=1");
    return response;
  });
  auto jar = std::make_shared<ListJar>();
  Client client{.Transport = transport, .Jar = jar};
  ASSERT_TRUE(client.Get("http://h/"));
  EXPECT_EQ(jar->log, std::vector<std::string>{"h sets a"});
  EXPECT_FALSE(transport->seen[0].header.Has("Cookie"));
  EXPECT_EQ(transport->seen[1].header.Get("Cookie"), "a=1");
}

TEST(Client, TimeoutCoversHeadAndBody) {
  auto slow = std::make_shared<FakeTransport>([](const Seen&) -> Result<Response> {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    return Fail(appcontext::ErrDeadlineExceeded);
  });
  Client client{.Transport = slow, .Timeout = std::chrono::milliseconds(1)};
  const Error err = client.Get("http://h/").error();
  EXPECT_EQ(err.Message(),
            "Get \"http://h/\": context deadline exceeded (Client.Timeout exceeded while awaiting "
            "headers)");
  EXPECT_TRUE(IsTimeout(err));

  class Stuck final : public BodySource {
   public:
    io::IoResult Read(std::span<char>) override { return {0, appcontext::ErrDeadlineExceeded}; }
    Error Close() override { return {}; }
  };
  client.Timeout = std::chrono::hours(1);
  client.Transport = std::make_shared<FakeTransport>([](const Seen&) -> Result<Response> {
    Response response;
    response.StatusCode = StatusOK;
    response.Body = Body(std::make_shared<Stuck>());
    return response;
  });
  Result<Response> answer = client.Get("http://h/");
  ASSERT_TRUE(answer);
  const Result<std::string> body = answer->Body.ReadAll();
  EXPECT_EQ(
      body.error().Message(),
      "context deadline exceeded (Client.Timeout or context cancellation while reading body)");
}

TEST(Client, PostFormEncodes) {
  auto transport =
      std::make_shared<FakeTransport>([](const Seen&) -> Result<Response> { return Ok(); });
  Client client{.Transport = transport};
  url::Values values;
  values.Set("b", "2 3");
  values.Set("a", "&");
  ASSERT_TRUE(client.PostForm("http://h/", values));
  EXPECT_EQ(transport->seen[0].body, "a=%26&b=2+3");
  EXPECT_EQ(transport->seen[0].header.Get("Content-Type"), "application/x-www-form-urlencoded");
}

TEST(Client, KindsOfErrors) {
  EXPECT_EQ(KindOf({}), ErrorKind::kNone);
  EXPECT_EQ(KindName(KindOf(appcontext::ErrCanceled)), "canceled");
  EXPECT_EQ(KindName(KindOf(ErrDialTimeout)), "timeout");
  EXPECT_EQ(KindName(KindOf(Error::System(ECONNRESET, "read"))), "closed");
  EXPECT_EQ(KindName(KindOf(Error::Of(ErrDial, "x"))), "dial");
  EXPECT_EQ(KindName(KindOf(Error::New("x"))), "other");
}

TEST(ReplayableBody, IsReadAgainFromTheStart) {
  Body text = Body::FromString("abc");
  EXPECT_EQ(LengthOf(text), 3);
  EXPECT_EQ(text.ReadAll(), "abc");
  EXPECT_EQ(GetBody(text)->ReadAll(), "abc");
  Body made = ReaderBody([]() -> Result<std::shared_ptr<io::Reader>> {
    return std::make_shared<io::StringReader>("xyz");
  });
  EXPECT_EQ(LengthOf(made), -1);
  EXPECT_EQ(made.ReadAll(), "xyz");
  EXPECT_EQ(GetBody(made)->ReadAll(), "xyz");
  Body once = ReaderBody(std::make_shared<io::StringReader>("q"), 1);
  EXPECT_FALSE(IsReplayable(once));
  EXPECT_TRUE(GetBody(once).error().Is(ErrBodyReadAfterClose));
  EXPECT_FALSE(FileBody("/nonexistent/file"));
  Body file = *FileBody("/proc/self/exe");
  EXPECT_GT(LengthOf(file), 4);
  EXPECT_EQ(GetBody(file)->ReadAll()->substr(1, 3), "ELF");
}

}  // namespace
}  // namespace hon::http
