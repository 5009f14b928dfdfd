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

IoResult StringReader::Read(std::span<char> into) {
  if (into.empty()) return {};
  if (rest_.empty()) return {0, ErrEof};
  const size_t n = std::min(into.size(), rest_.size());
  std::memcpy(into.data(), rest_.data(), n);
  rest_.remove_prefix(n);
  return {n, {}};
}

}  // namespace hon::io
