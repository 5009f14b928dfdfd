#pragma once

#include <memory>
#include <string>

#include "hon/io/io.h"
#include "http/peek_reader.h"

namespace hon::multipart::internal {

/// Decodes quoted-printable text (RFC 2045 §6.7), with Go's leniencies: bytes from 0x80 on pass, a
/// "=" before anything but two hexadecimal digits stands for itself, "=" may end the text.
class QuotedPrintableReader final : public io::Reader {
 public:
  explicit QuotedPrintableReader(std::unique_ptr<io::Reader> from)
      : from_(std::move(from)), lines_(*from_) {}

  /// Fails with ErrMalformed for a byte that must be escaped, for anything but blanks after a soft
  /// line break, and for a line of more than kLineBytesMax bytes.
  io::IoResult Read(std::span<char> into) override;

 private:
  void NextLine();
  Error DecodeOne(char* into);

  std::unique_ptr<io::Reader> from_;
  PeekReader lines_;
  std::string line_;
  size_t at_ = 0;  // index in line_
  Error error_;    // returned after line_ is read
};

}  // namespace hon::multipart::internal
