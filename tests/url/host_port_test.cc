#include "hon/url/host_port.h"

#include <gtest/gtest.h>

#include <string>

#include "url/host_port_cases.h"

namespace hon::net {
namespace {

TEST(SplitHostPort, AnswersAsGoDoes) {
  for (const SplitCase& c : kSplitCases) {
    const Result<HostPort> parts = SplitHostPort(c.address);
    ASSERT_EQ(parts.has_value(), c.error.empty()) << c.address;
    if (parts) {
      EXPECT_EQ(parts->host, c.host) << c.address;
      EXPECT_EQ(parts->port, c.port) << c.address;
    } else {
      EXPECT_EQ(parts.error().Message(), c.error);
      EXPECT_TRUE(parts.error().Is(ErrAddress));
    }
  }
}

TEST(JoinHostPort, AnswersAsGoDoes) {
  for (const JoinCase& c : kJoinCases) EXPECT_EQ(JoinHostPort(c.host, c.port), c.address);
}

TEST(JoinHostPort, IsSplitAgain) {
  for (const SplitCase& c : kSplitCases) {
    if (!c.error.empty()) continue;
    const std::string joined = JoinHostPort(c.host, c.port);
    const Result<HostPort> parts = SplitHostPort(joined);
    ASSERT_TRUE(parts.has_value()) << joined;
    EXPECT_EQ(parts->host, c.host);
    EXPECT_EQ(parts->port, c.port);
  }
}

}  // namespace
}  // namespace hon::net
