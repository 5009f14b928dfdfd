#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "hon/io/event_conn.h"
#include "hon/io/link_buffer.h"

namespace hon::adaptor {

/// The framing of the rest of a body (RFC 9112 §6).
enum class BodyFraming : uint8_t {
  kChunked,     // §7.1
  kUntilClose,  // unframed; the body ends with the connection
};

/// The body of an answer whose handler has returned: an EventConn that frames its output for the
/// EventConn of the connection. Out() and SendNow take bytes of the body; Close(kGraceful) and
/// CloseWrite send the output and the end of the body, and close. Input is the client's next
/// requests. Belongs to the sink from OnOpen on.
class DetachedBody final : public io::EventConn, public io::ConnSink {
 public:
  DetachedBody(BodyFraming framing, io::ConnSink& sink) : sink_(&sink), framing_(framing) {}

  // io::ConnSink, for the connection
  void OnOpen(std::unique_ptr<io::EventConn> conn) override;
  void OnInput() override { sink_->OnInput(); }
  void OnDrained() override { sink_->OnDrained(); }
  void OnDeadline(io::ConnDeadline which) override { sink_->OnDeadline(which); }
  void OnShutdown() override { sink_->OnShutdown(); }
  void OnClosed(const Error& why) override;

  // io::EventConn, for the sink
  void SetSink(io::ConnSink& sink) override;
  /// Empty once the sink is told OnClosed: the connection's input is the next request's.
  [[nodiscard]] io::LinkBuffer& In() override { return closed_ ? *out_ : conn_->In(); }
  void ConsumedInput() override { conn_->ConsumedInput(); }
  [[nodiscard]] bool InputEnded() const override { return closed_ || conn_->InputEnded(); }
  [[nodiscard]] bool InputTruncated() const override { return conn_->InputTruncated(); }
  [[nodiscard]] io::LinkBuffer& Out() override { return *out_; }
  [[nodiscard]] size_t Unsent() override { return out_->Len() + conn_->Unsent(); }
  void SendSoon() override;
  void SendNow(std::string_view head, std::string_view body) override;
  void CloseWrite() override { Close(io::ConnClose::kGraceful); }
  void SetDeadline(io::ConnDeadline which, TimePoint deadline) override {
    conn_->SetDeadline(which, deadline);
  }
  void Close(io::ConnClose how) override;
  [[nodiscard]] std::string LocalAddr() const override { return conn_->LocalAddr(); }
  [[nodiscard]] std::string RemoteAddr() const override { return conn_->RemoteAddr(); }
  void Post(std::function<void()> function) override { conn_->Post(std::move(function)); }
  [[nodiscard]] bool InLoop() const override { return conn_->InLoop(); }
  [[nodiscard]] const void* LoopId() const override { return conn_->LoopId(); }

 private:
  void FrameOutput();

  io::ConnSink* sink_;
  std::unique_ptr<io::EventConn> conn_;
  std::optional<io::LinkBuffer> out_;  // not framed yet; empty before OnOpen
  const BodyFraming framing_;
  bool ended_ = false;   // the end of the body is sent, or will never be
  bool closed_ = false;  // the sink is told OnClosed
};

}  // namespace hon::adaptor
