#include "tls/server_layer.h"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <optional>
#include <type_traits>
#include <utility>

#include "hon/base/assert.h"
#include "hon/base/guard.h"
#include "tls/certificate_data.h"
#include "tls/ssl_context.h"

namespace hon::tls {
namespace {

// Go's answer to a request without TLS.
constexpr std::string_view kPlaintextAnswer =
    "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

int ChooseAlpn(SSL* ssl, const unsigned char** out, unsigned char* out_size,
               const unsigned char* offered, unsigned offered_size, void*) noexcept {
  ClientHello hello;
  hello.protocols = {reinterpret_cast<const char*>(offered), offered_size};
  const std::string* chosen = static_cast<ServerLayer&>(SslLayer::Of(ssl)).FirstOffered(hello);
  if (chosen == nullptr) return SSL_TLSEXT_ERR_NOACK;
  *out = reinterpret_cast<const unsigned char*>(chosen->data());
  *out_size = static_cast<unsigned char>(chosen->size());
  return SSL_TLSEXT_ERR_OK;
}

int PrepareTicket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                  EVP_MAC_CTX* mac, int seal) noexcept {
  auto& layer = static_cast<ServerLayer&>(SslLayer::Of(ssl));
  int code = -1;
  const Error thrown =
      CallGuarded([&] { code = layer.Loop().Tickets().Prepare(name, iv, cipher, mac, seal == 1); });
  if (thrown) return -1;
  // TLS 1.3 clients use no ticket twice (RFC 8446 §C.4): each accepted ticket is replaced.
  const bool replace = code == 1 && seal != 1 && SSL_version(ssl) == TLS1_3_VERSION;
  return replace ? 2 : code;
}

// Any certificate is accepted; the verify result still has the failure.
int TakeAnyCertificate(int, X509_STORE_CTX*) { return 1; }

// Accepts the name, so that OpenSSL stores it: the certificate was chosen before.
int AcceptServerName(SSL*, int*, void*) { return SSL_TLSEXT_ERR_OK; }

int VerifyModeOf(ClientAuthType type) {
  switch (type) {
    case ClientAuthType::kNoClientCert:
      return SSL_VERIFY_NONE;
    case ClientAuthType::kRequestClientCert:
    case ClientAuthType::kVerifyClientCertIfGiven:
      return SSL_VERIFY_PEER;
    case ClientAuthType::kRequireAnyClientCert:
    case ClientAuthType::kRequireAndVerifyClientCert:
      return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
}

bool Verifies(ClientAuthType type) {
  return type == ClientAuthType::kVerifyClientCertIfGiven ||
         type == ClientAuthType::kRequireAndVerifyClientCert;
}

// Whether a signature takes about as long as everything else in a handshake, or longer.
bool IsSlow(KeyKind kind) { return kind != KeyKind::kP256 && kind != KeyKind::kEd25519; }

ClientHelloInfo InfoOf(const ClientHello& hello) {
  ClientHelloInfo info;
  info.ServerName = hello.server_name;
  info.SupportedProtos = hello.Protocols();
  if (hello.offers_tls13) info.SupportedVersions.push_back(VersionTLS13);
  if (hello.offers_tls12) info.SupportedVersions.push_back(VersionTLS12);
  info.CipherSuites = Numbers(hello.suites);
  info.SupportedCurves = Numbers(hello.groups);
  info.SignatureSchemes = Numbers(hello.schemes);
  return info;
}

// The result of a callback of the program; an exception becomes its error.
template <class Call>
std::invoke_result_t<Call> ResultOf(std::string_view callback, const Call& call) {
  std::optional<std::invoke_result_t<Call>> result;
  if (const Error thrown = CallGuarded([&] { result.emplace(call()); })) {
    return Fail(Error::New(DescribeThrown(callback, thrown)));
  }
  return std::move(*result);
}

void AskForCertificates(SSL_CTX* context, const Config& config) {
  if (config.ClientAuth == ClientAuthType::kNoClientCert) return;
  SSL_CTX_set_verify(context, VerifyModeOf(config.ClientAuth),
                     Verifies(config.ClientAuth) ? nullptr : TakeAnyCertificate);
  SSL_CTX_set0_verify_cert_store(context, NewStore(config.ClientCAs).release());
  if (config.ClientCAs.Empty()) return;
  for (const X509Ptr& one : config.ClientCAs.Get().certificates) {
    SSL_CTX_add_client_CA(context, one.get());
  }
}

}  // namespace

std::vector<std::string> AdjustNextProtos(const std::vector<std::string>& next_protos,
                                          const std::vector<std::string>& offered) {
  if (offered.empty()) return next_protos;
  const auto has = [](const std::vector<std::string>& list, std::string_view protocol) {
    return std::find(list.begin(), list.end(), protocol) != list.end();
  };
  std::vector<std::string> adjusted;
  for (const std::string& protocol : next_protos) {
    const bool http = protocol == "h2" || protocol == "http/1.1";
    if (!http || has(offered, protocol)) adjusted.push_back(protocol);
  }
  for (const std::string& protocol : offered) {
    if (!has(adjusted, protocol)) adjusted.push_back(protocol);
  }
  return adjusted;
}

LoopContext::Impl::Impl(std::shared_ptr<ServerContext> context,
                        std::vector<std::string> offered_protocols)
    : server(std::move(context)),
      offered(std::move(offered_protocols)),
      protocols(AdjustNextProtos(server->config_.NextProtos, offered)) {}

std::shared_ptr<LoopContext::Impl> LoopContext::Impl::For(
    const std::shared_ptr<ServerContext>& context) {
  if (const auto found = for_client.find(context.get()); found != for_client.end()) {
    return found->second;
  }
  if (for_client.size() >= kClientContextsMax) for_client.clear();
  auto made = std::make_shared<Impl>(context,
                                     context->GetConfig().NextProtos.empty() ? protocols : offered);
  for_client.emplace(context.get(), made);
  return made;
}

Result<SslContextPtr> LoopContext::Impl::NewContext(const Certificate& certificate) {
  const Config& config = GetConfig();
  HON_TRY(SslContextPtr context, NewSslContext(TLS_server_method(), config));
  if (Error why = UseCertificate(context.get(), certificate)) return Fail(std::move(why));
  SSL_CTX_set_alpn_select_cb(context.get(), ChooseAlpn, nullptr);
  // SSL_CTX_set_tlsext_servername_callback without its macro, which has a C cast.
  SSL_CTX_callback_ctrl(context.get(), SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                        reinterpret_cast<void (*)()>(AcceptServerName));
  AskForCertificates(context.get(), config);
  if (config.SessionTicketsDisabled || config.ClientAuth != ClientAuthType::kNoClientCert) {
    SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context.get(), 0);
  } else {
    SSL_CTX_set_num_tickets(context.get(), 1);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context.get(), PrepareTicket);
  }
  return context;
}

void LoopContext::Impl::Refresh() {
  const uint64_t now = server->generation_.load(std::memory_order_acquire);
  if (certificates != nullptr && now == generation) return;
  certificates = server->Certificates();
  generation = certificates->generation;
  contexts.clear();  // connections that began with them hold references
  contexts.resize(certificates->all.size());
}

Result<SSL_CTX*> LoopContext::Impl::ContextAt(size_t index) {
  HON_ASSERT(index < contexts.size());
  if (contexts[index] == nullptr) {
    HON_TRY(contexts[index], NewContext(certificates->all[index]));
  }
  return contexts[index].get();
}

Error ServerLayer::OpenHandshake(io::LinkBuffer& received, io::LinkBuffer& plain,
                                 io::LinkBuffer& sealed) {
  const bool was_done = HandshakeDone();
  Error why = begun_ ? SslLayer::OpenHandshake(received, plain, sealed)
                     : OpenHello(received, plain, sealed);
  if (was_done) return why;
  ServerContext::Counters& counters = loop_->server->counters_;
  constexpr auto kOrder = std::memory_order_relaxed;
  if (HandshakeDone()) {
    counters.handshakes.fetch_add(1, kOrder);
    if (State()->DidResume) counters.resumed.fetch_add(1, kOrder);
  } else if (why) {
    counters.failures.fetch_add(1, kOrder);
  }
  return why;
}

void ServerLayer::OnFlood() {
  loop_->server->counters_.floods.fetch_add(1, std::memory_order_relaxed);
}

Error ServerLayer::OpenHello(io::LinkBuffer& received, io::LinkBuffer& plain,
                             io::LinkBuffer& sealed) {
  if (received.Empty()) return {};
  // The most bytes of a ClientHello with the headers of its records.
  constexpr size_t kBytesMax = kClientHelloBytesMax + 1024;
  const size_t size = std::min(received.Len(), kBytesMax);
  std::string joined;
  ClientHello hello;
  const HelloResult result = ReadClientHello(*received.Peek(size), joined, hello);
  switch (result.status) {
    case HelloStatus::kIncomplete:
      if (size < kBytesMax) return {};
      return Refuse(Alert::kIllegalParameter, "the ClientHello is too long", sealed);
    case HelloStatus::kBad:
      return Refuse(result.alert, std::string(result.why), sealed);
    case HelloStatus::kHttp:
      sealed.Write(kPlaintextAnswer);
      return Error::New("tls: client sent an HTTP request to an HTTPS server");
    case HelloStatus::kComplete:
      break;
  }
  HON_RETURN_IF_ERROR(Begin(hello, sealed));
  begun_ = true;
  if (slow_) {
    BeginLongStep(received);
    return {};
  }
  return SslLayer::OpenHandshake(received, plain, sealed);
}

Error ServerLayer::Begin(const ClientHello& hello, io::LinkBuffer& sealed) {
  HON_RETURN_IF_ERROR(ChooseContext(hello, sealed));
  const Config& config = loop_->GetConfig();
  const uint16_t min = config.MinVersion == 0 ? VersionTLS12 : config.MinVersion;
  const uint16_t max = config.MaxVersion == 0 ? VersionTLS13 : config.MaxVersion;
  const bool has_12 = hello.offers_tls12 && min <= kTls12 && kTls12 <= max;
  const bool has_13 = hello.offers_tls13 && min <= kTls13 && kTls13 <= max;
  if (!has_12 && !has_13) {
    return Refuse(Alert::kProtocolVersion, "client offered only unsupported versions", sealed);
  }
  HON_RETURN_IF_ERROR(CheckProtocols(hello, sealed));
  SSL_CTX* shared = nullptr;
  Result<SslContextPtr> own = Chosen(hello, has_13, sealed, &shared);
  if (!own) return std::move(own.error());
  HON_RETURN_IF_ERROR(Make(*own != nullptr ? own->get() : shared));
  BindTickets(hello);
  SSL_set_accept_state(Ssl());
  return {};
}

// The context of GetConfigForClient replaces the listener's.
Error ServerLayer::ChooseContext(const ClientHello& hello, io::LinkBuffer& sealed) {
  const Config& config = loop_->GetConfig();
  if (!config.GetConfigForClient) return {};
  Result<std::shared_ptr<ServerContext>> found =
      ResultOf("GetConfigForClient", [&] { return config.GetConfigForClient(InfoOf(hello)); });
  if (!found) return Refuse(Alert::kInternalError, found.error().Message(), sealed);
  if (*found != nullptr) loop_ = loop_->For(*found);
  return {};
}

const std::string* ServerLayer::FirstOffered(const ClientHello& hello) const {
  const std::vector<std::string>& ours = loop_->protocols;
  const auto found = std::find_if(ours.begin(), ours.end(),
                                  [&](const std::string& one) { return hello.Offers(one); });
  return found == ours.end() ? nullptr : &*found;
}

Error ServerLayer::CheckProtocols(const ClientHello& hello, io::LinkBuffer& sealed) {
  if (!hello.has_protocols || loop_->protocols.empty() || FirstOffered(hello) != nullptr) return {};
  return Refuse(
      Alert::kNoApplicationProtocol,
      "client requested unsupported application protocols (" + hello.ProtocolsText() + ")", sealed);
}

// A separate context for a certificate of GetCertificate; else `*shared`, the loop's.
Result<SslContextPtr> ServerLayer::Chosen(const ClientHello& hello, bool tls13,
                                          io::LinkBuffer& sealed, SSL_CTX** shared) {
  const Config& config = loop_->GetConfig();
  loop_->Refresh();
  if (config.GetCertificate) {
    Result<Certificate> found =
        ResultOf("GetCertificate", [&] { return config.GetCertificate(InfoOf(hello)); });
    if (!found) return Fail(Refuse(Alert::kInternalError, found.error().Message(), sealed));
    if (*found) {
      slow_ = IsSlow(found->Get().kind);
      return loop_->NewContext(*found);
    }
  }
  size_t index = loop_->certificates->Find(hello, tls13);
  if (index == CertificateSet::kNone) {
    const bool refuse = config.RefuseUnknownNames && !hello.server_name.empty();
    if (refuse || loop_->certificates->all.empty()) {
      return Fail(Refuse(Alert::kUnrecognizedName,
                         "no certificate for \"" + std::string(hello.server_name) + "\"", sealed));
    }
    index = loop_->certificates->Default(hello, tls13);
  }
  slow_ = IsSlow(loop_->certificates->all[index].Get().kind);
  HON_TRY(*shared, loop_->ContextAt(index));
  return SslContextPtr();
}

// A ticket is bound to the server name of its connection, so that no connection resumes around the
// policy of another name.
void ServerLayer::BindTickets(const ClientHello& hello) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> bound;
  std::string name(hello.server_name);
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  SHA256(reinterpret_cast<const unsigned char*>(name.data()), name.size(), bound.data());
  SSL_set_session_id_context(Ssl(), bound.data(), static_cast<unsigned>(bound.size()));
}

// The alert is sent as a plaintext record: no keys are agreed yet (RFC 8446 §6).
Error ServerLayer::Refuse(Alert alert, std::string why, io::LinkBuffer& sealed) {
  constexpr char kFatal = 2;
  const std::array<char, 7> record = {21, 3, 3, 0, 2, kFatal, static_cast<char>(alert)};
  sealed.Write({record.data(), record.size()});
  return Error::New("tls: " + std::move(why));
}

}  // namespace hon::tls
