#pragma once

// Proxies as record layers, between a socket and HTTP: pure, so that a connection through a proxy
// is dialed, timed and ended like any other.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hon/adaptor/head_parser.h"
#include "hon/io/record_layer.h"
#include "hon/url/url.h"

namespace hon::client {

/// A layer that carries bytes unchanged once its handshake is done.
class PlainLayer : public io::RecordLayer {
 public:
  Error Open(io::LinkBuffer& received, io::LinkBuffer& plain, io::LinkBuffer& sealed) final;
  Error Seal(std::string_view plain, io::LinkBuffer& sealed) final;
  void CloseOutput(io::LinkBuffer&) final {}
  [[nodiscard]] bool HandshakeDone() const final { return done_; }
  [[nodiscard]] bool InputEnded() const final { return false; }

 protected:
  /// Takes what the proxy has sent; Done when that was all.
  virtual Error Shake(io::LinkBuffer& received, io::LinkBuffer& sealed) = 0;
  void Done() { done_ = true; }

 private:
  bool done_ = false;
};

/// CONNECT through an HTTP proxy (RFC 9110 §9.3.6) to `target`, "host:port". Errors are
/// http::ErrProxy and have the proxy's status.
[[nodiscard]] std::unique_ptr<io::RecordLayer> NewConnectLayer(std::string target,
                                                               const url::UserinfoPtr& user);
/// SOCKS 5 (RFC 1928, RFC 1929) to `host` and `port`; names are left to the proxy. Fails with
/// http::ErrProxy for a name, user or password of more than 255 bytes.
[[nodiscard]] Result<std::unique_ptr<io::RecordLayer>> NewSocksLayer(std::string_view host,
                                                                     std::string_view port,
                                                                     const url::UserinfoPtr& user);
/// TLS with errors of the kind http::ErrHandshake, and http::ErrSchemeMismatch when the peer
/// answers in the plain.
[[nodiscard]] std::unique_ptr<io::RecordLayer> NewHandshakeLayer(
    std::unique_ptr<io::RecordLayer> tls);
/// `inner` over `outer`: the handshake of `inner` begins when that of `outer` is done. `inner` has
/// the say on ALPN and the state of TLS. Either may be null.
[[nodiscard]] std::unique_ptr<io::RecordLayer> Stack(std::unique_ptr<io::RecordLayer> outer,
                                                     std::unique_ptr<io::RecordLayer> inner);

}  // namespace hon::client
