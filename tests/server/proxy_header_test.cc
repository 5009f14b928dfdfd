// The PROXY protocol (haproxy.org, proxy-protocol.txt): its headers, and the connections of
// proxies.

#include <gtest/gtest.h>

#include <string>

#include "hon/server/proxy_protocol.h"
#include "server/proxy_trust.h"
#include "support/eventually.h"
#include "support/test_server.h"

namespace hon {
namespace {

using server::ParseProxyHeader;
using server::ProxyHeader;
using Status = server::ProxyHeader::Status;
using test::WirePeer;
using namespace std::chrono_literals;

const std::string kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
const std::string kIpv4Addresses("\xC0\x00\x02\x01\xC6\x33\x64\x02\x30\x39\x00\x50", 12);
const std::string kIpv6Addresses = std::string("\x20\x01\x0D\xB8", 4) + std::string(11, '\0') +
                                   "\x01" + std::string(15, '\0') + "\x02" +
                                   std::string("\x30\x39\x01\xBB", 4);

// A header of version 2.
std::string Binary(char command, char family, const std::string& rest) {
  std::string header = kSignature;
  header += command;
  header += family;
  header += static_cast<char>(rest.size() >> 8);
  header += static_cast<char>(rest.size() & 0xFF);
  return header + rest;
}

struct Case {
  std::string bytes;
  std::string client;
};

TEST(ProxyHeaderTest, AHeaderNamesTheClient) {
  const Case cases[] = {
      {"PROXY TCP4 192.0.2.1 198.51.100.2 12345 80\r\n", "192.0.2.1:12345"},
      {"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255:65535"},
      {"PROXY TCP6 2001:db8::1 2001:db8::2 12345 443\r\n", "[2001:db8::1]:12345"},
      {"PROXY UNKNOWN\r\n", ""},
      {"PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", ""},
      {Binary('\x21', '\x11', kIpv4Addresses), "192.0.2.1:12345"},
      {Binary('\x21', '\x11', kIpv4Addresses + "\x04\x01" + std::string(1, '\0') + "x"),
       "192.0.2.1:12345"},  // an extension, skipped
      {Binary('\x21', '\x21', kIpv6Addresses), "[2001:db8::1]:12345"},
      {Binary('\x20', '\x11', kIpv4Addresses), ""},         // LOCAL
      {Binary('\x20', '\0', ""), ""},                       // a health check
      {Binary('\x21', '\x31', std::string(216, 'u')), ""},  // unix
      {Binary('\x21', '\x12', kIpv4Addresses), ""},         // datagrams
      {Binary('\x21', '\x11', kIpv4Addresses + std::string(4096 - 28, 'x')), "192.0.2.1:12345"},
  };
  for (const Case& one : cases) {
    // Every beginning is no header yet, and what follows does not count.
    for (size_t n = 1; n < one.bytes.size(); ++n) {
      EXPECT_EQ(ParseProxyHeader(one.bytes.substr(0, n)).status, Status::kMore) << n;
    }
    for (const char* rest : {"", "GET / HTTP/1.1\r\n", "\r\n"}) {
      const ProxyHeader header = ParseProxyHeader(one.bytes + rest);
      EXPECT_EQ(header.status, Status::kWhole) << one.bytes;
      EXPECT_EQ(header.bytes, one.bytes.size());
      EXPECT_EQ(header.client, one.client);
    }
  }
  EXPECT_EQ(ParseProxyHeader("").status, Status::kMore);
}

TEST(ProxyHeaderTest, AWrongHeaderIsRefused) {
  const std::string longest = "PROXY UNKNOWN " + std::string(107 - 16, 'x') + "\r\n";
  ASSERT_EQ(longest.size(), server::kProxyTextBytesMax);
  EXPECT_EQ(ParseProxyHeader(longest).status, Status::kWhole);
  const std::string cases[] = {
      "PROXY UNKNOWN " + std::string(108 - 16, 'x') + "\r\n",
      std::string("PROXY ") + std::string(101, 'x'),
      "PROXY TCP4 192.0.2.1 198.51.100.2 12345 80\n",
      "PROXY TCP4 192.0.2.1 198.51.100.2 12345 65536\r\n",
      "PROXY TCP4 192.0.2.1 198.51.100.2 012345 80\r\n",
      "PROXY TCP4 192.0.2.1 198.51.100.2 -1 80\r\n",
      "PROXY TCP4 192.0.2.1 198.51.100.2 1 \r\n",
      "PROXY TCP4 192.0.2.1 198.51.100.2 1\r\n",
      "PROXY TCP4 192.0.2.1 198.51.100.2 1 2 3\r\n",
      "PROXY TCP4  192.0.2.1 198.51.100.2 1 2\r\n",
      "PROXY TCP4 192.0.2.256 198.51.100.2 1 2\r\n",
      "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
      "PROXY TCP6 192.0.2.1 198.51.100.2 1 2\r\n",
      "PROXY UDP4 192.0.2.1 198.51.100.2 1 2\r\n",
      "PROXY \r\n",
      Binary('\x11', '\x11', kIpv4Addresses),            // version 1
      Binary('\x22', '\x11', kIpv4Addresses),            // no such command
      Binary('\x21', '\x41', kIpv4Addresses),            // no such family
      Binary('\x21', '\x13', kIpv4Addresses),            // no such transport
      Binary('\x21', '\x11', kIpv4Addresses.substr(1)),  // addresses that are cut
      Binary('\x21', '\x21', kIpv4Addresses),            // too few for the family
      Binary('\x21', '\x11', kIpv4Addresses + std::string(4097 - 28, 'x')),
  };
  for (const std::string& bytes : cases) {
    EXPECT_EQ(ParseProxyHeader(bytes).status, Status::kRefused) << bytes;
  }
  for (const char* bytes : {"GET / HTTP/1.1\r\n", "PROXY: x", "proxy TCP4", "\r\n\r\nGET", "X"}) {
    EXPECT_EQ(ParseProxyHeader(bytes).status, Status::kNone) << bytes;
  }
}

TEST(ProxyTrustTest, NetworksAreMatchedByTheirBits) {
  const auto trust =
      server::ProxyTrust::Of({"10.0.0.0/8", "192.0.2.7", "2001:db8::/33", "172.16.0.0/12"});
  ASSERT_TRUE(trust) << trust.error().Message();
  for (const char* peer : {"10.0.0.1:1", "10.255.255.255:65535", "192.0.2.7:80", "172.31.0.1:1",
                           "[2001:db8:7fff::1]:80", "[2001:db8::1%eth0]:80"}) {
    EXPECT_TRUE(trust->Has(peer)) << peer;
  }
  for (const char* peer : {"11.0.0.1:1", "192.0.2.8:80", "172.32.0.1:1", "[2001:db8:8000::1]:80",
                           "[::1]:80", "@", "", "/run/socket", "10.0.0.1"}) {
    EXPECT_FALSE(trust->Has(peer)) << peer;
  }
  const auto local = server::ProxyTrust::Of({"unix", "0.0.0.0/0"});
  ASSERT_TRUE(local);
  EXPECT_TRUE(local->Has("@"));
  EXPECT_TRUE(local->Has("203.0.113.9:1"));
  EXPECT_FALSE(local->Has("[::1]:80"));
  for (const char* bad :
       {"", "10.0.0.0/33", "10.0.0/8", "x", "::1/129", "10.0.0.0/", "10.0.0.0/08"}) {
    EXPECT_FALSE(server::ProxyTrust::Of({bad})) << bad;
  }
}

class ProxyTest : public test::BackendTest {
 protected:
  test::TestServer Serve(server::ProxyProtocol settings) {
    return {engine_, GetParam(), server::WithProxyProtocol(std::move(settings))};
  }
  static std::string Ask(WirePeer& peer, const std::string& before = "") {
    if (!peer.Send(before + std::string(test::kGet))) return "";
    return peer.ReadAnswer().body;
  }

  http::HandlerFunc handler_{
      [](http::ResponseWriter& w, http::Request& r) { w.Write(r.RemoteAddr); }};
  test::EventLog log_;
  engine::Engine engine_{handler_, engine::WithEventHook(log_.Hook())};
};

TEST_P(ProxyTest, TheHandlerSeesTheClient) {
  const test::TestServer server = Serve({.trusted = {"127.0.0.0/8"}});
  for (const auto& [header, client] :
       {Case{"PROXY TCP4 192.0.2.1 198.51.100.2 12345 80\r\n", "192.0.2.1:12345"},
        Case{Binary('\x21', '\x21', kIpv6Addresses), "[2001:db8::1]:12345"}}) {
    WirePeer peer(server.Address());
    EXPECT_EQ(Ask(peer, header), client);
    EXPECT_EQ(Ask(peer), client);  // once for a connection
    WirePeer slow(server.Address());
    ASSERT_TRUE(slow.SendInPieces(header, 5));
    EXPECT_EQ(Ask(slow), client);
  }
  WirePeer itself(server.Address());
  EXPECT_TRUE(Ask(itself, Binary('\x20', '\0', "")).starts_with("127.0.0.1:"));
}

TEST_P(ProxyTest, WithoutAHeaderAProxyIsRefusedUnlessItNeedNotSendOne) {
  {
    const test::TestServer server = Serve({.trusted = {"127.0.0.1"}});
    WirePeer peer(server.Address());
    EXPECT_EQ(Ask(peer), "");
    WirePeer bad(server.Address());
    EXPECT_EQ(Ask(bad, "PROXY TCP4 x y 1 2\r\n"), "");
    EXPECT_TRUE(test::Eventually([&] { return log_.Entries().size() == 2; }));
  }
  const test::TestServer server = Serve({.trusted = {"127.0.0.1"}, .required = false});
  WirePeer peer(server.Address());
  EXPECT_TRUE(Ask(peer).starts_with("127.0.0.1:"));
}

TEST_P(ProxyTest, AHeaderOfAnybodyElseIsABadRequest) {
  const test::TestServer server = Serve({.trusted = {"10.0.0.0/8"}});
  WirePeer liar(server.Address());
  ASSERT_TRUE(
      liar.Send("PROXY TCP4 192.0.2.1 198.51.100.2 12345 80\r\n" + std::string(test::kGet)));
  EXPECT_EQ(liar.ReadAnswer().status, 400);
  WirePeer peer(server.Address());
  EXPECT_TRUE(Ask(peer).starts_with("127.0.0.1:"));
}

TEST_P(ProxyTest, AHeaderMustComeInTime) {
  const test::TestServer server =
      Serve({.trusted = {"127.0.0.1"}, .required = true, .header_timeout = 50ms});
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send("PROXY TCP4 "));
  EXPECT_EQ(peer.ReadAll(), "");
}

HON_INSTANTIATE_BACKENDS(ProxyTest);

}  // namespace
}  // namespace hon
