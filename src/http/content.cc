#include "http/content.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <string>

#include "hon/http/file_server.h"
#include "hon/http/reply.h"
#include "hon/http/sniff.h"
#include "hon/http/spawner.h"
#include "hon/http/status.h"
#include "hon/io/file.h"
#include "http/boundary.h"
#include "http/compress_writer.h"
#include "http/conditional.h"
#include "http/range.h"
#include "io/page_cache.h"

namespace hon::http::internal {
namespace {

constexpr std::string_view kCannotSeek = "seeker can't seek";

bool Rewind(io::ReadSeeker& reader) { return reader.Seek(0, io::Whence::kStart).has_value(); }

// Finds the size by seeking to the end, then seeks back to the start.
Result<int64_t> MeasureSize(io::ReadSeeker& reader) {
  HON_TRY(const int64_t size, reader.Seek(0, io::Whence::kEnd));
  HON_TRY([[maybe_unused]] const int64_t start, reader.Seek(0, io::Whence::kStart));
  return size;
}

void SetContentLength(ResponseWriter& w, int64_t length) {
  std::array<char, 20> digits;
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), length).ptr;
  w.Header().Set(HeaderId::kContentLength,
                 std::string_view(digits.data(), static_cast<size_t>(end - digits.data())));
}

// Returns false when the content was shorter than announced, or the peer is gone: nothing may be
// sent after that.
bool SendRange(ResponseWriter& w, io::ReadSeeker& reader, const ByteRange& range) {
  if (!reader.Seek(range.start, io::Whence::kStart)) return false;
  io::LimitedReader part(reader, range.length);
  const io::CopyResult copied = w.ReadFrom(part);
  return copied.n == range.length && !copied.err;
}

// The frame of a multipart/byteranges body (RFC 9110 §14.6).
class Parts {
 public:
  Parts(std::string_view type, int64_t size) : type_(type), size_(size) {}

  [[nodiscard]] std::string ContentType() const {
    return "multipart/byteranges; boundary=" + boundary_;
  }

  [[nodiscard]] std::string Head(const ByteRange& range, bool first) const {
    ContentRangeText text;
    std::string head = first ? "--" : "\r\n--";
    head += boundary_;
    head += "\r\nContent-Range: ";
    head += FormatContentRange(range, size_, text);
    head += "\r\n";
    if (!type_.empty()) head.append("Content-Type: ").append(type_).append("\r\n");
    return head += "\r\n";
  }

  [[nodiscard]] std::string Tail() const { return "\r\n--" + boundary_ + "--\r\n"; }

  [[nodiscard]] int64_t BodyLength(const RangeSet& ranges) const {
    auto length = static_cast<int64_t>(Tail().size());
    for (const ByteRange& range : ranges) {
      length += static_cast<int64_t>(Head(range, &range == ranges.begin()).size()) + range.length;
    }
    return length;
  }

 private:
  std::string type_;
  int64_t size_;
  std::string boundary_ = RandomBoundary();
};

void SendParts(ResponseWriter& w, const Request& r, io::ReadSeeker& reader, const RangeSet& ranges,
               int64_t size) {
  const Parts parts(w.Header().Get(HeaderId::kContentType), size);
  w.Header().Set(HeaderId::kContentType, parts.ContentType());
  SetContentLength(w, parts.BodyLength(ranges));
  w.WriteHeader(StatusPartialContent);
  if (r.Method == "HEAD") return;
  for (const ByteRange& range : ranges) {
    if (w.Write(parts.Head(range, &range == ranges.begin())).err) return;
    if (!SendRange(w, reader, range)) return;
  }
  static_cast<void>(w.Write(parts.Tail()));
}

void SendOne(ResponseWriter& w, const Request& r, io::ReadSeeker& reader, const ByteRange& range,
             int64_t size) {
  ContentRangeText text;
  w.Header().Set(HeaderId::kContentRange, FormatContentRange(range, size, text));
  SetContentLength(w, range.length);
  w.WriteHeader(StatusPartialContent);
  if (r.Method != "HEAD") SendRange(w, reader, range);
}

void SendWhole(ResponseWriter& w, const Request& r, const Content& content, int64_t size) {
  // Where a handler has set a Content-Encoding, `w` may be a wrapper that compresses.
  if (!content.encoding.empty() || w.Header().Get(HeaderId::kContentEncoding).empty()) {
    SetContentLength(w, size);
  }
  w.WriteHeader(StatusOK);
  if (r.Method == "HEAD" || size == 0) return;
  io::LimitedReader promised(content.reader, size);
  static_cast<void>(w.ReadFrom(promised));
}

// Reads the first bytes, without a wait for a disk on a loop.
size_t ReadStart(const Request& r, io::ReadSeeker& reader, std::span<char> into) {
  int64_t limit = 0;
  size_t got = 0;
  if (const io::File* const file = reader.AsFile(&limit)) {
    into = into.first(static_cast<size_t>(std::min(limit, static_cast<int64_t>(into.size()))));
    got = io::ReadCached(file->Fd(), into);
    if (got == into.size()) return got;
    PrepareRead(r.Context(), reader, static_cast<int64_t>(into.size() - got));
  }
  return got + io::ReadFull(reader, into.subspan(got)).n;
}

// Announces to `compress`, which `w` is or wraps, the properties of a 200. An error here occurs
// again, and is answered, where the content is sent.
void Announce(CompressWriter& compress, ResponseWriter& w, const Request& r,
              const Content& content) {
  Header& header = w.Header();
  const bool keep_type =
      header.Has(HeaderId::kContentType) || header.Suppressed(HeaderId::kContentType);
  if (!SetContentType(w, r, content.reader, content.name, content.types)) return;
  BodyFacts facts = {header.Get(HeaderId::kContentType), content.size,
                     !content.encoding.empty() || header.Has(HeaderId::kContentEncoding)};
  if (facts.length == Content::kUnknownSize) {
    if (const Result<int64_t> size = MeasureSize(content.reader)) facts.length = *size;
  }
  compress.Announce(facts);
  if (!keep_type) header.Del(HeaderId::kContentType);
}

}  // namespace

void SendError(ResponseWriter& w, std::string_view text, int status) {
  for (const HeaderId id : {HeaderId::kCacheControl, HeaderId::kContentEncoding, HeaderId::kETag,
                            HeaderId::kLastModified}) {
    w.Header().Del(id);
  }
  ReplyError(w, text, status);
}

bool SetContentType(ResponseWriter& w, const Request& r, io::ReadSeeker& reader,
                    std::string_view name, const mime::Types* types) {
  Header& header = w.Header();
  if (header.Has(HeaderId::kContentType) || header.Suppressed(HeaderId::kContentType)) return true;
  if (types == nullptr) types = &mime::Types::System();
  const std::string_view known = types->TypeByExtension(mime::Extension(name));
  if (!known.empty()) {
    header.Set(HeaderId::kContentType, known);
    return true;
  }
  std::array<char, kSniffBytes> start;
  const size_t got = ReadStart(r, reader, start);
  header.Set(HeaderId::kContentType, DetectContentType(std::string_view(start.data(), got)));
  return Rewind(reader);
}

void SendContent(ResponseWriter& w, Request& r, const Content& content) {
  SetLastModified(w, content.modtime);
  if (r.Header.Touches(HeaderId::kIfNoneMatch, HeaderId::kIfModifiedSince, HeaderId::kRange)) {
    if (CompressWriter* const compress = CompressWriter::In(w)) Announce(*compress, w, r, content);
  }
  const Precondition precondition = CheckPreconditions(w, r, content.modtime);
  if (precondition == Precondition::kAnswered) return;
  if (!content.encoding.empty()) w.Header().Set(HeaderId::kContentEncoding, content.encoding);
  if (!SetContentType(w, r, content.reader, content.name, content.types)) {
    return SendError(w, kCannotSeek, StatusInternalServerError);
  }
  int64_t size = content.size;
  if (size == Content::kUnknownSize) {
    const Result<int64_t> measured = MeasureSize(content.reader);
    if (!measured) return SendError(w, kCannotSeek, StatusInternalServerError);
    size = *measured;
  }
  RangeSet ranges;
  const bool wanted = precondition == Precondition::kSendRange;
  ParseRange(wanted ? SingleValue(r.Header, HeaderId::kRange) : std::string_view(), size, ranges);
  ContentRangeText text;
  switch (ranges.verdict) {
    case RangeSet::Verdict::kUnsatisfiable:
      w.Header().Set(HeaderId::kContentRange, FormatUnsatisfied(size, text));
      return SendError(w, "invalid range: failed to overlap", StatusRequestedRangeNotSatisfiable);
    case RangeSet::Verdict::kMalformed:
      return SendError(w, "invalid range", StatusRequestedRangeNotSatisfiable);
    case RangeSet::Verdict::kWhole:
      w.Header().Set(HeaderId::kAcceptRanges, "bytes");
      return SendWhole(w, r, content, size);
    case RangeSet::Verdict::kParts:
      w.Header().Set(HeaderId::kAcceptRanges, "bytes");
      if (ranges.count > 1) return SendParts(w, r, content.reader, ranges, size);
      return SendOne(w, r, content.reader, *ranges.begin(), size);
  }
}

}  // namespace hon::http::internal

namespace hon::http {

void ServeContent(ResponseWriter& w, Request& r, std::string_view name, Time modtime,
                  io::ReadSeeker& content) {
  internal::SendContent(w, r, {.reader = content, .name = name, .modtime = modtime});
}

}  // namespace hon::http
