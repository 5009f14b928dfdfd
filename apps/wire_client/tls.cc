#include "tls.h"

#include "hon/tls/certificate.h"
#include "hon/tls/context.h"

namespace hon::wire {

Result<std::shared_ptr<tls::ClientContext>> ClientTls(const ClientFlags& flags) {
  tls::Config config;
  config.ServerName = flags.tls.server_name;
  config.InsecureSkipVerify = flags.tls.insecure;
  if (!flags.tls.ca.empty()) {
    if (Error err = config.RootCAs.AddFile(flags.tls.ca)) return Fail(std::move(err));
  }
  if (!flags.tls.cert.empty()) {
    HON_TRY(tls::Certificate own, tls::LoadX509KeyPair(flags.tls.cert, flags.tls.key));
    config.Certificates = {std::move(own)};
  }
  return tls::ClientContext::Create(std::move(config));
}

}  // namespace hon::wire
