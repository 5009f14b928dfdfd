#include "upstream.h"

#include <memory>
#include <string_view>
#include <utility>

#include "hon/base/log.h"
#include "hon/client/transport.h"
#include "hon/httputil/reverse_proxy.h"
#include "upstream_tls.h"

namespace hon::wire {

Result<http::HandlerPtr> MakeUpstream(const UpstreamFlags& flags) {
  HON_TRY(url::URL target, url::Parse(flags.url));
  const bool h2c = target.Scheme == "h2c";
  if (h2c) target.Scheme = "http";
  if ((target.Scheme != "http" && target.Scheme != "https") || target.Host.empty()) {
    return Fail(Error::New("--upstream: http://, https:// or h2c://, and HOST[:PORT]"));
  }
  client::TransportOptions options;
  if (h2c) options.Protocols.SetUnencryptedHTTP2(true);
  HON_TRY(options.TLS, UpstreamTls(flags));
  const auto proxy = std::make_shared<httputil::ReverseProxy>();
  proxy->Rewrite = [target](httputil::ProxyRequest& r) {
    r.SetURL(target);
    r.SetXForwarded();
  };
  proxy->Transport = std::make_shared<client::Transport>(std::move(options));
  proxy->ErrorLog = [](std::string_view line) {
    LogLine(LogKind::kOther, "hon_wire_server: " + std::string(line) + "\n");
  };
  return proxy;
}

}  // namespace hon::wire
