#include "tls/client_layer.h"

#include <utility>

#include "hon/base/guard.h"
#include "tls/ssl_context.h"

namespace hon::tls {
namespace {

bool IsIpAddress(const std::string& host) {
  ASN1_OCTET_STRING* ip = a2i_IPADDRESS(host.c_str());
  ASN1_OCTET_STRING_free(ip);
  ERR_clear_error();
  return ip != nullptr;
}

// The layer keeps the session: the result 1 means that it took the reference. Without memory the
// session is dropped.
int KeepSession(SSL* ssl, SSL_SESSION* session) noexcept {
  SessionPtr offered(session);
  static_cast<void>(
      CallGuarded([&] { static_cast<ClientLayer&>(SslLayer::Of(ssl)).Keep(std::move(offered)); }));
  return 1;
}

Result<std::unique_ptr<ClientLayer>> Prepared(const std::shared_ptr<ClientContext::Impl>& context,
                                              std::string_view host, std::string_view route) {
  auto layer = std::make_unique<ClientLayer>(context);
  if (Error why = layer->Prepare(host, route)) return Fail(std::move(why));
  return layer;
}

}  // namespace

// Without this, OpenSSL takes a connection without our close_notify for a failure of its session,
// and the session is not resumed.
ClientLayer::~ClientLayer() {
  if (Ssl() != nullptr) SSL_set_shutdown(Ssl(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

Error ClientLayer::Prepare(std::string_view host, std::string_view route) {
  HON_RETURN_IF_ERROR(Make(context_->context.get()));
  SSL* const ssl = Ssl();
  SSL_set_connect_state(ssl);
  const Config& config = context_->config;
  std::string name(config.ServerName.empty() ? host : std::string_view(config.ServerName));
  if (name.size() > 1 && name.back() == '.') name.pop_back();
  const bool ip = IsIpAddress(name);
  // The verified name is a part of the route, so that a session is never resumed under another
  // name.
  route_ = name + ' ' + std::string(route);
  if (const SessionPtr session = context_->sessions.Take(route_); session != nullptr) {
    SSL_set_session(ssl, session.get());
  }
  // SSL_set_tlsext_host_name without its macro, which has a C cast.
  if (!ip && !name.empty() &&
      SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) != 1) {
    return TakeError("the name \"" + name + "\" cannot be asked for");
  }
  if (config.InsecureSkipVerify) return {};
  if (name.empty()) return Error::New("tls: either ServerName or InsecureSkipVerify is needed");
  X509_VERIFY_PARAM* verify = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(
      verify, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const int set = ip ? X509_VERIFY_PARAM_set1_ip_asc(verify, name.c_str())
                     : X509_VERIFY_PARAM_set1_host(verify, name.c_str(), name.size());
  return set == 1 ? Error() : TakeError("the name \"" + name + "\" cannot be verified");
}

Error ClientLayer::Offer(const std::vector<std::string>& protocols) {
  const Result<std::string> list = AlpnList(protocols);
  if (!list) return list.error();
  const int failed =
      SSL_set_alpn_protos(Ssl(), reinterpret_cast<const unsigned char*>(list->data()),
                          static_cast<unsigned>(list->size()));
  return failed == 0 ? Error() : TakeError("ALPN");
}

Error ClientLayer::Start(io::LinkBuffer& sealed) {
  const Buffers buffers(*this, nullptr, &sealed);
  ERR_clear_error();
  return Handshake();
}

Error ClientLayer::Failure() {
  const long result = SSL_get_verify_result(Ssl());
  if (context_->config.InsecureSkipVerify || result == X509_V_OK) {
    return SslLayer::Failure();
  }
  ERR_clear_error();
  return Error::New("tls: failed to verify certificate: x509: " +
                    std::string(X509_verify_cert_error_string(result)));
}

ClientContext::ClientContext(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
ClientContext::~ClientContext() = default;

Result<std::shared_ptr<ClientContext>> ClientContext::Create(Config config) {
  if (Error why = CheckVersions(config)) return Fail(std::move(why));
  auto impl = std::make_shared<Impl>();
  impl->config = std::move(config);
  const Config& own = impl->config;
  HON_TRY(impl->context, NewSslContext(TLS_client_method(), own));
  SSL_CTX* const context = impl->context.get();
  HON_TRY(std::string protocols, AlpnList(own.NextProtos));
  if (!protocols.empty() &&
      SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(protocols.data()),
                              static_cast<unsigned>(protocols.size())) != 0) {
    return Fail(TakeError("NextProtos"));
  }
  if (!own.Certificates.empty()) {
    if (Error why = UseCertificate(context, own.Certificates.front())) return Fail(std::move(why));
  }
  if (own.SessionTicketsDisabled) {
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  } else {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, KeepSession);
  }
  if (!own.InsecureSkipVerify) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    if (own.RootCAs.Empty()) {
      if (SSL_CTX_set_default_verify_paths(context) != 1) {
        return Fail(TakeError("the roots of the system"));
      }
    } else {
      SSL_CTX_set0_verify_cert_store(context, NewStore(own.RootCAs).release());
    }
  }
  ERR_clear_error();
  return std::shared_ptr<ClientContext>(new ClientContext(std::move(impl)));
}

Result<std::unique_ptr<io::RecordLayer>> ClientContext::NewLayer(std::string_view host,
                                                                 std::string_view route) {
  return Prepared(impl_, host, route);
}

Result<std::unique_ptr<io::RecordLayer>> ClientContext::NewLayerOffering(
    std::string_view host, const std::vector<std::string>& protocols, std::string_view route) {
  HON_TRY(std::unique_ptr<ClientLayer> layer, Prepared(impl_, host, route));
  if (Error why = layer->Offer(protocols)) return Fail(std::move(why));
  return layer;
}

bool ClientContext::OffersProtocols() const { return !impl_->config.NextProtos.empty(); }

}  // namespace hon::tls
