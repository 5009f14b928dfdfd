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
  HON_TRY(const url::URL target, url::Parse(flags.url));
  if ((target.Scheme != "http" && target.Scheme != "https") || target.Host.empty()) {
    return Fail(Error::New("--upstream: http://HOST[:PORT] or https://HOST[:PORT]"));
  }
  client::TransportOptions options;
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
