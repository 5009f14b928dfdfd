// httptest::Server over TLS in a library built with HON_TLS=OFF: StartTLS throws.

#include <stdexcept>

#include "hon/httptest/server.h"

namespace hon::httptest {

void Server::StartTLS() {
  throw std::runtime_error("httptest: hon was built without TLS (HON_TLS=OFF)");
}

void Server::TrustOwn(client::TransportOptions&) const {}

}  // namespace hon::httptest
