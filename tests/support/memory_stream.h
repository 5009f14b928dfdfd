#pragma once

// An io::Stream without a peer: input is scripted, output is captured.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "hon/io/file.h"
#include "hon/io/stream.h"

namespace hon::test {

class MemoryStream final : public io::Stream {
 public:
  MemoryStream() : Stream(in_, out_) {}

  // The script.

  /// Puts `bytes` into In() at once, as a block of its own.
  void Receive(std::string_view bytes) {
    if (bytes.empty()) return;
    io::Block* block = pool_.GetLarge(bytes.size());
    bytes.copy(block->data, bytes.size());
    block->end = static_cast<uint32_t>(bytes.size());
    in_.Append(block);
  }
  /// Each FillInput adds the next of these pieces.
  void ReceiveLater(std::string bytes) { pieces_.push_back(std::move(bytes)); }
  /// The error of FillInput after the last piece; io::ErrEof by default.
  void EndInputWith(Error error) { input_end_ = std::move(error); }
  /// Output fails with `error` after this many bytes.
  void FailOutputAfter(size_t bytes, Error error) {
    output_bytes_max_ = bytes;
    output_error_ = std::move(error);
  }
  /// Calls `call` at the start of SendFile.
  void BeforeSendFile(std::function<void()> call) { before_send_file_ = std::move(call); }
  /// Drops sent bytes in place of keeping them: no memory is allocated for them.
  void DiscardOutput() { discards_ = true; }

  // Results.

  /// All bytes that were sent or wait in Out(); empties Out().
  std::string TakeOutput() {
    static_cast<void>(Send(0));
    return std::exchange(sent_, {});
  }
  /// Only the bytes that DrainOutput and SendFile have sent.
  [[nodiscard]] const std::string& Sent() const { return sent_; }
  [[nodiscard]] size_t Fills() const { return fills_; }
  [[nodiscard]] size_t Drains() const { return drains_; }
  /// The most bytes that Out() held at a wait for output.
  [[nodiscard]] size_t OutputPeak() const { return output_peak_; }
  [[nodiscard]] int64_t FileBytes() const { return file_bytes_; }
  /// Number of calls of Yield.
  [[nodiscard]] size_t Yields() const { return yields_; }
  [[nodiscard]] TimePoint ReadDeadline() const { return read_deadline_; }
  [[nodiscard]] TimePoint WriteDeadline() const { return write_deadline_; }
  [[nodiscard]] io::BlockPool& Pool() { return pool_; }

  // io::Stream
  Error FillInput() override {
    ++fills_;
    if (pieces_.empty()) return input_end_;
    Receive(pieces_.front());
    pieces_.pop_front();
    return {};
  }
  Error DrainOutput(size_t bytes_max) override {
    ++drains_;
    output_peak_ = std::max(output_peak_, out_.Len());
    return Send(bytes_max);
  }
  io::CopyResult SendFile(io::File& file, int64_t offset, int64_t count) override {
    if (before_send_file_) before_send_file_();
    if (Error err = Send(0)) return {0, err};
    int64_t sent = 0;
    char chunk[4096];
    while (sent < count) {
      const auto part = static_cast<size_t>(std::min<int64_t>(count - sent, sizeof chunk));
      const io::IoResult got = file.ReadAt({chunk, part}, offset + sent);
      if (got.n == 0) return {sent, io::ErrUnexpectedEof};
      if (!discards_) sent_.append(chunk, got.n);
      sent += static_cast<int64_t>(got.n);
      file_bytes_ += static_cast<int64_t>(got.n);
    }
    return {sent, {}};
  }
  void SetReadDeadline(TimePoint deadline) override { read_deadline_ = deadline; }
  void SetWriteDeadline(TimePoint deadline) override { write_deadline_ = deadline; }
  void Yield() override { ++yields_; }

 private:
  Error Send(size_t bytes_left) {
    while (out_.Len() > bytes_left) {
      const std::string_view front = out_.Front();
      const size_t part = std::min({front.size(), out_.Len() - bytes_left, output_bytes_max_});
      if (part == 0) return output_error_;
      if (!discards_) sent_.append(front.substr(0, part));
      output_bytes_max_ -= part;
      if (Error err = out_.Skip(part)) return err;
    }
    return {};
  }

  io::BlockPool pool_;
  io::LinkBuffer in_{pool_};
  io::LinkBuffer out_{pool_};
  std::deque<std::string> pieces_;
  Error input_end_ = io::ErrEof;
  size_t output_bytes_max_ = SIZE_MAX;
  Error output_error_;
  std::function<void()> before_send_file_;
  std::string sent_;
  bool discards_ = false;
  size_t fills_ = 0;
  size_t drains_ = 0;
  size_t yields_ = 0;
  size_t output_peak_ = 0;
  int64_t file_bytes_ = 0;
  TimePoint read_deadline_ = kNever;
  TimePoint write_deadline_ = kNever;
};

}  // namespace hon::test
