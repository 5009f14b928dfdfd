#include "adaptor/head_digest.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "adaptor/ascii.h"
#include "adaptor/decimal.h"

namespace hon::adaptor {
namespace {

// Go's set: every byte of a reg-name, an IP literal and a port (RFC 3986 §3.2.2), but no "@",
// so no userinfo.
constexpr std::array<bool, 256> MakeHostBytes() {
  std::array<bool, 256> bytes{};
  for (const char c : std::string_view("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "abcdefghijklmnopqrstuvwxyz!$%&()*+,-.:;=[]'_~")) {
    bytes[static_cast<unsigned char>(c)] = true;
  }
  return bytes;
}
constexpr std::array<bool, 256> kHostBytes = MakeHostBytes();

// Not zero unless each of the eight bytes at `at` is a letter, a digit, "-", "." or ":", as in most
// hosts. A byte below 0x80 is at least n when adding 0x80 - n sets its high bit.
uint64_t Doubtful(const char* at) {
  constexpr uint64_t kOnes = 0x0101010101010101U;
  uint64_t word;
  std::memcpy(&word, at, sizeof word);
  const uint64_t lower = word | (kOnes * 0x20);
  const uint64_t low = word & (kOnes * 0x7F);  // so that no sum reaches the next byte
  const uint64_t folded = lower & (kOnes * 0x7F);
  const uint64_t letter = (folded + kOnes * (0x80 - 'a')) & ~(folded + kOnes * (0x7F - 'z'));
  const uint64_t other = (low + kOnes * (0x80 - '-')) & ~(low + kOnes * (0x7F - ':'));
  const uint64_t slash = low ^ (kOnes * '/');
  const uint64_t no_slash = slash + kOnes * 0x7F;
  return ~((letter | (other & no_slash)) & ~word) & (kOnes << 7);
}

}  // namespace

bool IsValidHost(std::string_view host) {
  const char* at = host.data();
  size_t left = host.size();
  if (left >= 8) {
    uint64_t doubtful = Doubtful(at + left - 8);
    for (; left > 8; left -= 8, at += 8) doubtful |= Doubtful(at);
    if (doubtful == 0) return true;
    at = host.data();
    left = host.size();
  }
  for (; left != 0; --left, ++at) {
    if (!kHostBytes[static_cast<unsigned char>(*at)]) return false;
  }
  return true;
}

namespace internal {

bool HeadDigest::NoteOther(http::HeaderId id, std::string_view value) {
  others_ = true;
  switch (id) {
    case http::HeaderId::kTransferEncoding:
      if (codings_ == 0) coding_ = value;
      codings_ = codings_ == 0 ? 1 : 2;
      names_chunked_ |= ListHas(value, "chunked");
      return false;
    case http::HeaderId::kContentLength:
      if (has_length_) {
        // Repeats of the same text cannot be read in two ways; anything else can.
        lengths_differ_ |= value != length_;
        return false;
      }
      has_length_ = true;
      length_ = value;
      return true;
    case http::HeaderId::kConnection:
      close_ |= ListHas(value, "close");
      keep_alive_ |= ListHas(value, "keep-alive");
      return true;
    case http::HeaderId::kExpect:
      if (expects_ == 0) expect_ = value;
      expects_ = 1;
      return true;
    default:
      return true;
  }
}

Refusal HeadDigest::JudgeAll(RequestHead& head) const {
  if (hosts_ > 1) return Refusal::kBadRequest;
  if (const Refusal refusal = JudgeFraming(head); refusal != Refusal::kNone) return refusal;
  if (const Refusal refusal = JudgeHost(head); refusal != Refusal::kNone) return refusal;
  head.close = close_ || (head.minor_version == 0 && !keep_alive_);
  return JudgeExpect(head);
}

// RFC 9112 §6.3, without any of its second chances: one of the two fields, and that in one form.
Refusal HeadDigest::JudgeFraming(RequestHead& head) const {
  if (codings_ != 0) {
    if (has_length_ || head.minor_version == 0) return Refusal::kBadRequest;
    if (codings_ == 1 && EqualsLower(coding_, "chunked")) {
      head.chunked = true;
      head.content_length = -1;
      return Refusal::kNone;
    }
    // "chunked" that is not all there is (§6.3: 400) is told from what is not known (§6.1: 501).
    return names_chunked_ ? Refusal::kBadRequest : Refusal::kUnsupportedTransferEncoding;
  }
  if (!has_length_) return Refusal::kNone;
  head.has_content_length = true;
  head.content_length = ParseDecimal(length_);
  return lengths_differ_ || head.content_length < 0 ? Refusal::kBadRequest : Refusal::kNone;
}

Refusal HeadDigest::JudgeHost(RequestHead& head) const {
  head.host = host_;
  if (hosts_ == 0) {
    const bool needed = head.minor_version > 0 && head.method != "CONNECT";
    return needed ? Refusal::kMissingHost : Refusal::kNone;
  }
  // An http URI has a host (RFC 9110 §4.2.1), so an empty field is no host of ours.
  if (host_.empty() && head.minor_version > 0) return Refusal::kMalformedHost;
  return IsValidHost(host_) ? Refusal::kNone : Refusal::kMalformedHost;
}

Refusal HeadDigest::JudgeExpect(RequestHead& head) const {
  if (expect_.empty()) return Refusal::kNone;
  if (!ListHas(expect_, "100-continue")) return Refusal::kExpectationFailed;
  head.expect_continue = head.minor_version > 0 && head.HasBody();
  return Refusal::kNone;
}

}  // namespace internal
}  // namespace hon::adaptor
