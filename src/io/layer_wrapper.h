#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "hon/io/record_layer.h"

namespace hon::io {

/// A record layer that passes every call on to another one. Subclasses override the calls that they
/// change.
class LayerWrapper : public RecordLayer {
 public:
  explicit LayerWrapper(std::unique_ptr<RecordLayer> inner) : inner_(std::move(inner)) {}

  Error Start(LinkBuffer& sealed) override { return inner_->Start(sealed); }
  Error Open(LinkBuffer& received, LinkBuffer& plain, LinkBuffer& sealed) override {
    return inner_->Open(received, plain, sealed);
  }
  [[nodiscard]] bool HasMore() const override { return inner_->HasMore(); }
  [[nodiscard]] bool HasLongStep() const override { return inner_->HasLongStep(); }
  void RunLongStep() override { inner_->RunLongStep(); }
  Error Seal(std::string_view plain, LinkBuffer& sealed) override {
    return inner_->Seal(plain, sealed);
  }
  void CloseOutput(LinkBuffer& sealed) override { inner_->CloseOutput(sealed); }
  [[nodiscard]] bool HandshakeDone() const override { return inner_->HandshakeDone(); }
  [[nodiscard]] bool InputEnded() const override { return inner_->InputEnded(); }
  [[nodiscard]] std::string_view ApplicationProtocol() const override {
    return inner_->ApplicationProtocol();
  }
  [[nodiscard]] const tls::ConnectionState* State() const override { return inner_->State(); }

 private:
  std::unique_ptr<RecordLayer> inner_;
};

}  // namespace hon::io
