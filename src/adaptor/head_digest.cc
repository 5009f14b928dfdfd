#include "adaptor/head_digest.h"

#include <array>

#include "adaptor/ascii.h"
#include "adaptor/decimal.h"

namespace hon::adaptor {
namespace {

// Go's set: every byte of a reg-name, an IP literal and a port (RFC 3986 §3.2.2), but no "@",
// so no userinfo.
constexpr std::array<uint8_t, 256> MakeHostBytes() {
  std::array<uint8_t, 256> bytes{};
  for (const char c : std::string_view("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "abcdefghijklmnopqrstuvwxyz!$%&()*+,-.:;=[]'_~")) {
    bytes[static_cast<unsigned char>(c)] = 1;
  }
  return bytes;
}
constexpr std::array<uint8_t, 256> kHostBytes = MakeHostBytes();

}  // namespace

bool IsValidHost(std::string_view host) {
  const char* at = host.data();
  const char* const end = at + host.size();
  const auto valid = [](char c) { return kHostBytes[static_cast<unsigned char>(c)]; };
  unsigned all = 1;
  for (; end - at >= 4; at += 4) all &= valid(at[0]) & valid(at[1]) & valid(at[2]) & valid(at[3]);
  for (; at != end; ++at) all &= valid(*at);
  return all != 0;
}

namespace internal {

bool HeadDigest::NoteWatched(http::HeaderId id, std::string_view value) {
  switch (id) {
    case http::HeaderId::kHost:
      host_ = value;
      hosts_ = hosts_ == 0 ? 1 : 2;
      return false;
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

Refusal HeadDigest::Judge(RequestHead& head) const {
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
