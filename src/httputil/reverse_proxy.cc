#include "hon/httputil/reverse_proxy.h"

#include <utility>

#include "httputil/forwarding.h"
#include "httputil/passage.h"

namespace hon::httputil {

ReverseProxy::ReverseProxy() : passages_(std::make_shared<internal::PassagePool>()) {}

void ReverseProxy::ServeHTTP(http::ResponseWriter& w, http::Request& r) {
  internal::PassagePool::Lease(*passages_)->Run(*this, w, r);
}

// A request only waits here, for its client and for the server: needs no worker.
http::Target ReverseProxy::Resolve(http::Request&) {
  http::Target target{this, nullptr};
  target.delegates = true;
  return target;
}

std::shared_ptr<ReverseProxy> NewSingleHostReverseProxy(url::URL target) {
  auto proxy = std::make_shared<ReverseProxy>();
  proxy->Director = [target = std::move(target)](http::Request& out) {
    internal::Retarget(target, out.URL);
  };
  return proxy;
}

}  // namespace hon::httputil
