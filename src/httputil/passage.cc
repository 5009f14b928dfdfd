#include "httputil/passage.h"

#include <algorithm>
#include <utility>

#include "hon/adaptor/body_reader.h"
#include "hon/base/quote.h"
#include "hon/client/transport.h"
#include "hon/http/client_error.h"
#include "hon/http/method.h"
#include "hon/http/status.h"
#include "http/list.h"
#include "http/websocket_key.h"
#include "httputil/forwarding.h"
#include "httputil/hop_by_hop.h"
#include "httputil/tunnel.h"

namespace hon::httputil::internal {
namespace {

using http::HeaderId;
using http::internal::EqualFold;

// A Passage keeps the memory of a target up to this length.
constexpr size_t kTargetBytesKept = 4096;

/// Ends after one Read, so that received bytes can be sent before the next wait.
class OneRead final : public io::Reader, public io::BlockReader {
 public:
  explicit OneRead(io::Reader& from) : from_(from) {}

  io::IoResult Read(std::span<char> into) override {
    if (std::exchange(done_, true)) return {0, io::ErrEof};
    return Noted(from_.Read(into));
  }
  io::IoResult ReadBlocks(io::LinkBuffer& into, size_t bytes_max) override {
    if (std::exchange(done_, true)) return {0, io::ErrEof};
    return Noted(blocks_->ReadBlocks(into, bytes_max));
  }
  io::BlockReader* AsBlocks(const io::BlockPool& pool) override {
    if (blocks_ == nullptr) blocks_ = from_.AsBlocks(pool);
    return blocks_ == nullptr ? nullptr : this;
  }
  /// Allows the next Read. Returns false at the end of the body.
  [[nodiscard]] bool Again() {
    done_ = false;
    return !ended_;
  }

 private:
  io::IoResult Noted(io::IoResult got) {
    ended_ = static_cast<bool>(got.err);
    return got;
  }

  io::Reader& from_;
  io::BlockReader* blocks_ = nullptr;  // of `from_`, once AsBlocks has found it
  bool done_ = false;
  bool ended_ = false;
};

/// A body that belongs to another thread.
class BodyElsewhere final : public http::BodySource {
 public:
  BodyElsewhere(http::Spawner::Home& home, http::Body body) : home_(home), body_(std::move(body)) {}
  ~BodyElsewhere() override {
    home_.Do([this] { body_ = {}; });
  }
  BodyElsewhere(const BodyElsewhere&) = delete;
  BodyElsewhere& operator=(const BodyElsewhere&) = delete;

  io::IoResult Read(std::span<char> into) override {
    io::IoResult got;
    home_.Do([&] { got = body_.Read(into); });
    return got;
  }
  Error Close() override {
    Error err;
    home_.Do([&] { err = body_.Close(); });
    return err;
  }

 private:
  http::Spawner::Home& home_;
  http::Body body_;
};

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// The status for a body that cannot be read.
int StatusOf(const Error& why) {
  if (why.Is(http::ErrBodyTooLarge)) return http::StatusRequestEntityTooLarge;
  if (why.Is(io::ErrDeadlineExceeded)) return http::StatusRequestTimeout;
  return http::StatusBadRequest;
}

bool IsEventStream(const http::Response& answer) {
  constexpr std::string_view kEventStream = "text/event-stream";
  const std::string_view type = answer.Header.Get(HeaderId::kContentType);
  return EqualFold(http::internal::TrimBlanks(type.substr(0, type.find(';'))), kEventStream);
}

}  // namespace

Passage::Passage() {
  trace_.Got1xxResponse = [this](int status, const http::Header& fields) {
    PassInterim(status, fields);
    return Error();
  };
}

http::RoundTripper& Passage::Transport() {
  if (proxy_->Transport != nullptr) return *proxy_->Transport;
  default_transport_ = http::DefaultTransport();
  return *default_transport_;
}

Result<http::Response> Passage::Send() {
  http::RoundTripper& transport = Transport();
  if (asked_protocol_.empty() || fiber_ == nullptr) return SendPlain(transport);
  auto* const tripper = dynamic_cast<client::UpgradeTripper*>(&transport);
  may_extend_ = tripper != nullptr;
  return may_extend_ ? tripper->RoundTripUpgrade(out_) : SendPlain(transport);
}

Result<http::Response> Passage::SendPlain(http::RoundTripper& transport) {
  auto* const own = dynamic_cast<client::Transport*>(&transport);
  if (own != nullptr && fiber_ != nullptr) return own->RoundTripTraced(out_, trace_);
  auto trace = std::make_shared<const client::ClientTrace>(trace_);
  out_.SetContext(client::WithClientTrace(out_.Context(), std::move(trace)));
  return transport.RoundTrip(out_);
}

void Passage::Run(const ReverseProxy& proxy, http::ResponseWriter& w, http::Request& r) {
  proxy_ = &proxy;
  w_ = &w;
  in_ = &r;
  fiber_ = fiber::Current();
  if (Error err = MakeRequest()) return Fail(err);
  if (!asked_protocol_.empty()) {
    elsewhere_ = http::LoopElsewhere(in_->Context());
    if (elsewhere_ != nullptr) return PassOnElsewhere(*elsewhere_);
  }
  awaits_answer_ = true;
  Result<http::Response> answer = Send();
  awaits_answer_ = false;
  PassOn(answer);
}

// The connections of a tunnel belong to one loop, so that of the server is made there, and its
// answer lives there. 1xx answers are dropped.
void Passage::PassOnElsewhere(http::Spawner::Home& loop) {
  Result<http::Response> answer;
  const auto end = [&] { answer = http::Response(); };
  if (!out_.Body.IsNoBody()) {
    http::Spawner::Home& here = http::SpawnerOf(in_->Context())->Here();
    out_.Body = http::Body(std::make_shared<BodyElsewhere>(here, out_.Body));
  }
  loop.Do([&] { answer = Send(); });
  try {
    if (answer && !Switches(*answer) && !answer->Body.IsNoBody()) {
      answer->Body = http::Body(std::make_shared<BodyElsewhere>(loop, std::move(answer->Body)));
    }
    PassOn(answer);
  } catch (...) {
    loop.Do(end);
    throw;
  }
  loop.Do(end);
}

void Passage::PassOn(Result<http::Response>& answer) {
  if (!answer) return Fail(answer.error());
  if (Switches(*answer)) return SwitchProtocols(*answer);
  // A 2xx would open the client's tunnel.
  if (extended_connect_ && answer->StatusCode < 300) {
    return Fail(
        Error::Of(ErrUpgrade, "backend answered an upgrade with " + std::string(answer->Status)));
  }
  RemoveHopByHop(answer->Header);
  if (proxy_->ModifyResponse) {
    if (Error err = proxy_->ModifyResponse(*answer)) return Fail(err);
  }
  PassAnswer(*answer);
}

void Passage::Clear() {
  out_.Recycle();
  out_.SetContext({});
  if (std::max(out_.URL.Path.capacity(), out_.URL.RawQuery.capacity()) > kTargetBytesKept) {
    out_.URL = {};
  }
  body_.reset();
  default_transport_.reset();
  named_.clear();
  announced_.clear();
  asked_protocol_.clear();
  elsewhere_ = nullptr;
  key_.clear();
  extended_connect_ = may_extend_ = bad_upgrade_ = awaits_answer_ = false;
}

// --- The request.

Error Passage::MakeRequest() {
  if (static_cast<bool>(proxy_->Rewrite) == static_cast<bool>(proxy_->Director)) {
    return ErrNoRewrite;
  }
  out_.CopyWithoutHeader(*in_);
  out_.RequestURI = {};
  out_.Close = false;
  const std::string_view extended =
      in_->Method == http::MethodConnect ? in_->Header.Get(":protocol") : std::string_view();
  if (proxy_->Director) {
    CopyAllFields();
  } else {
    CopyFieldsToPass();
  }
  if (!extended.empty()) {
    FromExtendedConnect(extended);
  } else if (!in_->Body.IsNoBody()) {
    body_ = std::make_shared<PassedBody>(*in_, out_);
    out_.Body = http::Body(body_);
  }
  if (proxy_->Director) {
    CallDirector();
    HON_RETURN_IF_ERROR(FindProtocol(UpgradeProtocol(out_.Header)));
    RemoveHopByHop(out_.Header);
  } else {
    HON_RETURN_IF_ERROR(FindProtocol(extended.empty() ? UpgradeProtocol(in_->Header) : extended));
  }
  FinishFields();
  if (proxy_->Rewrite) {
    if (!IsCleanQuery(out_.URL.RawQuery)) out_.URL.RawQuery = CleanQuery(out_.URL.RawQuery);
    ProxyRequest request{*in_, out_};
    proxy_->Rewrite(request);
  }
  AddVia(out_.Header, in_->ProtoMajor, in_->ProtoMinor);
  // Keeps the transport from adding either field.
  for (const HeaderId id : {HeaderId::kUserAgent, HeaderId::kAcceptEncoding}) {
    if (!out_.Header.Has(id)) out_.Header.Suppress(id);
  }
  return {};
}

void Passage::CopyAllFields() {
  for (const auto& field : in_->Header) {
    out_.Header.AddView(field.name, field.value, field.id);
  }
  out_.Header.Del(":protocol");
  if (in_->Header.Suppressed(HeaderId::kXForwardedFor)) {
    out_.Header.Suppress(HeaderId::kXForwardedFor);
  }
}

// Copies neither connection-specific fields nor the client's own forwarding fields.
void Passage::CopyFieldsToPass() {
  NamedByConnection(in_->Header, named_);
  const auto is_named = [this](std::string_view name) {
    return std::any_of(named_.begin(), named_.end(),
                       [name](std::string_view one) { return EqualFold(one, name); });
  };
  for (const auto& field : in_->Header) {
    switch (field.id) {
      case HeaderId::kForwarded:
      case HeaderId::kXForwardedFor:
      case HeaderId::kXForwardedHost:
      case HeaderId::kXForwardedProto:
        continue;
      default:
        break;
    }
    if (IsHopByHop(field) || field.name == ":protocol" || is_named(field.name)) continue;
    out_.Header.AddView(field.name, field.value, field.id);
  }
}

// The request for the same protocol over HTTP/1.1 (RFC 9110 §7.8, RFC 6455 §4.1, RFC 8441 §5). The
// transport makes an extended CONNECT of it where the server is asked with HTTP/2.
void Passage::FromExtendedConnect(std::string_view protocol) {
  extended_connect_ = true;
  out_.Method = http::MethodGet;
  out_.Header.Set(HeaderId::kConnection, "Upgrade");
  out_.Header.Set(HeaderId::kUpgrade, protocol);
  if (EqualFold(protocol, "websocket")) {
    key_ = http::internal::NewWebSocketKey();
    out_.Header.Set("Sec-WebSocket-Key", key_);
  }
  out_.Body = {};
  out_.ContentLength = 0;
}

Error Passage::FindProtocol(std::string_view protocol) {
  if (!IsPrintable(protocol)) {
    return Error::Of(ErrUpgrade, "client tried to switch to invalid protocol " + Quote(protocol));
  }
  // RFC 9113 §3.1 has removed the Upgrade to HTTP/2; the upgrade would not end at this proxy.
  if (!EqualFold(protocol, "h2c")) asked_protocol_ = protocol;
  return {};
}

// The connection-specific fields of the request that is sent.
void Passage::FinishFields() {
  if (in_->Header.Has(HeaderId::kTE) && http::internal::FieldLists(in_->Header, "Te", "trailers")) {
    out_.Header.Set(HeaderId::kTE, "trailers");
  }
  if (!asked_protocol_.empty()) {
    out_.Header.Set(HeaderId::kConnection, "Upgrade");
    out_.Header.Set(HeaderId::kUpgrade, asked_protocol_);
  } else if (extended_connect_) {
    out_.Header.Del(HeaderId::kConnection);
    out_.Header.Del(HeaderId::kUpgrade);
  }
}

void Passage::CallDirector() {
  proxy_->Director(out_);
  if (out_.Header.Suppressed(HeaderId::kXForwardedFor)) return;
  const std::string_view address = AddressOf(*in_);
  if (address.empty()) return;
  out_.Header.Set(HeaderId::kXForwardedFor,
                  JoinLines(out_.Header, HeaderId::kXForwardedFor, address));
}

void Passage::AddVia(http::Header& header, int major, int minor) const {
  if (proxy_->Via.empty()) return;
  std::string hop = std::to_string(major);
  if (major < 2) hop.append(".").append(std::to_string(minor));
  header.Add(HeaderId::kVia, hop.append(" ").append(proxy_->Via));
}

// --- The answer.

// Called on the fiber that waits for the answer.
void Passage::PassInterim(int status, const http::Header& fields) {
  if (!awaits_answer_ || fiber::Current() != fiber_) return;
  http::Header kept = std::move(w_->Header());
  w_->Header().Reset();
  w_->Header().AddAll(fields);
  RemoveHopByHop(w_->Header());
  w_->WriteHeader(status);
  w_->Header() = std::move(kept);
}

// Whether the server has switched protocols: a 101, or a 2xx to an extended CONNECT (RFC 8441 §4).
bool Passage::Switches(const http::Response& answer) const {
  if (answer.StatusCode == http::StatusSwitchingProtocols) return true;
  return may_extend_ && answer.ProtoMajor == 2 && answer.StatusCode >= 200 &&
         answer.StatusCode < 300;
}

// Checks the protocol of a 101.
Error Passage::CheckAgreed(const http::Response& answer) const {
  if (answer.StatusCode != http::StatusSwitchingProtocols) return {};
  const std::string_view agreed = UpgradeProtocol(answer.Header);
  if (!IsPrintable(agreed)) {
    return Error::Of(ErrUpgrade, "backend tried to switch to invalid protocol " + Quote(agreed));
  }
  if (asked_protocol_.empty() || !EqualFold(asked_protocol_, agreed)) {
    return Error::Of(ErrUpgrade, "backend tried to switch protocol " + Quote(agreed) + " when " +
                                     Quote(asked_protocol_) + " was requested");
  }
  return {};
}

// The handshake of RFC 6455 has a key and its answer over HTTP/1.1 alone (RFC 8441 §5): checks the
// answer to the key of this proxy, and answers the key of the client where the server got none.
Error Passage::TranslateWebSocketKeys(http::Response& answer) {
  constexpr std::string_view kAccept = "Sec-WebSocket-Accept";
  if (!EqualFold(asked_protocol_, "websocket")) return {};
  const bool over_http1 = answer.StatusCode == http::StatusSwitchingProtocols;
  if (extended_connect_) {
    const std::string_view given = answer.Header.Get(kAccept);
    if (over_http1 && given != http::internal::WebSocketAccept(key_)) {
      return Error::Of(ErrUpgrade, "backend sent an invalid Sec-WebSocket-Accept");
    }
    answer.Header.Del(kAccept);
  } else if (!over_http1) {
    const std::string_view key = in_->Header.Get("Sec-WebSocket-Key");
    bad_upgrade_ = !http::internal::IsWebSocketKey(key);
    if (bad_upgrade_) return Error::Of(ErrUpgrade, "client sent no valid Sec-WebSocket-Key");
    answer.Header.Set(kAccept, http::internal::WebSocketAccept(key));
  }
  return {};
}

void Passage::SwitchProtocols(http::Response& answer) {
  if (Error err = CheckAgreed(answer)) return Fail(err);
  if (Error err = TranslateWebSocketKeys(answer)) return Fail(err);
  const bool over_http1 = answer.StatusCode == http::StatusSwitchingProtocols;
  const std::string agreed(over_http1 ? UpgradeProtocol(answer.Header)
                                      : std::string_view(asked_protocol_));
  if (proxy_->ModifyResponse) {
    if (Error err = proxy_->ModifyResponse(answer)) return Fail(err);
  }
  std::unique_ptr<io::Conn> server;
  const auto take = [&] { server = answer.TakeConn(); };
  elsewhere_ == nullptr ? take() : elsewhere_->Do(take);
  if (server == nullptr) return Fail(Error::Of(ErrUpgrade, "backend's connection is not there"));
  RemoveHopByHop(answer.Header);
  AddVia(answer.Header, answer.ProtoMajor, answer.ProtoMinor);
  w_->Header().AddAll(answer.Header);
  http::Header fields = std::move(w_->Header());
  if (Error err = Tunnel::Join(*w_, agreed, fields, std::move(server), elsewhere_,
                               proxy_->TunnelStallTimeout)) {
    w_->Header().Reset();
    Fail(err);
  }
}

void Passage::PassAnswer(http::Response& answer) {
  PassHead(answer);
  if (Error err = PassBody(answer)) {
    if (!in_->Context().Done()) Log("read error during body copy: ", err);
    throw http::AbortHandler();
  }
  PassTrailers(answer);
}

bool Passage::IsAnnounced(std::string_view trailer) const {
  return std::find(announced_.begin(), announced_.end(), trailer) != announced_.end();
}

void Passage::PassHead(http::Response& answer) {
  AddVia(answer.Header, answer.ProtoMajor, answer.ProtoMinor);
  http::Header& header = w_->Header();
  header.AddAll(answer.Header);
  // Only the server behind the proxy decides on the type.
  if (!header.Has(HeaderId::kContentType)) header.Suppress(HeaderId::kContentType);
  std::string names;
  for (const auto& field : answer.Trailer) {
    if (IsAnnounced(field.name)) continue;
    announced_.emplace_back(field.name);
    names.append(names.empty() ? "" : ", ").append(field.name);
  }
  if (!names.empty()) {
    header.Add(HeaderId::kTrailer, names);
    // Over HTTP/1.1 trailers follow chunks alone (RFC 9112 §7.1.2); over HTTP/2 also a length.
    const bool chunks = in_->ProtoMajor == 1 && in_->ProtoMinor == 1;
    if (chunks && in_->Method != http::MethodHead) header.Del(HeaderId::kContentLength);
  }
  w_->WriteHeader(answer.StatusCode);
}

Error Passage::PassBody(http::Response& answer) {
  const bool at_once = proxy_->FlushInterval != Duration::zero() || answer.ContentLength == -1 ||
                       IsEventStream(answer);
  if (!at_once) return answer.Body.IsNoBody() ? Error() : w_->ReadFrom(answer.Body).err;
  HON_RETURN_IF_ERROR(w_->Flush());
  OneRead part(answer.Body);
  while (part.Again()) {
    const io::CopyResult copied = w_->ReadFrom(part);
    if (copied.err) return copied.err;
    if (copied.n != 0) HON_RETURN_IF_ERROR(w_->Flush());
  }
  return {};
}

void Passage::PassTrailers(const http::Response& answer) {
  for (const auto& field : answer.Trailer) {
    const std::string name = IsAnnounced(field.name)
                                 ? std::string(field.name)
                                 : std::string(http::TrailerPrefix).append(field.name);
    w_->Header().Add(name, field.value);
  }
}

// --- Failures.

void Passage::Fail(const Error& err) {
  if (!in_->Context().Done()) Log("proxy error: ", err);
  if (proxy_->ErrorHandler) return proxy_->ErrorHandler(*w_, out_, err);
  // When the request has timed out, or the server's own reader of the body has failed, the server
  // answers. A reader that a handler has put around that one is unknown to the server.
  if (body_ != nullptr && body_->Failed()) {
    if (dynamic_cast<const adaptor::BodyReader*>(in_->Body.Source()) != nullptr) return;
    return w_->WriteHeader(StatusOf(body_->Failure()));
  }
  if (in_->Context().Err().Is(appcontext::ErrDeadlineExceeded)) return;
  if (bad_upgrade_) return w_->WriteHeader(http::StatusBadRequest);
  w_->WriteHeader(http::IsTimeout(err) ? http::StatusGatewayTimeout : http::StatusBadGateway);
}

void Passage::Log(std::string_view what, const Error& err) const {
  if (!proxy_->ErrorLog) return;
  proxy_->ErrorLog("httputil: ReverseProxy " + std::string(what) + err.Message());
}

// --- The pool.

std::unique_ptr<Passage> PassagePool::Take() {
  {
    const std::lock_guard lock(mutex_);
    if (!kept_.empty()) {
      std::unique_ptr<Passage> passage = std::move(kept_.back());
      kept_.pop_back();
      return passage;
    }
  }
  return std::make_unique<Passage>();
}

void PassagePool::Give(std::unique_ptr<Passage> passage) {
  passage->Clear();
  const std::lock_guard lock(mutex_);
  if (kept_.size() < kKeptMax) kept_.push_back(std::move(passage));
}

}  // namespace hon::httputil::internal
