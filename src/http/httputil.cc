#include "hon/http/httputil.h"

#include <array>
#include <charconv>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "hon/http/method.h"
#include "hon/io/string_writer.h"

namespace hon::httputil {
namespace {

// The source of a body that was read in part when reading failed.
class FailedSource final : public http::BodySource {
 public:
  explicit FailedSource(Error why) : why_(std::move(why)) {}
  io::IoResult Read(std::span<char>) override { return {0, why_}; }
  Error Close() override { return {}; }

 private:
  const Error why_;
};

// Reads all of `body`. After a failure `body` fails with the same error, so that nobody takes its
// rest for the whole.
Result<std::string> ReadForDump(http::Body& body, size_t bytes_max) {
  Result<std::string> content = body.ReadAll(bytes_max);
  if (!content) body = http::Body(std::make_shared<FailedSource>(content.error()));
  return content;
}

}  // namespace

io::IoResult ChunkedWriter::Write(std::string_view data) {
  if (data.empty()) return {};
  std::array<char, 18> head;
  char* end = std::to_chars(head.data(), head.data() + 16, data.size(), 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  if (Error err = to_->Write({head.data(), static_cast<size_t>(end - head.data())}).err) {
    return {0, std::move(err)};
  }
  io::IoResult written = to_->Write(data);
  if (written.err) return written;
  return {written.n, to_->Write("\r\n").err};
}

Error ChunkedWriter::Close() { return to_->Write("0\r\n").err; }

Result<std::string> DumpRequest(http::Request& r, DumpBody body, size_t bytes_max) {
  std::string content;
  if (body == DumpBody::kYes && !r.Body.IsNoBody()) {
    HON_TRY(content, ReadForDump(r.Body, bytes_max));
    r.Body = http::Body::FromString(content);
  }
  io::StringWriter out;
  const std::string target = r.RequestURI.empty() ? r.URL.RequestURI() : std::string(r.RequestURI);
  out.text.append(r.Method.empty() ? http::MethodGet : r.Method).append(" ").append(target);
  out.text.append(" HTTP/").append(std::to_string(r.ProtoMajor)).append(".");
  out.text.append(std::to_string(r.ProtoMinor)).append("\r\n");
  if (!target.starts_with("http://") && !target.starts_with("https://")) {
    const std::string_view host = r.Host.empty() ? std::string_view(r.URL.Host) : r.Host;
    if (!host.empty()) out.text.append("Host: ").append(host).append("\r\n");
  }
  if (r.Chunked) out.text.append("Transfer-Encoding: chunked\r\n");
  if (Error err = r.Header.Write(out, {"Host", "Transfer-Encoding", "Trailer"})) {
    return Fail(std::move(err));
  }
  out.text.append("\r\n");
  if (!r.Chunked || body == DumpBody::kNo) return out.text.append(content);
  ChunkedWriter chunks(out);
  chunks.Write(content);
  if (Error err = chunks.Close()) return Fail(std::move(err));
  return out.text.append("\r\n");
}

Result<std::string> DumpResponse(http::Response& response, DumpBody body, size_t bytes_max) {
  const bool whole = body == DumpBody::kYes && !response.Body.IsNoBody();
  std::string content;
  if (whole) {
    HON_TRY(content, ReadForDump(response.Body, bytes_max));
  }
  const http::Body kept = std::exchange(response.Body, http::Body::FromString(content));
  io::StringWriter out;
  Error err = response.Write(out);
  response.Body = whole ? http::Body::FromString(std::move(content)) : kept;
  if (body == DumpBody::kNo) {  // the head alone
    out.text.resize(out.text.find("\r\n\r\n") + 4);
    return std::move(out.text);
  }
  if (err) return Fail(std::move(err));
  return std::move(out.text);
}

}  // namespace hon::httputil
