#include "hon/websocket/dial.h"

#include "hon/client/transport.h"
#include "hon/fiber/conn.h"
#include "hon/fiber/fiber.h"
#include "hon/http/request.h"
#include "hon/http/response_writer.h"
#include "hon/url/url.h"
#include "http/websocket_key.h"
#include "websocket/dial_tls.h"
#include "websocket/handshake.h"
#include "websocket/session.h"

namespace hon::websocket {
namespace {

// The fields of a client's request (RFC 6455 §4.1).
void FillRequest(const url::URL& url, const DialOptions& options, std::string_view key,
                 http::Request& r) {
  r.URL = url;
  for (const auto& [name, value] : options.header) r.Header.Add(name, value);
  r.Header.Set("Upgrade", "websocket");
  r.Header.Set("Connection", "Upgrade");
  r.Header.Set("Sec-WebSocket-Version", "13");
  r.Header.Set("Sec-WebSocket-Key", key);
  std::string offered;
  for (const std::string& one : options.subprotocols) {
    offered.append(offered.empty() ? "" : ", ").append(one);
  }
  if (!offered.empty()) r.Header.Set("Sec-WebSocket-Protocol", offered);
  if (options.conn.deflate.enabled) {
    r.Header.Set("Sec-WebSocket-Extensions", internal::OfferDeflate(options.conn.deflate));
  }
  r.Host = r.Header.Get("Host");
}

Result<Conn> StartSession(io::Conn& conn, const DialOptions& options,
                          internal::HandshakeAnswer answer) {
  SessionSetup setup;
  setup.options = options.conn;
  setup.pool = std::make_shared<internal::DeflatePool>(options.conn.deflate.level);
  SessionStart start;
  start.setup = std::make_shared<const SessionSetup>(std::move(setup));
  start.deflate = std::move(answer.deflate);
  start.client = true;
  start.subprotocol = std::move(answer.subprotocol);
  start.remote_addr = conn.RemoteAddr();
  auto session = std::make_shared<Session>(std::move(start));
  if (Error err = conn.BecomeEvented(session->Sink())) return Fail(std::move(err));
  return Conn(std::move(session));
}

// Dials by a Transport.
Result<Conn> DialOver(client::Transport& transport, url::URL url, const DialOptions& options) {
  url.Scheme = url.Scheme == "wss" ? "https" : "http";
  const appcontext::Cancelable limit =
      appcontext::WithTimeout(fiber::CurrentContext(), options.timeout);
  const std::string key = http::internal::NewWebSocketKey();
  http::Request request;
  request.SetContext(limit.context);
  FillRequest(url, options, key, request);
  request.Host = request.Own(request.Host);
  request.Header.Del("Host");
  Result<http::Response> answer = transport.RoundTripUpgrade(request);
  if (!answer) {
    limit.cancel();
    return Fail(std::move(answer.error()));
  }
  Result<internal::HandshakeAnswer> terms =
      internal::CheckAnswer(*answer, key, options.subprotocols, options.conn.deflate);
  std::unique_ptr<io::Conn> conn;
  if (terms) conn = answer->TakeConn();
  limit.cancel();
  if (!terms) return Fail(std::move(terms.error()));
  if (conn == nullptr) return Fail(io::ErrClosed);
  return StartSession(*conn, options, std::move(*terms));
}

}  // namespace

Result<Conn> Dial(std::string_view address, const DialOptions& options) {
  internal::CheckDeflate(options.conn.deflate);
  HON_TRY(const url::URL url, url::Parse(address));
  const bool over_tls = url.Scheme == "wss";
  if (!over_tls && url.Scheme != "ws") {
    return Fail(
        Error::Of(http::ErrNotSupported, "websocket: a URL to dial begins with ws:// or wss://"));
  }
  if (url.User != nullptr) {
    return Fail(Error::New("websocket: no name and password in a URL to dial: set Authorization"));
  }
  if (options.transport != nullptr) return DialOver(*options.transport, url, options);
  const TimePoint deadline = DeadlineAfter(Clock::now(), options.timeout);
  std::string host(url.Host);
  if (url.Port().empty()) host += over_tls ? ":443" : ":80";
  std::unique_ptr<io::RecordLayer> layer;
  if (over_tls) {
    HON_TRY(layer, internal::NewTlsLayer(options.tls, url.Hostname()));
  }
  HON_TRY(std::unique_ptr<io::Conn> conn, fiber::Dial(host, options.timeout, std::move(layer)));
  conn->SetDeadline(deadline);
  const std::string key = http::internal::NewWebSocketKey();
  http::Request request;
  FillRequest(url, options, key, request);
  if (Error err = request.Write(*conn)) return Fail(std::move(err));
  HON_TRY(internal::HandshakeAnswer answer,
          internal::ReadAnswer(*conn, key, options.subprotocols, options.conn.deflate));
  return StartSession(*conn, options, std::move(answer));
}

}  // namespace hon::websocket
