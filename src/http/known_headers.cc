#include "hon/http/known_headers.h"

#include <array>
#include <cstddef>
#include <cstring>

namespace hon::http {

// In the order of HeaderId, in the spelling of CanonicalHeaderKey.
// clang-format off
constexpr std::array<std::string_view, internal::kHeaderIds> internal::kHeaderNames = {
    "",
    "Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Accept-Ranges",
    "Age", "Allow", "Authorization", "Cache-Control", "Connection",
    "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length",
    "Content-Location",
    "Content-Range", "Content-Type", "Cookie", "Date", "Etag",
    "Expect", "Expires", "Forwarded", "Host", "If-Match",
    "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Keep-Alive",
    "Last-Modified", "Link", "Location", "Origin", "Pragma",
    "Proxy-Authorization", "Proxy-Connection", "Range", "Referer", "Retry-After",
    "Sec-Fetch-Site", "Sec-Websocket-Accept", "Sec-Websocket-Extensions", "Sec-Websocket-Key",
    "Sec-Websocket-Protocol",
    "Sec-Websocket-Version", "Server", "Set-Cookie", "Te", "Trailer",
    "Transfer-Encoding", "Upgrade", "User-Agent", "Vary", "Via",
    "Www-Authenticate", "X-Content-Type-Options", "X-Forwarded-For", "X-Forwarded-Host",
    "X-Forwarded-Proto"};
// clang-format on

namespace {

using internal::kHeaderNames;

constexpr size_t kIds = internal::kHeaderIds;
constexpr size_t kNameBytesMax = 24;

constexpr bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// A name spread out for comparison by words: `fold` has 0x20, the bit of case, under each letter
// and 0 elsewhere, so that "-" equals nothing but "-". A look-up touches one cache line.
struct alignas(64) Pattern {
  std::array<char, kNameBytesMax> text{};
  std::array<char, kNameBytesMax> fold{};
  size_t size = 0;
};

constexpr Pattern MakePattern(std::string_view name) {
  Pattern pattern;
  pattern.size = name.size();
  for (size_t i = 0; i < name.size(); ++i) {
    pattern.fold[i] = IsLetter(name[i]) ? 0x20 : 0;
    pattern.text[i] = static_cast<char>(name[i] | pattern.fold[i]);
  }
  return pattern;
}

constexpr std::array<Pattern, kIds> MakePatterns() {
  std::array<Pattern, kIds> patterns{};
  for (size_t i = 0; i < kIds; ++i) patterns[i] = MakePattern(kHeaderNames[i]);
  return patterns;
}

constexpr std::array<Pattern, kIds> kPatterns = MakePatterns();

// The factors were found by trial; MakeSlots proves that no two names share a slot.
constexpr uint8_t Slot(std::string_view name) {
  const auto folded = [name](size_t i) { return static_cast<unsigned>(name[i] | 0x20); };
  const unsigned hash = static_cast<unsigned>(name.size()) * 39 + folded(0) * 189 +
                        folded(name.size() / 2) * 71 + folded(name.size() - 1) * 249;
  return static_cast<uint8_t>(hash);
}

struct Slots {
  std::array<HeaderId, 256> ids{};
  bool collision = false;
};

constexpr Slots MakeSlots() {
  Slots slots;
  for (size_t i = 1; i < kIds; ++i) {
    HeaderId& id = slots.ids[Slot(kHeaderNames[i])];
    slots.collision = slots.collision || id != HeaderId::kUnknown;
    id = static_cast<HeaderId>(i);
  }
  return slots;
}

constexpr Slots kSlots = MakeSlots();
static_assert(!kSlots.collision, "two known header names share a slot: find other factors");

template <class Word>
Word Load(const char* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

template <class Word>
bool SameAt(const char* name, const Pattern& pattern, size_t at) {
  return (Load<Word>(name + at) | Load<Word>(&pattern.fold[at])) == Load<Word>(&pattern.text[at]);
}

bool Matches(const char* name, const Pattern& pattern) {
  const size_t size = pattern.size;
  if (size >= 8) {
    return SameAt<uint64_t>(name, pattern, 0) && SameAt<uint64_t>(name, pattern, size - 8) &&
           (size <= 16 || SameAt<uint64_t>(name, pattern, 8));
  }
  if (size >= 4) {
    return SameAt<uint32_t>(name, pattern, 0) && SameAt<uint32_t>(name, pattern, size - 4);
  }
  return SameAt<uint16_t>(name, pattern, 0) && SameAt<uint8_t>(name, pattern, size - 1);
}

static_assert(kHeaderNames[kIds - 1] == "X-Forwarded-Proto", "a name is missing");

}  // namespace

HeaderId FindHeaderId(std::string_view name) {
  if (name.empty()) return HeaderId::kUnknown;
  const HeaderId id = kSlots.ids[Slot(name)];
  const Pattern& pattern = kPatterns[static_cast<size_t>(id)];
  // kUnknown has size 0, which no name has.
  if (pattern.size != name.size() || !Matches(name.data(), pattern)) return HeaderId::kUnknown;
  return id;
}

}  // namespace hon::http
