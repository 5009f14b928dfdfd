#include "http/peek_reader.h"

#include <algorithm>
#include <cstring>

namespace hon::multipart::internal {

PeekReader::PeekReader(io::Reader& from)
    : from_(&from), buffer_(std::make_unique_for_overwrite<char[]>(kBufferBytes)) {}

bool PeekReader::Fill() {
  if (error_) return false;
  if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == kBufferBytes) return false;
  io::IoResult got = from_->Read(std::span(buffer_.get() + end_, kBufferBytes - end_));
  end_ += got.n;
  error_ = std::move(got.err);
  // Ends the loop for a source that gives neither bytes nor an error.
  if (got.n == 0 && !error_) error_ = io::ErrUnexpectedEof;
  return got.n > 0;
}

std::string_view PeekReader::TakeLine(size_t bytes_max, Error* err) {
  size_t searched = 0;
  for (;;) {
    const std::string_view window = Buffered().substr(0, bytes_max);
    const size_t newline = window.find('\n', searched);
    if (newline != window.npos) {
      Skip(newline + 1);
      return window.substr(0, newline + 1);
    }
    if (window.size() == bytes_max) {
      *err = io::ErrTooLong;
      return {};
    }
    searched = window.size();
    if (Fill()) continue;
    *err = error_;
    const std::string_view rest = Buffered();
    Skip(rest.size());
    return rest;
  }
}

Error PeekReader::AppendLine(std::string& into, size_t bytes_max) {
  const size_t start = into.size();
  for (;;) {
    const std::string_view window = Buffered();
    const size_t newline = window.find('\n');
    const std::string_view piece = window.substr(0, newline);
    if (into.size() - start + piece.size() > bytes_max) return io::ErrTooLong;
    into.append(piece);
    Skip(newline == window.npos ? piece.size() : piece.size() + 1);
    if (newline != window.npos) break;
    if (!Fill()) return error_.Is(io::ErrEof) ? Error(io::ErrUnexpectedEof) : error_;
  }
  if (into.size() > start && into.back() == '\r') into.pop_back();
  return {};
}

io::IoResult PeekReader::Read(std::span<char> into) {
  if (into.empty()) return {};
  if (begin_ == end_ && !Fill()) return {0, error_};
  const size_t n = std::min(into.size(), end_ - begin_);
  std::memcpy(into.data(), buffer_.get() + begin_, n);
  begin_ += n;
  return {n, {}};
}

}  // namespace hon::multipart::internal
