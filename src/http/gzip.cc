#include "http/gzip.h"

#include <algorithm>
#include <new>
#include <utility>

#include "hon/base/assert.h"

namespace hon::http::internal {
namespace {

constexpr size_t kOutputBytes = size_t{16} << 10;
constexpr int kWindowBits = 15 + 16;  // the largest window; 16 asks for gzip's frame
constexpr int kMemoryLevel = 8;
// A call of zlib counts in 32 bits.
constexpr size_t kPartMax = size_t{1} << 30;

}  // namespace

Gzip::~Gzip() {
  if (output_ != nullptr) deflateEnd(&stream_);
}

void Gzip::Begin() {
  auto output = std::make_unique_for_overwrite<char[]>(kOutputBytes);
  const int result =
      deflateInit2(&stream_, level_, Z_DEFLATED, kWindowBits, kMemoryLevel, Z_DEFAULT_STRATEGY);
  if (result != Z_OK) throw std::bad_alloc();
  output_ = std::move(output);
}

void Gzip::Reset() {
  if (output_ != nullptr) HON_ASSERT(deflateReset(&stream_) == Z_OK);
}

Error Gzip::Add(std::string_view data, Then then, io::Writer& to) {
  if (output_ == nullptr) Begin();
  do {
    const std::string_view part = data.substr(0, kPartMax);
    data.remove_prefix(part.size());
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(part.data()));
    stream_.avail_in = static_cast<uInt>(part.size());
    const int last = then == Then::kFinish ? Z_FINISH : Z_SYNC_FLUSH;
    const int flush = then == Then::kGoOn || !data.empty() ? Z_NO_FLUSH : last;
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(output_.get());
      stream_.avail_out = kOutputBytes;
      const int result = deflate(&stream_, flush);
      HON_ASSERT(result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR);
      const size_t made = kOutputBytes - stream_.avail_out;
      if (made == 0) break;
      if (Error err = to.Write({output_.get(), made}).err) return err;
    } while (stream_.avail_out == 0);
  } while (!data.empty());
  return {};
}

std::unique_ptr<Gzip> GzipPool::Take() {
  const std::lock_guard lock(mutex_);
  if (used_ == used_max_) return nullptr;
  std::unique_ptr<Gzip> gzip;
  if (free_.empty()) {
    gzip = std::make_unique<Gzip>(level_);
  } else {
    gzip = std::move(free_.back());
    free_.pop_back();
  }
  ++used_;
  return gzip;
}

void GzipPool::GiveBack(std::unique_ptr<Gzip> gzip) {
  gzip->Reset();
  const std::lock_guard lock(mutex_);
  --used_;
  if (free_.size() < kFreeMax) free_.push_back(std::move(gzip));
}

}  // namespace hon::http::internal
