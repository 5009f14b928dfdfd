#include "hon/adaptor/body_reader.h"

#include <algorithm>
#include <utility>

namespace hon::adaptor {
namespace {

/// Content that is copied to memory of the reader.
struct MemoryTarget {
  std::span<char> room;

  [[nodiscard]] size_t Room() const { return room.size(); }
  size_t Take(io::LinkBuffer& in, size_t n) {
    n = in.ReadInto(room.first(n));
    room = room.subspan(n);
    return n;
  }
};

/// Content that moves to another buffer.
struct BufferTarget {
  io::LinkBuffer& into;
  size_t room;

  [[nodiscard]] size_t Room() const { return room; }
  size_t Take(io::LinkBuffer& in, size_t n) {
    n = in.MoveTo(into, n);
    room -= n;
    return n;
  }
};

}  // namespace

io::IoResult BodyReader::Read(std::span<char> into) { return ReadTo(MemoryTarget{into}); }

io::IoResult BodyReader::ReadBlocks(io::LinkBuffer& into, size_t bytes_max) {
  return ReadTo(BufferTarget{into, bytes_max});
}

template <class Target>
[[gnu::always_inline]] inline io::IoResult BodyReader::ReadTo(Target into) {
  if (closed_) return {0, http::ErrBodyReadAfterClose};
  if (into.Room() == 0) return {};
  if (framing_ != Framing::kEnd && !failure_) SendContinue();
  if (chunks_ >= kChunksPerTurnMax) TakeTurns();
  for (;;) {
    if (failure_) return {0, failure_};
    if (framing_ == Framing::kEnd) return {0, io::ErrEof};
    const size_t n = Take(into);
    if (n != 0) return {n, {}};
    if (framing_ == Framing::kEnd || failure_) continue;
    if (PastLimit()) {
      failure_ = http::ErrBodyTooLarge;
    } else if (Error err = Fill()) {
      return {0, std::move(err)};
    }
  }
}

template <class Target>
[[gnu::always_inline]] inline size_t BodyReader::Take(Target& into) {
  switch (framing_.load(std::memory_order_relaxed)) {
    case Framing::kLength:
      return TakeLength(into);
    case Framing::kChunked:
      return TakeChunked(into);
    default:
      return TakeReceived(into);
  }
}

Error BodyReader::Close() {
  closed_ = true;
  return {};
}

// The part of `wanted` that the limit allows.
size_t BodyReader::Quota(size_t wanted) const {
  const int64_t left = bytes_max_ - content_;
  return static_cast<uint64_t>(left) < wanted ? static_cast<size_t>(left) : wanted;
}

// Whether the limit is reached while content is left.
bool BodyReader::PastLimit() const {
  if (content_ != bytes_max_) return false;
  if (framing_ == Framing::kConnection || framing_ == Framing::kStream) {
    return !stream_->In().Empty();
  }
  return framing_ == Framing::kLength || chunked_.InData();
}

template <class Target>
size_t BodyReader::TakeLength(Target& into) {
  size_t wanted = Quota(into.Room());
  if (static_cast<uint64_t>(remaining_) < wanted) wanted = static_cast<size_t>(remaining_);
  const size_t n = into.Take(stream_->In(), wanted);
  remaining_ -= static_cast<int64_t>(n);
  content_ += static_cast<int64_t>(n);
  if (remaining_ == 0) End();
  return n;
}

// Also decodes the framing behind the last byte that it delivers, so that the end of the body is
// known as soon as it has been received.
template <class Target>
size_t BodyReader::TakeChunked(Target& into) {
  io::LinkBuffer& in = stream_->In();
  size_t n = 0;
  while (!in.Empty()) {
    const ChunkedDecoder::Piece piece = chunked_.Decode(in.Front(), Quota(into.Room()));
    const size_t size = piece.data.size();  // the data lies at the end of what was used
    static_cast<void>(in.Skip(piece.used - size));
    if (size != 0) n += into.Take(in, size);
    content_ += static_cast<int64_t>(size);
    if (piece.err) {
      failure_ = piece.err;
      break;
    }
    if (chunked_.Done()) {
      End();
      break;
    }
    if (size == 0 && chunked_.InData()) break;
    if (++chunks_ >= kChunksPerTurnMax && n != 0) break;
  }
  return n;
}

// For a body that ends with its connection or stream.
template <class Target>
size_t BodyReader::TakeReceived(Target& into) {
  const size_t n = into.Take(stream_->In(), Quota(into.Room()));
  content_ += static_cast<int64_t>(n);
  return n;
}

void BodyReader::End() {
  if (framing_ == Framing::kChunked) chunked_.TakeTrailers(*trailer_);
  if (framing_ == Framing::kStream) stream_body_->TakeTrailers(*trailer_);
  SetFraming(Framing::kEnd);
}

// Lets other ready connections run.
void BodyReader::TakeTurns() {
  chunks_ = 0;
  stream_->Yield();
}

// Waits for more input. A failure is that of every later read too, but for the end of a read that
// its caller has given up: the rest of the body can still be drained.
Error BodyReader::Fill() {
  Error err = stream_->FillInput();
  if (!err) return {};
  if (err.Is(io::ErrEof) && (framing_ == Framing::kConnection || framing_ == Framing::kStream)) {
    End();
    return {};
  }
  if (err.Is(http::ErrBodyReadAfterClose)) return err;
  failure_ = err.Is(io::ErrEof) ? Error(io::ErrUnexpectedEof) : std::move(err);
  return failure_;
}

// Earlier dropped bytes count, so that the pieces in which a body arrives make no difference.
bool BodyReader::TooMuch(int64_t bytes_max) const {
  if (framing_ == Framing::kLength) return drained_ + remaining_ >= bytes_max;
  if (framing_ == Framing::kConnection || framing_ == Framing::kStream) return true;
  return framing_ == Framing::kChunked && drained_ >= bytes_max && chunked_.InData();
}

// Drops the bytes of the body in In().
void BodyReader::SkipReceived(int64_t bytes_max) {
  io::LinkBuffer& in = stream_->In();
  uint32_t chunks = 0;
  while (framing_ != Framing::kEnd && !failure_ && !TooMuch(bytes_max) && !in.Empty()) {
    if (framing_ == Framing::kLength) {
      const int64_t size = std::min(static_cast<int64_t>(in.Len()), remaining_);
      static_cast<void>(in.Skip(static_cast<size_t>(size)));
      drained_ += size;
      remaining_ -= size;
      if (remaining_ == 0) End();
    } else {
      const auto data_max = static_cast<size_t>(std::max<int64_t>(bytes_max - drained_, 0));
      if (++chunks > kChunksPerTurnMax) return;
      ChunkedDecoder::Piece piece = chunked_.Decode(in.Front(), data_max);
      drained_ += static_cast<int64_t>(piece.data.size());
      static_cast<void>(in.Skip(piece.used));
      failure_ = std::move(piece.err);
      if (chunked_.Done() && !failure_) End();
    }
  }
}

bool BodyReader::Drain(int64_t bytes_max) {
  if (DrainReceived(bytes_max)) return true;
  if (ContinueWithheld()) return false;
  while (!AtEnd() && !failure_ && !TooMuch(bytes_max)) {
    if (!stream_->In().Empty()) {
      TakeTurns();
    } else if (Fill()) {
      break;
    }
    SkipReceived(bytes_max);
  }
  return AtEnd();
}

int64_t BodyReader::Remaining() const {
  if (framing_ == Framing::kEnd) return 0;
  return framing_ == Framing::kLength ? remaining_ : -1;
}

void BodyReader::SendContinue() {
  if (continue_ != Continue::kPending) return;
  continue_ = Continue::kNone;
  if (framing_ == Framing::kStream) return stream_body_->SendContinue();
  stream_->Out().Write("HTTP/1.1 100 Continue\r\n\r\n");
}

}  // namespace hon::adaptor
