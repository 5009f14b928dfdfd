#include "websocket/handshake.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "hon/httptest/request.h"
#include "hon/websocket/dial.h"

namespace hon::websocket::internal {
namespace {

constexpr std::string_view kSampleKey = "dGhlIHNhbXBsZSBub25jZQ==";

using Fields = std::vector<std::pair<std::string, std::string>>;

http::Request Request(const Fields& changes, std::string_view method = "GET") {
  http::Request r = httptest::NewRequest(method, "/chat");
  r.Header.Set("Upgrade", "websocket");
  r.Header.Set("Connection", "Upgrade");
  r.Header.Set("Sec-WebSocket-Version", "13");
  r.Header.Set("Sec-WebSocket-Key", kSampleKey);
  for (const auto& [name, value] : changes) r.Header.Del(name);
  for (const auto& [name, value] : changes) {
    if (value != "-") r.Header.Add(name, value);
  }
  return r;
}

TEST(Handshake, Requests) {
  const struct {
    Fields changes;
    int status;
  } cases[] = {
      {{}, 0},
      {{{"Connection", "keep-alive, Upgrade"}}, 0},
      {{{"Connection", "keep-alive"}, {"Connection", "upgrade"}}, 0},
      {{{"Connection", "UPGRADE"}}, 0},
      {{{"Upgrade", "WebSocket"}}, 0},
      {{{"Upgrade", "h2c, websocket"}}, 0},
      {{{"Connection", "-"}}, 400},
      {{{"Connection", "close"}}, 400},
      {{{"Connection", "upgraded"}}, 400},
      {{{"Upgrade", "-"}}, 426},
      {{{"Upgrade", "websockets"}}, 426},
      {{{"Upgrade", "web socket"}}, 426},
      {{{"Sec-WebSocket-Version", "-"}}, 426},
      {{{"Sec-WebSocket-Version", "8"}}, 426},
      {{{"Sec-WebSocket-Version", "013"}}, 426},
      {{{"Sec-WebSocket-Version", "13, 8"}}, 426},
      {{{"Sec-WebSocket-Version", "13"}, {"Sec-WebSocket-Version", "13"}}, 426},
      {{{"Sec-WebSocket-Key", "-"}}, 400},
      {{{"Sec-WebSocket-Key", ""}}, 400},
      {{{"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ"}}, 400},
      {{{"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25j"}}, 400},
      {{{"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZSEh"}}, 400},
      {{{"Sec-WebSocket-Key", std::string(kSampleKey)},
        {"Sec-WebSocket-Key", std::string(kSampleKey)}},
       400},
  };
  for (const auto& c : cases) {
    const http::Request r = Request(c.changes);
    std::string shown;
    for (const auto& [name, value] : c.changes) shown += name + ": " + value + "; ";
    EXPECT_EQ(CheckRequest(r).status, c.status) << shown;
  }
  for (const std::string_view method : {"POST", "HEAD", "OPTIONS", "PUT"}) {
    EXPECT_EQ(CheckRequest(Request({}, method)).status, 405) << method;
  }
  http::Request old = Request({});
  old.ProtoMinor = 0;
  EXPECT_EQ(CheckRequest(old).status, 400);
  http::Request body = Request({});
  body.ContentLength = 5;
  EXPECT_EQ(CheckRequest(body).status, 400);
  body.ContentLength = -1;
  EXPECT_EQ(CheckRequest(body).status, 400);
}

TEST(Handshake, Origins) {
  const struct {
    const char* host;
    Fields origin;
    bool same;
  } cases[] = {
      {"example.com", {}, true},
      {"example.com", {{"Origin", "http://example.com"}}, true},
      {"example.com", {{"Origin", "https://example.com"}}, true},
      {"example.com", {{"Origin", "https://EXAMPLE.com"}}, true},
      {"example.com:443", {{"Origin", "https://example.com"}}, true},
      {"example.com", {{"Origin", "http://example.com:80"}}, true},
      {"example.com:8080", {{"Origin", "http://example.com:8080"}}, true},
      {"[::1]:8080", {{"Origin", "http://[::1]:8080"}}, true},
      {"example.com", {{"Origin", "http://example.com:8080"}}, false},
      {"example.com:8080", {{"Origin", "http://example.com"}}, false},
      {"example.com", {{"Origin", "http://evil.com"}}, false},
      {"example.com", {{"Origin", "http://example.com.evil.com"}}, false},
      {"example.com", {{"Origin", "http://evil-example.com"}}, false},
      {"example.com", {{"Origin", "null"}}, false},
      {"example.com", {{"Origin", ""}}, false},
      {"example.com", {{"Origin", "example.com"}}, false},
      {"example.com", {{"Origin", "ftp://example.com"}}, false},
      {"example.com", {{"Origin", "http://"}}, false},
      {"example.com", {{"Origin", "http://example.com"}, {"Origin", "http://evil.com"}}, false},
  };
  for (const auto& c : cases) {
    http::Request r = Request(c.origin);
    r.Host = c.host;
    EXPECT_EQ(IsSameOrigin(r), c.same) << c.host;
  }
}

TEST(Handshake, Subprotocols) {
  const std::vector<std::string> ours = {"v2", "v1"};
  EXPECT_EQ(SelectSubprotocol(Request({}).Header, ours), "");
  EXPECT_EQ(SelectSubprotocol(Request({{"Sec-WebSocket-Protocol", "v1, v2"}}).Header, ours), "v2");
  EXPECT_EQ(SelectSubprotocol(Request({{"Sec-WebSocket-Protocol", "V2,v1"}}).Header, ours), "v1");
  EXPECT_EQ(SelectSubprotocol(
                Request({{"Sec-WebSocket-Protocol", "x"}, {"Sec-WebSocket-Protocol", "v1"}}).Header,
                ours),
            "v1");
  EXPECT_EQ(SelectSubprotocol(Request({{"Sec-WebSocket-Protocol", "v3"}}).Header, ours), "");
}

TEST(Extensions, Grammar) {
  for (const std::string_view good :
       {"a", "a;b", "a; b=c", "a; b=\"c\"", "a;b=\"\\c\"", "a, b ; c, d", " a\t;\tb = c ", "", ",",
        "a,", ",a", "a, , ,b;c ,"}) {
    std::vector<Extension> parsed;
    EXPECT_TRUE(ParseExtensions(good, parsed)) << good;
  }
  for (const std::string_view bad :
       {"a;", "a;,b", ";", "a;;b", "a; =c", "a; b=", "a; b=\"", "a; b=\"c", "a; b=\"\"",
        "a; b=\"c d\"", "a; b=\"c\\", "a b", "a; b c", "a/b", "a=b"}) {
    std::vector<Extension> parsed;
    EXPECT_FALSE(ParseExtensions(bad, parsed)) << bad;
  }
  std::vector<Extension> parsed;
  std::string many = "a";
  for (size_t i = 1; i < kExtensionsMax; ++i) many += ",a";
  EXPECT_TRUE(ParseExtensions(many, parsed));
  EXPECT_FALSE(ParseExtensions("a", parsed));
  std::string params = "a";
  for (size_t i = 0; i < kExtensionParamsMax; ++i) params += ";p";
  parsed.clear();
  EXPECT_TRUE(ParseExtensions(params, parsed));
  parsed.clear();
  EXPECT_FALSE(ParseExtensions(params + ";p", parsed));
}

std::string Answer(std::string_view offer, const DeflateOptions& options) {
  std::vector<Extension> offers;
  if (!ParseExtensions(offer, offers)) return "malformed";
  return AcceptDeflate(offers, options).field;
}

TEST(Extensions, AServerAnswersTheFirstAcceptableOffer) {
  const DeflateOptions plain = {.enabled = true};
  const DeflateOptions kept = {.enabled = true, .send_takeover = true, .receive_takeover = true};
  const DeflateOptions small = {.enabled = true, .send_window_bits = 10, .receive_window_bits = 11};
  const std::string both = "; server_no_context_takeover; client_no_context_takeover";
  const struct {
    std::string offer;
    const DeflateOptions& options;
    std::string want;
  } cases[] = {
      {"permessage-deflate", plain, "permessage-deflate" + both},
      {"PERMESSAGE-DEFLATE", plain, "permessage-deflate" + both},
      {"permessage-deflate", kept, "permessage-deflate"},
      {"permessage-deflate; server_no_context_takeover", kept,
       "permessage-deflate; server_no_context_takeover"},
      {"permessage-deflate; client_no_context_takeover", kept,
       "permessage-deflate; client_no_context_takeover"},
      {"permessage-deflate; client_max_window_bits", kept, "permessage-deflate"},
      {"permessage-deflate; client_max_window_bits=10", kept,
       "permessage-deflate; client_max_window_bits=10"},
      {"permessage-deflate; client_max_window_bits=8", kept,
       "permessage-deflate; client_max_window_bits=8"},
      {"permessage-deflate; server_max_window_bits=12", kept,
       "permessage-deflate; server_max_window_bits=12"},
      {"permessage-deflate; server_max_window_bits=\"12\"", kept,
       "permessage-deflate; server_max_window_bits=12"},
      {"permessage-deflate; client_max_window_bits", small,
       "permessage-deflate" + both + "; server_max_window_bits=10; client_max_window_bits=11"},
      {"permessage-deflate", small, "permessage-deflate" + both + "; server_max_window_bits=10"},
      {"permessage-deflate; server_max_window_bits=8", kept, ""},
      {"permessage-deflate; server_max_window_bits", kept, ""},
      {"permessage-deflate; server_max_window_bits=7", kept, ""},
      {"permessage-deflate; server_max_window_bits=16", kept, ""},
      {"permessage-deflate; server_max_window_bits=012", kept, ""},
      {"permessage-deflate; server_max_window_bits=x", kept, ""},
      {"permessage-deflate; client_max_window_bits=99", kept, ""},
      {"permessage-deflate; server_no_context_takeover=1", kept, ""},
      {"permessage-deflate; server_no_context_takeover; server_no_context_takeover", kept, ""},
      {"permessage-deflate; unknown", kept, ""},
      {"permessage-bzip2", kept, ""},
      {"x-webkit-deflate-frame, permessage-deflate", kept, "permessage-deflate"},
      {"permessage-deflate; server_max_window_bits=8, permessage-deflate", kept,
       "permessage-deflate"},
      {"permessage-deflate; unknown, permessage-deflate; server_no_context_takeover", kept,
       "permessage-deflate; server_no_context_takeover"},
  };
  for (const auto& c : cases) EXPECT_EQ(Answer(c.offer, c.options), c.want) << c.offer;
  EXPECT_EQ(Answer("permessage-deflate", {}), "");
}

TEST(Extensions, AClientAcceptsOnlyWhatItOffered) {
  const DeflateOptions kept = {.enabled = true, .send_takeover = true, .receive_takeover = true};
  const DeflateOptions alone = {.enabled = true};
  const DeflateOptions small = {
      .enabled = true, .receive_window_bits = 10, .receive_takeover = true};
  const struct {
    std::string answer;
    const DeflateOptions& options;
    bool good;
  } cases[] = {
      {"permessage-deflate", kept, true},
      {"permessage-deflate; server_no_context_takeover", kept, true},
      {"permessage-deflate; client_max_window_bits=9; server_max_window_bits=9", kept, true},
      {"permessage-deflate; client_max_window_bits=8", kept, false},
      {"permessage-deflate; client_max_window_bits", kept, false},
      {"permessage-deflate; server_max_window_bits=99", kept, false},
      {"permessage-deflate; unknown", kept, false},
      {"permessage-deflate, permessage-deflate", kept, false},
      {"permessage-bzip2", kept, false},
      {"permessage-deflate", alone, false},
      {"permessage-deflate; server_no_context_takeover", alone, true},
      {"permessage-deflate", small, false},
      {"permessage-deflate; server_max_window_bits=10", small, true},
  };
  for (const auto& c : cases) {
    std::vector<Extension> parsed;
    ASSERT_TRUE(ParseExtensions(c.answer, parsed));
    EXPECT_EQ(ReadDeflateAnswer(parsed, c.options).has_value(), c.good) << c.answer;
  }
  std::vector<Extension> parsed;
  ASSERT_TRUE(ParseExtensions("permessage-deflate", parsed));
  EXPECT_FALSE(ReadDeflateAnswer(parsed, {}));
  EXPECT_EQ(OfferDeflate(kept), "permessage-deflate; client_max_window_bits");
}

TEST(Handshake, AClientChecksTheAnswer) {
  const std::string accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
  const std::string good =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\n" +
      accept;
  const auto reads = [](const std::string& head) {
    const std::string with_frames = head + "frames";
    io::StringReader text(with_frames);
    const auto answer = ReadAnswer(text, kSampleKey, {"chat"}, {});
    if (answer) {
      char rest[16];
      EXPECT_EQ(std::string_view(rest, text.Read(rest).n), "frames");
    }
    EXPECT_TRUE(answer.has_value() || answer.error().Is(ErrBadHandshake));
    return answer.has_value();
  };
  EXPECT_TRUE(reads(good + "\r\n"));
  EXPECT_TRUE(reads(good + "Sec-WebSocket-Protocol: chat\r\n\r\n"));
  EXPECT_FALSE(reads(good));
  for (const size_t more : {size_t{0}, size_t{1}}) {
    const size_t room = kAnswerBytesMax - good.size() - std::string_view("X: \r\n\r\n").size();
    EXPECT_EQ(reads(good + "X: " + std::string(room + more, 'x') + "\r\n\r\n"), more == 0);
  }
  EXPECT_FALSE(reads(good + "Sec-WebSocket-Protocol: other\r\n\r\n"));
  EXPECT_FALSE(reads(good + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"));
  EXPECT_FALSE(reads(good + "Sec-WebSocket-Extensions: ;\r\n\r\n"));
  EXPECT_FALSE(reads(good + accept + "\r\n"));
  EXPECT_FALSE(reads(good + "no field\r\n\r\n"));
  EXPECT_FALSE(reads(good + "bad name: x\r\n\r\n"));
  EXPECT_FALSE(reads(good + "name: a\x01"
                            "b\r\n\r\n"));
  EXPECT_FALSE(reads("HTTP/1.1 200 OK\r\n" + good.substr(good.find("Upgrade")) + "\r\n"));
  EXPECT_FALSE(reads("HTTP/1.1 1010\r\n" + good.substr(good.find("Upgrade")) + "\r\n"));
  EXPECT_FALSE(reads("HTTP/1.0 101 x\r\n" + good.substr(good.find("Upgrade")) + "\r\n"));
  EXPECT_FALSE(reads("HTTP/1.1 101 x\r\nUpgrade: websocket\r\n" + accept + "\r\n"));
  EXPECT_FALSE(reads("HTTP/1.1 101 x\r\nConnection: upgrade\r\n" + accept + "\r\n"));
  EXPECT_FALSE(reads("HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"));
}

}  // namespace
}  // namespace hon::websocket::internal
