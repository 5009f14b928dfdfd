#include "hon/http/protocols.h"

#include <gtest/gtest.h>

namespace hon::http {
namespace {

TEST(ProtocolsTest, ProtocolsAreASet) {
  Protocols set;
  EXPECT_EQ(set.String(), "{}");
  set.SetHTTP1(true);
  set.SetHTTP2(true);
  EXPECT_TRUE(set.HTTP1() && set.HTTP2());
  EXPECT_FALSE(set.UnencryptedHTTP2());
  EXPECT_EQ(set.String(), "{HTTP1,HTTP2}");
  set.SetUnencryptedHTTP2(true);
  set.SetHTTP1(false);
  EXPECT_EQ(set.String(), "{HTTP2,UnencryptedHTTP2}");
  Protocols other;
  other.SetHTTP2(true);
  EXPECT_NE(set, other);
  other.SetUnencryptedHTTP2(true);
  EXPECT_EQ(set, other);
}

}  // namespace
}  // namespace hon::http
