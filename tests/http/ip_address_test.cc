#include "http/ip_address.h"

#include <gtest/gtest.h>

namespace hon::http::internal {
namespace {

TEST(IpAddress, IsReadAsRfc4291WritesIt) {
  for (const std::string_view good :
       {"0.0.0.0", "255.255.255.255", "::", "::1", "1::", "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1:2:3::6:7:8", "ABCD:EF01::", "::ffff:1.2.3.4",
        "1:2:3:4:5:6:1.2.3.4", "64:ff9b::1.2.3.4"}) {
    EXPECT_TRUE(ParseIpAddress(good)) << good;
  }
  for (const std::string_view bad : {"",
                                     "1",
                                     "1.2.3",
                                     "1.2.3.4.5",
                                     "1.2.3.256",
                                     "01.2.3.4",
                                     "1.2.3.4 ",
                                     " 1.2.3.4",
                                     "1.2.3.",
                                     ".1.2.3",
                                     "1..2.3",
                                     ":",
                                     ":::",
                                     "1:2:3:4:5:6:7",
                                     "1:2:3:4:5:6:7:8:9",
                                     "1::2::3",
                                     "12345::",
                                     "1:2:3:4:5:6:7:8::",
                                     "::1:2:3:4:5:6:7:8",
                                     ":1::2",
                                     "1::2:",
                                     "g::",
                                     "1.2.3.4::",
                                     "::1.2.3",
                                     "::1.2.3.4:5",
                                     "::1%lo",
                                     "[::1]",
                                     "1:2:3:4:5:6:7:1.2.3.4",
                                     "+1.2.3.4",
                                     "::+1"}) {
    EXPECT_FALSE(ParseIpAddress(bad)) << bad;
  }
}

TEST(IpAddress, SpellingsOfOneAddressAreEqual) {
  EXPECT_EQ(ParseIpAddress("1.2.3.4"), ParseIpAddress("::ffff:1.2.3.4"));
  EXPECT_EQ(ParseIpAddress("1.2.3.4"), ParseIpAddress("::FFFF:102:304"));
  EXPECT_EQ(ParseIpAddress("1:0:0:0:0:0:0:8"), ParseIpAddress("1::8"));
  EXPECT_NE(ParseIpAddress("1.2.3.4"), ParseIpAddress("::1.2.3.4"));
}

TEST(IpAddress, KnowsLoopback) {
  for (const std::string_view loopback : {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(ParseIpAddress(loopback)->IsLoopback()) << loopback;
  }
  for (const std::string_view other :
       {"128.0.0.1", "126.0.0.1", "::", "::2", "1::1", "::127.0.0.1"}) {
    EXPECT_FALSE(ParseIpAddress(other)->IsLoopback()) << other;
  }
}

TEST(IpNetwork, ContainsAddressesWithItsPrefix) {
  struct Case {
    std::string_view network;
    std::string_view address;
    bool in;
  };
  for (const Case& c : {
           Case{"10.0.0.0/8", "10.255.1.1", true},
           {"10.0.0.0/8", "11.0.0.0", false},
           {"10.9.9.9/8", "10.1.1.1", true},
           {"192.168.1.128/25", "192.168.1.128", true},
           {"192.168.1.128/25", "192.168.1.127", false},
           {"1.2.3.4/32", "1.2.3.4", true},
           {"1.2.3.4/32", "1.2.3.5", false},
           {"0.0.0.0/0", "9.9.9.9", true},
           {"0.0.0.0/0", "::1", false},
           {"::/0", "2001:db8::1", true},
           {"::/0", "9.9.9.9", false},
           {"2001:db8::/33", "2001:db8:7fff::", true},
           {"2001:db8::/33", "2001:db8:8000::", false},
           {"fd00::/128", "fd00::", true},
           {"fd00::/128", "fd00::1", false},
           {"::ffff:10.0.0.0/104", "10.3.3.3", true},
       }) {
    const std::optional<IpNetwork> network = ParseIpNetwork(c.network);
    ASSERT_TRUE(network) << c.network;
    EXPECT_EQ(network->Contains(*ParseIpAddress(c.address)), c.in) << c.network << ' ' << c.address;
  }
}

TEST(IpNetwork, RefusesAPrefixLongerThanItsAddress) {
  EXPECT_TRUE(ParseIpNetwork("1.2.3.4/32"));
  EXPECT_FALSE(ParseIpNetwork("1.2.3.4/33"));
  EXPECT_TRUE(ParseIpNetwork("::/128"));
  EXPECT_FALSE(ParseIpNetwork("::/129"));
  for (const std::string_view bad : {"1.2.3.4", "1.2.3.4/", "/8", "1.2.3.4/-1", "1.2.3.4/+8",
                                     "1.2.3.4/8 ", "1.2.3/8", "1.2.3.4/8/8", "1.2.3.4/999"}) {
    EXPECT_FALSE(ParseIpNetwork(bad)) << bad;
  }
}

}  // namespace
}  // namespace hon::http::internal
