#include "hon/http/response.h"

#include <array>
#include <string>

#include "hon/http/cookie.h"
#include "hon/http/httputil.h"
#include "hon/http/status.h"

namespace hon::http {
namespace {

constexpr size_t kCopyBytes = 16 * 1024;

bool AllowsBody(int status) {
  return status >= 200 && status != StatusNoContent && status != StatusNotModified;
}

// Copies all of `from` and adds up what it was.
Error CopyBody(io::Writer& to, io::Reader& from, int64_t& bytes) {
  std::array<char, kCopyBytes> buffer;
  for (;;) {
    const auto [n, err] = from.Read(buffer);
    bytes += static_cast<int64_t>(n);
    if (n != 0) HON_RETURN_IF_ERROR(to.Write({buffer.data(), n}).err);
    if (err) return err.Is(io::ErrEof) ? Error() : err;
  }
}

std::string TrailerNames(const Header& trailer) {
  std::string names;
  std::string_view last;
  for (const auto& field : trailer) {
    if (field.name == last) continue;
    names.append(names.empty() ? "Trailer: " : ", ").append(field.name);
    last = field.name;
  }
  return names.empty() ? names : names + "\r\n";
}

}  // namespace

std::vector<http::Cookie> Response::Cookies() const {
  std::vector<http::Cookie> cookies;
  for (const std::string_view line : Header.Values("Set-Cookie")) {
    if (Result<http::Cookie> cookie = ParseSetCookie(line)) cookies.push_back(std::move(*cookie));
  }
  return cookies;
}

Result<url::URL> Response::Location(const url::URL& asked) const {
  const std::string_view location = Header.Get(HeaderId::kLocation);
  if (location.empty()) return Fail(ErrNoLocation);
  return asked.Parse(location);
}

Error Response::Write(io::Writer& to) {
  const std::string code = std::to_string(StatusCode);
  std::string head = "HTTP/" + std::to_string(ProtoMajor) + "." + std::to_string(ProtoMinor) + " ";
  if (Status.empty()) {
    const std::string_view text = StatusText(StatusCode);
    head.append(code).append(" ").append(text.empty() ? "status code " + code : std::string(text));
  } else {
    head.append(Status);
  }
  head.append("\r\n");
  const bool has_body = AllowsBody(StatusCode);
  const bool chunked = has_body && Chunked && ProtoAtLeast(1, 1);
  if (chunked) {
    head.append("Transfer-Encoding: chunked\r\n").append(TrailerNames(Trailer));
  } else if (has_body && ContentLength >= 0) {
    head.append("Content-Length: ").append(std::to_string(ContentLength)).append("\r\n");
  }
  if (Close || (has_body && !chunked && ContentLength < 0)) {
    head.append("Connection: close\r\n");
  } else if (!ProtoAtLeast(1, 1)) {
    head.append("Connection: keep-alive\r\n");
  }
  HON_RETURN_IF_ERROR(to.Write(head).err);
  HON_RETURN_IF_ERROR(
      Header.Write(to, {"Content-Length", "Transfer-Encoding", "Trailer", "Connection"}));
  HON_RETURN_IF_ERROR(to.Write("\r\n").err);
  if (!has_body) return {};
  int64_t bytes = 0;
  if (!chunked) {
    HON_RETURN_IF_ERROR(CopyBody(to, Body, bytes));
    return ContentLength >= 0 && bytes != ContentLength ? Error(ErrBodyLength) : Error();
  }
  httputil::ChunkedWriter chunks(to);
  HON_RETURN_IF_ERROR(CopyBody(chunks, Body, bytes));
  HON_RETURN_IF_ERROR(chunks.Close());
  HON_RETURN_IF_ERROR(Trailer.Write(to));
  return to.Write("\r\n").err;
}

}  // namespace hon::http
