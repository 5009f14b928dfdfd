#pragma once

#include <functional>
#include <string>
#include <vector>

#include "hon/http/serve_mux.h"
#include "hon/server/server.h"

namespace hon::wire {

/// The TLS options of the command line.
struct TlsFlags {
  std::string address;  // "": no listener
  std::string cert;
  std::string key;
  std::vector<std::string> names;  // "NAME=CERT,KEY" each
  std::string client_ca;
  std::string client_auth = "verify-if-given";  // or "request", "require"
  std::string min_version = "1.2";              // or "1.3"
  bool no_http2 = false;
};

/// Adds a listener with TLS to `server`. `*reload` then reads all certificates and keys anew.
Error ListenTls(server::Server& server, const TlsFlags& flags, std::function<Error()>* reload);

/// Registers "/tls", which answers 404 without TLS.
void RegisterTls(http::ServeMux& mux);

}  // namespace hon::wire
