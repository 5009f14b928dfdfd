#include "hon/engine/peer_counts.h"

#include <gtest/gtest.h>

namespace hon::engine {
namespace {

TEST(PeerCounts, AtTheLimitAndOneMore) {  // G21
  PeerCounts counts;
  EXPECT_TRUE(counts.Enter("192.0.2.1:1", 2));
  EXPECT_TRUE(counts.Enter("192.0.2.1:2", 2));
  EXPECT_FALSE(counts.Enter("192.0.2.1:3", 2));
  EXPECT_TRUE(counts.Enter("192.0.2.2:1", 2));
  counts.Leave("192.0.2.1:1");
  EXPECT_TRUE(counts.Enter("192.0.2.1:3", 2));
  EXPECT_FALSE(counts.Enter("192.0.2.1:1", 2));
}

TEST(PeerCounts, NetworksOfIpv6) {
  PeerCounts counts;
  EXPECT_TRUE(counts.Enter("[2001:db8:1:2::1]:80", 1));
  EXPECT_FALSE(counts.Enter("[2001:db8:1:2:3:4:5:6]:81", 1));
  EXPECT_TRUE(counts.Enter("[2001:db8:1:3::1]:80", 1));
  EXPECT_TRUE(counts.Enter("[fe80::1%eth0]:80", 1));
  EXPECT_FALSE(counts.Enter("[fe80::2]:80", 1));
  EXPECT_TRUE(counts.Enter("[::ffff:192.0.2.1]:80", 1));
  EXPECT_FALSE(counts.Enter("192.0.2.1:80", 1));
}

TEST(PeerCounts, OthersAreNotCounted) {
  PeerCounts counts;
  for (int i = 0; i < 3; ++i) {
    for (const char* address : {"", "@", "/run/socket:1", "[x]:1", "["}) {
      EXPECT_TRUE(counts.Enter(address, 0)) << address;
      counts.Leave(address);
    }
  }
}

}  // namespace
}  // namespace hon::engine
