#include "server/record_gate.h"

#include <array>
#include <string>

#include "hon/base/guard.h"

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

// Without an error the close was ours. Where a report has no memory there is none. A connection
// that had no memory in OnPrepare is not known to the engine.
void RecordGate::OnDisconnect(netpoll::Connection& c, const Error& why) {
  if (why) static_cast<void>(CallGuarded([&] { ReportHandshake(c, why); }));
  if (c.UserData() != nullptr) served_->OnDisconnect(c, why);
}

void RecordGate::ReportHandshake(const netpoll::Connection& c, const Error& why) const {
  std::array<char, netpoll::kAddressTextMax> text;
  const std::string_view peer = c.FormatRemoteAddr(text);
  const std::string detail =
      "http: TLS handshake error from " + std::string(peer) + ": " + why.Message();
  engine_.Report({.kind = engine::Event::Kind::kHandshake, .peer = peer, .detail = detail});
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
