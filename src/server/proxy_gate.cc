#include "server/proxy_gate.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>

#include "hon/netpoll/loop.h"
#include "io/layer_wrapper.h"

namespace hon::server {

using netpoll::CloseHow;
using netpoll::DeadlineKind;

// Reads the header in front of the records of another layer. Lives in the handshake of a connection
// whose handler is the gate until the header is complete.
class ProxyGate::Layer final : public io::LayerWrapper {
 public:
  Layer(ProxyGate& gate, netpoll::Connection& c, std::unique_ptr<io::RecordLayer> inner)
      : LayerWrapper(std::move(inner)), gate_(gate), connection_(c) {}

  Error Open(io::LinkBuffer& received, io::LinkBuffer& plain, io::LinkBuffer& sealed) override {
    if (!past_header_) {
      past_header_ = gate_.TakeHeader(connection_, received);
      if (!past_header_) return {};
      gate_.records_->PrepareLayered(connection_);
      if (!connection_.IsActive()) return {};
    }
    return LayerWrapper::Open(received, plain, sealed);
  }

 private:
  ProxyGate& gate_;
  netpoll::Connection& connection_;
  bool past_header_ = false;
};

// The engine counts a connection for its peer when it takes the connection in, which is therefore
// done behind the header.
void ProxyGate::OnPrepare(netpoll::Connection& c) {
  std::array<char, netpoll::kAddressTextMax> peer;
  if (!scope_.trust.Has(c.FormatRemoteAddr(peer))) {
    c.SetEventHandler(next_);
    return next_.OnPrepare(c);
  }
  if (records_ != nullptr) {
    records_->SetLayer(c, std::make_unique<Layer>(*this, c, records_->NewLayer()));
  }
  c.SetEventHandler(*this);
  c.SetDeadline(DeadlineKind::kRead,
                DeadlineAfter(c.GetLoop().Now(), scope_.settings.header_timeout));
}

bool ProxyGate::TakeHeader(netpoll::Connection& c, io::LinkBuffer& in) {
  const Result<std::string_view> bytes = in.Peek(std::min(in.Len(), kProxyBinaryBytesMax));
  const ProxyHeader header = ParseProxyHeader(bytes ? *bytes : std::string_view());
  switch (header.status) {
    case ProxyHeader::Status::kMore:
      return false;
    case ProxyHeader::Status::kRefused:
      Refuse(c, "a wrong PROXY header");
      return false;
    case ProxyHeader::Status::kNone:
      if (!scope_.settings.required) break;
      Refuse(c, "no PROXY header");
      return false;
    case ProxyHeader::Status::kWhole:
      if (!header.client.empty()) c.SetRemoteAddr(header.client);
      static_cast<void>(in.Skip(header.bytes));
      break;
  }
  c.SetDeadline(DeadlineKind::kRead, kNever);
  return true;
}

// Without TLS.
void ProxyGate::OnRequest(netpoll::Connection& c) {
  if (TakeHeader(c, c.Reader())) {
    c.ConsumedInput();
    HandOver(c);
  } else if (c.InputEnded()) {
    c.Close(CloseHow::kGraceful);
  }
}

void ProxyGate::OnTimeout(netpoll::Connection& c, DeadlineKind /*kind*/) {
  Refuse(c, "no PROXY header in time");
}

void ProxyGate::HandOver(netpoll::Connection& c) {
  c.SetEventHandler(next_);
  next_.OnPrepare(c);
  c.GetEventHandler().OnConnect(c);
  if (c.IsActive() && (!c.Reader().Empty() || c.InputEnded())) c.GetEventHandler().OnRequest(c);
}

void ProxyGate::Refuse(netpoll::Connection& c, std::string_view why) {
  std::array<char, netpoll::kAddressTextMax> text;
  const std::string_view peer = c.FormatRemoteAddr(text);
  const std::string detail = "http: " + std::string(why) + " from " + std::string(peer);
  engine_.Report({.kind = engine::Event::Kind::kBadRequest, .peer = peer, .detail = detail});
  c.Close(CloseHow::kAbort);
}

}  // namespace hon::server
