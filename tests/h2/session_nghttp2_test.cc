// nghttp2 as the oracle: each side reads what the other writes, and the same bytes, whole or
// broken, give both the same requests.

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "h2/session_fixture.h"

namespace hon::h2 {
namespace {

using testing::Exchange;
using testing::Owner;
using Fields = std::vector<std::pair<std::string, std::string>>;

struct Seen {
  Fields fields;
  Fields trailers;
  std::string body;
  bool head_done = false;
  bool ended = false;
  bool reset = false;
};

/// A session of nghttp2 that records its callbacks.
class Nghttp2 {
 public:
  explicit Nghttp2(Role role) : role_(role) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(
        callbacks,
        [](nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_bytes,
           const uint8_t* value, size_t value_bytes, uint8_t, void* self) {
          Seen& seen = Of(self).seen_[frame->hd.stream_id];
          (seen.head_done ? seen.trailers : seen.fields)
              .emplace_back(Text(name, name_bytes), Text(value, value_bytes));
          return 0;
        });
    nghttp2_session_callbacks_set_on_frame_recv_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* self) {
          return Of(self).OnFrame(*frame);
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        callbacks, [](nghttp2_session*, uint8_t, int32_t stream, const uint8_t* data, size_t size,
                      void* self) {
          Of(self).seen_[stream].body += Text(data, size);
          return 0;
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        callbacks, [](nghttp2_session*, int32_t stream, uint32_t code, void* self) {
          Of(self).seen_[stream].reset |= code != NGHTTP2_NO_ERROR;
          return 0;
        });
    if (role == Role::kServer) {
      nghttp2_session_server_new(&session_, callbacks, this);
    } else {
      nghttp2_session_client_new(&session_, callbacks, this);
    }
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  ~Nghttp2() { nghttp2_session_del(session_); }
  Nghttp2(const Nghttp2&) = delete;
  Nghttp2& operator=(const Nghttp2&) = delete;

  std::string Take() {
    std::string bytes;
    const uint8_t* data = nullptr;
    for (ssize_t size; (size = nghttp2_session_mem_send(session_, &data)) > 0;) {
      bytes += Text(data, static_cast<size_t>(size));
    }
    return bytes;
  }
  // Returns false when the connection is broken.
  bool Give(std::string_view bytes) {
    const ssize_t taken = nghttp2_session_mem_recv(
        session_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    return taken == static_cast<ssize_t>(bytes.size());
  }
  int32_t Ask(const Fields& fields, std::string body) {
    const std::vector<nghttp2_nv> pairs = Pairs(fields);
    bodies_.push_back(std::make_unique<std::string>(std::move(body)));
    nghttp2_data_provider provider = Provider(*bodies_.back());
    return nghttp2_submit_request(session_, nullptr, pairs.data(), pairs.size(),
                                  bodies_.back()->empty() ? nullptr : &provider, nullptr);
  }
  [[nodiscard]] std::map<int32_t, Seen>& All() { return seen_; }

 private:
  static Nghttp2& Of(void* self) { return *static_cast<Nghttp2*>(self); }
  static std::string Text(const uint8_t* data, size_t size) {
    return {reinterpret_cast<const char*>(data), size};
  }
  static std::vector<nghttp2_nv> Pairs(const Fields& fields) {
    std::vector<nghttp2_nv> pairs;
    const auto bytes = [](const std::string& text) {
      return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
    };
    for (const auto& [name, value] : fields) {
      pairs.push_back({bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
    }
    return pairs;
  }
  static nghttp2_data_provider Provider(std::string& body) {
    nghttp2_data_provider provider;
    provider.source.ptr = &body;
    provider.read_callback = [](nghttp2_session*, int32_t, uint8_t* into, size_t room,
                                uint32_t* flags, nghttp2_data_source* source, void*) -> ssize_t {
      auto& left = *static_cast<std::string*>(source->ptr);
      const size_t size = std::min(room, left.size());
      std::copy_n(left.data(), size, reinterpret_cast<char*>(into));
      left.erase(0, size);
      if (left.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
      return static_cast<ssize_t>(size);
    };
    return provider;
  }

  int OnFrame(const nghttp2_frame& frame) {
    Seen& seen = seen_[frame.hd.stream_id];
    const bool informational = !seen.fields.empty() && seen.fields[0].first == ":status" &&
                               seen.fields[0].second[0] == '1';
    if (frame.hd.type == NGHTTP2_HEADERS) {
      if (informational) {
        seen.fields.clear();
      } else {
        seen.head_done = true;
      }
    }
    const bool may_end = frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA;
    if (!may_end || (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    seen.ended = true;
    if (role_ != Role::kServer || !answers_) return 0;
    Fields answer = {{":status", "200"}, {"content-length", std::to_string(seen.body.size())}};
    const std::vector<nghttp2_nv> pairs = Pairs(answer);
    bodies_.push_back(std::make_unique<std::string>(seen.body));
    nghttp2_data_provider provider = Provider(*bodies_.back());
    return nghttp2_submit_response(session_, frame.hd.stream_id, pairs.data(), pairs.size(),
                                   seen.body.empty() ? nullptr : &provider);
  }

 public:
  bool answers_ = true;

 private:
  Role role_;
  nghttp2_session* session_ = nullptr;
  std::map<int32_t, Seen> seen_;
  std::vector<std::unique_ptr<std::string>> bodies_;
};

std::string BodyOf(size_t size) {
  std::string body(size, '\0');
  for (size_t i = 0; i < size; ++i) body[i] = static_cast<char>(i * 31 / 7);
  return body;
}

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
    Owner ours(Role::kServer);
    Nghttp2 theirs(Role::kServer);
    theirs.answers_ = false;
    ours.Give(bytes);
    theirs.Give(bytes);
    theirs.Take();
    for (const auto& [id, seen] : theirs.All()) {
      const Exchange* const exchange = ours.Find(static_cast<uint32_t>(id));
      if (!seen.ended || seen.reset || exchange == nullptr || !exchange->ended || exchange->reset) {
        continue;
      }
      ++compared;
      std::map<std::string, std::string> fields(seen.fields.begin(), seen.fields.end());
      EXPECT_EQ(fields[":method"], exchange->method) << seed;
      EXPECT_EQ(fields[":path"], exchange->path) << seed;
      EXPECT_EQ(seen.body, exchange->body) << seed;
      size_t regular = 0;
      for (const auto& [name, value] : fields) {
        if (name[0] == ':' || name == "host" || name == "cookie") continue;
        ++regular;
        EXPECT_EQ(exchange->header.at(http::CanonicalHeaderKey(name)), value) << seed << name;
      }
      EXPECT_EQ(exchange->header.size() - exchange->header.count("Cookie"), regular) << seed;
    }
  }
  EXPECT_GT(compared, 2000U);
}

}  // namespace
}  // namespace hon::h2
