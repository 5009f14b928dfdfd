#include "hon/http/response.h"

#include <string>
#include <utility>

#include "hon/http/cookie.h"
#include "hon/http/request.h"
#include "hon/http/status.h"
#include "http/message_body.h"

namespace hon::http {
namespace {

bool AllowsBody(int status) {
  return status >= 200 && status != StatusNoContent && status != StatusNotModified;
}

}  // namespace

Response& Response::operator=(Response&& other) noexcept {
  if (this == &other) return *this;
  if (owner_ != nullptr) owner_->OnGone(*this);
  Status = std::exchange(other.Status, {});
  StatusCode = std::exchange(other.StatusCode, 0);
  Proto = std::exchange(other.Proto, {});
  ProtoMajor = other.ProtoMajor;
  ProtoMinor = other.ProtoMinor;
  Header = std::move(other.Header);
  Body = std::exchange(other.Body, {});
  ContentLength = std::exchange(other.ContentLength, -1);
  Chunked = std::exchange(other.Chunked, false);
  Close = std::exchange(other.Close, false);
  Trailer = std::move(other.Trailer);
  Uncompressed = std::exchange(other.Uncompressed, false);
  Request = std::move(other.Request);
  TLS = std::exchange(other.TLS, nullptr);
  owner_ = std::move(other.owner_);
  if (owner_ != nullptr) owner_->OnMoved(*this);
  return *this;
}

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

Result<url::URL> Response::Location() const {
  return Location(Request == nullptr ? url::URL() : Request->URL);
}

std::unique_ptr<io::Conn> Response::TakeConn() {
  auto* source = dynamic_cast<ConnSource*>(Body.Source());
  return source == nullptr ? nullptr : source->TakeConn();
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
    head.append("Transfer-Encoding: chunked\r\n").append(internal::TrailerLine(Trailer));
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
  if (chunked) return internal::WriteChunks(to, Body, Trailer);
  return internal::WriteBody(to, Body, ContentLength);
}

}  // namespace hon::http
