#include "hon/http/multipart_writer.h"

#include <algorithm>

#include "hon/http/multipart.h"
#include "hon/io/string_writer.h"
#include "http/boundary.h"

namespace hon::multipart {
namespace {

constexpr std::string_view kDisposition = "Content-Disposition";

bool IsBoundaryByte(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
}

// A quoted parameter as browsers write it, with line ends escaped.
std::string Quoted(std::string_view text) {
  std::string quoted(1, '"');
  for (const char c : text) {
    switch (c) {
      case '\\':
        quoted += "\\\\";
        break;
      case '"':
        quoted += "\\\"";
        break;
      case '\r':
        quoted += "%0D";
        break;
      case '\n':
        quoted += "%0A";
        break;
      default:
        quoted += c;
    }
  }
  return quoted += '"';
}

}  // namespace

io::IoResult PartWriter::Write(std::string_view data) {
  if (!writer_->open_ || writer_->parts_ != index_) return {0, ErrPartFinished};
  // A smaller Write behind one that failed would leave a hole.
  if (writer_->part_error_) return {0, writer_->part_error_};
  io::IoResult put = writer_->to_->Write(data);
  if (put.err) writer_->part_error_ = put.err;
  return put;
}

Writer::Writer(io::Writer& to) : to_(&to), boundary_(http::internal::RandomBoundary()) {}

Error Writer::SetBoundary(std::string_view boundary) {
  if (parts_ > 0) return Error::Of(ErrBadBoundary, "mime: SetBoundary called after write");
  const bool sized = !boundary.empty() && boundary.size() <= kBoundaryBytesMax;
  if (!sized) return Error::Of(ErrBadBoundary, "mime: invalid boundary length");
  if (!std::all_of(boundary.begin(), boundary.end(), IsBoundaryByte) || boundary.ends_with(' ')) {
    return Error::Of(ErrBadBoundary, "mime: invalid boundary character");
  }
  boundary_ = boundary;
  return {};
}

std::string Writer::FormDataContentType() const {
  const bool quote = boundary_.find_first_of("()<>@,;:\\\"/[]?= ") != boundary_.npos;
  return "multipart/form-data; boundary=" + (quote ? '"' + boundary_ + '"' : boundary_);
}

Result<PartWriter> Writer::CreatePart(const http::Header& header) {
  if (open_ && part_error_) return Fail(part_error_);
  io::StringWriter head;
  head.text.append(parts_ > 0 ? "\r\n--" : "--").append(boundary_).append("\r\n");
  if (Error err = header.Write(head)) return Fail(std::move(err));
  head.text += "\r\n";
  if (Error err = to_->Write(head.text).err) return Fail(std::move(err));
  ++parts_;
  open_ = true;
  part_error_ = {};
  return PartWriter(*this, parts_);
}

Result<PartWriter> Writer::CreateFormFile(std::string_view field, std::string_view filename) {
  http::Header header;
  header.Set(kDisposition, FileContentDisposition(field, filename));
  header.Set("Content-Type", "application/octet-stream");
  return CreatePart(header);
}

Result<PartWriter> Writer::CreateFormField(std::string_view field) {
  http::Header header;
  header.Set(kDisposition, "form-data; name=" + Quoted(field));
  return CreatePart(header);
}

Error Writer::WriteField(std::string_view field, std::string_view value) {
  Result<PartWriter> part = CreateFormField(field);
  if (!part) return std::move(part).error();
  return part->Write(value).err;
}

Error Writer::Close() {
  if (open_ && part_error_) return part_error_;
  open_ = false;
  return to_->Write("\r\n--" + boundary_ + "--\r\n").err;
}

std::string FileContentDisposition(std::string_view field, std::string_view filename) {
  return "form-data; name=" + Quoted(field) + "; filename=" + Quoted(filename);
}

}  // namespace hon::multipart
