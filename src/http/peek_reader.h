#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "hon/io/io.h"

namespace hon::multipart::internal {

/// A Reader with a view of its next bytes.
class PeekReader final : public io::Reader {
 public:
  static constexpr size_t kBufferBytes = 16 * 1024;

  /// `from` is kept by the caller.
  explicit PeekReader(io::Reader& from);

  /// The buffered bytes; the view ends with the next call of another method.
  [[nodiscard]] std::string_view Buffered() const {
    return {buffer_.get() + begin_, end_ - begin_};
  }
  /// Reads more into the buffer. Returns false when the source gave nothing more (SourceError has
  /// the reason), or when the buffer is full.
  bool Fill();
  /// The error with which the source ended; none while it has not ended. Sticky.
  [[nodiscard]] const Error& SourceError() const { return error_; }
  void Skip(size_t n) { begin_ += n; }

  /// Takes a line with its "\n"; at the source's end, the rest without one. An empty view, and
  /// `*err` set, when there is no line, or when `bytes_max` bytes hold no line end
  /// (io::ErrTooLong). The view ends with the next call. `bytes_max` is at most kBufferBytes.
  std::string_view TakeLine(size_t bytes_max, Error* err);

  /// Appends a line to `into`, without its line end. Fails with io::ErrTooLong past `bytes_max`
  /// bytes, and when the source ends inside it.
  Error AppendLine(std::string& into, size_t bytes_max);

  /// Reads the buffered bytes first, then from the source.
  io::IoResult Read(std::span<char> into) override;

 private:
  io::Reader* from_;
  std::unique_ptr<char[]> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  Error error_;
};

}  // namespace hon::multipart::internal
