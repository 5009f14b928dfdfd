#include "hon/http/file_transport.h"

#include <gtest/gtest.h>

#include <string>

#include "hon/http/client.h"
#include "hon/http/status.h"

namespace hon::http {
namespace {

Client ClientOf(MapFS files) { return Client{.Transport = NewFileTransport(std::move(files))}; }

TEST(FileTransport, AnswersAsGoDoes) {  // C25
  Client client = ClientOf(MapFS().Add("foo.txt", "Bar"));
  Result<Response> answer = client.Get("file:///foo.txt");
  ASSERT_TRUE(answer) << answer.error().Message();
  EXPECT_EQ(answer->StatusCode, 200);
  EXPECT_EQ(answer->Status, "200 OK");
  EXPECT_EQ(answer->Proto, "HTTP/1.0");
  EXPECT_EQ(answer->ProtoMinor, 0);
  EXPECT_TRUE(answer->Close);
  EXPECT_EQ(answer->ContentLength, -1);
  EXPECT_EQ(answer->Header.Get("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(answer->Header.Get("Content-Length"), "3");
  EXPECT_EQ(answer->Body.ReadAll().value_or("?"), "Bar");

  const Result<Response> missing = client.Get("file:///no-exist.txt");
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->StatusCode, 404);
}

TEST(FileTransport, IgnoresTheHost) {  // C25
  Client client = ClientOf(MapFS().Add("foo.txt", "Bar"));
  EXPECT_EQ(client.Get("file://some.host/foo.txt")->Body.ReadAll().value_or("?"), "Bar");
}

TEST(FileTransport, RangesAndHeadAndConditions) {
  Client client = ClientOf(MapFS().Add("digits", "0123456789", Time::FromUnix(1'700'000'000)));
  const auto ask = [&client](std::string_view name, std::string_view value) {
    Request request = *NewRequestWithContext(appcontext::Background(), "GET", "file:///digits");
    request.Header.Set(name, value);
    return *client.Do(std::move(request));
  };
  Response part = ask("Range", "bytes=2-4");
  EXPECT_EQ(part.StatusCode, StatusPartialContent);
  EXPECT_EQ(part.Body.ReadAll().value_or("?"), "234");
  Response parts = ask("Range", "bytes=0-0,8-9");
  const std::string both = parts.Body.ReadAll().value_or("?");
  EXPECT_NE(both.find("Content-Range: bytes 0-0/10\r\n"), std::string::npos);
  EXPECT_NE(both.find("\r\n\r\n89\r\n--"), std::string::npos) << both;
  EXPECT_EQ(std::to_string(both.size()), parts.Header.Get("Content-Length"));
  Response same = ask("If-Modified-Since", "Tue, 14 Nov 2023 22:13:20 GMT");
  EXPECT_EQ(same.StatusCode, StatusNotModified);
  EXPECT_EQ(same.Body.ReadAll().value_or("?"), "");
  Response head = *client.Head("file:///digits");
  EXPECT_EQ(head.Header.Get("Content-Length"), "10");
  EXPECT_EQ(head.Body.ReadAll().value_or("?"), "");
}

TEST(FileTransport, DirectoriesRedirectAndAreListed) {
  Client client = ClientOf(MapFS().Add("d/a.txt", "A").Add("page/index.html", "<p>home"));
  Result<Response> home = client.Get("file:///page");
  ASSERT_TRUE(home) << home.error().Message();
  EXPECT_EQ(home->Body.ReadAll().value_or("?"), "<p>home");
  EXPECT_EQ(home->Request->URL.Path, "/page/");
  Response list = *client.Get("file:///d/");
  EXPECT_NE(list.Body.ReadAll().value_or("?").find("a.txt"), std::string::npos);
}

TEST(FileTransport, AClosedBodyIsNotRead) {
  Client client = ClientOf(MapFS().Add("foo.txt", "Bar"));
  Response answer = *client.Get("file:///foo.txt");
  EXPECT_FALSE(answer.Body.Close());
  std::array<char, 8> into;
  EXPECT_TRUE(answer.Body.Read(into).err.Is(ErrBodyReadAfterClose));
}

TEST(FileTransport, NoServerRedirectsToAFile) {
  const auto files = NewFileTransport(MapFS().Add("secret", "s"));
  Client client{.Transport =
                    std::make_shared<RoundTripperFunc>([&files](Request& r) -> Result<Response> {
                      if (r.URL.Scheme == "file") return files->RoundTrip(r);
                      Response answer;
                      answer.StatusCode = StatusFound;
                      answer.Header.Set("Location", "file:///secret");
                      return answer;
                    })};
  const Result<Response> answer = client.Get("http://a.test/");
  ASSERT_FALSE(answer);
  EXPECT_EQ(KindOf(answer.error()), ErrorKind::kRedirect);
}

}  // namespace
}  // namespace hon::http
