#include "hon/io/io.h"

#include <algorithm>
#include <cstring>

namespace hon::io {
namespace {

constexpr size_t kCopyBytes = 32 * 1024;
constexpr size_t kReadAllStep = 4096;

}  // namespace

Result<std::string> ReadAll(Reader& from, size_t bytes_max) {
  std::string all;
  for (;;) {
    const size_t had = all.size();
    all.resize(had + std::max(kReadAllStep, had / 2));
    IoResult got = from.Read(std::span(all).subspan(had));
    all.resize(had + got.n);
    if (all.size() > bytes_max) return Fail(ErrTooLong);
    if (got.err.Is(ErrEof)) return all;
    if (got.err) return Fail(std::move(got.err));
  }
}

IoResult ReadFull(Reader& from, std::span<char> into) {
  size_t n = 0;
  while (n < into.size()) {
    IoResult got = from.Read(into.subspan(n));
    n += got.n;
    if (got.err && n < into.size()) {
      if (got.err.Is(ErrEof) && n > 0) return {n, ErrUnexpectedEof};
      return {n, std::move(got.err)};
    }
  }
  return {n, {}};
}

CopyResult Copy(Writer& to, Reader& from) {
  // On the heap: a fiber's stack is small, and most copies go through ReadFrom instead.
  std::string buffer(kCopyBytes, '\0');
  int64_t total = 0;
  for (;;) {
    IoResult got = from.Read(std::span(buffer));
    if (got.n > 0) {
      IoResult put = to.Write(std::string_view(buffer).substr(0, got.n));
      total += static_cast<int64_t>(put.n);
      if (put.err) return {total, std::move(put.err)};
      if (put.n < got.n) return {total, ErrShortWrite};
    }
    if (got.err.Is(ErrEof)) return {total, {}};
    if (got.err) return {total, std::move(got.err)};
  }
}

IoResult LimitedReader::Read(std::span<char> into) {
  if (into.empty()) return {};
  if (left_ <= 0) return {0, ErrEof};
  if (left_ < static_cast<int64_t>(into.size())) into = into.first(static_cast<size_t>(left_));
  IoResult got = from_->Read(into);
  left_ -= static_cast<int64_t>(got.n);
  return got;
}

File* LimitedReader::AsFile(int64_t* limit) {
  File* const file = from_->AsFile(limit);
  if (file != nullptr) *limit = std::min(*limit, left_);
  return file;
}

IoResult StringReader::Read(std::span<char> into) {
  if (into.empty()) return {};
  if (Len() == 0) return {0, ErrEof};
  const size_t n = std::min(into.size(), Len());
  std::memcpy(into.data(), text_.data() + at_, n);
  at_ += n;
  return {n, {}};
}

Result<int64_t> StringReader::Seek(int64_t offset, Whence whence) {
  int64_t base = 0;
  if (whence == Whence::kCurrent) base = static_cast<int64_t>(at_);
  if (whence == Whence::kEnd) base = static_cast<int64_t>(text_.size());
  int64_t to = 0;
  if (__builtin_add_overflow(base, offset, &to) || to < 0) {
    return Fail(Error::New("seek: position out of range"));
  }
  at_ = static_cast<size_t>(to);
  return to;
}

}  // namespace hon::io
