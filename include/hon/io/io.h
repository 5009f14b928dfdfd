#pragma once

// Go's io in the parts that a server needs: the count-and-error result, Reader, Writer, Closer, and
// functions over them. Pure: no socket, loop or clock.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "hon/base/error.h"
#include "hon/base/result.h"

namespace hon::io {

/// The regular end of a stream; Go's io.EOF.
inline constexpr Sentinel ErrEof{"EOF"};
/// The stream ended inside something that has a known length or end mark.
inline constexpr Sentinel ErrUnexpectedEof{"unexpected EOF"};
/// A Writer took fewer bytes than it was given and returned no error.
inline constexpr Sentinel ErrShortWrite{"short write"};
/// The other end is gone, or this end was closed.
inline constexpr Sentinel ErrClosed{"use of closed connection"};
/// A deadline passed while waiting for the peer.
inline constexpr Sentinel ErrDeadlineExceeded{"i/o timeout"};

/// Go's (n, err): bytes moved, and why no more; n and error may both be set.
struct IoResult {
  size_t n = 0;
  Error err;
};

class BlockPool;
class File;
class LinkBuffer;

/// A source of bytes that lie in blocks of a pool already (hon/io/link_buffer.h).
class BlockReader {
 public:
  /// As Reader::Read, to the end of `into`: moves up to `bytes_max` bytes, of which long stretches
  /// are not copied. `into` has the pool that AsBlocks was given.
  virtual IoResult ReadBlocks(LinkBuffer& into, size_t bytes_max) = 0;

 protected:
  ~BlockReader() = default;
};

/// A source of bytes.
class Reader {
 public:
  virtual ~Reader() = default;

  /// Reads up to `into.size()` bytes; may suspend the calling fiber until there is at least one.
  /// At the end: {0, ErrEof}. An empty `into` gives {0, none}.
  virtual IoResult Read(std::span<char> into) = 0;

  /// The file behind this reader, positioned where Read would go on, if there is one: lets a
  /// writer use sendfile. `*limit` is set to how many bytes of it belong to this reader.
  virtual File* AsFile([[maybe_unused]] int64_t* limit) { return nullptr; }

  /// This reader as a BlockReader, if its bytes lie in blocks of `pool`: lets a writer on the
  /// thread of the pool take the bytes without a copy.
  virtual BlockReader* AsBlocks([[maybe_unused]] const BlockPool& pool) { return nullptr; }
};

/// The origin of an offset.
enum class Whence : uint8_t { kStart, kCurrent, kEnd };

/// A source of bytes with a position that can be moved; Go's io.ReadSeeker.
class ReadSeeker : public Reader {
 public:
  /// Moves to `offset` from `whence`, past the end if so asked, and returns the new position from
  /// the start. Fails below zero.
  virtual Result<int64_t> Seek(int64_t offset, Whence whence) = 0;
};

/// A sink of bytes.
class Writer {
 public:
  virtual ~Writer() = default;

  /// Takes all of `data`, or returns an error. The bytes are copied or sent before Write returns.
  virtual IoResult Write(std::string_view data) = 0;
};

class Closer {
 public:
  virtual ~Closer() = default;
  virtual Error Close() = 0;
};

/// Reads until the end. Fails with ErrTooLong past `bytes_max`.
inline constexpr Sentinel ErrTooLong{"stream is longer than allowed"};
Result<std::string> ReadAll(Reader& from, size_t bytes_max = SIZE_MAX);

/// Reads exactly `into.size()` bytes. ErrEof when there were none, ErrUnexpectedEof after some.
IoResult ReadFull(Reader& from, std::span<char> into);

/// Copies until the end of `from`; the end itself is no error.
struct CopyResult {
  int64_t n = 0;
  Error err;
};
CopyResult Copy(Writer& to, Reader& from);

/// At most the next `bytes_max` bytes of `from`, which the caller keeps alive; Go's LimitReader.
class LimitedReader final : public Reader {
 public:
  LimitedReader(Reader& from, int64_t bytes_max) : from_(&from), left_(bytes_max) {}
  IoResult Read(std::span<char> into) override;
  File* AsFile(int64_t* limit) override;
  /// How many bytes Read may still give.
  [[nodiscard]] int64_t Left() const { return left_; }

 private:
  Reader* from_;
  int64_t left_;
};

/// Reads from memory that the caller keeps alive.
class StringReader final : public ReadSeeker {
 public:
  explicit StringReader(std::string_view text) : text_(text) {}
  IoResult Read(std::span<char> into) override;
  Result<int64_t> Seek(int64_t offset, Whence whence) override;
  /// How many bytes are unread.
  [[nodiscard]] size_t Len() const { return at_ < text_.size() ? text_.size() - at_ : 0; }

 private:
  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace hon::io
