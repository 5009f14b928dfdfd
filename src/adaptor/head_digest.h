#pragma once

// What the fields of a head say about its framing and its connection, gathered field by field and
// judged when the head is complete.

#include <cstdint>
#include <string_view>

#include "hon/adaptor/head_parser.h"
#include "hon/http/known_headers.h"

namespace hon::adaptor::internal {

constexpr uint64_t HeaderBit(http::HeaderId id) { return uint64_t{1} << static_cast<unsigned>(id); }

// The fields that say how a message is framed, whom it is for, and what becomes of the connection.
inline constexpr uint64_t kWatchedHeaders =
    HeaderBit(http::HeaderId::kHost) | HeaderBit(http::HeaderId::kTransferEncoding) |
    HeaderBit(http::HeaderId::kContentLength) | HeaderBit(http::HeaderId::kConnection) |
    HeaderBit(http::HeaderId::kExpect);

class HeadDigest {
 public:
  /// Notes a field of a request. False when it is not to be shown among the fields.
  bool Note(http::HeaderId id, std::string_view value) {
    if ((kWatchedHeaders & HeaderBit(id)) == 0) return true;
    if (id != http::HeaderId::kHost) return NoteOther(id, value);
    host_ = value;
    hosts_ = hosts_ == 0 ? 1 : 2;
    return false;
  }

  /// The same for a field of an answer.
  bool NoteOfAnswer(http::HeaderId id, std::string_view value) {
    constexpr uint64_t kWatched = kWatchedHeaders & ~HeaderBit(http::HeaderId::kHost);
    return (kWatched & HeaderBit(id)) == 0 || NoteOther(id, value);
  }

  /// Judges the whole and fills `head`, whose request line is set already.
  [[nodiscard]] Refusal Judge(RequestHead& head) const {
    if (others_ || hosts_ != 1 || head.minor_version == 0 || host_.empty()) return JudgeAll(head);
    head.host = host_;  // the common head: it names a host, and nothing else that matters here
    return IsValidHost(host_) ? Refusal::kNone : Refusal::kMalformedHost;
  }

  /// Judges the whole of an answer to `method` and fills `head`, whose status line is set already.
  /// False: head.fault says why.
  [[nodiscard]] bool JudgeAnswer(std::string_view method, AnswerHead& head) const;

 private:
  // What is wrong with the two fields that frame a message (RFC 9112 §6.1 to §6.3).
  enum class Framing : uint8_t {
    kSound,
    kBothFields,
    kCodingInHttp10,
    kChunkedAmongOthers,
    kUnknownCoding,
    kBadLength,
  };

  bool NoteOther(http::HeaderId id, std::string_view value);
  [[nodiscard]] Refusal JudgeAll(RequestHead& head) const;
  template <class Head>
  [[nodiscard]] Framing ReadFraming(Head& head) const;
  [[nodiscard]] Refusal JudgeFraming(RequestHead& head) const;
  [[nodiscard]] Refusal JudgeHost(RequestHead& head) const;
  [[nodiscard]] Refusal JudgeExpect(RequestHead& head) const;

  std::string_view host_;
  std::string_view coding_;  // value of the first Transfer-Encoding
  std::string_view length_;  // value of the first Content-Length
  uint8_t hosts_ = 0;        // these count to 2 at most
  bool others_ = false;      // a watched field but Host was there
  uint8_t codings_ = 0;
  bool has_length_ = false;
  bool lengths_differ_ = false;
  bool names_chunked_ = false;     // some Transfer-Encoding names the chunked coding
  bool expects_ = false;           // some Expect is not empty
  bool expects_continue_ = false;  // some Expect lists 100-continue
  bool close_ = false;
  bool keep_alive_ = false;
};

}  // namespace hon::adaptor::internal
