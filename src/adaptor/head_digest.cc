#include "adaptor/head_digest.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "adaptor/ascii.h"
#include "adaptor/decimal.h"
#include "hon/adaptor/response_head.h"
#include "hon/base/eight_bytes.h"
#include "hon/http/method.h"
#include "hon/url/url.h"

namespace hon::adaptor {
namespace {

static_assert(std::endian::native == std::endian::little, "the first byte of a word is its lowest");

inline uint64_t Load(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

using Bytes = uint8_t __attribute__((vector_size(16)));

// Whether each of 16 bytes is a letter, a digit, "-" or ".", as in most hosts.
inline bool ArePlain(uint64_t first, uint64_t last) {
  const uint64_t words[] = {first, last};
  Bytes bytes;
  std::memcpy(&bytes, words, sizeof bytes);
  const auto letter = ((bytes | 0x20) - 'a') <= 'z' - 'a';
  const auto other = ((bytes - '-') <= '9' - '-') & (bytes != '/');
  const auto plain = letter | other;
  uint64_t found[2];
  std::memcpy(found, &plain, sizeof found);
  return (found[0] & found[1]) == ~uint64_t{0};
}

// The high bit of each byte that is ":".
inline uint64_t Colons(uint64_t word) {
  const uint64_t difference = word ^ (kEachByte * ':');
  return ~(((difference & ~kEachHighBit) + ~kEachHighBit) | difference) & kEachHighBit;
}

// The high bit of each byte that is no digit.
inline uint64_t NoDigits(uint64_t word) {
  const uint64_t difference = word ^ (kEachByte * '0');
  return (((difference & ~kEachHighBit) + kEachByte * (0x80 - 10)) | difference) & kEachHighBit;
}

// Whether `host` is plain, has eight bytes or more, and has its port, if any, within the last
// eight.
inline bool IsPlainHost(std::string_view host) {
  const char* at = host.data();
  size_t left = host.size();
  if (left < 8) return false;
  const uint64_t tail = Load(at + left - 8);
  if (const uint64_t colons = Colons(tail); colons != 0) {
    const auto behind = static_cast<unsigned>(std::countl_zero(colons));  // bits behind the last
                                                                          // colon
    if (behind != 0 && NoDigits(tail) >> (64 - behind) != 0) return false;
    left -= 1 + behind / 8;
    if (left < 8) return false;
  }
  for (; left > 16; left -= 16, at += 16) {
    if (!ArePlain(Load(at), Load(at + 8))) return false;
  }
  return ArePlain(Load(left < 8 ? at + left - 8 : at), Load(at + left - 8));
}

}  // namespace

bool IsValidHost(std::string_view host) { return IsPlainHost(host) || url::IsHostAndPort(host); }

namespace internal {

bool HeadDigest::NoteOther(http::HeaderId id, std::string_view value) {
  Others& o = TheOthers();
  switch (id) {
    case http::HeaderId::kTransferEncoding:
      if (o.codings == 0) o.coding = value;
      o.codings = o.codings == 0 ? 1 : 2;
      o.names_chunked |= ListHas(value, "chunked");
      return false;
    case http::HeaderId::kContentLength:
      if (o.has_length) {
        // Repeats of the same text have one meaning; all other repeats are ambiguous.
        o.lengths_differ |= value != o.length;
        return false;
      }
      o.has_length = true;
      o.length = value;
      return true;
    case http::HeaderId::kConnection:
      o.close |= ListHas(value, "close");
      o.keep_alive |= ListHas(value, "keep-alive");
      return true;
    case http::HeaderId::kExpect:
      o.expects |= !value.empty();
      o.expects_continue |= ListHas(value, "100-continue");
      return true;
    default:
      return true;
  }
}

Refusal HeadDigest::JudgeAll(RequestHead& head) {
  TheOthers();
  if (hosts_ > 1) return Refusal::kBadRequest;
  if (const Refusal refusal = JudgeFraming(head); refusal != Refusal::kNone) return refusal;
  if (const Refusal refusal = JudgeHost(head); refusal != Refusal::kNone) return refusal;
  head.close = others_.close || (head.minor_version == 0 && !others_.keep_alive);
  return JudgeExpect(head);
}

// RFC 9112 §6.3, without its tolerance: one of the two fields, and in one form only. Sets
// head.chunked and head.content_length.
template <class Head>
HeadDigest::Framing HeadDigest::ReadFraming(Head& head) const {
  if (others_.codings != 0) {
    if (others_.has_length) return Framing::kBothFields;
    if (head.minor_version == 0) return Framing::kCodingInHttp10;
    if (others_.codings == 1 && EqualsLower(others_.coding, "chunked")) {
      head.chunked = true;
      head.content_length = -1;
      return Framing::kSound;
    }
    return others_.names_chunked ? Framing::kChunkedAmongOthers : Framing::kUnknownCoding;
  }
  if (!others_.has_length) return Framing::kSound;
  head.content_length = ParseDecimal(others_.length);
  return others_.lengths_differ || head.content_length < 0 ? Framing::kBadLength : Framing::kSound;
}

Refusal HeadDigest::JudgeFraming(RequestHead& head) const {
  head.has_content_length = others_.has_length;
  switch (ReadFraming(head)) {
    case Framing::kSound:
      return Refusal::kNone;
    case Framing::kUnknownCoding:  // §6.1: 501; when "chunked" is among others, §6.3: 400
      return Refusal::kUnsupportedTransferEncoding;
    default:
      return Refusal::kBadRequest;
  }
}

bool HeadDigest::JudgeAnswer(std::string_view method, AnswerHead& head) {
  TheOthers();
  head.close = others_.close || (head.minor_version == 0 && !others_.keep_alive);
  if (method == http::MethodConnect && head.status / 100 == 2) {
    // A tunnel, whatever length the fields state.
    head.body = AnswerBody::kConnection;
    head.close = true;
    return true;
  }
  switch (ReadFraming(head)) {
    case Framing::kSound:
      break;
    case Framing::kBothFields:
      head.fault = "Transfer-Encoding and Content-Length";
      return false;
    case Framing::kBadLength:
      head.fault = "bad Content-Length";
      return false;
    default:
      head.fault = "unsupported transfer encoding";
      return false;
  }
  if (method == http::MethodHead || !IsBodyAllowed(head.status)) return true;
  if (head.chunked) {
    head.body = AnswerBody::kChunked;
  } else if (head.content_length >= 0) {
    head.body = head.content_length == 0 ? AnswerBody::kNone : AnswerBody::kLength;
  } else {
    head.body = AnswerBody::kConnection;
    head.close = true;
  }
  return true;
}

Refusal HeadDigest::JudgeHost(RequestHead& head) const {
  head.host = host_;
  if (hosts_ == 0) {
    const bool needed = head.minor_version > 0 && head.method != "CONNECT";
    return needed ? Refusal::kMissingHost : Refusal::kNone;
  }
  // The field value is empty when the target has no authority (RFC 9112 §3.2), which http targets
  // always have (RFC 9110 §4.2.1). HTTP/1.0 did not ask for the field.
  if (host_.empty() && head.minor_version == 0) return Refusal::kNone;
  return IsValidHost(host_) ? Refusal::kNone : Refusal::kMalformedHost;
}

Refusal HeadDigest::JudgeExpect(RequestHead& head) const {
  if (!others_.expects) return Refusal::kNone;
  if (!others_.expects_continue) return Refusal::kExpectationFailed;
  head.expect_continue = head.minor_version > 0 && head.HasBody();
  return Refusal::kNone;
}

}  // namespace internal
}  // namespace hon::adaptor
