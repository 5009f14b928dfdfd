// The half of Response that moves bytes: head, body and trailers into Stream::Out().

#include <algorithm>
#include <cstring>

#include "adaptor/ascii.h"
#include "adaptor/sorted_fields.h"
#include "hon/adaptor/chunked.h"
#include "hon/adaptor/response.h"
#include "hon/http/sniff.h"
#include "hon/io/file.h"

namespace hon::adaptor {
namespace {

// Where waiting for the peer ends: half, so that the next write does not wait again at once.
constexpr size_t kLowWaterBytes = io::kHighWaterBytes / 2;

constexpr std::string_view kCrlf = "\r\n";

}  // namespace

// Sends what is buffered and `data`, as one chunk where there are chunks.
void Response::SendBody(std::string_view data) {
  if (phase_ == Phase::kCommitted) {
    // The type is found by the first bytes, wherever the handler's writes ended.
    const size_t part = std::min(data.size(), buffer_.size() - buffered_);
    std::memcpy(buffer_.data() + buffered_, data.data(), part);
    buffered_ += static_cast<uint32_t>(part);
    data.remove_prefix(part);
    SendHead(false);
  }
  const std::string_view buffered(buffer_.data(), buffered_);
  buffered_ = 0;
  const size_t size = buffered.size() + data.size();
  if (size == 0 || coding_ == Coding::kNone || error_) return;
  if (coding_ == Coding::kChunked) {
    char chunk[kChunkHeadBytesMax];
    char* const end = chunk + sizeof chunk;
    const char* head = FormatChunkHeadBackward(size, end);
    Put({head, static_cast<size_t>(end - head)});
  }
  Put(buffered);
  Put(data);
  if (coding_ == Coding::kChunked) Put(kCrlf);
  Bound();
}

void Response::SendBuffered() {
  if (phase_ == Phase::kCommitted) return SendHead(false);
  SendBody({});
}

// Copies `data` into the output, waiting for the peer where it is behind.
void Response::Put(std::string_view data) {
  io::LinkBuffer& out = stream_->Out();
  while (!data.empty()) {
    Bound();
    if (error_) return;
    const size_t room = io::kHighWaterBytes - std::min(out.Len(), io::kHighWaterBytes - 1);
    const size_t part = std::min(data.size(), room);
    out.Write(data.substr(0, part));
    data.remove_prefix(part);
  }
}

void Response::Bound() {
  if (stream_->Out().Len() < io::kHighWaterBytes || error_) return;
  error_ = stream_->DrainOutput(kLowWaterBytes);
}

void Response::EndChunks() {
  Put("0\r\n");
  if (head_.GetFacts().has_trailers || HasLateTrailers(header_)) PutTrailers();
  Put(kCrlf);
}

// What was announced and what has the prefix, sorted by name (RFC 9110 §6.5).
void Response::PutTrailers() {
  http::Header trailers;
  for (const http::Header::Field& field : header_) {
    const bool late = IsLateTrailer(field);
    const std::string_view name = late ? field.name.substr(http::TrailerPrefix.size()) : field.name;
    if (!late && !internal::ListHasFold(head_.TrailerNames(), name)) continue;
    if (IsTrailerAllowed(name)) trailers.AddView(name, field.value, field.id);
  }
  internal::ForEachSorted(trailers, [this](const http::Header::Field& field) {
    Put(field.name);
    Put(": ");
    Put(field.value);
    Put(kCrlf);
  });
}

// --- Copying from a Reader.

io::CopyResult Response::ReadFrom(io::Reader& from) {
  if (IsDone()) return {0, Refuse("ReadFrom")};
  if (phase_ == Phase::kOpen) WriteHeader(200);
  if (error_) return {0, error_};
  int64_t limit = 0;
  io::File* file = from.AsFile(&limit);
  if (file != nullptr && IsBodyAllowed(status_)) {
    const Result<int64_t> size = file->Size();
    const Result<int64_t> offset = file->Position();
    // What has no position or claims to be empty is read instead: pipes, files of /proc.
    if (size && offset && std::min(limit, *size - *offset) >= kSendFileBytesMin) {
      return CopyFile(from, *file, *offset, std::min(limit, *size - *offset));
    }
  }
  return CopyBlocks(from);
}

// Reads into blocks that go out as they are; what is small goes through the buffer.
io::CopyResult Response::CopyBlocks(io::Reader& from) {
  int64_t copied = 0;
  io::BlockRef hold;
  for (;;) {
    if (hold.Get() == nullptr) {
      io::Block* fresh = stream_->Out().Pool().Get();
      hold = io::BlockRef(fresh);
      io::BlockPool::Unref(fresh);
    }
    io::Block& block = *hold.Get();
    char* const begin = block.data + kChunkHeadBytesMax;
    const io::IoResult got = from.Read({begin, block.capacity - kChunkHeadBytesMax - kCrlf.size()});
    if (got.n != 0) {
      Error err;
      if (got.n < kBodyBufferBytes || phase_ != Phase::kBody || coding_ == Coding::kNone) {
        err = Write({begin, got.n}).err;
      } else {
        err = SendBlock(block, got.n);
        hold.Reset();
      }
      if (err) return {copied, std::move(err)};
      copied += static_cast<int64_t>(got.n);
    }
    if (got.err) return {copied, got.err.Is(io::ErrEof) ? Error() : got.err};
  }
}

// Sends `size` bytes that lie behind room for a chunk head in `block`.
Error Response::SendBlock(io::Block& block, size_t size) {
  const auto wanted = static_cast<int64_t>(size);
  if (Allowed(wanted) != wanted) {
    close_ = true;
    return http::ErrContentLength;
  }
  written_ += wanted;
  SendBuffered();
  if (error_) return error_;
  char* const data = block.data + kChunkHeadBytesMax;
  const char* begin = data;
  size_t end = kChunkHeadBytesMax + size;
  if (coding_ == Coding::kChunked) {
    begin = FormatChunkHeadBackward(size, data);
    std::memcpy(data + size, kCrlf.data(), kCrlf.size());
    end += kCrlf.size();
  }
  block.begin = static_cast<uint32_t>(begin - block.data);
  block.end = static_cast<uint32_t>(end);
  io::BlockPool::Ref(&block);
  stream_->Out().Append(&block);
  Bound();
  return error_;
}

// Sends `size` bytes of `file` by sendfile. When it turns out shorter, the framing is broken and
// the connection must end.
io::CopyResult Response::CopyFile(io::Reader& from, io::File& file, int64_t offset, int64_t size) {
  int64_t copied = 0;
  const bool sniffs = phase_ == Phase::kCommitted && !head_.GetFacts().has_type;
  if (sniffs && buffered_ < http::kSniffBytes) {
    char first[http::kSniffBytes];
    const io::IoResult got = io::ReadFull(from, first);
    if (got.err) return {0, got.err};
    if (const io::IoResult put = Write({first, got.n}); put.err) return {0, put.err};
    copied = static_cast<int64_t>(got.n);
  }
  SendBuffered();
  const int64_t rest = size - copied;
  const int64_t count = Allowed(rest);
  if (coding_ == Coding::kNone) {
    written_ += count;
    copied += count;
  } else if (count > 0 && !error_) {
    char chunk[kChunkHeadBytesMax];
    char* const end = chunk + sizeof chunk;
    const char* head = FormatChunkHeadBackward(static_cast<uint64_t>(count), end);
    if (coding_ == Coding::kChunked) Put({head, static_cast<size_t>(end - head)});
    if (!error_) {
      io::CopyResult sent = stream_->SendFile(file, offset + copied, count);
      written_ += sent.n;
      copied += sent.n;
      error_ = sent.n < count && !sent.err ? Error(io::ErrUnexpectedEof) : std::move(sent.err);
    }
    if (coding_ == Coding::kChunked && !error_) Put(kCrlf);
  }
  static_cast<void>(file.SeekTo(offset + copied));
  if (error_) return {copied, error_};
  if (count == rest) return {copied, {}};
  close_ = true;
  return {copied, http::ErrContentLength};
}

}  // namespace hon::adaptor
