#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "hon/http/response.h"

namespace hon::client {

/// Decodes one content coding (RFC 9110 §8.4.1), step by step.
class Decoder {
 public:
  struct Step {
    size_t consumed = 0;
    size_t produced = 0;
    bool failed = false;  // the input is not of this coding, or there is no memory
  };

  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  virtual ~Decoder() = default;

  /// Decodes from `in` to `into`. Without a failure, either all of `in` is consumed or all of
  /// `into` is filled, except at the end of a part of the coded text.
  virtual Step Decode(std::string_view in, std::span<char> into) = 0;
  /// Whether the coded text may end here.
  [[nodiscard]] virtual bool MayEnd() const = 0;
};

/// gzip, a sequence of members (RFC 1952).
[[nodiscard]] std::unique_ptr<Decoder> NewGzipDecoder();
/// br (RFC 7932). Null where the library was built without HON_BROTLI.
[[nodiscard]] std::unique_ptr<Decoder> NewBrotliDecoder();
/// zstd, a sequence of frames (RFC 8878), with windows as RFC 9659 allows. Null where the library
/// was built without HON_ZSTD.
[[nodiscard]] std::unique_ptr<Decoder> NewZstdDecoder();

/// The value of the Transport's Accept-Encoding: "gzip", and the other codings that are built in.
[[nodiscard]] const std::string& AcceptedCodings();

/// Replaces the Body of `answer`, if its Content-Encoding is one that can be decoded, by the
/// decoded one, and removes the fields of the coding. Reads fail with http::ErrDecodedTooLong, with
/// http::ErrMalformedResponse for text that is not of the coding, or with the errors of the coded
/// Body.
void DecodeBody(http::Response& answer);

}  // namespace hon::client
