// The transport of an http::Client without one of its own.

#include <memory>

#include "hon/client/transport.h"
#include "hon/http/client.h"

namespace hon::http {

// One object for the process, as Go's DefaultTransport: all parts of a program share its
// connections.
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
