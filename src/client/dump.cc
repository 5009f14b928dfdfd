// The request of a client as text.

#include <algorithm>
#include <string>
#include <utility>

#include "client/request_head.h"
#include "hon/http/client_error.h"
#include "hon/http/httputil.h"
#include "hon/io/string_writer.h"

namespace hon::httputil {
namespace {

using client::RequestFraming;

// Bytes of one chunk, as the Transport sends them.
constexpr size_t kChunkBytes = 16 * 1024;

void AppendChunks(std::string& to, std::string_view content, const http::Header& trailer) {
  io::StringWriter chunked;
  ChunkedWriter chunks(chunked);
  for (; !content.empty(); content.remove_prefix(std::min(content.size(), kChunkBytes))) {
    static_cast<void>(chunks.Write(content.substr(0, kChunkBytes)));
  }
  static_cast<void>(chunks.Close());
  to.append(chunked.text);
  for (const auto& field : trailer) {
    to.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  to.append("\r\n");
}

}  // namespace

Result<std::string> DumpRequestOut(http::Request& r, DumpBody body, size_t bytes_max) {
  HON_TRY(client::RequestPlan plan, client::PlanRequest(r, {}));
  std::string content;
  const bool reads = body == DumpBody::kYes && plan.framing != RequestFraming::kNone;
  if (reads) {
    Result<std::string> got = r.Body.ReadAll(bytes_max);
    if (!got) return got;
    content = std::move(*got);
    r.Body = http::Body::FromString(content);
    const auto length = static_cast<int64_t>(content.size());
    if (plan.framing == RequestFraming::kLength && length != plan.length) {
      return Fail(
          Error::Of(http::ErrInvalidRequest, "http: ContentLength=" + std::to_string(plan.length) +
                                                 " with Body length " + std::to_string(length)));
    }
    if (content.empty() && !r.Chunked && client::SeldomHasContent(plan.method)) {
      plan.framing = RequestFraming::kNone;
    }
  }
  io::BlockPool blocks;
  io::LinkBuffer out(blocks);
  std::string text(client::WriteRequestHead(r, plan, client::Route(), out));
  if (!reads) return text;
  if (plan.framing == RequestFraming::kChunked) {
    AppendChunks(text, content, r.Trailer);
  } else {
    text.append(content);
  }
  return text;
}

}  // namespace hon::httputil
