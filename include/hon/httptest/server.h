#pragma once

// A server for tests: on an ephemeral port of the loopback, with the handler under test.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hon/engine/engine.h"
#include "hon/http/client.h"
#include "hon/http/handler.h"
#include "hon/server/server.h"

namespace hon::client {
struct TransportOptions;
}  // namespace hon::client

namespace hon::httptest {

/// As Go's httptest.Server. Used from plain threads, not from its own handlers.
///     httptest::Server server([](http::ResponseWriter& w, http::Request& r) { ... });
///     server.Start();
///     ... server.URL ...
class Server {
 public:
  /// A server that is not started, to be configured first. One loop; hijacked connections have 1 s
  /// to end.
  explicit Server(http::HandlerArg handler);
  ~Server();  // Close
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::string URL;      // "http://127.0.0.1:PORT" or "https://...", once started
  std::string Address;  // "127.0.0.1:PORT", once started

  /// Adds an option; before Start. Of options for the same setting the last counts.
  void Configure(server::Option option) { server_options_.push_back(std::move(option)); }
  void Configure(engine::Option option) { engine_options_.push_back(std::move(option)); }
  /// Throws std::logic_error when the server was started before, std::runtime_error when the port
  /// cannot be bound.
  void Start();

  /// Start over TLS, with a self-signed certificate for 127.0.0.1, ::1 and example.com that is made
  /// for this server; also throws where the library was built without TLS.
  void StartTLS();
  /// The certificate of StartTLS as PEM text, for the trust store of clients.
  [[nodiscard]] const std::string& CertificatePEM() const { return certificate_pem_; }

  /// A client for this server, once started: trusts its certificate, and connects to the server for
  /// requests to example.com and its subdomains too, as Go's. The same Client each time, with a
  /// Transport of its own, whose idle connections Close closes. Proxies are not used. Fields
  /// may be changed.
  [[nodiscard]] http::Client& Client();

  /// Stops listening, closes idle connections and blocks until the running requests have ended; a
  /// line on stderr says so when the wait takes longer than 5 s. Later calls do nothing.
  void Close();
  /// Cuts every open connection, with the requests on it; the server goes on. Hijacked connections
  /// are left alone.
  void CloseClientConnections();

  /// The running server, once started; Go's Config.
  [[nodiscard]] server::Server& Get() { return *server_; }

 private:
  void Make();
  /// Has `options` trust the server's certificate.
  void TrustOwn(client::TransportOptions& options) const;
  void Started(const Error& listening, std::string_view scheme);

  http::HandlerPtr handler_;
  std::vector<server::Option> server_options_;
  std::vector<engine::Option> engine_options_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<server::Server> server_;
  std::string certificate_pem_;
  std::unique_ptr<http::Client> client_;  // made by Client
};

/// A started server, as Go's; throws as Start.
[[nodiscard]] std::unique_ptr<Server> NewServer(http::HandlerArg handler);
/// NewServer over TLS.
[[nodiscard]] std::unique_ptr<Server> NewTLSServer(http::HandlerArg handler);
/// A server that is not started, to Configure first.
[[nodiscard]] std::unique_ptr<Server> NewUnstartedServer(http::HandlerArg handler);

}  // namespace hon::httptest
