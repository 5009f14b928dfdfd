#pragma once

// Proxies as record layers between a socket and HTTP, without I/O. A connection through a proxy is
// then dialed, timed and ended like any other.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hon/adaptor/head_parser.h"
#include "hon/client/transport.h"
#include "hon/http/response.h"
#include "hon/io/record_layer.h"
#include "hon/url/url.h"

namespace hon::client {

struct HandshakeTrace;  // tell.h

/// A layer that carries bytes unchanged after its handshake.
class PlainLayer : public io::RecordLayer {
 public:
  Error Open(io::LinkBuffer& received, io::LinkBuffer& plain, io::LinkBuffer& sealed) final;
  Error Seal(std::string_view plain, io::LinkBuffer& sealed) final;
  void CloseOutput(io::LinkBuffer&) final {}
  [[nodiscard]] bool HandshakeDone() const final { return done_; }
  [[nodiscard]] bool InputEnded() const final { return false; }

 protected:
  /// Consumes the proxy's input; calls Done at the end of the handshake.
  virtual Error Shake(io::LinkBuffer& received, io::LinkBuffer& sealed) = 0;
  void Done() { done_ = true; }

 private:
  bool done_ = false;
};

/// The request for a tunnel through an HTTP proxy (RFC 9110 §9.3.6).
struct ConnectRequest {
  std::string target;  // "host:port"
  url::UserinfoPtr user{};
  ProxyFields fields{};  // further fields
  /// Called with the proxy's final answer. An error ends the dial.
  std::function<Error(const http::Response&)> on_answer{};
};
/// CONNECT. Errors are http::ErrProxy with the proxy's status and the beginning of the answer's
/// body, or the error of `on_answer`. Fails with http::ErrInvalidRequest for a field that cannot be
/// sent.
[[nodiscard]] Result<std::unique_ptr<io::RecordLayer>> NewConnectLayer(ConnectRequest request);
/// SOCKS 5 (RFC 1928, RFC 1929) to `host` and `port`; the proxy looks names up. Fails with
/// http::ErrProxy for a name, user or password of more than 255 bytes.
[[nodiscard]] Result<std::unique_ptr<io::RecordLayer>> NewSocksLayer(std::string_view host,
                                                                     std::string_view port,
                                                                     const url::UserinfoPtr& user);
/// TLS with errors of the kind http::ErrHandshake, and http::ErrSchemeMismatch when the peer
/// answers in plaintext. `trace` (null: none) is told of the handshake.
[[nodiscard]] std::unique_ptr<io::RecordLayer> NewHandshakeLayer(
    std::unique_ptr<io::RecordLayer> tls, std::shared_ptr<HandshakeTrace> trace = nullptr);
/// `inner` over `outer`: the handshake of `inner` begins at the end of that of `outer`. ALPN and
/// the state of TLS are those of `inner`. Either may be null.
[[nodiscard]] std::unique_ptr<io::RecordLayer> Stack(std::unique_ptr<io::RecordLayer> outer,
                                                     std::unique_ptr<io::RecordLayer> inner);

}  // namespace hon::client
