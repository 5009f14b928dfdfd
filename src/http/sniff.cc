#include "hon/http/sniff.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "hon/base/eight_bytes.h"

namespace hon::http {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kHtml = "text/html; charset=utf-8";
constexpr std::string_view kPlain = "text/plain; charset=utf-8";
constexpr std::string_view kMp4 = "video/mp4";
constexpr std::string_view kBinary = "application/octet-stream";

// Upper case; letters match either case. A blank or ">" must follow.
constexpr std::string_view kHtmlTags[] = {"<!DOCTYPE HTML",
                                          "<HTML",
                                          "<HEAD",
                                          "<SCRIPT",
                                          "<IFRAME",
                                          "<H1",
                                          "<DIV",
                                          "<FONT",
                                          "<TABLE",
                                          "<A",
                                          "<STYLE",
                                          "<TITLE",
                                          "<B",
                                          "<BODY",
                                          "<BR",
                                          "<P",
                                          "<!--"};

// `bytes` at the start of the data, where "?" in `bytes` at a position >= `any_from` and
// < `any_to` stands for any byte. `least` is how many bytes the data must have.
struct Signature {
  std::string_view bytes;
  std::string_view type;
  uint8_t any_from = 0;
  uint8_t any_to = 0;
  uint8_t least = 0;
};

// In the order in which they are tried. The first group comes before the MP4 test, the second
// after it.
constexpr Signature kBeforeMp4[] = {
    {"%PDF-"sv, "application/pdf"sv},
    {"%!PS-Adobe-"sv, "application/postscript"sv},
    {"\xFE\xFF"sv, "text/plain; charset=utf-16be"sv, 0, 0, 4},
    {"\xFF\xFE"sv, "text/plain; charset=utf-16le"sv, 0, 0, 4},
    {"\xEF\xBB\xBF"sv, kPlain, 0, 0, 4},
    {"\0\0\1\0"sv, "image/x-icon"sv},
    {"\0\0\2\0"sv, "image/x-icon"sv},
    {"BM"sv, "image/bmp"sv},
    {"GIF87a"sv, "image/gif"sv},
    {"GIF89a"sv, "image/gif"sv},
    {"RIFF????WEBPVP"sv, "image/webp"sv, 4, 8},
    {"\x89PNG\x0D\x0A\x1A\x0A"sv, "image/png"sv},
    {"\xFF\xD8\xFF"sv, "image/jpeg"sv},
    {"FORM????AIFF"sv, "audio/aiff"sv, 4, 8},
    {"ID3"sv, "audio/mpeg"sv},
    {"OggS\0"sv, "application/ogg"sv},
    {"MThd\0\0\0\6"sv, "audio/midi"sv},
    {"RIFF????AVI "sv, "video/avi"sv, 4, 8},
    {"RIFF????WAVE"sv, "audio/wave"sv, 4, 8},
};
constexpr Signature kEot = {"??????????????????????????????????LP"sv,
                            "application/vnd.ms-fontobject"sv, 0, 34};
constexpr Signature kAfterMp4[] = {
    {"\x1A\x45\xDF\xA3"sv, "video/webm"sv},
    kEot,
    {"\0\1\0\0"sv, "font/ttf"sv},
    {"OTTO"sv, "font/otf"sv},
    {"ttcf"sv, "font/collection"sv},
    {"wOFF"sv, "font/woff"sv},
    {"wOF2"sv, "font/woff2"sv},
    {"\x1F\x8B\x08"sv, "application/x-gzip"sv},
    {"PK\x03\x04"sv, "application/zip"sv},
    {"Rar!\x1A\x07\x00"sv, "application/x-rar-compressed"sv},
    {"Rar!\x1A\x07\x01\x00"sv, "application/x-rar-compressed"sv},
    {"\0asm"sv, "application/wasm"sv},
};

bool Matches(const Signature& signature, std::string_view data) {
  const std::string_view bytes = signature.bytes;
  if (data.size() < bytes.size() || data.size() < signature.least) return false;
  if (data.substr(0, signature.any_from) != bytes.substr(0, signature.any_from)) return false;
  return data.substr(signature.any_to, bytes.size() - signature.any_to) ==
         bytes.substr(signature.any_to);
}

template <size_t n>
std::string_view Find(const Signature (&signatures)[n], std::string_view data) {
  for (const Signature& signature : signatures) {
    if (Matches(signature, data)) return signature.type;
  }
  return {};
}

// `text` begins with "<".
std::string_view FindMarkup(std::string_view text) {
  for (const std::string_view tag : kHtmlTags) {
    if (text.size() <= tag.size()) continue;
    size_t i = 0;
    while (i < tag.size()) {
      const bool letter = tag[i] >= 'A' && tag[i] <= 'Z';
      if ((letter ? text[i] & '\xDF' : text[i]) != tag[i]) break;
      ++i;
    }
    if (i == tag.size() && (text[i] == ' ' || text[i] == '>')) return kHtml;
  }
  return text.starts_with("<?xml") ? "text/xml; charset=utf-8"sv : std::string_view();
}

// Whether the data is a file type box that names a brand beginning with "mp4".
bool IsMp4(std::string_view data) {
  if (data.size() < 12 || data.substr(4, 4) != "ftyp") return false;
  uint32_t box = 0;
  for (size_t i = 0; i < 4; ++i) box = box << 8 | static_cast<uint8_t>(data[i]);
  if (box > data.size() || box % 4 != 0) return false;
  for (size_t at = 8; at < box; at += 4) {
    if (at == 12) continue;  // the major brand's version
    if (data.substr(at, 3) == "mp4") return true;
  }
  return false;
}

constexpr uint32_t ControlMask() {
  uint32_t mask = 0;
  for (uint32_t byte = 0; byte < 32; ++byte) {
    if (byte <= 0x08 || byte == 0x0B || (byte >= 0x0E && byte <= 0x1A) || byte >= 0x1C) {
      mask |= uint32_t{1} << byte;
    }
  }
  return mask;
}

bool IsBinaryByte(char c) {
  const auto byte = static_cast<uint8_t>(c);
  return byte < 0x20 && (ControlMask() >> byte & 1) != 0;
}

// Eight bytes at a time: a word without a byte below 0x20 needs no closer look.
bool IsText(std::string_view data) {
  while (data.size() >= 8) {
    uint64_t word = 0;
    std::memcpy(&word, data.data(), 8);
    if (HasBelowBlank(word)) {
      for (size_t i = 0; i < 8; ++i) {
        if (IsBinaryByte(data[i])) return false;
      }
    }
    data.remove_prefix(8);
  }
  for (const char c : data) {
    if (IsBinaryByte(c)) return false;
  }
  return true;
}

// The first bytes of all signatures: most text begins with none of them.
constexpr std::array<bool, 256> SignatureStarts() {
  std::array<bool, 256> starts = {};
  for (const Signature& s : kBeforeMp4) starts[static_cast<uint8_t>(s.bytes[0])] = true;
  for (const Signature& s : kAfterMp4) {
    if (s.any_to == 0 || s.any_from > 0) starts[static_cast<uint8_t>(s.bytes[0])] = true;
  }
  return starts;
}
constexpr std::array<bool, 256> kSignatureStarts = SignatureStarts();

std::string_view FindSignature(std::string_view data) {
  if (const std::string_view type = Find(kBeforeMp4, data); !type.empty()) return type;
  if (IsMp4(data)) return kMp4;
  return Find(kAfterMp4, data);
}

}  // namespace

std::string_view DetectContentType(std::string_view data) {
  data = data.substr(0, kSniffBytes);
  const size_t text_at = data.find_first_not_of("\t\n\f\r ");
  const std::string_view text = text_at == data.npos ? std::string_view() : data.substr(text_at);

  if (text.starts_with('<')) {
    if (const std::string_view type = FindMarkup(text); !type.empty()) return type;
  }
  if (!data.empty()) {
    const bool may_start = kSignatureStarts[static_cast<uint8_t>(data.front())];
    const std::string_view type = may_start             ? FindSignature(data)
                                  : IsMp4(data)         ? kMp4
                                  : Matches(kEot, data) ? kEot.type
                                                        : std::string_view();
    if (!type.empty()) return type;
  }
  return IsText(text) ? kPlain : kBinary;
}

}  // namespace hon::http
