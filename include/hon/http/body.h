#pragma once

#include <memory>
#include <string>

#include "hon/io/io.h"

namespace hon::http {

/// A read of a body that was closed, or whose handler has returned.
inline constexpr Sentinel ErrBodyReadAfterClose{"http: invalid Read on closed Body"};

/// More bytes than a limit allows: the server's, or MaxBytesReader's.
inline constexpr Sentinel ErrBodyTooLarge{"http: request body too large"};

/// The source of a Body's bytes.
class BodySource : public io::Reader, public io::Closer {
 public:
  /// Whether the handler set a limit (MaxBytesReader). ParseForm's own limit does not apply then.
  [[nodiscard]] virtual bool HasLimit() const { return false; }
};

/// A message body, as Go's `r.Body`: never null; a message without a body has an empty one. Reading
/// suspends the calling fiber until bytes arrive. A Body is a small handle: copies share the
/// source. A request's Body ends when its handler has returned.
class Body final : public io::Reader {
 public:
  /// An empty body (Go's NoBody).
  Body() noexcept = default;
  /// Reads from `source`, which the caller keeps alive.
  explicit Body(BodySource* source) noexcept : source_(source) {}
  /// Reads from `source`, which lives as long as a copy of this Body.
  explicit Body(std::shared_ptr<BodySource> source) noexcept
      : source_(source.get()), owner_(std::move(source)) {}
  /// Reads from a copy of `text`.
  static Body FromString(std::string text);

  /// {n, none}, or {0, ErrEof} at the end, or {n, an error}: io::ErrUnexpectedEof when the peer
  /// stopped early, ErrBodyTooLarge past a limit, a chunked-coding error (RFC 9112 §7.1),
  /// io::ErrDeadlineExceeded, or the cause of the request's context.
  io::IoResult Read(std::span<char> into) override {
    return source_ == nullptr ? End(into) : source_->Read(into);
  }
  /// The file that the source reads, if it reads one.
  io::File* AsFile(int64_t* limit) override {
    return source_ == nullptr ? nullptr : source_->AsFile(limit);
  }
  /// The source as a BlockReader, if it is one for `pool`.
  io::BlockReader* AsBlocks(const io::BlockPool& pool) override {
    return source_ == nullptr ? nullptr : source_->AsBlocks(pool);
  }
  /// The rest, of at most `bytes_max` bytes: io::ErrTooLong when the rest is longer. After an error
  /// the bytes read so far are lost; use Read to keep them.
  [[nodiscard]] Result<std::string> ReadAll(size_t bytes_max = SIZE_MAX) {
    return io::ReadAll(*this, bytes_max);
  }
  /// Closes the body: later reads fail with ErrBodyReadAfterClose. The server drains the unread
  /// rest.
  Error Close() { return source_ == nullptr ? Error() : source_->Close(); }

  /// Whether there is no source at all (Go's `r.Body == http.NoBody`).
  [[nodiscard]] bool IsNoBody() const { return source_ == nullptr; }
  /// The source, or null for an empty Body. Not owned by the caller.
  [[nodiscard]] BodySource* Source() const { return source_; }
  /// Whether MaxBytesReader limits the body.
  [[nodiscard]] bool HasLimit() const { return source_ != nullptr && source_->HasLimit(); }

 private:
  static io::IoResult End(std::span<char> into) {
    return into.empty() ? io::IoResult{} : io::IoResult{0, io::ErrEof};
  }

  BodySource* source_ = nullptr;
  std::shared_ptr<BodySource> owner_;
};

}  // namespace hon::http
