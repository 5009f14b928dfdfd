#include "http/message_body.h"

#include <array>

#include "hon/http/httputil.h"
#include "hon/http/response.h"

namespace hon::http::internal {
namespace {

constexpr size_t kBodyPartBytes = 16 * 1024;

// Copies all of `from` and adds the number of bytes to `bytes`.
Error CopyAndCount(io::Writer& to, io::Reader& from, int64_t& bytes) {
  std::array<char, kBodyPartBytes> buffer;
  for (;;) {
    const auto [n, err] = from.Read(buffer);
    bytes += static_cast<int64_t>(n);
    if (n != 0) HON_RETURN_IF_ERROR(to.Write({buffer.data(), n}).err);
    if (err) return err.Is(io::ErrEof) ? Error() : err;
  }
}

}  // namespace

std::string TrailerLine(const Header& trailer) {
  std::string line;
  std::string_view last;
  for (const auto& field : trailer) {
    if (field.name == last) continue;
    line.append(line.empty() ? "Trailer: " : ", ").append(field.name);
    last = field.name;
  }
  return line.empty() ? line : line + "\r\n";
}

Error WriteBody(io::Writer& to, Body& body, int64_t length) {
  int64_t bytes = 0;
  HON_RETURN_IF_ERROR(CopyAndCount(to, body, bytes));
  return length >= 0 && bytes != length ? Error(ErrBodyLength) : Error();
}

Error WriteChunks(io::Writer& to, Body& body, const Header& trailer) {
  int64_t bytes = 0;
  httputil::ChunkedWriter chunks(to);
  HON_RETURN_IF_ERROR(CopyAndCount(chunks, body, bytes));
  HON_RETURN_IF_ERROR(chunks.Close());
  HON_RETURN_IF_ERROR(trailer.Write(to));
  return to.Write("\r\n").err;
}

}  // namespace hon::http::internal
