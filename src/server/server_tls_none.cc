// The TLS calls of Server in a library built with HON_TLS=OFF: they fail.

#include <memory>
#include <string>

#include "hon/server/server.h"
#include "hon/tls/config.h"

namespace hon::server {
namespace {

Error NoTls() { return Error::New("hon was built without TLS (HON_TLS=OFF)"); }

}  // namespace

Option WithTLS(tls::Config) {
  return [](Options&) {};
}
Error Server::ListenTLS(std::string_view) { return NoTls(); }
Error Server::ServeTLS(int, const std::string&, const std::string&) { return NoTls(); }
Error Server::ListenTLS(std::string_view, std::shared_ptr<tls::ServerContext>) { return NoTls(); }
Error Server::ListenTLS(std::string_view, tls::Config) { return NoTls(); }
Error Server::ListenTLS(std::string_view, const std::string&, const std::string&) {
  return NoTls();
}
Error Server::ListenAndServeTLS(std::string_view, const std::string&, const std::string&) {
  return NoTls();
}
Error ListenAndServeTLS(std::string_view, const std::string&, const std::string&, http::Handler&) {
  return NoTls();
}

}  // namespace hon::server
