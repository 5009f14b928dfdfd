// The listener with TLS, and the endpoints that show the result of a handshake.

#include "tls.h"

#include <memory>
#include <utility>

#include "endpoints.h"
#include "hon/http/reply.h"
#include "hon/tls/context.h"
#include "text.h"

namespace hon::wire {
namespace {

Result<tls::ClientAuthType> ClientAuthOf(const std::string& name) {
  if (name == "request") return tls::ClientAuthType::kRequestClientCert;
  if (name == "verify-if-given") return tls::ClientAuthType::kVerifyClientCertIfGiven;
  if (name == "require") return tls::ClientAuthType::kRequireAndVerifyClientCert;
  return Fail(Error::New("--client-auth: request, verify-if-given or require"));
}

// "NAME=CERT,KEY". Fails when the certificate lacks NAME, since the server finds a certificate by
// the names in it.
Result<tls::Certificate> NamedPair(const std::string& flag) {
  const size_t equals = flag.find('=');
  const size_t comma = flag.find(',', equals == std::string::npos ? 0 : equals);
  if (equals == std::string::npos || comma == std::string::npos) {
    return Fail(Error::New("--sni: NAME=CERT,KEY"));
  }
  const std::string name = flag.substr(0, equals);
  HON_TRY(tls::Certificate pair, tls::LoadX509KeyPair(flag.substr(equals + 1, comma - equals - 1),
                                                      flag.substr(comma + 1)));
  for (const std::string& own : pair.DNSNames()) {
    if (own == name) return pair;
  }
  return Fail(Error::New("--sni: the certificate is not for " + name));
}

Result<tls::Config> ConfigOf(const TlsFlags& flags) {
  tls::Config config;
  HON_TRY(tls::Certificate first, tls::LoadX509KeyPair(flags.cert, flags.key));
  config.Certificates.push_back(std::move(first));
  for (const std::string& flag : flags.names) {
    HON_TRY(tls::Certificate pair, NamedPair(flag));
    config.Certificates.push_back(std::move(pair));
  }
  if (!flags.client_ca.empty()) {
    if (Error why = config.ClientCAs.AddFile(flags.client_ca)) return Fail(std::move(why));
    HON_TRY(config.ClientAuth, ClientAuthOf(flags.client_auth));
  }
  if (flags.min_version == "1.3") {
    config.MinVersion = tls::VersionTLS13;
  } else if (flags.min_version != "1.2") {
    return Fail(Error::New("--min-tls: 1.2 or 1.3"));
  }
  return config;
}

void Tls(http::ResponseWriter& w, http::Request& r) {
  if (r.TLS == nullptr) return http::NotFound(w, r);
  const tls::ConnectionState& state = *r.TLS;
  Text(w, "version: " + tls::VersionName(state.Version) + "\ncipher: " + state.CipherSuiteName +
              "\nalpn: " + state.NegotiatedProtocol + "\nserver_name: " + state.ServerName +
              "\nresumed: " + (state.DidResume ? "true" : "false") + "\npeer: " +
              (state.Verified ? state.PeerCertificates.front().CommonName : "") + "\n");
}

}  // namespace

Error ListenTls(server::Server& server, const TlsFlags& flags, std::function<Error()>* reload) {
  if (flags.cert.empty() || flags.key.empty()) {
    return Error::New("--tls-addr needs --cert and --key");
  }
  Result<tls::Config> config = ConfigOf(flags);
  if (!config) return std::move(config.error());
  Result<std::shared_ptr<tls::ServerContext>> context =
      tls::ServerContext::Create(std::move(*config));
  if (!context) return std::move(context.error());
  *reload = [context = *context] { return context->Reload(); };
  return server.ListenTLS(flags.address, std::move(*context));
}

void RegisterTls(http::ServeMux& mux) { mux.HandleFunc("/tls", Tls); }

}  // namespace hon::wire
