// The transport of an http::Client that names none.

#include <memory>

#include "hon/client/transport.h"
#include "hon/http/client.h"

namespace hon::http {

// One for the process, as Go's: programs share its connections without knowing of each other.
std::shared_ptr<RoundTripper> DefaultTransport() {
  static const std::shared_ptr<RoundTripper> transport =
      std::make_shared<client::Transport>(client::TransportOptions{.Proxy = ProxyFromEnvironment});
  return transport;
}

Result<Response> Get(std::string_view url) { return Client{}.Get(url); }

Result<Response> Head(std::string_view url) { return Client{}.Head(url); }

Result<Response> Post(std::string_view url, std::string_view content_type, http::Body body) {
  return Client{}.Post(url, content_type, std::move(body));
}

Result<Response> PostForm(std::string_view url, const url::Values& values) {
  return Client{}.PostForm(url, values);
}

}  // namespace hon::http
