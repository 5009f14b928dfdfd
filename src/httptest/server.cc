#include "hon/httptest/server.h"

#include <cstdio>
#include <stdexcept>

#include "hon/appcontext/context.h"
#include "hon/client/transport.h"

namespace hon::httptest {
namespace {

constexpr Duration kHijackedGrace = std::chrono::seconds(1);
constexpr Duration kPatience = std::chrono::seconds(5);

// Several options of one kind as one option.
template <class Options>
std::function<void(Options&)> All(std::vector<std::function<void(Options&)>> options) {
  return [options = std::move(options)](Options& to) {
    for (const auto& option : options) option(to);
  };
}

// Whether "host:port" belongs to example.com.
bool IsExampleHost(std::string_view host_port) {
  static constexpr std::string_view kDomain = "example.com";
  const std::string_view host = host_port.substr(0, host_port.rfind(':'));
  return host == kDomain ||
         (host.ends_with(kDomain) && host[host.size() - kDomain.size() - 1] == '.');
}

}  // namespace

Server::Server(http::HandlerArg handler) : handler_(handler.Take()) {}

Server::~Server() { Close(); }

void Server::Start() {
  Make();
  Started(server_->Listen("127.0.0.1:0"), "http://");
}

void Server::Make() {
  if (server_ != nullptr) throw std::logic_error("httptest: Server already started");
  engine_ = std::make_unique<engine::Engine>(*handler_, All(engine_options_));
  server_ = std::make_unique<server::Server>(*engine_, server::WithLoops(1),
                                             server::WithHijackedGrace(kHijackedGrace),
                                             All(server_options_));
}

void Server::Started(const Error& listening, std::string_view scheme) {
  if (listening) throw std::runtime_error("httptest: " + listening.Message());
  Address = server_->Addresses().front();
  URL = std::string(scheme) + Address;
}

http::Client& Server::Client() {
  if (server_ == nullptr)
    throw std::logic_error("httptest: Client of a Server that is not started");
  if (client_ == nullptr) {
    client::TransportOptions options;
    options.DialAddress = [own = Address](std::string_view host_port) {
      return IsExampleHost(host_port) ? own : std::string(host_port);
    };
    if (!certificate_pem_.empty()) TrustOwn(options);
    client_ = std::make_unique<http::Client>(
        http::Client{.Transport = std::make_shared<client::Transport>(std::move(options))});
  }
  return *client_;
}

void Server::Close() {
  if (server_ == nullptr) return;
  if (client_ != nullptr) client_->CloseIdleConnections();
  const auto patience = appcontext::WithTimeout(appcontext::Background(), kPatience);
  if (server_->Shutdown(patience.context)) {
    std::fprintf(stderr,
                 "httptest.Server blocked in Close after 5 seconds, waiting for %zu connections\n",
                 server_->Connections());
    static_cast<void>(server_->Shutdown(appcontext::Background()));
  }
}

void Server::CloseClientConnections() {
  if (server_ != nullptr) server_->CloseConnections();
}

std::unique_ptr<Server> NewServer(http::HandlerArg handler) {
  std::unique_ptr<Server> server = NewUnstartedServer(std::move(handler));
  server->Start();
  return server;
}

std::unique_ptr<Server> NewTLSServer(http::HandlerArg handler) {
  std::unique_ptr<Server> server = NewUnstartedServer(std::move(handler));
  server->StartTLS();
  return server;
}

std::unique_ptr<Server> NewUnstartedServer(http::HandlerArg handler) {
  return std::make_unique<Server>(std::move(handler));
}

}  // namespace hon::httptest
