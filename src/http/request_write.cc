// Requests as bytes, for clients and proxies.

#include <algorithm>
#include <string>

#include "hon/http/method.h"
#include "hon/http/request.h"
#include "http/message_body.h"
#include "http/token.h"

namespace hon::http {
namespace {

enum class TargetForm : uint8_t { kOrigin, kAbsolute };

// Bytes that would end a request line early, or begin another one.
bool HasUnwritable(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= ' ' || byte == 0x7F;
  });
}

std::string RequestTarget(const Request& r, std::string_view host, TargetForm form) {
  if (r.Method == MethodConnect && r.URL.Path.empty()) {
    return r.URL.Opaque.empty() ? std::string(host) : r.URL.Opaque;
  }
  std::string target = r.URL.RequestURI();
  const bool absolute =
      form == TargetForm::kAbsolute && r.URL.Opaque.empty() && !r.URL.Scheme.empty();
  return absolute ? r.URL.Scheme + "://" + std::string(host) + target : target;
}

bool SaysLengthZero(std::string_view method) {
  return method == MethodPost || method == MethodPut || method == MethodPatch;
}

Error WriteRequest(Request& r, io::Writer& to, TargetForm form) {
  const std::string_view host = r.Host.empty() ? std::string_view(r.URL.Host) : r.Host;
  if (host.empty()) return ErrMissingHost;
  const std::string target = RequestTarget(r, host, form);
  const std::string_view method = r.Method.empty() ? MethodGet : r.Method;
  if (!internal::IsToken(method) || HasUnwritable(host) || HasUnwritable(target)) {
    return ErrUnwritableRequest;
  }
  const bool chunked = r.Chunked || (r.ContentLength < 0 && !r.Body.IsNoBody());
  std::string head;
  head.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: ");
  head.append(host).append("\r\n");
  if (chunked) {
    head.append("Transfer-Encoding: chunked\r\n").append(internal::TrailerLine(r.Trailer));
  } else if (r.ContentLength > 0 || (r.ContentLength == 0 && SaysLengthZero(method))) {
    head.append("Content-Length: ").append(std::to_string(r.ContentLength)).append("\r\n");
  }
  if (r.Close) head.append("Connection: close\r\n");
  HON_RETURN_IF_ERROR(to.Write(head).err);
  std::initializer_list<std::string_view> own = {"Host", "Content-Length", "Transfer-Encoding",
                                                 "Trailer"};
  std::initializer_list<std::string_view> own_closing = {
      "Host", "Content-Length", "Transfer-Encoding", "Trailer", "Connection"};
  HON_RETURN_IF_ERROR(r.Header.Write(to, r.Close ? own_closing : own));
  HON_RETURN_IF_ERROR(to.Write("\r\n").err);
  if (chunked) return internal::WriteChunks(to, r.Body, r.Trailer);
  return r.ContentLength > 0 ? internal::WriteBody(to, r.Body, r.ContentLength) : Error();
}

}  // namespace

Error Request::Write(io::Writer& to) { return WriteRequest(*this, to, TargetForm::kOrigin); }

Error Request::WriteProxy(io::Writer& to) { return WriteRequest(*this, to, TargetForm::kAbsolute); }

}  // namespace hon::http
