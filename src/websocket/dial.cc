#include "hon/websocket/dial.h"

#include <array>

#include "hon/fiber/conn.h"
#include "hon/http/response_writer.h"
#include "hon/url/url.h"
#include "websocket/dial_tls.h"
#include "websocket/handshake.h"
#include "websocket/session.h"

namespace hon::websocket {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";

std::string Request(const url::URL& url, const DialOptions& options, std::string_view key) {
  http::Header fields;
  for (const auto& [name, value] : options.header) fields.Add(name, value);
  fields.Set("Upgrade", "websocket");
  fields.Set("Connection", "Upgrade");
  fields.Set("Sec-WebSocket-Version", "13");
  fields.Set("Sec-WebSocket-Key", key);
  std::string offered;
  for (const std::string& one : options.subprotocols)
    offered += (offered.empty() ? "" : ", ") + one;
  if (!offered.empty()) fields.Set("Sec-WebSocket-Protocol", offered);
  if (options.conn.deflate.enabled) {
    fields.Set("Sec-WebSocket-Extensions", internal::OfferDeflate(options.conn.deflate));
  }
  std::string text = "GET " + url.RequestURI() + " HTTP/1.1\r\n";
  if (!fields.Has("Host")) text += "Host: " + std::string(url.Host) + "\r\n";
  for (const auto& field : fields) {
    text.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  return text + "\r\n";
}

// Reads up to the end of the head and no further: the next bytes are frames.
Result<std::string> ReadHead(io::Conn& conn) {
  std::string head;
  while (!head.ends_with(kHeadEnd)) {
    char byte;
    const io::IoResult got = conn.Read({&byte, 1});
    if (got.err.Is(io::ErrEof)) {
      return Fail(Error::Of(ErrBadHandshake, "websocket: bad handshake: connection closed"));
    }
    if (got.err) return Fail(got.err);
    head += byte;
    if (head.size() == kAnswerBytesMax) {
      return Fail(Error::Of(ErrBadHandshake, "websocket: bad handshake: answer too long"));
    }
  }
  return head;
}

}  // namespace

Result<Conn> Dial(std::string_view address, DialOptions options) {
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
  const TimePoint deadline = DeadlineAfter(Clock::now(), options.timeout);
  std::string host(url.Host);
  if (url.Port().empty()) host += over_tls ? ":443" : ":80";
  std::unique_ptr<io::RecordLayer> layer;
  if (over_tls) {
    HON_TRY(layer, internal::NewTlsLayer(options.tls, url.Hostname()));
  }
  HON_TRY(std::unique_ptr<io::Conn> conn, fiber::Dial(host, options.timeout, std::move(layer)));
  conn->SetDeadline(deadline);
  const std::string key = internal::NewKey();
  if (Error err = conn->Write(Request(url, options, key)).err) return Fail(std::move(err));
  HON_TRY(const std::string head, ReadHead(*conn));
  HON_TRY(internal::HandshakeAnswer answer,
          internal::ReadAnswer(head, key, options.subprotocols, options.conn.deflate));

  SessionSetup setup;
  setup.options = options.conn;
  setup.pool = std::make_shared<internal::DeflatePool>(options.conn.deflate.level);
  SessionStart start;
  start.setup = std::make_shared<const SessionSetup>(std::move(setup));
  start.deflate = std::move(answer.deflate);
  start.client = true;
  start.subprotocol = std::move(answer.subprotocol);
  start.remote_addr = conn->RemoteAddr();
  auto session = std::make_shared<Session>(std::move(start));
  if (Error err = conn->BecomeEvented(session->Sink())) return Fail(std::move(err));
  return Conn(std::move(session));
}

}  // namespace hon::websocket
