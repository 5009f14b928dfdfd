#include <memory>
#include <utility>

#include "hon/base/assert.h"
#include "hon/h2/stream.h"

namespace hon::h2 {

Stream* StreamMap::Find(uint32_t id) const {
  if (bucket_count_ == 0) return nullptr;
  Stream* stream = BucketOf(id);
  while (stream != nullptr && stream->id_ != id) stream = stream->next_in_bucket_;
  return stream;
}

void StreamMap::Insert(Stream& stream) {
  HON_ASSERT(stream.next_in_bucket_ == nullptr);
  HON_DEBUG_ASSERT(Find(stream.id_) == nullptr);
  if (size_ == bucket_count_) Grow();
  Stream*& bucket = BucketOf(stream.id_);
  stream.next_in_bucket_ = bucket;
  bucket = &stream;
  ++size_;
}

void StreamMap::Erase(Stream& stream) {
  HON_ASSERT(size_ > 0);
  Stream** at = &BucketOf(stream.id_);
  while (*at != &stream) {
    HON_ASSERT(*at != nullptr);
    at = &(*at)->next_in_bucket_;
  }
  *at = stream.next_in_bucket_;
  stream.next_in_bucket_ = nullptr;
  --size_;
}

void StreamMap::Grow() {
  constexpr size_t kBucketsMin = 8;
  const size_t count = bucket_count_ == 0 ? kBucketsMin : bucket_count_ * 2;
  std::unique_ptr<Stream*[]> old = std::make_unique<Stream*[]>(count);  // may throw
  old.swap(buckets_);
  const size_t old_count = std::exchange(bucket_count_, count);
  for (size_t i = 0; i < old_count; ++i) {
    for (Stream* stream = old[i]; stream != nullptr;) {
      Stream* const next = stream->next_in_bucket_;
      Stream*& bucket = BucketOf(stream->id_);
      stream->next_in_bucket_ = bucket;
      bucket = stream;
      stream = next;
    }
  }
}

}  // namespace hon::h2
