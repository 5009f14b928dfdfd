#pragma once

// permessage-deflate's two transformations (RFC 7692 §7.2) over zlib.

#include <zlib.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace hon::websocket::internal {

/// The agreed parameters, for one direction each.
struct DeflateParams {
  int window_bits = 15;   // 9 to 15
  bool takeover = false;  // the window is kept from message to message
};

/// The most bytes that one call of Inflater::Next returns.
inline constexpr size_t kInflateBytes = 16 * 1024;

/// Blocks of one message that are marked as the last: each costs much more than its bytes.
inline constexpr int kFinalBlocksMax = 64;

/// Inflates the payloads of compressed messages, piece by piece: no whole message is held here.
class Inflater {
 public:
  explicit Inflater(int window_bits);
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  enum class Status {
    kMore,   // more output follows: call again
    kInput,  // all input is consumed; the message goes on
    kEnd,    // the message ends with this output
    kBad,    // not deflate data, or incomplete
  };
  /// Consumes input from the front of `input`, the message's last part if `final`, and returns the
  /// next output, which lives until the next call.
  Status Next(std::string_view& input, bool final, std::string_view& output);
  /// Drops the window: the next message is independent.
  void Reset();

 private:
  [[nodiscard]] bool BeginAnew();
  void EndMessage();

  z_stream stream_{};
  size_t tail_used_ = 0;  // of the four bytes appended to every message
  int final_blocks_ = 0;  // of this message
  bool between_blocks_ = true;
  std::unique_ptr<char[]> output_;
};

/// Compresses messages.
class Deflater {
 public:
  /// `level` is zlib's, 1 (fast) to 9.
  Deflater(int window_bits, int level);
  ~Deflater();
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  /// Appends the next part of a message, compressed; the `final` part without its last four bytes.
  void Add(std::string_view data, bool final, std::string& to);
  /// Drops the window, as Inflater::Reset.
  void Reset();

 private:
  z_stream stream_{};
};

/// Inflaters and deflaters for connections without context takeover, which need them only during a
/// message. Any thread.
class DeflatePool {
 public:
  explicit DeflatePool(int level) : level_(level) {}

  [[nodiscard]] std::unique_ptr<Inflater> TakeInflater();
  [[nodiscard]] std::unique_ptr<Deflater> TakeDeflater(int window_bits);
  void GiveBack(std::unique_ptr<Inflater> inflater);
  void GiveBack(std::unique_ptr<Deflater> deflater, int window_bits);
  [[nodiscard]] int Level() const { return level_; }

 private:
  static constexpr int kWindowBitsMin = 9;
  static constexpr size_t kFreeMax = 16;  // of each kind

  int level_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Inflater>> inflaters_;
  std::vector<std::unique_ptr<Deflater>> deflaters_[16 - kWindowBitsMin];
};

}  // namespace hon::websocket::internal
