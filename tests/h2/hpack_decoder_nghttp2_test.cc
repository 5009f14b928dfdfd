// nghttp2's HPACK as the oracle: seeded stories of blocks, with changes of the table's size between
// them, that nghttp2 writes and this decoder reads in every cut, and the other way round.

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "h2/hpack_fixture.h"
#include "hon/h2/hpack_decoder.h"
#include "hon/h2/hpack_encoder.h"

namespace hon::h2 {
namespace {

using testing::Decode;
using testing::Decoded;
using testing::Fields;

uint8_t* Bytes(const std::string& text) {
  return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
}

class Deflater {
 public:
  Deflater() { nghttp2_hd_deflate_new(&deflater_, 65'536); }
  ~Deflater() { nghttp2_hd_deflate_del(deflater_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  void SetTableBytes(size_t bytes) {
    ASSERT_EQ(nghttp2_hd_deflate_change_table_size(deflater_, bytes), 0);
  }
  std::string Encode(const Fields& fields, bool never_indexed) {
    const uint8_t flags = never_indexed ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE;
    std::vector<nghttp2_nv> pairs;
    for (const auto& [name, value] : fields) {
      pairs.push_back({Bytes(name), Bytes(value), name.size(), value.size(), flags});
    }
    std::string block(nghttp2_hd_deflate_bound(deflater_, pairs.data(), pairs.size()), '\0');
    const ssize_t size =
        nghttp2_hd_deflate_hd(deflater_, Bytes(block), block.size(), pairs.data(), pairs.size());
    EXPECT_GE(size, 0);
    block.resize(static_cast<size_t>(std::max<ssize_t>(size, 0)));
    return block;
  }

 private:
  nghttp2_hd_deflater* deflater_ = nullptr;
};

class Inflater {
 public:
  Inflater() { nghttp2_hd_inflate_new(&inflater_); }
  ~Inflater() { nghttp2_hd_inflate_del(inflater_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  void SetTableBytes(size_t bytes) {
    ASSERT_EQ(nghttp2_hd_inflate_change_table_size(inflater_, bytes), 0);
  }
  [[nodiscard]] size_t TableBytes() const {
    return nghttp2_hd_inflate_get_dynamic_table_size(inflater_);
  }
  /// Takes the block in pieces of `piece` bytes; nothing of a broken one.
  Fields Decode(std::string_view block, size_t piece) {
    Fields fields;
    while (true) {
      const std::string part(block.substr(0, piece));
      const bool last = part.size() == block.size();
      nghttp2_nv field;
      int flags = 0;
      const ssize_t taken =
          nghttp2_hd_inflate_hd2(inflater_, &field, &flags, Bytes(part), part.size(), last ? 1 : 0);
      if (taken < 0) return {{"nghttp2", nghttp2_strerror(static_cast<int>(taken))}};
      block.remove_prefix(static_cast<size_t>(taken));
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
        const auto text = [](const uint8_t* data, size_t size) {
          return std::string(reinterpret_cast<const char*>(data), size);
        };
        fields.emplace_back(text(field.name, field.namelen), text(field.value, field.valuelen));
      }
      if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
      if (taken == 0 && (flags & NGHTTP2_HD_INFLATE_EMIT) == 0 && last) break;
    }
    nghttp2_hd_inflate_end_headers(inflater_);
    return fields;
  }

 private:
  nghttp2_hd_inflater* inflater_ = nullptr;
};

/// Names and values of every kind: of the static table, repeated, new, empty, long, of all bytes.
Fields RandomFields(std::mt19937& random) {
  static constexpr std::pair<const char*, const char*> kCommon[] = {
      {":method", "GET"},      {":method", "POST"},           {":path", "/"},
      {":path", "/index"},     {":scheme", "https"},          {":authority", "www.example.com"},
      {"accept", "*/*"},       {"accept-encoding", "gzip"},   {"cookie", "a=b"},
      {"user-agent", "agent"}, {"content-type", "text/html"}, {"x-own", "value"}};
  Fields fields;
  for (size_t count = random() % 12; count > 0; --count) {
    if (random() % 2 == 0) {
      const auto& [name, value] = kCommon[random() % std::size(kCommon)];
      fields.emplace_back(name, value);
      continue;
    }
    std::string value(random() % 8 == 0 ? random() % 3000 : random() % 40, '\0');
    const bool text = random() % 2 == 0;
    for (char& c : value) c = static_cast<char>(text ? 'a' + random() % 26 : random() % 256);
    fields.emplace_back("x-" + std::to_string(random() % 20), std::move(value));
  }
  return fields;
}

// The sizes that a table gets between blocks, within what the decoder has announced.
constexpr size_t kTableSizes[] = {0, 1, 31, 32, 64, 100, 1000, 4095, 4096};

TEST(HpackNghttp2, ItsBlocksAreDecoded) {
  size_t blocks = 0;
  for (uint32_t story = 1; story <= 100; ++story) {
    std::mt19937 random(story);
    Deflater deflater;
    deflater.SetTableBytes(HpackDecoder::kTableBytesMax);
    HpackDecoder decoder;
    for (int i = 0; i < 30; ++i, ++blocks) {
      for (size_t changes = random() % 4 == 0 ? 1 + random() % 3 : 0; changes > 0; --changes) {
        deflater.SetTableBytes(kTableSizes[random() % std::size(kTableSizes)]);
      }
      const Fields fields = RandomFields(random);
      const Decoded got = Decode(decoder, deflater.Encode(fields, random() % 5 == 0));
      ASSERT_FALSE(got.block.violation) << story << " " << got.block.violation.reason;
      ASSERT_EQ(got.fields, fields) << story;
    }
  }
  EXPECT_EQ(blocks, 3000U);
}

// A block that ends early gives the fields before its end, or is broken, and nothing else.
TEST(HpackNghttp2, EveryCutOfItsBlocksGivesAPrefix) {
  size_t cuts = 0;
  for (uint32_t story = 1; story <= 40; ++story) {
    std::mt19937 random(story);
    Deflater deflater;
    const Fields first = RandomFields(random);
    const Fields second = RandomFields(random);
    const std::string before = deflater.Encode(first, false);
    const std::string block = deflater.Encode(second, false);
    for (size_t cut = 0; cut < std::min<size_t>(block.size(), 400); ++cut, ++cuts) {
      HpackDecoder decoder(65'536);
      ASSERT_EQ(Decode(decoder, before).fields, first);
      const Fields got = Decode(decoder, std::string_view(block).substr(0, cut)).fields;
      ASSERT_LE(got.size(), second.size());
      ASSERT_TRUE(std::equal(got.begin(), got.end(), second.begin())) << story << " " << cut;
    }
  }
  EXPECT_GT(cuts, 1000U);
}

TEST(HpackNghttp2, ItReadsOurBlocks) {
  size_t blocks = 0;
  for (uint32_t story = 1; story <= 100; ++story) {
    std::mt19937 random(story);
    HpackEncoder encoder;
    Inflater inflater;
    for (int i = 0; i < 30; ++i, ++blocks) {
      if (random() % 4 == 0) {
        const size_t size = kTableSizes[random() % std::size(kTableSizes)];
        inflater.SetTableBytes(size);
        encoder.SetTableBytesMax(size);
      }
      const Fields fields = RandomFields(random);
      const std::string block =
          testing::Encode(encoder, fields, [&random] { return random() % 9 == 0; });
      ASSERT_EQ(inflater.Decode(block, 1 + random() % 50), fields) << story;
      ASSERT_EQ(inflater.TableBytes(), encoder.TableBytes()) << story;
    }
  }
  EXPECT_EQ(blocks, 3000U);
}

}  // namespace
}  // namespace hon::h2
