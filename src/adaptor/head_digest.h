#pragma once

// The meaning of a head's fields for framing and connection, collected field by field and judged
// when the head is complete.

#include <cstdint>
#include <string_view>
#include <utility>

#include "hon/adaptor/head_parser.h"
#include "hon/http/known_headers.h"

namespace hon::adaptor::internal {

constexpr uint64_t HeaderBit(http::HeaderId id) { return uint64_t{1} << static_cast<unsigned>(id); }

// The fields that state the framing of a message, its host, and the fate of the connection.
inline constexpr uint64_t kWatchedHeaders =
    HeaderBit(http::HeaderId::kHost) | HeaderBit(http::HeaderId::kTransferEncoding) |
    HeaderBit(http::HeaderId::kContentLength) | HeaderBit(http::HeaderId::kConnection) |
    HeaderBit(http::HeaderId::kExpect);

class HeadDigest {
 public:
  HeadDigest() {}  // NOLINT(modernize-use-equals-default): leaves others_ as it is

  /// Records a field of a request. Returns false for a field that is not to be in the Header.
  bool Note(http::HeaderId id, std::string_view value) {
    if ((kWatchedHeaders & HeaderBit(id)) == 0) return true;
    if (id != http::HeaderId::kHost) return NoteOther(id, value);
    host_ = value;
    hosts_ = hosts_ == 0 ? 1 : 2;
    return false;
  }

  /// As Note, for a field of an answer.
  bool NoteOfAnswer(http::HeaderId id, std::string_view value) {
    constexpr uint64_t kWatched = kWatchedHeaders & ~HeaderBit(http::HeaderId::kHost);
    return (kWatched & HeaderBit(id)) == 0 || NoteOther(id, value);
  }

  /// Judges all fields and fills `head`, whose request line is set already.
  [[nodiscard]] Refusal Judge(RequestHead& head) {
    if (others_noted_ || hosts_ != 1 || head.minor_version == 0 || host_.empty())
      return JudgeAll(head);
    head.host = host_;  // the common head: a host, and no other watched field
    return IsValidHost(host_) ? Refusal::kNone : Refusal::kMalformedHost;
  }

  /// Judges all fields of an answer to `method` and fills `head`, whose status line is set already.
  /// Returns false with the reason in head.fault.
  [[nodiscard, gnu::noinline]] bool JudgeAnswer(std::string_view method, AnswerHead& head);

 private:
  // The fault of the two fields that frame a message (RFC 9112 §6.1 to §6.3).
  enum class Framing : uint8_t {
    kSound,
    kBothFields,
    kCodingInHttp10,
    kChunkedAmongOthers,
    kUnknownCoding,
    kBadLength,
  };

  // The meaning of the watched fields other than Host.
  struct Others {
    std::string_view coding;  // value of the first Transfer-Encoding
    std::string_view length;  // value of the first Content-Length
    uint8_t codings = 0;      // counts to 2 at most
    bool has_length = false;
    bool lengths_differ = false;
    bool names_chunked = false;     // some Transfer-Encoding names the chunked coding
    bool expects = false;           // some Expect is not empty
    bool expects_continue = false;  // some Expect lists 100-continue
    bool close = false;
    bool keep_alive = false;
  };

  [[gnu::noinline]] bool NoteOther(http::HeaderId id, std::string_view value);
  [[nodiscard, gnu::noinline]] Refusal JudgeAll(RequestHead& head);
  template <class Head>
  [[nodiscard]] Framing ReadFraming(Head& head) const;
  [[nodiscard]] Refusal JudgeFraming(RequestHead& head) const;
  [[nodiscard]] Refusal JudgeHost(RequestHead& head) const;
  [[nodiscard]] Refusal JudgeExpect(RequestHead& head) const;
  /// The others, as of a head that has none where none was noted.
  Others& TheOthers() {
    if (!std::exchange(others_noted_, true)) others_ = Others();
    return others_;
  }

  std::string_view host_;
  uint8_t hosts_ = 0;          // counts to 2 at most
  bool others_noted_ = false;  // a watched field but Host was there
  union {
    Others others_;  // not before others_noted_: the common head does without
  };
};

}  // namespace hon::adaptor::internal
