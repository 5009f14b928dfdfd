#include "websocket/handshake.h"

#include <algorithm>

#include "hon/adaptor/message_reader.h"
#include "hon/http/method.h"
#include "hon/http/status.h"
#include "hon/websocket/dial.h"
#include "http/list.h"
#include "http/token.h"
#include "http/websocket_key.h"

namespace hon::websocket::internal {
namespace {

using http::internal::EqualFold;

constexpr size_t kStatusBytesShown = 80;

// Whether a comma-separated list has `element`, case-sensitively.
bool Lists(std::string_view list, std::string_view element) {
  return http::internal::AnyElement(list, [&](std::string_view other) { return other == element; });
}

// Host and port of an origin or a Host field, without the scheme's default port.
std::string_view WithoutPort(std::string_view host, std::string_view port) {
  return host.ends_with(port) ? host.substr(0, host.size() - port.size()) : host;
}

bool IsVersion13(const http::Header& header) {
  const auto versions = header.Values("Sec-WebSocket-Version");
  return versions.size() == 1 && versions.front() == "13";
}

}  // namespace

Refusal CheckRequest(const http::Request& r) {
  if (r.ProtoMajor == 2) {  // RFC 8441 §5
    if (r.Method != http::MethodConnect || r.Header.Get(":protocol") != "websocket") {
      return {400, "websocket: no CONNECT with the :protocol websocket"};
    }
    if (!IsVersion13(r.Header)) return {400, "websocket: Sec-WebSocket-Version is not 13"};
    return {};
  }
  if (r.Method != http::MethodGet) return {405, "websocket: the method is not GET"};
  if (!r.ProtoAtLeast(1, 1) || r.ProtoMajor != 1) return {400, "websocket: not HTTP/1.1"};
  if (r.ContentLength != 0) return {400, "websocket: a request with a body"};
  if (!http::internal::FieldLists(r.Header, "Connection", "upgrade")) {
    return {400, "websocket: no \"upgrade\" in Connection"};
  }
  if (!http::internal::FieldLists(r.Header, "Upgrade", "websocket")) {
    return {426, "websocket: no \"websocket\" in Upgrade"};
  }
  if (!IsVersion13(r.Header)) {
    return {426, "websocket: Sec-WebSocket-Version is not 13"};
  }
  const auto keys = r.Header.Values("Sec-WebSocket-Key");
  if (keys.size() != 1) return {400, "websocket: not one Sec-WebSocket-Key"};
  if (!http::internal::IsWebSocketKey(keys.front())) {
    return {400, "websocket: Sec-WebSocket-Key is not 16 bytes in base64"};
  }
  return {};
}

bool ReadOffers(const http::Header& header, std::vector<Extension>& offers) {
  const auto values = header.Values("Sec-WebSocket-Extensions");
  return std::all_of(values.begin(), values.end(),
                     [&](std::string_view value) { return ParseExtensions(value, offers); });
}

bool IsSameOrigin(const http::Request& r) {
  const auto origins = r.Header.Values("Origin");
  if (origins.empty()) return true;
  if (origins.size() != 1) return false;
  const std::string_view origin = origins.front();
  const auto compare = [&](std::string_view scheme, std::string_view port) {
    return origin.size() > scheme.size() && EqualFold(origin.substr(0, scheme.size()), scheme) &&
           EqualFold(WithoutPort(origin.substr(scheme.size()), port), WithoutPort(r.Host, port));
  };
  return compare("http://", ":80") || compare("https://", ":443");
}

std::string SelectSubprotocol(const http::Header& header, const std::vector<std::string>& ours) {
  for (const std::string& one : ours) {
    for (const std::string_view value : header.Values("Sec-WebSocket-Protocol")) {
      if (Lists(value, one)) return one;
    }
  }
  return {};
}

namespace {

Error Bad(std::string_view what) {
  return Error::Of(ErrBadHandshake, "websocket: bad handshake: " + std::string(what));
}

Error CheckAnswerFields(const http::Header& header, std::string_view key) {
  if (!http::internal::FieldLists(header, "Upgrade", "websocket"))
    return Bad("no \"websocket\" in Upgrade");
  if (!http::internal::FieldLists(header, "Connection", "upgrade"))
    return Bad("no \"upgrade\" in Connection");
  const auto accepts = header.Values("Sec-WebSocket-Accept");
  if (accepts.size() != 1 || accepts.front() != http::internal::WebSocketAccept(key)) {
    return Bad("Sec-WebSocket-Accept does not match the key");
  }
  return {};
}

/// Reads a byte at a time, so that no byte behind the head is consumed.
class ByteReader final : public io::Reader {
 public:
  explicit ByteReader(io::Reader& from) : from_(&from) {}
  io::IoResult Read(std::span<char> into) override {
    io::IoResult got = from_->Read(into.first(std::min<size_t>(into.size(), 1)));
    if (got.err && !got.err.Is(io::ErrEof)) failure_ = got.err;
    return got;
  }
  /// The connection's error, other than its end.
  [[nodiscard]] const Error& Failure() const { return failure_; }

 private:
  io::Reader* from_;
  Error failure_;
};

}  // namespace

Result<HandshakeAnswer> ReadAnswer(io::Reader& from, std::string_view key,
                                   const std::vector<std::string>& subprotocols,
                                   const DeflateOptions& options) {
  ByteReader bytes(from);
  adaptor::MessageReader messages(bytes, {.head_bytes_max = kAnswerBytesMax});
  const Result<http::Response*> read = messages.ReadResponse();
  if (bytes.Failure()) return Fail(bytes.Failure());
  if (!read) return Fail(Bad(read.error().Message()));
  return CheckAnswer(**read, key, subprotocols, options);
}

Result<HandshakeAnswer> CheckAnswer(const http::Response& response, std::string_view key,
                                    const std::vector<std::string>& subprotocols,
                                    const DeflateOptions& options) {
  const http::Header& header = response.Header;
  const bool http2 = response.ProtoMajor == 2;
  const bool accepted = http2 ? response.StatusCode >= 200 && response.StatusCode < 300
                              : response.StatusCode == http::StatusSwitchingProtocols;
  if (!accepted || !response.ProtoAtLeast(1, 1)) {
    return Fail(Bad("answered " + std::string(response.Proto) + " " +
                    std::string(response.Status.substr(0, kStatusBytesShown))));
  }
  if (!http2) {
    if (Error err = CheckAnswerFields(header, key)) return Fail(std::move(err));
  }
  HandshakeAnswer answer;
  std::vector<Extension> extensions;
  if (!ReadOffers(header, extensions)) return Fail(Bad("malformed Sec-WebSocket-Extensions"));
  auto terms = ReadDeflateAnswer(extensions, options);
  if (!terms) return Fail(Bad("an extension that was not offered"));
  answer.deflate = std::move(*terms);
  const auto chosen = header.Values("Sec-WebSocket-Protocol");
  if (chosen.empty()) return answer;
  if (chosen.size() != 1 ||
      std::find(subprotocols.begin(), subprotocols.end(), chosen.front()) == subprotocols.end()) {
    return Fail(Bad("a subprotocol that was not offered"));
  }
  answer.subprotocol = chosen.front();
  return answer;
}

}  // namespace hon::websocket::internal
