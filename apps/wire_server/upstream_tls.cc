#include "upstream_tls.h"

#include "hon/tls/context.h"

namespace hon::wire {

Result<std::shared_ptr<tls::ClientContext>> UpstreamTls(const UpstreamFlags& flags) {
  if (flags.ca.empty()) return std::shared_ptr<tls::ClientContext>();
  tls::Config config;
  config.NextProtos = {"http/1.1"};
  if (Error err = config.RootCAs.AddFile(flags.ca)) return Fail(std::move(err));
  return tls::ClientContext::Create(std::move(config));
}

}  // namespace hon::wire
