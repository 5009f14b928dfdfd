#include "http/websocket_key.h"

#include <gtest/gtest.h>

namespace hon::http::internal {
namespace {

constexpr std::string_view kSample = "dGhlIHNhbXBsZSBub25jZQ==";  // RFC 6455 §1.3

TEST(WebSocketKey, TheAnswerToTheSampleKey) {
  EXPECT_EQ(WebSocketAccept(kSample), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(WebSocketKey, KeysAreSixteenBytesAndDiffer) {
  const std::string key = NewWebSocketKey();
  EXPECT_TRUE(IsWebSocketKey(key));
  EXPECT_NE(key, NewWebSocketKey());
  EXPECT_TRUE(IsWebSocketKey(kSample));
  EXPECT_FALSE(IsWebSocketKey(""));
  EXPECT_FALSE(IsWebSocketKey("dGhlIHNhbXBsZSBub25j"));      // 15 bytes
  EXPECT_FALSE(IsWebSocketKey("dGhlIHNhbXBsZSBub25jZWU="));  // 17 bytes
  EXPECT_FALSE(IsWebSocketKey("dGhlIHNhbXBsZSBub25jZQ=!"));
}

}  // namespace
}  // namespace hon::http::internal
