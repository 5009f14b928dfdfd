#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "hon/io/record_layer.h"
#include "hon/tls/connection_state.h"
#include "tls/openssl.h"

namespace hon::tls {

/// One end of a TLS connection over OpenSSL, which reads from and writes to the buffers of the
/// current call.
class SslLayer : public io::RecordLayer {
 public:
  Error Open(io::LinkBuffer& received, io::LinkBuffer& plain, io::LinkBuffer& sealed) override;
  Error Seal(std::string_view plain, io::LinkBuffer& sealed) override;
  void CloseOutput(io::LinkBuffer& sealed) override;
  [[nodiscard]] bool HandshakeDone() const override { return state_ != nullptr; }
  [[nodiscard]] bool InputEnded() const override { return input_ended_; }
  [[nodiscard]] std::string_view ApplicationProtocol() const override {
    return state_ == nullptr ? std::string_view() : state_->NegotiatedProtocol;
  }
  [[nodiscard]] const ConnectionState* State() const override { return state_.get(); }

  /// The layer of an SSL object.
  static SslLayer& Of(const SSL* ssl) { return *static_cast<SslLayer*>(SSL_get_app_data(ssl)); }

  io::LinkBuffer* Received() { return received_; }
  io::LinkBuffer* Sealed() { return sealed_; }

 protected:
  /// Makes the SSL object.
  Error Make(SSL_CTX* context);
  [[nodiscard]] SSL* Ssl() const { return ssl_.get(); }
  /// Makes OpenSSL's calls read from and write to these buffers, until the end of the scope.
  class Buffers {
   public:
    Buffers(SslLayer& layer, io::LinkBuffer* received, io::LinkBuffer* sealed) : layer_(layer) {
      layer_.received_ = received;
      layer_.sealed_ = sealed;
    }
    ~Buffers() { layer_.received_ = layer_.sealed_ = nullptr; }
    Buffers(const Buffers&) = delete;
    Buffers& operator=(const Buffers&) = delete;

   private:
    SslLayer& layer_;
  };
  Error Handshake();
  /// The error of OpenSSL's last call.
  virtual Error Failure();

 private:
  Error ReadPlain(io::LinkBuffer& plain);
  void RecordState();

  SslPtr ssl_;
  std::unique_ptr<ConnectionState> state_;  // after the handshake
  io::LinkBuffer* received_ = nullptr;
  io::LinkBuffer* sealed_ = nullptr;
  bool input_ended_ = false;
};

}  // namespace hon::tls
