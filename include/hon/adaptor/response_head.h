#pragma once

// The head of a response in two steps. At the commit of a status, the handler's fields are written,
// so that later changes are not sent. The server's fields depend on the body and are appended when
// the head is sent.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hon/http/header.h"

namespace hon::adaptor {

/// The Transfer-Encoding that a handler set.
enum class GivenCoding : uint8_t { kNone, kIdentity, kChunked, kForeign };

/// The meaning of the fields that a handler committed, independent of the protocol.
struct ResponseFacts {
  int64_t content_length = -1;  // a valid one that is sent; -1: none
  GivenCoding coding = GivenCoding::kNone;
  bool mistaken = false;        // a mistake of the handler must be reported:
  bool bad_length = false;      // a Content-Length that is not one number
  bool length_dropped = false;  // a Content-Length beside a Transfer-Encoding
  bool auto_length = true;      // a whole body may get a Content-Length
  bool auto_type = true;        // content may get a Content-Type
  bool has_date = false;        // a Date field, or a suppressed one
  bool has_trailers = false;    // announced by Trailer, or set with http::TrailerPrefix
  bool tunnel = false;          // a 2xx to CONNECT
  bool lists_close = false;     // a Connection field lists "close"
};

/// The ResponseFacts of an answer without transfer codings, as on HTTP/2 streams, where a
/// Transfer-Encoding field is ignored (RFC 9113 §8.2.2). `tunnel`: the status is a 2xx to CONNECT.
/// `trailer_names`, empty at first, takes the values of Trailer fields, joined by commas.
[[nodiscard]] ResponseFacts GatherFacts(int status, bool tunnel, const http::Header& header,
                                        std::string& trailer_names);

/// The Connection field of a response.
enum class ConnectionField : uint8_t {
  kHandlers,  // the handler's fields, if any
  kNone,      // none, not even the handler's
  kClose,
  kKeepAlive,  // added to the handler's: only HTTP/1.0 needs it
};

/// The fields that the server adds to a head.
struct AutomaticFields {
  std::string_view date;          // "": no Date field
  std::string_view content_type;  // "": no Content-Type field
  int64_t content_length = -1;    // -1: no Content-Length field
  ConnectionField connection = ConnectionField::kHandlers;
  bool chunked = false;
};

class ResponseHead {
 public:
  /// The meaning of the committed fields; set by Commit.
  struct Facts : ResponseFacts {
    bool has_connection = false;
    bool lists_upgrade = false;
  };

  /// Writes the status line and the fields of `header`, sorted by name. Left out are fields that
  /// the status forbids (RFC 9110 §8.6, §15.3.5, §15.4.5), Transfer-Encoding, a useless
  /// Content-Length and trailers; with `tunnel`, a 2xx to CONNECT, any Content-Length too (RFC 9110
  /// §9.3.6).
  const Facts& Commit(int status, bool http10, const http::Header& header, bool tunnel = false);

  [[nodiscard]] const Facts& GetFacts() const { return facts_; }
  /// The values of Trailer fields, joined by commas.
  [[nodiscard]] std::string_view TrailerNames() const { return trailer_names_; }

  /// The most bytes that Append needs.
  [[nodiscard]] size_t SizeMax(const AutomaticFields& fields) const {
    return size_ + fields.date.size() + fields.content_type.size() + kAutomaticBytesMax;
  }
  /// Writes the head with `fields` and the empty line to `into`, and returns the end.
  char* Append(const AutomaticFields& fields, char* into) const;

 private:
  // "Date: CRLF", "Content-Type: CRLF", "Content-Length: CRLF" with 19 digits, "Connection:
  // keep-alive CRLF", "Transfer-Encoding: chunked CRLF" and the empty line.
  static constexpr size_t kAutomaticBytesMax = 160;

  // Apart from the way of the common head: 200, and no field but Content-Type.
  [[gnu::noinline]] void Gather(int status, bool http10, const http::Header& header);
  [[gnu::noinline]] void WriteStatusLine(int status, bool http10);
  [[gnu::noinline]] void WriteFields(int status, const http::Header& header);
  void WriteConnection(const http::Header& header);
  void WriteField(std::string_view name, std::string_view value);
  char* Room(size_t bytes);
  [[gnu::noinline]] void Grow(size_t bytes);
  void Put(std::string_view text);

  Facts facts_;
  std::string text_;  // its first size_ bytes are status line and fields
  size_t size_ = 0;
  size_t connection_begin_ = 0;  // the handler's Connection fields in text_
  size_t connection_end_ = 0;
  std::string trailer_names_;
};

/// Whether `field` is a trailer by http::TrailerPrefix.
[[nodiscard]] inline bool IsLateTrailer(const http::Header::Field& field) {
  return field.id == http::HeaderId::kUnknown && field.name.starts_with(http::TrailerPrefix);
}

/// Whether any field of `header` is a trailer by http::TrailerPrefix.
[[nodiscard]] inline bool HasLateTrailers(const http::Header& header) {
  return header.MayHaveUnknown() && std::any_of(header.begin(), header.end(), IsLateTrailer);
}

/// Fills `into` with the trailers of a response with these fields: those with http::TrailerPrefix,
/// and those listed in `announced`, the values of the Trailer fields, joined by commas. Names that
/// no trailer may have are left out (RFC 9110 §6.5.1). Views of `header`.
void FindTrailers(const http::Header& header, std::string_view announced, http::Header& into);

/// Whether a response with this status may have content (RFC 9110 §6.4.1).
[[nodiscard]] constexpr bool IsBodyAllowed(int status) {
  return status >= 200 && status != 204 && status != 304;
}

}  // namespace hon::adaptor
