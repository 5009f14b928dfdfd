#include "tls/client_hello.h"

#include <gtest/gtest.h>

#include <string>

#include "hon/tls/context.h"

namespace hon::tls {
namespace {

std::string Number(size_t octets, size_t value) {
  std::string bytes;
  for (size_t i = octets; i-- > 0;) bytes += static_cast<char>(value >> (8 * i) & 0xFFU);
  return bytes;
}

std::string Vector(size_t octets, const std::string& content) {
  return Number(octets, content.size()) + content;
}

std::string Extension(size_t type, const std::string& content) {
  return Number(2, type) + Vector(2, content);
}

std::string NameExtension(const std::string& name) {
  return Extension(0, Vector(2, Number(1, 0) + Vector(2, name)));
}

std::string AlpnExtension(const std::vector<std::string>& protocols) {
  std::string list;
  for (const std::string& protocol : protocols) list += Vector(1, protocol);
  return Extension(16, Vector(2, list));
}

const std::string kVersions = Extension(43, Vector(1, Number(2, kTls13) + Number(2, kTls12)));

/// A ClientHello by RFC 8446 §4.1.2, without the headers of records.
std::string Hello(const std::string& extensions, size_t version = kTls12) {
  const std::string body = Number(2, version) + std::string(32, 'r') +
                           Vector(1, std::string(32, 's')) + Vector(2, Number(2, 0x1301)) +
                           Vector(1, std::string(1, '\0')) + Vector(2, extensions);
  return Number(1, 1) + Vector(3, body);
}

std::string Record(const std::string& part) {
  return std::string("\x16\x03\x01", 3) + Vector(2, part);
}

HelloResult Read(std::string_view stream, ClientHello& hello) {
  static std::string joined;
  return ReadClientHello(stream, joined, hello);
}

/// The ClientHello of a real client.
std::string RealHello(uint16_t version) {
  Config config;
  config.InsecureSkipVerify = true;
  config.NextProtos = {"h2", "http/1.1"};
  config.MaxVersion = version;
  const auto context = ClientContext::Create(config);
  EXPECT_TRUE(context) << context.error().Message();
  const auto layer = (*context)->NewLayer("www.example.test");
  EXPECT_TRUE(layer);
  io::BlockPool pool;
  io::LinkBuffer sealed(pool);
  EXPECT_FALSE((*layer)->Start(sealed));
  return *sealed.ReadString(sealed.Len());
}

TEST(ClientHello, OfARealClientIsReadAndEveryPrefixIsIncomplete) {
  for (const uint16_t version : {kTls12, kTls13}) {
    const std::string stream = RealHello(version);
    ClientHello hello;
    ASSERT_EQ(Read(stream, hello).status, HelloStatus::kComplete);
    EXPECT_EQ(hello.server_name, "www.example.test");
    EXPECT_TRUE(hello.Offers("h2"));
    EXPECT_TRUE(hello.Offers("http/1.1"));
    EXPECT_FALSE(hello.Offers("http/1"));
    EXPECT_EQ(hello.ProtocolsText(), "\"h2\" \"http/1.1\"");
    EXPECT_TRUE(hello.offers_tls12);
    EXPECT_EQ(hello.offers_tls13, version == kTls13);
    for (size_t size = 0; size < stream.size(); ++size) {
      EXPECT_EQ(Read(stream.substr(0, size), hello).status, HelloStatus::kIncomplete) << size;
    }
    // The bytes behind the message are ignored.
    EXPECT_EQ(Read(stream + "whatever", hello).status, HelloStatus::kComplete);
  }
}

TEST(ClientHello, MayBeSpreadOverRecords) {
  const std::string message = Hello(NameExtension("a.test") + AlpnExtension({"h2"}) + kVersions);
  for (size_t part = (message.size() + kClientHelloRecordsMax - 1) / kClientHelloRecordsMax;
       part < message.size(); ++part) {
    std::string stream;
    for (size_t at = 0; at < message.size(); at += part) stream += Record(message.substr(at, part));
    ClientHello hello;
    std::string joined;
    ASSERT_EQ(ReadClientHello(stream, joined, hello).status, HelloStatus::kComplete) << part;
    EXPECT_EQ(hello.server_name, "a.test");
    EXPECT_TRUE(hello.offers_tls13);
  }
  // One record more than the limit.
  std::string stream;
  for (size_t i = 0; i < kClientHelloRecordsMax; ++i) stream += Record(message.substr(i, 1));
  ClientHello hello;
  EXPECT_EQ(Read(stream.substr(0, stream.size() - 1), hello).status, HelloStatus::kIncomplete);
  EXPECT_EQ(Read(stream, hello).status, HelloStatus::kBad);
}

TEST(ClientHello, OfTheLargestSizeIsReadAndALongerOneIsRefusedByItsHeader) {
  const std::string bare = Hello(Extension(21, ""));
  const size_t padding = kClientHelloBytesMax - (bare.size() - 4);
  const std::string largest = Hello(Extension(21, std::string(padding, '\0')));
  ASSERT_EQ(largest.size(), kClientHelloBytesMax + 4);
  ClientHello hello;
  EXPECT_EQ(Read(Record(largest.substr(0, 16'000)) + Record(largest.substr(16'000)), hello).status,
            HelloStatus::kComplete);
  const std::string longer = Hello(Extension(21, std::string(padding + 1, '\0')));
  EXPECT_EQ(Read(Record(longer.substr(0, 4)), hello).status, HelloStatus::kBad);
}

// RFC 8446 §5.1, §6.2: other traffic is refused at the first octet that shows it.
TEST(ClientHello, OtherTraffic) {
  struct Row {
    std::string_view name;
    std::string stream;
    HelloStatus status;
    Alert alert = Alert::kUnexpectedMessage;
  };
  const Row kRows[] = {
      {"SSH", "SSH-2.0-OpenSSH\r\n", HelloStatus::kBad},
      {"one strange octet", "\x80", HelloStatus::kBad},
      {"GET", "GET / HTTP/1.1\r\n", HelloStatus::kHttp},
      {"GET, not whole", "GE", HelloStatus::kIncomplete},
      {"GET of something else", "GET x", HelloStatus::kBad},
      {"POST", "POST /x HTTP/1.1\r\n", HelloStatus::kHttp},
      {"HEAD", "HEAD / HTTP/1.1\r\n", HelloStatus::kHttp},
      {"PUT", "PUT /x HTTP/1.1\r\n", HelloStatus::kHttp},
      {"OPTIONS", "OPTIONS * HTTP/1.1\r\n", HelloStatus::kHttp},
      {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n", HelloStatus::kBad},
      {"another major version", std::string("\x16\x02"), HelloStatus::kBad,
       Alert::kProtocolVersion},
      {"an empty record", std::string("\x16\x03\x01\0\0", 5), HelloStatus::kBad},
      {"a record of 16 KiB", std::string("\x16\x03\x01\x40\0", 5), HelloStatus::kIncomplete},
      {"a record past 16 KiB", std::string("\x16\x03\x01\x40\x01", 5), HelloStatus::kBad,
       Alert::kRecordOverflow},
      {"another message", Record(std::string("\x02\0\0\0", 4)), HelloStatus::kBad},
      {"application data", std::string("\x17\x03\x03\0\x01", 5), HelloStatus::kBad},
  };
  for (const Row& row : kRows) {
    ClientHello hello;
    const HelloResult result = Read(row.stream, hello);
    EXPECT_EQ(result.status, row.status) << row.name;
    if (row.status == HelloStatus::kBad) {
      EXPECT_EQ(result.alert, row.alert) << row.name;
    }
  }
}

// RFC 6066 §3 (one host name), RFC 7301 §3.1 (no empty protocol), RFC 8446 §4.2 (no extension
// twice).
TEST(ClientHello, MalformedExtensions) {
  struct Row {
    std::string_view name;
    std::string extensions;
    HelloStatus status;
    Alert alert = Alert::kDecodeError;
  };
  const std::string two_names = Extension(
      0, Vector(2, Number(1, 0) + Vector(2, "a.test") + Number(1, 0) + Vector(2, "b.test")));
  const Row kRows[] = {
      {"none", "", HelloStatus::kComplete},
      {"an unknown one", Extension(0xFFFF, "x"), HelloStatus::kComplete},
      {"an unknown one twice", Extension(0xFFFF, "x") + Extension(0xFFFF, "y"),
       HelloStatus::kComplete},
      {"half a header", "\x01", HelloStatus::kBad},
      {"longer than the rest", Number(2, 16) + Number(2, 9), HelloStatus::kBad},
      {"a name twice", NameExtension("a.test") + NameExtension("a.test"), HelloStatus::kBad,
       Alert::kIllegalParameter},
      {"two names", two_names, HelloStatus::kBad, Alert::kIllegalParameter},
      {"an empty list of names", Extension(0, Vector(2, "")), HelloStatus::kBad},
      {"an empty name", NameExtension(""), HelloStatus::kBad, Alert::kIllegalParameter},
      {"a name with NUL", NameExtension(std::string("a\0b", 3)), HelloStatus::kBad,
       Alert::kIllegalParameter},
      {"a name with a line", NameExtension("a\nb"), HelloStatus::kBad, Alert::kIllegalParameter},
      {"a name of 255", NameExtension(std::string(255, 'a')), HelloStatus::kComplete},
      {"a name of 256", NameExtension(std::string(256, 'a')), HelloStatus::kBad,
       Alert::kIllegalParameter},
      {"bytes behind the names", Extension(0, Vector(2, Number(1, 0) + Vector(2, "a")) + "x"),
       HelloStatus::kBad},
      {"a name of another type", Extension(0, Vector(2, Number(1, 7) + Vector(2, "?"))),
       HelloStatus::kComplete},
      {"an empty ALPN", Extension(16, Vector(2, "")), HelloStatus::kBad},
      {"an empty protocol", AlpnExtension({"h2", ""}), HelloStatus::kBad},
      {"half a protocol", Extension(16, Vector(2, "\x05h2")), HelloStatus::kBad},
      {"no versions", Extension(43, Vector(1, "")), HelloStatus::kBad},
      {"half a version", Extension(43, Vector(1, "\x03")), HelloStatus::kBad},
  };
  for (const Row& row : kRows) {
    ClientHello hello;
    const HelloResult result = Read(Record(Hello(row.extensions)), hello);
    EXPECT_EQ(result.status, row.status) << row.name << ": " << result.why;
    if (row.status == HelloStatus::kBad) {
      EXPECT_EQ(result.alert, row.alert) << row.name;
    }
  }
}

TEST(ClientHello, VersionsAndNames) {
  ClientHello hello;
  ASSERT_EQ(Read(Record(Hello("", 0x0302)), hello).status, HelloStatus::kComplete);
  EXPECT_FALSE(hello.offers_tls12);
  EXPECT_FALSE(hello.offers_tls13);
  ASSERT_EQ(Read(Record(Hello(Extension(43, Vector(1, Number(2, kTls13))))), hello).status,
            HelloStatus::kComplete);
  EXPECT_FALSE(hello.offers_tls12);
  EXPECT_TRUE(hello.offers_tls13);
  const std::string named = Record(Hello(NameExtension("a.test.")));  // the name is a view of it
  ASSERT_EQ(Read(named, hello).status, HelloStatus::kComplete);
  EXPECT_EQ(hello.server_name, "a.test");
}

// Every truncation of the message is refused, in any field.
TEST(ClientHello, EveryMessageThatIsCutShortIsMalformed) {
  const std::string message = Hello(NameExtension("a.test") + AlpnExtension({"h2"}) + kVersions);
  const std::string body = message.substr(4);
  ClientHello hello;
  for (size_t size = 0; size < body.size(); ++size) {
    const HelloStatus status =
        ParseClientHello(Number(1, 1) + Vector(3, body.substr(0, size)), hello).status;
    // Without extensions the message is whole (RFC 5246 §7.4.1.2).
    const size_t without = 2 + 32 + 33 + 4 + 2;
    EXPECT_EQ(status, size == without ? HelloStatus::kComplete : HelloStatus::kBad) << size;
  }
}

}  // namespace
}  // namespace hon::tls
