#include "hon/websocket/upgrader.h"

#include "hon/http/reply.h"
#include "hon/http/server_context.h"
#include "http/websocket_key.h"
#include "websocket/handshake.h"
#include "websocket/session.h"

namespace hon::websocket {
namespace {

// Fields that only the handshake may set.
constexpr std::string_view kOwnFields[] = {"Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"};

Error Refuse(http::ResponseWriter& w, const internal::Refusal& why) {
  if (why.status == 426) {
    w.Header().Set("Upgrade", "websocket");
    w.Header().Set("Connection", "Upgrade");
    w.Header().Set("Sec-WebSocket-Version", "13");
  }
  if (why.status == 405) w.Header().Set("Allow", "GET");
  http::ReplyError(w, why.text, why.status);
  return Error::Of(ErrNotUpgraded, std::string(why.text));
}

// The writer below cannot upgrade. An empty 200 would not answer the handshake.
Error AnswerUnsupported(http::ResponseWriter& w, Error why) {
  http::ReplyError(w, "websocket: cannot upgrade: " + why.Message(),
                   http::StatusInternalServerError);
  return why;
}

}  // namespace

struct Upgrader::Setup : SessionSetup {};

Upgrader::Upgrader(UpgraderOptions options) : options_(std::move(options)) {
  internal::CheckDeflate(options_.conn.deflate);
  Setup setup;
  setup.options = options_.conn;
  setup.pool = std::make_shared<internal::DeflatePool>(options_.conn.deflate.level);
  setup_ = std::make_shared<const Setup>(std::move(setup));
  // libcrypto reads its configuration at its first use: here, and not on a loop.
  static_cast<void>(http::internal::WebSocketAccept({}));
}

Upgrader::~Upgrader() = default;

Result<Conn> Upgrader::Upgrade(http::ResponseWriter& w, http::Request& r) {
  HON_TRY(std::shared_ptr<Session> session, Begin(w, r, nullptr));
  return Conn(std::move(session));
}

Error Upgrader::Upgrade(http::ResponseWriter& w, http::Request& r,
                        std::shared_ptr<ConnHandler> handler) {
  Result<std::shared_ptr<Session>> session = Begin(w, r, std::move(handler));
  return session ? Error() : std::move(session.error());
}

Result<std::shared_ptr<Session>> Upgrader::Begin(http::ResponseWriter& w, http::Request& r,
                                                 std::shared_ptr<ConnHandler> handler) {
  if (const internal::Refusal why = internal::CheckRequest(r); why.status != 0) {
    return Fail(Refuse(w, why));
  }
  std::vector<internal::Extension> offers;
  if (!internal::ReadOffers(r.Header, offers)) {
    return Fail(Refuse(w, {400, "websocket: malformed Sec-WebSocket-Extensions"}));
  }
  const bool allowed = options_.check_origin ? options_.check_origin(r) : internal::IsSameOrigin(r);
  if (!allowed) return Fail(Refuse(w, {403, "websocket: origin not allowed"}));

  SessionStart start;
  start.setup = setup_;
  start.deflate = internal::AcceptDeflate(offers, options_.conn.deflate);
  start.handler = std::move(handler);
  start.subprotocol = internal::SelectSubprotocol(r.Header, options_.subprotocols);
  start.remote_addr = r.RemoteAddr;
  start.guard = appcontext::CallbackGuard::Of(r.Context());
  start.shutdown = http::ShutdownContext(r.Context());
  http::Header fields = w.Header().Clone();
  for (const auto& [name, value] : options_.header) fields.Add(name, value);
  for (const std::string_view own : kOwnFields) fields.Del(own);
  if (r.ProtoMajor == 1) {
    fields.Set("Sec-WebSocket-Accept",
               http::internal::WebSocketAccept(r.Header.Get("Sec-WebSocket-Key")));
  }
  if (start.deflate.enabled) fields.Set("Sec-WebSocket-Extensions", start.deflate.field);
  if (!start.subprotocol.empty()) fields.Set("Sec-WebSocket-Protocol", start.subprotocol);

  auto session = std::make_shared<Session>(std::move(start));
  if (Error err = w.Upgrade("websocket", fields, session->Sink())) {
    if (!err.Is(http::ErrNotSupported)) return Fail(std::move(err));
    return Fail(AnswerUnsupported(w, std::move(err)));
  }
  return session;
}

}  // namespace hon::websocket
