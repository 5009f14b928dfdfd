// nghttp2 as the oracle: each side reads what the other writes, and the same bytes, whole or
// broken, give both the same requests.

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "h2/nghttp2_peer.h"

namespace hon::h2 {
namespace {

using testing::BodyOf;
using testing::CompareRequests;
using testing::Exchange;
using testing::Fields;
using testing::Nghttp2;
using testing::Owner;
using testing::Seen;

TEST(Nghttp2, ItsClientIsServed) {
  Nghttp2 client(Role::kClient);
  Owner server(Role::kServer);
  std::map<int32_t, size_t> asked;
  for (const size_t size : {0UL, 1UL, 16384UL, 16385UL, 200'000UL, 7UL}) {
    const int32_t id = client.Ask({{":method", "POST"},
                                   {":scheme", "http"},
                                   {":authority", "a.example"},
                                   {":path", "/" + std::to_string(size)},
                                   {"x-long", std::string(3000, 'v')},
                                   {"cookie", "a=b"},
                                   {"cookie", "c=d"}},
                                  BodyOf(size));
    ASSERT_GT(id, 0);
    asked[id] = size;
  }
  for (int round = 0; round < 100; ++round) {
    server.Give(client.Take());
    for (const auto& [id, size] : asked) {
      Exchange* const exchange = server.Find(static_cast<uint32_t>(id));
      if (exchange == nullptr || !exchange->ended || exchange->status != 0) continue;
      exchange->status = 200;
      server.GetSession().SendResponse(exchange->stream, 103, {}, {}, false);
      server.Answer(exchange->id, 200, exchange->body);
    }
    ASSERT_TRUE(client.Give(server.Take()));
  }
  EXPECT_FALSE(server.GetSession().Failure());
  for (const auto& [id, size] : asked) {
    const Exchange* const exchange = server.Find(static_cast<uint32_t>(id));
    ASSERT_NE(exchange, nullptr);
    EXPECT_EQ(exchange->path, "/" + std::to_string(size));
    EXPECT_EQ(exchange->header.at("Cookie"), "a=b; c=d");
    EXPECT_EQ(exchange->header.at("X-Long"), std::string(3000, 'v'));
    const Seen& answer = client.All()[id];
    EXPECT_TRUE(answer.ended);
    EXPECT_FALSE(answer.reset);
    EXPECT_EQ(answer.body, BodyOf(size));
    EXPECT_EQ(answer.fields,
              (Fields{{":status", "200"}, {"content-length", std::to_string(size)}}));
  }
}

TEST(Nghttp2, ItsServerServesOurClient) {
  Owner client(Role::kClient);
  Nghttp2 server(Role::kServer);
  std::map<uint32_t, size_t> asked;
  for (int round = 0; round < 4; ++round) {  // fields repeat from the dynamic tables
    for (const size_t size : {0UL, 1UL, 16384UL, 100'000UL}) {
      http::Header header;
      header.Set("X-Own", "value");
      header.Set("Authorization", "Basic Zm9vOmJhcg==");
      header.Set("Cookie", "a=b");
      header.Set("X-Long", std::string(5000, '\xe4'));
      const Exchange& exchange =
          client.Ask({"POST", "http", "a", "/path", ""}, BodyOf(size), header);
      ASSERT_TRUE(client.Opened());
      asked[exchange.id] = size;
    }
    for (int turn = 0; turn < 20; ++turn) {
      ASSERT_TRUE(server.Give(client.Take()));
      client.Give(server.Take());
    }
  }
  EXPECT_FALSE(client.GetSession().Failure());
  for (const auto& [id, size] : asked) {
    const Seen& seen = server.All()[static_cast<int32_t>(id)];
    EXPECT_EQ(seen.fields, (Fields{{":method", "POST"},
                                   {":scheme", "http"},
                                   {":authority", "a"},
                                   {":path", "/path"},
                                   {"x-own", "value"},
                                   {"authorization", "Basic Zm9vOmJhcg=="},
                                   {"cookie", "a=b"},
                                   {"x-long", std::string(5000, '\xe4')}}));
    const Exchange* const exchange = client.Find(id);
    EXPECT_EQ(exchange->status, 200);
    EXPECT_EQ(exchange->body, BodyOf(size));
    EXPECT_TRUE(exchange->ended);
  }
}

// A client's bytes, broken in a few places: a request that both sides accept is the same to both.
TEST(Nghttp2, TheSameBytesAreTheSameRequests) {
  size_t compared = 0;
  for (uint32_t seed = 1; seed <= 3000; ++seed) {
    std::mt19937 random(seed);
    Owner client(Role::kClient);
    for (int i = 0; i < 3; ++i) {
      http::Header header;
      header.Set("X-" + std::to_string(random() % 3), std::to_string(random() % 1000));
      header.Set("Cookie", "a=" + std::to_string(random() % 10));
      client.Ask({"POST", "http", "a.example", "/" + std::to_string(i), ""}, BodyOf(random() % 200),
                 header);
    }
    std::string bytes = client.Take();
    for (int i = 0; i < 2; ++i) {
      const size_t at = kClientPreface.size() + random() % (bytes.size() - kClientPreface.size());
      bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ (1U << (random() % 8)));
    }
    EXPECT_EQ(CompareRequests(bytes, compared), "") << seed;
  }
  EXPECT_GT(compared, 2000U);
}

}  // namespace
}  // namespace hon::h2
