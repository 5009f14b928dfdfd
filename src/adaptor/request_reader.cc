#include "hon/adaptor/request_reader.h"

#include "adaptor/ascii.h"
#include "hon/adaptor/chunked.h"
#include "hon/base/flatten.h"
#include "hon/http/method.h"

namespace hon::adaptor {
namespace {

// The host of a target in absolute or authority form. The rare steps of a request are functions
// apart, so that the common request needs a small stack frame.
[[gnu::noinline]] Refusal FillHost(const RequestHead& head, bool connect, http::Request& request) {
  const url::URL& url = request.URL;
  if (url.User != nullptr) return Refusal::kBadRequest;
  if (connect) {
    // Only "host:port", so that the requested host is the one that was checked.
    if (url.Host != head.target || url.Port().empty()) return Refusal::kBadRequest;
    request.Host = head.target;
  } else {
    // A target without an authority names no host: "http:x", and "example.com:443", which is the
    // authority form and belongs to CONNECT alone (RFC 9112 §3.2.3).
    if (url.Host.empty()) return Refusal::kBadRequest;
    // The target wins over the Host field (RFC 9112 §3.2.2).
    request.Host = request.Own(url.Host);
  }
  return IsValidHost(request.Host) ? Refusal::kNone : Refusal::kMalformedHost;
}

// The four forms of RFC 9112 §3.2, distinguished by the first byte and the method.
[[gnu::noinline]] Refusal FillTarget(const RequestHead& head, http::Request& request) {
  const bool connect = head.method == http::MethodConnect;
  const bool asterisk = head.target.size() == 1 && head.target.front() == '*';
  if (asterisk && head.method != http::MethodOptions) return Refusal::kBadRequest;
  if (url::ParseRequestTarget(head.target, connect, request.URL)) return Refusal::kBadRequest;
  if (head.target.front() == '/' || asterisk) return Refusal::kNone;
  return FillHost(head, connect, request);
}

// Copies the names that Trailer fields announce to request.Trailer.
[[gnu::noinline]] Refusal FillTrailerNames(http::Request& request) {
  if (!request.Header.Has(http::HeaderId::kTrailer)) return Refusal::kNone;
  bool framing = false;
  size_t names = 0;
  for (const http::Header::Field& field : request.Header) {
    if (field.id != http::HeaderId::kTrailer) continue;
    internal::ForEachElement(field.value, [&](std::string_view name) {
      const http::HeaderId id = http::FindHeaderId(name);
      framing |= id == http::HeaderId::kTransferEncoding || id == http::HeaderId::kContentLength ||
                 id == http::HeaderId::kTrailer;
      if (++names <= kTrailerFieldsMax && IsTrailerAllowed(name)) request.Trailer.Set(name, "");
    });
  }
  if (framing || names > kTrailerFieldsMax) return Refusal::kBadRequest;
  request.Header.Del(http::HeaderId::kTrailer);
  return Refusal::kNone;
}

// RFC 9111 §5.4. As in Go, the directive is in lower case.
[[gnu::noinline]] bool SaysNoCache(const http::Header& header) {
  bool found = false;
  for (const http::Header::Field& field : header) {
    if (field.id != http::HeaderId::kPragma) continue;
    internal::ForEachElement(field.value,
                             [&](std::string_view element) { found |= element == "no-cache"; });
  }
  return found;
}

// RFC 9111 §5.4.
void AddCacheControl(http::Header& header) {
  if (header.Has(http::HeaderId::kPragma) && !header.Has(http::HeaderId::kCacheControl) &&
      SaysNoCache(header)) {
    header.AddView("Cache-Control", "no-cache", http::HeaderId::kCacheControl);
  }
}

}  // namespace

HON_NO_CANARY Refusal FillRequest(const RequestHead& head, http::Request& request) {
  request.Method = head.method;
  request.Proto = head.version;
  request.ProtoMajor = 1;
  request.ProtoMinor = head.minor_version;
  request.RequestURI = head.target;
  request.ContentLength = head.content_length;
  request.Chunked = head.chunked;
  request.Close = head.close;
  request.Host = head.host;
  if (!url::ParsePlainTarget(head.target, request.URL)) [[unlikely]] {
    const Refusal refusal = FillTarget(head, request);
    if (refusal != Refusal::kNone) return refusal;
  }
  AddCacheControl(request.Header);
  return head.chunked ? FillTrailerNames(request) : Refusal::kNone;
}

HON_NO_CANARY Refusal FillRequest(const StreamHead& head, http::Request& request) {
  const bool tunnel = head.path.empty();  // CONNECT to an authority (RFC 9113 §8.5)
  request.Method = head.method;
  request.Proto = "HTTP/2.0";
  request.ProtoMajor = 2;
  request.ProtoMinor = 0;
  request.RequestURI = tunnel ? head.authority : head.path;
  request.ContentLength = head.ended ? 0 : head.content_length;
  request.Chunked = false;
  request.Close = false;
  request.Host = head.authority;
  if (!url::ParsePlainTarget(request.RequestURI, request.URL)) [[unlikely]] {
    if (url::ParseRequestTarget(request.RequestURI, tunnel, request.URL)) {
      return Refusal::kBadRequest;
    }
  }
  if (tunnel) {
    // Only "host:port", so that the requested host is the one that is checked.
    const url::URL& url = request.URL;
    if (url.Host != head.authority || url.Port().empty()) return Refusal::kBadRequest;
  }
  if (!head.authority_valid && !IsValidHost(head.authority)) return Refusal::kMalformedHost;
  if (!head.protocol.empty()) {
    request.Header.AddView(":protocol", head.protocol, http::HeaderId::kUnknown);
  }
  return FillTrailerNames(request);
}

}  // namespace hon::adaptor
