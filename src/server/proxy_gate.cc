#include "server/proxy_gate.h"

#include <algorithm>
#include <array>
#include <string>

#include "hon/netpoll/loop.h"

namespace hon::server {

using netpoll::CloseHow;
using netpoll::DeadlineKind;

// The engine counts a connection for its peer when it takes the connection in, which is therefore
// done behind the header.
void ProxyGate::OnPrepare(netpoll::Connection& c) {
  std::array<char, netpoll::kAddressTextMax> peer;
  if (!scope_.trust.Has(c.FormatRemoteAddr(peer))) {
    c.SetEventHandler(next_);
    return next_.OnPrepare(c);
  }
  c.SetEventHandler(*this);
  c.SetDeadline(DeadlineKind::kRead,
                DeadlineAfter(c.GetLoop().Now(), scope_.settings.header_timeout));
}

void ProxyGate::OnRequest(netpoll::Connection& c) {
  io::LinkBuffer& in = c.Reader();
  const Result<std::string_view> bytes = in.Peek(std::min(in.Len(), kProxyBinaryBytesMax));
  const ProxyHeader header = ParseProxyHeader(bytes ? *bytes : std::string_view());
  switch (header.status) {
    case ProxyHeader::Status::kMore:
      if (c.InputEnded()) c.Close(CloseHow::kGraceful);
      return;
    case ProxyHeader::Status::kRefused:
      return Refuse(c, "a wrong PROXY header");
    case ProxyHeader::Status::kNone:
      if (scope_.settings.required) return Refuse(c, "no PROXY header");
      return HandOver(c);
    case ProxyHeader::Status::kWhole:
      if (!header.client.empty()) c.SetRemoteAddr(header.client);
      static_cast<void>(in.Skip(header.bytes));
      c.ConsumedInput();
      return HandOver(c);
  }
}

void ProxyGate::OnTimeout(netpoll::Connection& c, DeadlineKind /*kind*/) {
  Refuse(c, "no PROXY header in time");
}

void ProxyGate::HandOver(netpoll::Connection& c) {
  c.SetDeadline(DeadlineKind::kRead, kNever);
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
