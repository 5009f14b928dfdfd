#include "server/record_gate.h"

#include <array>
#include <string>

namespace hon::server {

void RecordGate::OnPrepare(netpoll::Connection& c) {
  SetLayer(c, NewLayer());
  PrepareLayered(c);
}

void RecordGate::PrepareLayered(netpoll::Connection& c) {
  std::array<char, netpoll::kAddressTextMax> peer;
  c.FormatRemoteAddr(peer);  // asked now, so that it is known after a failed handshake
  prepare_.OnPrepare(c);
  served_ = &c.GetEventHandler();
  c.SetEventHandler(*this);
}

void RecordGate::OnConnect(netpoll::Connection& c) {
  c.SetEventHandler(*served_);
  served_->OnConnect(c);
}

// Without an error the close was ours.
void RecordGate::OnDisconnect(netpoll::Connection& c, const Error& why) {
  if (why) {
    std::array<char, netpoll::kAddressTextMax> text;
    const std::string_view peer = c.FormatRemoteAddr(text);
    const std::string detail =
        "http: TLS handshake error from " + std::string(peer) + ": " + why.Message();
    engine_.Report({.kind = engine::Event::Kind::kHandshake, .peer = peer, .detail = detail});
  }
  served_->OnDisconnect(c, why);
}

void RecordGate::OnRecordFault(netpoll::Connection& c, const Error& why) {
  if (!why.Is(io::ErrRecordFlood)) return;
  std::array<char, netpoll::kAddressTextMax> text;
  const std::string_view peer = c.FormatRemoteAddr(text);
  const std::string detail =
      "http: TLS connection from " + std::string(peer) + ": " + why.Message();
  engine_.Report({.kind = engine::Event::Kind::kFlood, .peer = peer, .detail = detail});
}

}  // namespace hon::server
