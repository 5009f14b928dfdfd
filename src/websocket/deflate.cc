#include "websocket/deflate.h"

#include <algorithm>
#include <array>
#include <new>

#include "hon/base/assert.h"

namespace hon::websocket::internal {
namespace {

// The bytes that the sender removes at the end of a message (RFC 7692 §7.2.1).
constexpr std::string_view kTail("\x00\x00\xFF\xFF", 4);
// zlib's data_type between two blocks, with no bits left of the last byte.
constexpr int kAtBlockEnd = 128;
constexpr int kMemoryLevel = 8;
// A size in a call of zlib has 32 bits.
constexpr size_t kPartMax = size_t{1} << 30;

Bytef* Bytes(const char* data) { return reinterpret_cast<Bytef*>(const_cast<char*>(data)); }

}  // namespace

Inflater::Inflater(int window_bits) : output_(new char[kInflateBytes]) {
  if (inflateInit2(&stream_, -window_bits) != Z_OK) throw std::bad_alloc();
}

Inflater::~Inflater() { inflateEnd(&stream_); }

void Inflater::Reset() {
  HON_ASSERT(inflateReset(&stream_) == Z_OK);
  EndMessage();
}

void Inflater::EndMessage() {
  tail_used_ = 0;
  final_blocks_ = 0;
  between_blocks_ = true;
}

// After a block marked as the last (RFC 7692 §7.2.3.4) others may follow, and may refer to earlier
// data.
bool Inflater::BeginAnew() {
  if (++final_blocks_ > kFinalBlocksMax) return false;
  between_blocks_ = true;
  std::array<Bytef, 32768> window;
  uInt size = 0;
  return inflateGetDictionary(&stream_, window.data(), &size) == Z_OK &&
         inflateReset(&stream_) == Z_OK &&
         inflateSetDictionary(&stream_, window.data(), size) == Z_OK;
}

Inflater::Status Inflater::Next(std::string_view& input, bool final, std::string_view& output) {
  stream_.next_out = Bytes(output_.get());
  stream_.avail_out = kInflateBytes;
  output = {};
  for (;;) {
    const bool in_tail = input.empty() && final;
    // No block is open: the tail would begin a new one.
    if (in_tail && between_blocks_) break;
    const std::string_view source = in_tail ? kTail.substr(tail_used_) : input.substr(0, kPartMax);
    stream_.next_in = Bytes(source.data());
    stream_.avail_in = static_cast<uInt>(source.size());
    const int result = inflate(&stream_, Z_SYNC_FLUSH);
    const size_t used = source.size() - stream_.avail_in;
    if (in_tail) {
      tail_used_ += used;
    } else {
      input.remove_prefix(used);
    }
    // A call without progress does not set data_type.
    if (result == Z_OK) between_blocks_ = stream_.data_type == kAtBlockEnd;
    output = {output_.get(), kInflateBytes - stream_.avail_out};
    if (result == Z_STREAM_END) {
      if (!BeginAnew()) return Status::kBad;
      continue;
    }
    if (result != Z_OK && result != Z_BUF_ERROR) return Status::kBad;
    if (stream_.avail_out == 0) return Status::kMore;
    if (!input.empty()) continue;
    if (!final) return Status::kInput;
    // Otherwise the end of the message is missing.
    if (tail_used_ == kTail.size() && !between_blocks_) return Status::kBad;
  }
  EndMessage();
  return Status::kEnd;
}

Deflater::Deflater(int window_bits, int level) {
  const int result =
      deflateInit2(&stream_, level, Z_DEFLATED, -window_bits, kMemoryLevel, Z_DEFAULT_STRATEGY);
  if (result != Z_OK) throw std::bad_alloc();
}

Deflater::~Deflater() { deflateEnd(&stream_); }

void Deflater::Reset() { HON_ASSERT(deflateReset(&stream_) == Z_OK); }

void Deflater::Add(std::string_view data, bool final, std::string& to) {
  const size_t start = to.size();
  do {
    const std::string_view part = data.substr(0, kPartMax);
    data.remove_prefix(part.size());
    stream_.next_in = Bytes(part.data());
    stream_.avail_in = static_cast<uInt>(part.size());
    const int flush = final && data.empty() ? Z_SYNC_FLUSH : Z_NO_FLUSH;
    do {
      const size_t had = to.size();
      const size_t room = std::min<size_t>(kPartMax, 64 + part.size() / 2);
      to.resize(had + room);
      stream_.next_out = Bytes(to.data() + had);
      stream_.avail_out = static_cast<uInt>(room);
      const int result = deflate(&stream_, flush);
      HON_ASSERT(result == Z_OK || result == Z_BUF_ERROR);
      to.resize(had + room - stream_.avail_out);
    } while (stream_.avail_out == 0);
  } while (!data.empty());
  if (!final) return;
  const std::string_view made = std::string_view(to).substr(start);
  if (made.ends_with(kTail)) {
    to.resize(to.size() - kTail.size());
  }
  // No data since the last flush: an empty block (RFC 7692 §7.2.3.6).
  if (to.size() == start) to += '\0';
}

std::unique_ptr<Inflater> DeflatePool::TakeInflater() {
  {
    std::lock_guard lock(mutex_);
    if (!inflaters_.empty()) {
      auto inflater = std::move(inflaters_.back());
      inflaters_.pop_back();
      return inflater;
    }
  }
  return std::make_unique<Inflater>(15);
}

std::unique_ptr<Deflater> DeflatePool::TakeDeflater(int window_bits) {
  {
    std::lock_guard lock(mutex_);
    auto& free = deflaters_[window_bits - kWindowBitsMin];
    if (!free.empty()) {
      auto deflater = std::move(free.back());
      free.pop_back();
      return deflater;
    }
  }
  return std::make_unique<Deflater>(window_bits, level_);
}

void DeflatePool::GiveBack(std::unique_ptr<Inflater> inflater) {
  inflater->Reset();
  std::lock_guard lock(mutex_);
  if (inflaters_.size() < kFreeMax) inflaters_.push_back(std::move(inflater));
}

void DeflatePool::GiveBack(std::unique_ptr<Deflater> deflater, int window_bits) {
  deflater->Reset();
  std::lock_guard lock(mutex_);
  auto& free = deflaters_[window_bits - kWindowBitsMin];
  if (free.size() < kFreeMax) free.push_back(std::move(deflater));
}

}  // namespace hon::websocket::internal
