#include <gtest/gtest.h>

#include <vector>

#include "h2/bytes.h"
#include "hon/h2/hpack_decoder.h"
#include "hon/h2/hpack_encoder.h"
#include "support/allocation_counter.h"

namespace hon::h2 {
namespace {

TEST(HpackAllocation, AWarmConnectionAllocatesNothing) {
  const std::string first = testing::FromHex(
      "828684418cf1e3c2e5f23a6ba0ab90f4ff408825a849e95ba97d7f8925a849e95bb8e8b4bf");
  const std::string again = testing::FromHex("828684bfbe0f09086e6f2d6361636865");
  HpackDecoder decoder;
  HpackEncoder encoder;
  Arena arena;
  std::vector<FieldLine> lines;
  char block[512];
  const auto request = [&](const std::string& bytes) {
    lines.clear();
    arena.Reset();
    EXPECT_FALSE(decoder.Decode(bytes, {}, arena, lines).violation);
    char* to = encoder.WriteStatus(encoder.Begin(block), 200);
    to = encoder.WriteField(to, "Content-Length", "13", http::HeaderId::kContentLength);
    to = encoder.WriteField(to, "X-Own", "some", http::HeaderId::kUnknown);
    static_cast<void>(to);
  };
  request(first);
  request(first);
  for (int i = 0; i < 3; ++i) request(again);
  const size_t before = test::Allocations();
  for (int i = 0; i < 3; ++i) request(again);
  EXPECT_EQ(test::Allocations() - before, 0U);
}

TEST(HpackAllocation, AFreshConnectionHasNoTables) {
  const size_t before = test::Allocations();
  const HpackDecoder decoder;
  const HpackEncoder encoder;
  EXPECT_EQ(test::Allocations() - before, 0U);
}

}  // namespace
}  // namespace hon::h2
