#include "http/quoted_printable.h"

#include "hon/http/multipart.h"

namespace hon::multipart::internal {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool IsPlain(char c) {
  const auto byte = static_cast<uint8_t>(c);
  return c == '\t' || c == '\r' || c == '\n' || (byte >= ' ' && byte != 0x7F);
}

Error Malformed(std::string_view why) {
  return Error::Of(ErrMalformed, "quotedprintable: " + std::string(why));
}

}  // namespace

// Takes a line, without the blanks at the end of the line and without a soft line break.
void QuotedPrintableReader::NextLine() {
  const std::string_view whole = lines_.TakeLine(kLineBytesMax, &error_);
  if (error_.Is(io::ErrTooLong)) error_ = Malformed("line too long");
  line_ = whole.substr(0, whole.find_last_not_of("\r\n \t") + 1);
  at_ = 0;
  if (!line_.ends_with('=')) {
    if (whole.ends_with("\r\n")) {
      line_ += "\r\n";
    } else if (whole.ends_with('\n')) {
      line_ += '\n';
    }
    return;
  }
  std::string_view rest = whole.substr(line_.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  line_.pop_back();
  const bool breaks = rest.starts_with('\n') || rest.starts_with("\r\n");
  const bool ends = rest.empty() && !line_.empty() && error_.Is(io::ErrEof);
  if (!breaks && !ends) error_ = Malformed("invalid bytes after =");
}

// Decodes the byte that line_ continues with.
Error QuotedPrintableReader::DecodeOne(char* into) {
  const std::string_view rest = std::string_view(line_).substr(at_);
  if (rest.front() != '=') {
    if (!IsPlain(rest.front())) return Malformed("invalid unescaped byte in body");
    *into = rest.front();
    ++at_;
    return {};
  }
  const int high = rest.size() > 2 ? HexDigit(rest[1]) : -1;
  const int low = rest.size() > 2 ? HexDigit(rest[2]) : -1;
  if (high >= 0 && low >= 0) {
    *into = static_cast<char>(high * 16 + low);
    at_ += 3;
    return {};
  }
  if (rest.size() < 2 || rest[1] == '\r' || rest[1] == '\n') {
    return rest.size() < 3 ? Error(io::ErrUnexpectedEof) : Malformed("invalid hex byte");
  }
  *into = '=';
  ++at_;
  return {};
}

io::IoResult QuotedPrintableReader::Read(std::span<char> into) {
  size_t n = 0;
  while (n < into.size()) {
    if (at_ == line_.size()) {
      if (error_) return n > 0 ? io::IoResult{n, {}} : io::IoResult{0, error_};
      NextLine();
      continue;
    }
    if (Error err = DecodeOne(&into[n])) {
      error_ = std::move(err);
      line_.clear();
      at_ = 0;
      continue;
    }
    ++n;
  }
  return {n, {}};
}

}  // namespace hon::multipart::internal
