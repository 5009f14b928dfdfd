#include "hon/bytebufferpool/byte_buffer.h"

#include <algorithm>

namespace hon::bytebufferpool {
namespace {

constexpr size_t kReadBytesMin = 64;

}  // namespace

io::CopyResult ByteBuffer::ReadFrom(io::Reader& from) {
  int64_t total = 0;
  for (;;) {
    const size_t had = bytes_.size();
    bytes_.resize(std::max({bytes_.capacity(), had * 2, had + kReadBytesMin}));
    io::IoResult got = from.Read(std::span(bytes_).subspan(had));
    bytes_.resize(had + got.n);
    total += static_cast<int64_t>(got.n);
    if (got.err.Is(io::ErrEof)) return {total, {}};
    if (got.err) return {total, std::move(got.err)};
  }
}

io::CopyResult ByteBuffer::WriteTo(io::Writer& to) const {
  io::IoResult put = to.Write(bytes_);
  return {static_cast<int64_t>(put.n), std::move(put.err)};
}

}  // namespace hon::bytebufferpool
