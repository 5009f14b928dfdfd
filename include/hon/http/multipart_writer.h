#pragma once

// The writing half of Go's mime/multipart (RFC 2046 §5.1, RFC 7578).

#include <cstddef>
#include <string>
#include <string_view>

#include "hon/base/result.h"
#include "hon/http/header.h"
#include "hon/io/io.h"

namespace hon::multipart {

/// A write to a part after the next part has begun or the body has ended.
inline constexpr Sentinel ErrPartFinished{"multipart: can't write to finished part"};
/// RFC 2046 §5.1.1 does not allow the boundary, or a part has already begun with another.
inline constexpr Sentinel ErrBadBoundary{"mime: invalid boundary"};

class Writer;

/// Takes the content of one part. Ends with the next part, or Close, of its Writer.
class PartWriter final : public io::Writer {
 public:
  /// Fails with ErrPartFinished once another part has begun.
  io::IoResult Write(std::string_view data) override;

 private:
  friend class multipart::Writer;
  PartWriter(multipart::Writer& writer, size_t index) : writer_(&writer), index_(index) {}

  multipart::Writer* writer_;
  size_t index_;
};

/// Writes a multipart body. PartWriters refer to their Writer.
class Writer {
 public:
  /// `to` is kept by the caller. The boundary is random.
  explicit Writer(io::Writer& to);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// The boundary, without the dashes before it.
  [[nodiscard]] const std::string& Boundary() const { return boundary_; }
  /// Sets the boundary; before the first part only. Fails with ErrBadBoundary for a boundary that
  /// RFC 2046 §5.1.1 does not allow.
  Error SetBoundary(std::string_view boundary);
  /// "multipart/form-data; boundary=...", for a Content-Type field.
  [[nodiscard]] std::string FormDataContentType() const;

  /// Begins a part with these fields, sorted by name.
  Result<PartWriter> CreatePart(const http::Header& header);
  /// Begins a form's file, of type application/octet-stream.
  Result<PartWriter> CreateFormFile(std::string_view field, std::string_view filename);
  /// Begins a form's value.
  Result<PartWriter> CreateFormField(std::string_view field);
  /// A whole field of a form.
  Error WriteField(std::string_view field, std::string_view value);
  /// Ends the body. Does not close the Writer below.
  Error Close();

 private:
  friend class PartWriter;

  io::Writer* to_;
  std::string boundary_;
  size_t parts_ = 0;
  bool open_ = false;  // the last part may be written to
  Error part_error_;   // from the last part's Write
};

/// The Content-Disposition of a form's file.
[[nodiscard]] std::string FileContentDisposition(std::string_view field, std::string_view filename);

}  // namespace hon::multipart
