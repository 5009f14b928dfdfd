#include "hon/http/subtle.h"

#include <gtest/gtest.h>

#include <string>

namespace hon::subtle {
namespace {

TEST(ConstantTimeCompare, TellsEqualFromUnequal) {
  EXPECT_TRUE(ConstantTimeCompare("", ""));
  EXPECT_FALSE(ConstantTimeCompare("", "a"));
  EXPECT_FALSE(ConstantTimeCompare("a", ""));
  EXPECT_FALSE(ConstantTimeCompare("secret", "secret2"));
  const std::string secret = "0123456789abcdef0123456789abcdef\0\xFF";
  EXPECT_TRUE(ConstantTimeCompare(secret, std::string(secret)));
  for (size_t i = 0; i < secret.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string other = secret;
      other[i] = static_cast<char>(other[i] ^ (1 << bit));
      EXPECT_FALSE(ConstantTimeCompare(secret, other)) << i;
      EXPECT_FALSE(ConstantTimeCompare(other, secret)) << i;
    }
  }
}

}  // namespace
}  // namespace hon::subtle
