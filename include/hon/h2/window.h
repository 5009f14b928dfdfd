#pragma once

// Flow control (RFC 9113 §5.2, §6.9): the bytes of DATA that this side, and the peer, may still
// send.

#include <algorithm>
#include <cstdint>

#include "hon/base/assert.h"
#include "hon/h2/frame.h"

namespace hon::h2 {

/// Bytes that may still be sent. Negative after the peer has made its initial window smaller
/// (RFC 9113 §6.9.2).
class SendWindow {
 public:
  explicit SendWindow(int64_t size = kInitialWindow) : size_(static_cast<int32_t>(size)) {
    HON_ASSERT(size >= 0 && size <= kWindowMax);
  }

  /// Bytes that may be sent now.
  [[nodiscard]] size_t Available() const {
    return size_ > 0 ? static_cast<size_t>(size_) : size_t{0};
  }
  void Consume(size_t bytes) {
    HON_ASSERT(bytes <= Available());
    size_ -= static_cast<int32_t>(bytes);
  }
  /// Applies a WINDOW_UPDATE, or a change of SETTINGS_INITIAL_WINDOW_SIZE. Returns false when the
  /// window would exceed 2^31-1: FLOW_CONTROL_ERROR.
  [[nodiscard]] bool Grow(int64_t bytes) {
    const int64_t grown = size_ + bytes;
    if (grown > kWindowMax || grown < -kWindowMax) return false;
    size_ = static_cast<int32_t>(grown);
    return true;
  }

 private:
  int32_t size_;
};

/// Bytes that the peer may still send. Bytes are received, later released (read, or dropped), and
/// then credited to the peer by WINDOW_UPDATE in steps of at least half the window, so that few
/// frames are sent.
class ReceiveWindow {
 public:
  explicit ReceiveWindow(uint32_t size = kInitialWindow) : size_(size), left_(size) {
    HON_ASSERT(size <= kWindowMax);
  }

  /// Counts bytes of DATA, with their padding. Returns false when the peer has sent more than it
  /// may: FLOW_CONTROL_ERROR.
  [[nodiscard]] bool Receive(size_t bytes) {
    if (bytes > left_) return false;
    left_ -= static_cast<uint32_t>(bytes);
    return true;
  }
  /// `bytes` of the received bytes hold no memory any more.
  void Release(size_t bytes) {
    released_ += static_cast<uint32_t>(bytes);
    HON_ASSERT(left_ + released_ <= size_);
  }
  /// Sets the size of the window from the next update on; the window never shrinks.
  void GrowTo(uint32_t size) {
    HON_ASSERT(size <= kWindowMax);
    if (size <= size_) return;
    released_ += size - size_;
    size_ = size;
  }
  [[nodiscard]] uint32_t Size() const { return size_; }
  /// Bytes that the peer may still send.
  [[nodiscard]] uint32_t Left() const { return left_; }
  /// Bytes that were received and not released.
  [[nodiscard]] uint32_t Held() const { return size_ - left_ - released_; }

  /// The increment of a WINDOW_UPDATE that is worth sending now, or 0. The increment counts as
  /// sent.
  [[nodiscard]] uint32_t TakeUpdate() {
    return released_ >= std::max<uint32_t>(size_ / 2, 1) ? TakeAll() : 0;
  }
  /// TakeUpdate for any number of bytes.
  [[nodiscard]] uint32_t TakeAll() {
    const uint32_t increment = released_;
    left_ += increment;
    released_ = 0;
    return increment;
  }

 private:
  uint32_t size_;  // the bytes that the peer may send when none are held
  uint32_t left_;
  uint32_t released_ = 0;  // not yet credited
};

}  // namespace hon::h2
