#pragma once

// Heads of HTTP/1.1 (RFC 9112 §2-§6), of requests and of answers: bytes in, views out. Pure: no
// I/O, no clock, no memory of its own. Stricter than Go where leniency has been used for attacks: a
// line ends with CRLF and holds no other CR or LF, nothing is folded, a length is stated once and
// in one way.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hon/adaptor/refusal.h"
#include "hon/adaptor/scan_level.h"
#include "hon/http/header.h"
#include "hon/io/link_buffer.h"

namespace hon::adaptor {

/// Empty lines (CRLF) skipped before a request line (RFC 9112 §2.2). Empty lines count as head
/// bytes.
inline constexpr size_t kLeadingEmptyLinesMax = 2;

/// No option may set ParseLimits::head_bytes_max higher.
inline constexpr size_t kHeadBytesCeiling = 64 * 1024 * 1024;

struct ParseLimits {
  /// Request line, fields and the empty line; one more is refused with 431.
  size_t head_bytes_max = 1024 * 1024 + 4096;
  /// Field lines; one more is refused with 431.
  size_t fields_max = 500;
};

enum class HeadStatus : uint8_t {
  kIncomplete,  // call again with more bytes
  kDone,        // the head and the fields are valid; the head is `size` bytes long
  kBad,         // RequestHead::refusal or AnswerHead::fault has the reason; the connection cannot
                // go on
};

/// The progress of parsing an unfinished head, so that a head that arrives byte by byte costs no
/// more than twice its length. Value-initialised for a new head; kept by the caller between calls.
struct HeadScan {
  uint32_t line = 0;     // start of the first line that is not judged yet
  uint32_t scanned = 0;  // bytes without an end of line from there on
};
static_assert(sizeof(HeadScan) == 8);

/// The contents of a request's head without its fields. Views are of the parsed bytes.
struct RequestHead {
  std::string_view method;     // a token
  std::string_view target;     // not empty; no blank, control byte, DEL or "#"
  std::string_view version;    // "HTTP/1.x"
  std::string_view host;       // value of the Host field, "" when there is none
  size_t size = 0;             // bytes of the head, with the empty line that ends it
  int64_t content_length = 0;  // 0 without a length, -1 when chunked
  uint8_t minor_version = 1;
  bool has_content_length = false;
  bool chunked = false;
  bool close = false;            // the connection ends after the answer: Connection: close, or
                                 // HTTP/1.0 without keep-alive
  bool expect_continue = false;  // the client waits for 100 before it sends its body
  Refusal refusal = Refusal::kNone;

  /// Whether a body follows.
  [[nodiscard]] bool HasBody() const { return chunked || content_length > 0; }
};

/// The end of an answer's body (RFC 9112 §6.3).
enum class AnswerBody : uint8_t {
  kNone,        // no body
  kLength,      // after AnswerHead::content_length bytes
  kChunked,     // after its last chunk
  kConnection,  // with the connection; also the bytes of a tunnel (2xx to
                // CONNECT)
};

/// The contents of an answer's head without its fields. Views are of the parsed bytes.
struct AnswerHead {
  std::string_view version;      // "HTTP/1.x"
  std::string_view status_text;  // "200 OK": the status code and the reason phrase
  int status = 0;                // 100 to 999
  size_t size = 0;               // bytes of the head, with the empty line that ends it
  int64_t content_length = -1;   // as the field states it, whether there is a body or not; -1: none
  AnswerBody body = AnswerBody::kNone;
  uint8_t minor_version = 1;
  bool chunked = false;
  bool close = false;      // no further answer follows: Connection: close, HTTP/1.0
                           // without keep-alive, or AnswerBody::kConnection
  std::string_view fault;  // with kBad: the reason, a text of static lifetime
};

/// Parses heads. Immutable: one parser serves any number of connections and threads.
class HeadParser {
 public:
  explicit HeadParser(ParseLimits limits = {}, ScanLevel level = BestScanLevel());

  /// Parses the head at the start of `bytes`; bytes after the head are not read. `bytes` begins at
  /// the same byte in each call for one head and only grows; the caller keeps `scan` between the
  /// calls. A line is judged once its end has arrived, so every split gives the same answer. With
  /// kDone: `head` is filled, and `fields` has the fields as views, in order, without Host and
  /// Transfer-Encoding (`head` has them) and without repeats of an equal Content-Length. Otherwise
  /// `fields` is empty; with kBad only head.refusal is valid. Allocates nothing when `fields` has
  /// the capacity.
  HeadStatus Parse(std::string_view bytes, HeadScan& scan, RequestHead& head,
                   http::Header& fields) const;

  /// Parse on the bytes of `in`. On kDone the head lies in one block at the front, to be held
  /// (LinkBuffer::Hold) and then skipped by head.size; only empty lines before the head are
  /// consumed. Scattered bytes are copied together while they fit one block, and once more when the
  /// head is complete.
  HeadStatus Read(io::LinkBuffer& in, HeadScan& scan, RequestHead& head,
                  http::Header& fields) const;

  /// Parse and Read for the head of an answer to a request with this method, by the same rules. No
  /// empty line may come before the head, and Host is an ordinary field.
  HeadStatus ParseAnswer(std::string_view bytes, HeadScan& scan, std::string_view method,
                         AnswerHead& head, http::Header& fields) const;
  HeadStatus ReadAnswer(io::LinkBuffer& in, HeadScan& scan, std::string_view method,
                        AnswerHead& head, http::Header& fields) const;

  [[nodiscard]] const ParseLimits& Limits() const { return limits_; }

 private:
  // Instantiated for a request's head and for an answer's.
  template <class Role>
  HeadStatus ParseAs(std::string_view bytes, HeadScan& scan, Role role, http::Header& fields) const;
  template <class Role>
  HeadStatus ParseFromStart(std::string_view bytes, HeadScan& scan, Role role,
                            http::Header& fields) const;
  template <class Role>
  HeadStatus Resume(std::string_view bytes, HeadScan& scan, Role role, http::Header& fields) const;
  template <class Role>
  HeadStatus ReadAs(io::LinkBuffer& in, HeadScan& scan, Role role, http::Header& fields) const;
  template <class Role>
  HeadStatus ReadScattered(io::LinkBuffer& in, HeadScan& scan, Role role,
                           http::Header& fields) const;

  ParseLimits limits_;
  ScanFunction scan_;
};

/// Whether `host` is a valid Host value: uri-host [ ":" port ] (RFC 9110 §7.2) with a non-empty
/// host. See url::IsHostAndPort.
[[nodiscard]] bool IsValidHost(std::string_view host);

}  // namespace hon::adaptor
