// Every kernel of this machine against a plain one that lists the code points.

#include "websocket/kernels.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>

#include "support/guarded_bytes.h"
#include "websocket/utf8.h"

namespace hon::websocket::internal {
namespace {

std::string Encode(uint32_t point, int length) {
  std::string bytes;
  const unsigned lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
  if (length == 1) return std::string(1, static_cast<char>(point));
  bytes += static_cast<char>(lead[length] | (point >> (6 * (length - 1))));
  for (int i = length - 2; i >= 0; --i)
    bytes += static_cast<char>(0x80 | ((point >> (6 * i)) & 63));
  return bytes;
}

int ShortestLength(uint32_t point) {
  if (point < 0x80) return 1;
  if (point < 0x800) return 2;
  return point < 0x10000 ? 3 : 4;
}

bool IsScalar(uint32_t point) { return point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF); }

TEST(Utf8, EveryCodePointInEveryLengthAtEveryPlace) {
  for (const Kernels& kernels : AllKernels()) {
    for (uint32_t point = 0; point < 0x200000; point += point < 0x20000 ? 1 : 61) {
      for (int length = 2; length <= 4; ++length) {
        if (point >> (length == 2 ? 11 : length == 3 ? 16 : 21) != 0) continue;
        const std::string bytes = Encode(point, length);
        const bool want = IsScalar(point) && ShortestLength(point) == length;
        // At some position in a block, and across the border of two.
        const std::string text = std::string(point % 37, 'a') + bytes + "z";
        ASSERT_EQ(kernels.valid_utf8(text.data(), text.size()), want)
            << std::hex << point << " in " << length << ", level " << int(kernels.level);
      }
    }
  }
}

TEST(Utf8, EveryPairOfBytesAtEveryBorder) {
  for (const Kernels& kernels : AllKernels()) {
    for (unsigned pair = 0; pair < 0x10000; ++pair) {
      std::string text(30 + pair % 5, 'a');
      text += static_cast<char>(pair >> 8);
      text += static_cast<char>(pair & 0xFF);
      text.append(pair % 3, '\x80');
      ASSERT_EQ(kernels.valid_utf8(text.data(), text.size()),
                ValidUtf8Plain(text.data(), text.size()))
          << std::hex << pair;
    }
  }
}

std::string RandomText(std::mt19937& random, size_t characters) {
  std::string text;
  for (size_t i = 0; i < characters; ++i) {
    uint32_t point = 0xD800;
    const auto bits = static_cast<unsigned>(7 + random() % 15);
    while (!IsScalar(point)) point = static_cast<uint32_t>(random()) & ((1U << bits) - 1);
    text += Encode(point, ShortestLength(point));
  }
  return text;
}

TEST(Utf8, RandomTextsAndRandomDamage) {
  std::mt19937 random(20);
  for (int round = 0; round < 4000; ++round) {
    std::string text = RandomText(random, random() % 80);
    for (const Kernels& kernels : AllKernels()) {
      ASSERT_TRUE(kernels.valid_utf8(text.data(), text.size()));
    }
    if (text.empty()) continue;
    text[random() % text.size()] = static_cast<char>(random());
    const hon::test::GuardedBytes guarded(text);
    const std::string_view view = guarded.View();
    const bool want = ValidUtf8Plain(view.data(), view.size());
    for (const Kernels& kernels : AllKernels()) {
      ASSERT_EQ(kernels.valid_utf8(view.data(), view.size()), want) << int(kernels.level);
    }
  }
}

// In two pieces, with any cut: the same verdict, as early as possible.
TEST(Utf8, PiecesAreJudgedAsTheWhole) {
  std::mt19937 random(21);
  for (int round = 0; round < 500; ++round) {
    std::string text = RandomText(random, 1 + random() % 20);
    if (round % 2 != 0) text[random() % text.size()] = static_cast<char>(random());
    const bool want = ValidUtf8Plain(text.data(), text.size());
    for (const Kernels& kernels : AllKernels()) {
      for (size_t cut = 0; cut <= text.size(); ++cut) {
        Utf8Checker checker;
        const std::string_view view = text;
        const bool got = checker.Add(view.substr(0, cut), kernels) &&
                         checker.Add(view.substr(cut), kernels) && checker.AtEnd();
        ASSERT_EQ(got, want) << "cut " << cut;
      }
      Utf8Checker checker;
      size_t good = 0;
      while (good < text.size() && checker.Add(std::string_view(text).substr(good, 1), kernels))
        ++good;
      if (good < text.size()) {
        EXPECT_FALSE(want);
        // The bytes before the refused one could still have become valid.
        bool could = ValidUtf8Plain(text.data(), good);
        for (unsigned next = 0x80; next < 0xC0 && !could; ++next) {
          for (const std::string_view rest : {"", "\x80", "\x80\x80"}) {
            std::string attempt = text.substr(0, good) + static_cast<char>(next);
            attempt += rest;
            could = could || ValidUtf8Plain(attempt.data(), attempt.size());
          }
        }
        EXPECT_TRUE(could);
      }
    }
  }
}

TEST(Mask, EveryLengthAndAlignmentInPlaceAndNot) {
  std::mt19937 random(22);
  std::string bytes(200, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  const auto key = static_cast<uint32_t>(random());
  char key_bytes[4];
  std::memcpy(key_bytes, &key, 4);
  for (const Kernels& kernels : AllKernels()) {
    for (size_t start = 0; start < 33; ++start) {
      for (size_t size = 0; start + size <= 160; ++size) {
        std::string in_place = bytes;
        std::string elsewhere(size + 1, '#');
        kernels.mask(in_place.data() + start, in_place.data() + start, size, key);
        kernels.mask(elsewhere.data(), bytes.data() + start, size, key);
        std::string want = bytes;
        for (size_t i = 0; i < size; ++i) {
          want[start + i] = static_cast<char>(want[start + i] ^ key_bytes[i % 4]);
        }
        ASSERT_EQ(in_place, want) << start << " " << size;
        ASSERT_EQ(elsewhere, want.substr(start, size) + "#");
      }
    }
  }
}

TEST(Kernels, ThePlainKernelsAreAlwaysThere) {
  ASSERT_FALSE(AllKernels().empty());
  EXPECT_EQ(AllKernels().back().level, KernelLevel::kPlain);
}

}  // namespace
}  // namespace hon::websocket::internal
