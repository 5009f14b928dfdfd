#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "hon/io/record_layer.h"
#include "hon/tls/connection_state.h"
#include "tls/flood_guard.h"
#include "tls/openssl.h"

namespace hon::tls {

/// One end of a TLS connection over OpenSSL, which reads from and writes to the buffers of the
/// current call.
class SslLayer : public io::RecordLayer {
 public:
  Error Open(io::LinkBuffer& received, io::LinkBuffer& plain, io::LinkBuffer& sealed) final;
  Error Seal(std::string_view plain, io::LinkBuffer& sealed) final;
  void CloseOutput(io::LinkBuffer& sealed) override;
  [[nodiscard]] bool HandshakeDone() const final { return state_ != nullptr; }
  [[nodiscard]] bool HasMore() const final { return has_more_; }
  [[nodiscard]] bool InputEnded() const final { return input_ended_; }
  [[nodiscard]] std::string_view ApplicationProtocol() const override {
    return state_ == nullptr ? std::string_view() : state_->NegotiatedProtocol;
  }
  [[nodiscard]] const ConnectionState* State() const override { return state_.get(); }

  /// The layer of an SSL object.
  static SslLayer& Of(const SSL* ssl) { return *static_cast<SslLayer*>(SSL_get_app_data(ssl)); }

  /// Moves received ciphertext to `into`; returns 0 when there is none now.
  size_t TakeReceived(std::span<char> into);
  /// Returns false outside of a call that may write.
  bool PutSealed(std::string_view bytes);
  /// Called when the header of a record was received.
  void OnRecord();
  void OnKeyUpdate();
  /// KeyLogWriter has thrown: the handshake fails, as in Go when the writer fails.
  void OnKeyLogFailed() { key_log_failed_ = true; }

 protected:
  /// Makes the SSL object.
  Error Make(SSL_CTX* context);
  [[nodiscard]] SSL* Ssl() const { return ssl_.get(); }
  /// Makes OpenSSL's calls read from and write to these buffers, until the end of the scope.
  class Buffers {
   public:
    Buffers(SslLayer& layer, io::LinkBuffer* received_bytes, io::LinkBuffer* sealed_bytes)
        : received(received_bytes), sealed(sealed_bytes), layer_(layer) {
      layer_.buffers_ = this;
    }
    ~Buffers() { layer_.buffers_ = nullptr; }
    Buffers(const Buffers&) = delete;
    Buffers& operator=(const Buffers&) = delete;

    io::LinkBuffer* const received;  // null: nothing is read
    io::LinkBuffer* const sealed;

   private:
    SslLayer& layer_;
  };
  /// Open before the handshake is done, and until the input of a long step is read.
  virtual Error OpenHandshake(io::LinkBuffer& received, io::LinkBuffer& plain,
                              io::LinkBuffer& sealed);
  /// The connection has passed one of the limits on records, and fails.
  virtual void OnFlood() {}
  Error Handshake();
  /// Moves the received bytes into the long step, in which RunLongStep calls SSL_do_handshake.
  void BeginLongStep(io::LinkBuffer& received);
  [[nodiscard]] bool LongStepBegun() const { return step_ != nullptr && !step_->done; }
  void DoLongStep();
  /// The error of OpenSSL's last call.
  virtual Error Failure();

 private:
  /// One step of the handshake without the loop's buffers, on any thread.
  struct LongStep {
    std::string input;
    size_t taken = 0;  // of input
    std::string output;
    Error why;
    bool done = false;
  };

  Error StepHandshake(io::LinkBuffer& sealed);
  Error ReadPlain(io::LinkBuffer& received, io::LinkBuffer& plain);
  Error Flood();
  void CountUseless();
  void RecordState();

  FloodGuard* Guard();  // null without memory
  /// Whether one more of `kind` is within its limit.
  bool Counts(FloodGuard::Kind kind);

  SslPtr ssl_;
  std::unique_ptr<LongStep> step_;
  std::unique_ptr<ConnectionState> state_;  // after the handshake
  const Buffers* buffers_ = nullptr;        // of the call that is under way
  std::unique_ptr<FloodGuard> guard_;       // null: nothing to count yet
  uint16_t handshake_records_ = 0;
  bool has_more_ = false;
  bool input_ended_ = false;
  bool record_brought_ = true;  // the last record had data, or belonged to the handshake
  bool flooded_ : 1 = false;    // one of the limits is passed
  bool key_updates_flood_ : 1 = false;
  bool key_log_failed_ : 1 = false;
};

}  // namespace hon::tls
