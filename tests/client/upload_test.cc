#include "client/upload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "client/counting_server.h"
#include "hon/client/transport.h"
#include "hon/http/client.h"
#include "hon/http/replay.h"

namespace hon::client {
namespace {

/// Gives `text`, then fails with `end`.
class EndingReader final : public io::Reader {
 public:
  EndingReader(std::string text, Error end) : text_(std::move(text)), end_(std::move(end)) {}
  io::IoResult Read(std::span<char> into) override {
    if (at_ == text_.size()) return {0, end_};
    const size_t n = text_.copy(into.data(), into.size(), at_);
    at_ += n;
    return {n, {}};
  }

 private:
  std::string text_;
  Error end_;
  size_t at_ = 0;
};

std::string PostError(http::Client& client, const std::string& url,
                      std::shared_ptr<io::Reader> reader, int64_t length) {
  http::Request request =
      *http::NewRequest("POST", url, http::ReaderBody(std::move(reader), length));
  request.ContentLength = length;
  const Result<http::Response> answer = client.Do(request);
  return answer ? "answered" : answer.error().Message();
}

TEST(Upload, ABodyOfAnotherLengthIsAnError) {  // T17
  test::CountingServer server;
  http::Client client{.Transport = std::make_shared<Transport>()};
  for (const auto& [text, length] :
       std::initializer_list<std::pair<const char*, int64_t>>{{"abc", 5}, {"abcdefgh", 5}}) {
    const std::string why =
        PostError(client, server.Url(), std::make_shared<io::StringReader>(text), length);
    EXPECT_NE(why.find("http: ContentLength=5 with Body length " +
                       std::to_string(std::string_view(text).size())),
              std::string::npos)
        << why;
  }
  EXPECT_EQ(client.Get(server.Url())->Body.ReadAll().value_or("?"), "3")
      << "the connections of failed bodies are not used again";
}

TEST(Upload, TheErrorOfABodyIsTheErrorOfItsRequest) {  // T17
  test::CountingServer server;
  http::Client client{.Transport = std::make_shared<Transport>()};
  const std::string why = PostError(
      client, server.Url(), std::make_shared<EndingReader>("abc", Error::New("no disk")), 5);
  EXPECT_NE(why.find("no disk"), std::string::npos) << why;
}

TEST(Upload, TheSourceOfABodyIsReleasedWithItsRequest) {  // T18
  test::CountingServer server;
  http::Client client{.Transport = std::make_shared<Transport>()};
  std::weak_ptr<io::Reader> source;
  {
    auto reader = std::make_shared<io::StringReader>("hello");
    source = reader;
    http::Request request =
        *http::NewRequest("POST", server.Url(), http::ReaderBody(std::move(reader), 5));
    Result<http::Response> answer = client.Do(request);
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->Body.ReadAll());
  }
  EXPECT_TRUE(source.expired());
}

}  // namespace
}  // namespace hon::client
