#include "hon/adaptor/chunked.h"

#include <algorithm>
#include <limits>

#include "adaptor/ascii.h"
#include "adaptor/field_lines.h"
#include "adaptor/scan_kernels.h"
#include "hon/adaptor/scan_level.h"

namespace hon::adaptor {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsToken(char c) { return internal::IsTokenByte(static_cast<unsigned char>(c)); }

// The bytes allowed between quotes (RFC 9110 §5.6.4), but for the quote and the backslash.
bool IsQuotable(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
}

// The forbidden trailers; also every name that begins with "If-".
constexpr std::string_view kForbiddenTrailers =
    "Authorization,Cache-Control,Connection,Content-Encoding,Content-Length,Content-Range,"
    "Content-Type,Cookie,Expect,Host,Keep-Alive,Max-Forwards,Pragma,Proxy-Authenticate,"
    "Proxy-Authorization,Proxy-Connection,Range,Realm,Set-Cookie,TE,Trailer,Transfer-Encoding,"
    "Upgrade,WWW-Authenticate";

}  // namespace

bool IsTrailerAllowed(std::string_view name) {
  if (internal::EqualsLower(name.substr(0, 3), "if-")) return false;
  return !internal::ListHasFold(kForbiddenTrailers, name);
}

ChunkedDecoder::Piece ChunkedDecoder::Decode(std::string_view wire, size_t data_max) {
  size_t used = 0;
  while (used < wire.size() && state_ != State::kDone) {
    if (state_ == State::kData) {
      const size_t bytes_max = std::min(data_max, wire.size() - used);
      const auto size = static_cast<size_t>(std::min<uint64_t>(left_, bytes_max));
      left_ -= size;
      if (left_ == 0) state_ = State::kDataCr;
      return {used + size, wire.substr(used, size), {}};
    }
    if (Error err = Frame(wire[used++])) return {used, {}, std::move(err)};
  }
  return {used, {}, {}};
}

Error ChunkedDecoder::Frame(char byte) {
  switch (state_) {
    case State::kDataCr:
      state_ = State::kDataLf;
      return byte == '\r' ? Error() : ErrMalformedChunk;
    case State::kDataLf:
      state_ = State::kSizeStart;
      return byte == '\n' ? Error() : ErrMalformedChunk;
    case State::kTrailerStart:
    case State::kTrailerLine:
    case State::kTrailerLf:
      return OnTrailer(byte);
    default:
      break;
  }
  if (++line_bytes_ > kChunkLineBytesMax) return ErrChunkLineTooLong;
  if (state_ == State::kLineLf) return byte == '\n' ? OnLineEnd() : ErrChunkBareCr;
  if (byte == '\n') return ErrChunkBareLf;
  return state_ <= State::kSize ? OnSize(byte) : OnExtension(byte);
}

// No blank may follow the size: some parsers would take it for a part of an extension, others would
// ignore it.
Error ChunkedDecoder::OnSize(char byte) {
  const int value = HexValue(byte);
  if (value >= 0) {
    if (++digits_ > kChunkSizeDigitsMax) return ErrChunkLengthTooLarge;
    left_ = left_ * 16 + static_cast<uint64_t>(value);
    state_ = State::kSize;
    return {};
  }
  if (byte != '\r' && byte != ';') return ErrChunkLengthByte;
  if (state_ == State::kSizeStart) return ErrChunkLengthEmpty;
  state_ = byte == '\r' ? State::kLineLf : State::kExtStart;
  return {};
}

Error ChunkedDecoder::OnExtension(char byte) {
  const State before = state_;
  state_ = AfterExtensionByte(byte);
  // kDone means that the byte is not valid here.
  if (state_ != State::kDone) return {};
  state_ = before;
  return ErrChunkExtension;
}

// chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
ChunkedDecoder::State ChunkedDecoder::AfterExtensionByte(char byte) const {
  const bool blank = internal::IsBlank(byte);
  switch (state_) {
    case State::kExtStart:
      if (blank) return State::kExtStart;
      return IsToken(byte) ? State::kExtName : State::kDone;
    case State::kExtName:
    case State::kExtNameBlank:
      if (blank) return State::kExtNameBlank;
      if (byte == '=') return State::kExtValueStart;
      if (byte == ';') return State::kExtStart;
      if (state_ == State::kExtNameBlank) return State::kDone;
      if (byte == '\r') return State::kLineLf;
      return IsToken(byte) ? State::kExtName : State::kDone;
    case State::kExtValueStart:
      if (blank) return State::kExtValueStart;
      if (byte == '"') return State::kExtQuoted;
      return IsToken(byte) ? State::kExtValue : State::kDone;
    case State::kExtQuoted:
      if (byte == '"') return State::kExtQuoteEnd;
      if (byte == '\\') return State::kExtEscape;
      return IsQuotable(byte) ? State::kExtQuoted : State::kDone;
    case State::kExtEscape:
      return IsQuotable(byte) ? State::kExtQuoted : State::kDone;
    case State::kExtValue:
      if (IsToken(byte)) return State::kExtValue;
      [[fallthrough]];
    case State::kExtQuoteEnd:
      if (byte == '\r') return State::kLineLf;
      [[fallthrough]];
    default:  // kExtValueBlank
      if (blank) return State::kExtValueBlank;
      return byte == ';' ? State::kExtStart : State::kDone;
  }
}

Error ChunkedDecoder::OnLineEnd() {
  // The bytes of the line and of the CRLF behind the data, less the free overhead.
  constexpr uint64_t kPlenty = std::numeric_limits<int64_t>::max() / 4;
  const auto size = static_cast<int64_t>(std::min(left_, kPlenty));
  excess_ += line_bytes_ + 2 - (kChunkFreeBytes + 2 * size);
  excess_ = std::max<int64_t>(excess_, 0);
  state_ = left_ == 0 ? State::kTrailerStart : State::kData;
  digits_ = 0;
  line_bytes_ = 0;
  return excess_ > kChunkOverheadBytesMax ? ErrChunkOverhead : Error();
}

Error ChunkedDecoder::OnTrailer(char byte) {
  if (++line_bytes_ > kTrailerBytesMax) return ErrTrailerTooLong;
  if (state_ == State::kTrailerLf) {
    if (byte != '\n') return ErrMalformedTrailer;
    state_ = State::kDone;
    if (trailer_.empty()) return {};
    trailer_ += "\r\n";
    return CheckTrailers();
  }
  if (state_ == State::kTrailerStart && byte == '\r') {
    state_ = State::kTrailerLf;
    return {};
  }
  if (byte == '\n') {
    state_ = State::kTrailerStart;
    if (trailer_.empty() || trailer_.back() != '\r') return ErrMalformedTrailer;
  } else {
    state_ = State::kTrailerLine;
  }
  trailer_ += byte;
  return {};
}

Error ChunkedDecoder::CheckTrailers() const {
  const char* begin = trailer_.data();
  internal::HeadCursor cursor(begin + trailer_.size(), &internal::ScanPlain);
  size_t fields = 0;
  bool allowed = true;
  const internal::Pass pass =
      internal::ParseFieldLines(cursor, begin, [&](std::string_view name, std::string_view) {
        ++fields;
        allowed &= IsTrailerAllowed(name);
      });
  if (pass.status != HeadStatus::kDone) return ErrMalformedTrailer;
  if (fields > kTrailerFieldsMax) return ErrTrailerTooLong;
  return allowed ? Error() : ErrForbiddenTrailer;
}

void DropAnnouncedNames(http::Header& trailer) {
  while (!trailer.Empty()) trailer.Del(trailer.begin()->name);
}

void ChunkedDecoder::TakeTrailers(http::Header& into) {
  DropAnnouncedNames(into);
  if (trailer_.empty()) return;
  const char* begin = trailer_.data();
  internal::HeadCursor cursor(begin + trailer_.size(), &internal::ScanPlain);
  static_cast<void>(internal::ParseFieldLines(
      cursor, begin,
      [&into](std::string_view name, std::string_view value) { into.Add(name, value); }));
  trailer_.clear();
}

void ChunkedDecoder::Reset() {
  state_ = State::kSizeStart;
  digits_ = 0;
  line_bytes_ = 0;
  left_ = 0;
  excess_ = 0;
  trailer_.clear();
}

char* FormatChunkHeadBackward(uint64_t size, char* end) {
  *--end = '\n';
  *--end = '\r';
  do {
    *--end = "0123456789abcdef"[size & 15];
    size >>= 4;
  } while (size != 0);
  return end;
}

}  // namespace hon::adaptor
