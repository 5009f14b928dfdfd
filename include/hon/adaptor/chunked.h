#pragma once

// Chunked transfer coding (RFC 9112 §7.1). Pure: bytes in, views out.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hon/base/error.h"
#include "hon/http/header.h"
#include "hon/io/link_buffer.h"

namespace hon::adaptor {

inline constexpr Sentinel ErrChunkLengthByte{"invalid byte in chunk length"};
inline constexpr Sentinel ErrChunkLengthEmpty{"empty hex number for chunk length"};
inline constexpr Sentinel ErrChunkLengthTooLarge{"http chunk length too large"};
inline constexpr Sentinel ErrChunkExtension{"invalid byte in chunk extension"};
inline constexpr Sentinel ErrChunkBareLf{"chunked line ends with bare LF"};
inline constexpr Sentinel ErrChunkBareCr{"invalid CR in chunked line"};
inline constexpr Sentinel ErrChunkLineTooLong{"header line too long"};
inline constexpr Sentinel ErrChunkOverhead{"chunked encoding contains too much non-data"};
inline constexpr Sentinel ErrMalformedChunk{"malformed chunked encoding"};
inline constexpr Sentinel ErrTrailerTooLong{"http: suspiciously long trailer after chunked body"};
inline constexpr Sentinel ErrMalformedTrailer{"malformed trailer after chunked body"};
inline constexpr Sentinel ErrForbiddenTrailer{"field not allowed in a trailer"};

/// Hex digits of a chunk size; one more is ErrChunkLengthTooLarge.
inline constexpr size_t kChunkSizeDigitsMax = 16;
/// Size, extensions and CRLF of one chunk; one more byte is ErrChunkLineTooLong.
inline constexpr size_t kChunkLineBytesMax = 4096;
/// Overhead of a chunk that is free: this much, and twice the chunk's data. The excess adds up.
inline constexpr int64_t kChunkFreeBytes = 16;
/// Excess overhead of a body past which decoding fails with ErrChunkOverhead.
inline constexpr int64_t kChunkOverheadBytesMax = 16 * 1024;
/// Pieces of chunked content that one reader takes before other connections get a turn.
inline constexpr uint32_t kChunksPerTurnMax = 256;
/// The trailer section with the empty line that ends it; one more byte is ErrTrailerTooLong.
inline constexpr size_t kTrailerBytesMax = 4096;

/// Fields of a trailer section, and names that a Trailer field may announce; one more is
/// ErrTrailerTooLong.
inline constexpr size_t kTrailerFieldsMax = 64;

/// Whether a field may be sent in a trailer: fields that framing, routing, authentication or the
/// meaning of the message depend on may not (RFC 9110 §6.5.1).
[[nodiscard]] bool IsTrailerAllowed(std::string_view name);
/// Removes the announced names, before the received fields are added. The texts of the names stay:
/// a copy of the request (Request::WithContext) has views of the texts.
void DropAnnouncedNames(http::Header& trailer);

/// Decodes a chunked body that comes in any pieces. Line ends are CRLF, extensions are checked
/// and ignored, trailers are collected.
class ChunkedDecoder {
 public:
  struct Piece {
    size_t used = 0;        // bytes of `wire` to consume, `data` included
    std::string_view data;  // shows `wire`; empty: more bytes are needed, or Done()
    Error err;              // one of the above; the decoder must not be used afterwards
  };

  /// Decodes up to and including the next stretch of data, of at most `data_max` bytes. With 0,
  /// decodes only the framing before the next data.
  [[nodiscard]] Piece Decode(std::string_view wire, size_t data_max = SIZE_MAX);

  /// Whether data of a chunk comes next.
  [[nodiscard]] bool InData() const { return state_ == State::kData; }
  /// Whether the last chunk and the trailers have been read: the next bytes belong to another
  /// message.
  [[nodiscard]] bool Done() const { return state_ == State::kDone; }

  /// When Done: moves the trailers into `into`, replacing its fields. An announced trailer that was
  /// not sent has no value.
  void TakeTrailers(http::Header& into);

  /// Prepares for the next body; keeps capacity.
  void Reset();

 private:
  enum class State : uint8_t {
    kSizeStart,      // before the first digit
    kSize,           // after a digit
    kExtStart,       // after ";": a name must follow
    kExtName,        // in the name of an extension
    kExtNameBlank,   // in blanks after the name
    kExtValueStart,  // after "=": a value must follow
    kExtValue,       // in a value that is a token
    kExtQuoted,      // in a quoted value
    kExtEscape,      // after a backslash in a quoted value
    kExtQuoteEnd,    // after a quoted value
    kExtValueBlank,  // in blanks after a value
    kLineLf,         // after the CR of a chunk line
    kData,
    kDataCr,  // after the data
    kDataLf,
    kTrailerStart,  // at the start of a trailer line
    kTrailerLine,
    kTrailerLf,  // after the CR of the last, empty line
    kDone
  };

  Error Frame(char byte);
  Error OnSize(char byte);
  Error OnExtension(char byte);
  [[nodiscard]] State AfterExtensionByte(char byte) const;
  Error OnLineEnd();
  Error OnTrailer(char byte);
  Error CheckTrailers() const;

  State state_ = State::kSizeStart;
  uint8_t digits_ = 0;
  uint32_t line_bytes_ = 0;  // of this chunk line, then of the trailer section
  uint64_t left_ = 0;        // the chunk's size while it is read, then the rest of its data
  int64_t excess_ = 0;
  std::string trailer_;  // the trailer section received so far
};

/// Bytes that WriteChunkHead may need.
inline constexpr size_t kChunkHeadBytesMax = 18;

/// Writes "<size in lower-case hex>CRLF" so that it ends before `end`, with kChunkHeadBytesMax
/// bytes of room before it; returns its first byte.
char* FormatChunkHeadBackward(uint64_t size, char* end);

/// The head of one chunk, in memory of its own.
class ChunkHead {
 public:
  explicit ChunkHead(uint64_t size) : begin_(FormatChunkHeadBackward(size, End())) {}
  ChunkHead(const ChunkHead&) = delete;
  ChunkHead& operator=(const ChunkHead&) = delete;
  /// Valid while this object lives.
  [[nodiscard]] std::string_view Text() const {
    return {begin_, static_cast<size_t>(room_.data() + room_.size() - begin_)};
  }

 private:
  [[nodiscard]] char* End() { return room_.data() + room_.size(); }

  std::array<char, kChunkHeadBytesMax> room_;
  const char* begin_;
};

}  // namespace hon::adaptor
