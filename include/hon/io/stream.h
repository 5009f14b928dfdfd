#pragma once

// The seam below the HTTP codecs: the duplex byte stream of one exchange. A codec reads and writes
// the two buffers directly and calls a method only when it must wait; the common request never
// waits. Both buffers hold plaintext: TLS is below (io/record_layer.h).

#include <cstdint>

#include "hon/base/time.h"
#include "hon/io/io.h"
#include "hon/io/link_buffer.h"

namespace hon::io {

/// Used by one fiber at a time; its buffers are touched by that fiber, or by the owner of the
/// stream while the fiber waits inside a method.
class Stream {
 public:
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;

  /// Received bytes that are not consumed yet.
  [[nodiscard]] LinkBuffer& In() { return *in_; }
  /// Bytes on their way to the peer. The loop sends them at the end of its turn.
  [[nodiscard]] LinkBuffer& Out() { return *out_; }

  /// Suspends until In() holds more bytes than now. Errors: ErrEof (the peer has finished sending),
  /// ErrDeadlineExceeded, ErrClosed or the system error of a broken connection, the cause of the
  /// exchange's context once the context has ended.
  virtual Error FillInput() = 0;

  /// Sends until at most `bytes_max` bytes of Out() are left (0: everything is with the kernel),
  /// suspending as needed. Errors as FillInput, without ErrEof.
  virtual Error DrainOutput(size_t bytes_max) = 0;

  /// Sends `count` bytes of `file` from `offset` behind everything in Out(), by sendfile where
  /// the kernel can. Fewer bytes with ErrUnexpectedEof when the file is shorter than that.
  virtual CopyResult SendFile(File& file, int64_t offset, int64_t count) = 0;

  /// kNever: none. Replaces the deadline that the server's options set for this exchange.
  virtual void SetReadDeadline(TimePoint deadline) = 0;
  virtual void SetWriteDeadline(TimePoint deadline) = 0;

  /// Called by a codec after many small steps without a wait, such as decoding tiny chunks. A
  /// stream of a loop runs everything else that is ready first.
  virtual void Yield() {}

  /// The caller is about to read these bytes of `file` on its own thread. A stream of a loop has
  /// another thread read them into the page cache if they are not there: a slow disk would hold the
  /// loop. Suspends meanwhile; errors of the file are left to the read.
  virtual void PrepareFile(File& /*file*/, int64_t /*offset*/, int64_t /*count*/) {}

 protected:
  Stream() = default;
  Stream(LinkBuffer& in, LinkBuffer& out) : in_(&in), out_(&out) {}
  /// Shows the buffers of another connection from now on.
  void Bind(LinkBuffer& in, LinkBuffer& out) {
    in_ = &in;
    out_ = &out;
  }

 private:
  LinkBuffer* in_ = nullptr;
  LinkBuffer* out_ = nullptr;
};

/// Past this many unsent bytes a writer waits for the peer (Stream::DrainOutput).
inline constexpr size_t kHighWaterBytes = 64 * 1024;

}  // namespace hon::io
