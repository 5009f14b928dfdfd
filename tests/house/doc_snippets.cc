// The code of docs/ with its surroundings, so that it keeps compiling (docs_code_test.py compares).

#include <hon/appcontext/context.h>
#include <hon/client/transport.h>
#include <hon/engine/engine.h>
#include <hon/fiber/blocking.h>
#include <hon/fiber/channel.h>
#include <hon/fiber/wait_group.h>
#include <hon/http/client.h>
#include <hon/http/client_error.h>
#include <hon/http/cookie_jar.h>
#include <hon/http/file_server.h>
#include <hon/http/file_transport.h>
#include <hon/http/fs.h>
#include <hon/http/middleware.h>
#include <hon/http/protocols.h>
#include <hon/http/replay.h>
#include <hon/http/reply.h>
#include <hon/http/serve_mux.h>
#include <hon/httputil/load_balancer.h>
#include <hon/httputil/reverse_proxy.h>
#include <hon/io/file.h>
#include <hon/server/inherited.h>
#include <hon/server/proxy_protocol.h>
#include <hon/server/server.h>
#include <hon/sse/broadcaster.h>
#include <hon/sse/writer.h>
#include <hon/tls/context.h>
#include <hon/websocket/dial.h>
#include <hon/websocket/hub.h>
#include <hon/websocket/upgrader.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace hon::docs {

using namespace std::chrono_literals;

// --- WEBSOCKET.md

void ServeInALoop(http::ServeMux& mux) {
  hon::websocket::Upgrader up;  // one for all requests; see UpgraderOptions
  mux.HandleFunc("GET /ws", [&](http::ResponseWriter& w, http::Request& r) {
    auto conn = up.Upgrade(w, r);  // answers 101, or refuses and says why
    if (!conn) return;
    while (auto message = conn->ReadMessage()) {
      if (conn->WriteMessage(message->type, message->data)) return;
    }
  });
}

void ServeByEvents(http::ServeMux& mux, hon::websocket::Upgrader& up) {
  namespace websocket = hon::websocket;

  class Chat : public websocket::ConnHandler {
    void OnOpen(websocket::Conn& c) override { hub_.Subscribe(c, "room"); }
    void OnMessage(websocket::Conn&, websocket::MessageType type, std::string_view data) override {
      static_cast<void>(hub_.Publish("room", type, data));  // a text from a peer is UTF-8
    }
    websocket::Hub hub_;  // messages to subscribers; a connection that ends leaves the hub
  };

  auto chat = std::make_shared<Chat>();  // one for all connections
  mux.HandleFunc("GET /chat", [&](http::ResponseWriter& w, http::Request& r) {
    static_cast<void>(up.Upgrade(w, r, chat));  // has answered, either way; the connection goes on
  });
}

// --- SSE.md

hon::sse::Event Now();

void ServeClock(http::ServeMux& mux) {
  mux.HandleFunc("GET /clock", [](http::ResponseWriter& w, http::Request& r) {
    auto stream = hon::sse::Writer::Start(w, r);  // sends the head
    if (!stream) return;
    do {
      if (stream->Send(Now())) return;
    } while (!stream->Wait(1s));  // with heartbeats; ends when the client leaves or at shutdown
  });
}

bool ServeNews(http::ServeMux& mux) {
  hon::sse::Broadcaster news;
  mux.Handle("GET /news", news);
  hon::Error refused = news.Publish({.data = "it rains"});  // from any thread; never waits
  return !refused;
}

// --- HTTP2.md

Error ServeHttp2WithoutTls(engine::Engine& engine) {
  hon::http::Protocols protocols;
  protocols.SetUnencryptedHTTP2(true);
  hon::server::Server server(engine, hon::server::WithProtocols(protocols));
  return server.Serve(":8080");
}

// --- FIBERS.md

struct Row {};
struct Database {
  int Query(fiber::Channel<Row>& rows);
};
void Send(http::ResponseWriter& w, const Row& row);

int ShowRows(http::ResponseWriter& w, Database& database) {
  fiber::Channel<Row> rows(16);
  fiber::WaitGroup group;
  group.Go([&] {
    for (Row& row : rows) Send(w, row);  // until rows is closed, or the client has gone
  });
  Result<int> count = fiber::Blocking([&] { return database.Query(rows); });  // on a plain thread
  rows.Close();
  group.Wait();
  return count.value_or(0);
}

// --- TLS.md

Error ServeTls() {
  http::ServeMux mux;
  mux.HandleFunc("/", [](http::ResponseWriter& w, http::Request& r) {
    w.Write(r.TLS != nullptr ? "over TLS\n" : "plain\n");
  });
  return server::ListenAndServeTLS(":8443", "chain.pem", "key.pem", mux);
}

Result<std::shared_ptr<tls::ServerContext>> ListenOverTls(server::Server& server) {
  tls::Config config;
  for (const std::string name : {"example.com", "example.org"}) {
    HON_TRY(tls::Certificate pair, tls::LoadX509KeyPair(name + ".pem", name + ".key"));
    config.Certificates.push_back(std::move(pair));
  }
  HON_TRY(std::shared_ptr<tls::ServerContext> context,
          tls::ServerContext::Create(std::move(config)));
  if (Error err = server.ListenTLS(":8443", context)) return Fail(std::move(err));
  return context;  // context->Reload() reads the files anew
}

// --- PROXY.md

void PassOn(http::ServeMux& mux) {
  const hon::url::URL target = *hon::url::Parse("http://127.0.0.1:9000/base");
  auto proxy = std::make_shared<hon::httputil::ReverseProxy>();
  proxy->Rewrite = [target](hon::httputil::ProxyRequest& r) {
    r.SetURL(target);
    r.SetXForwarded();
  };
  mux.Mount("/api", proxy);
}

void PassOnToSeveral(httputil::ReverseProxy& proxy) {
  proxy.Transport = std::make_shared<hon::httputil::LoadBalancer>(
      std::vector{*hon::url::Parse("http://10.0.0.1"), *hon::url::Parse("http://10.0.0.2")},
      hon::httputil::LoadBalancerOptions{.Balance = hon::httputil::Balance::kLeastBusy});
}

Error ServeGateway() {
  auto api = std::make_shared<hon::httputil::ReverseProxy>();
  api->Transport = std::make_shared<hon::httputil::LoadBalancer>(
      std::vector{*hon::url::Parse("http://10.0.0.1"), *hon::url::Parse("http://10.0.0.2")});
  api->Rewrite = [](hon::httputil::ProxyRequest& r) {
    r.Out.URL.Path = "/v1" + r.Out.URL.Path;  // LoadBalancer sets scheme and host
    r.SetXForwarded();
  };
  api->ErrorHandler = [](hon::http::ResponseWriter& w, hon::http::Request&, const hon::Error& err) {
    w.Header().Set("Content-Type", "text/html; charset=utf-8");
    w.WriteHeader(hon::http::IsTimeout(err) ? 504 : 502);
    w.Write("<h1>The service is away</h1>");
  };
  hon::http::ServeMux mux;
  mux.Mount("/api", api);
  const hon::Error err = hon::server::ListenAndServeTLS(":443", "chain.pem", "key.pem", mux);
  return err;
}

// --- TLS.md, continued

http::Middleware StrictTransportSecurity() {
  return http::Around([](http::ResponseWriter& w, http::Request& r, http::Handler& next) {
    w.Header().Set("Strict-Transport-Security", "max-age=31536000");
    next.ServeHTTP(w, r);
  });
}

// The handler of port 80: answers ACME challenges, and redirects everything else.
http::HandlerPtr PlainSide() {
  auto mux = std::make_shared<http::ServeMux>();
  mux->Handle("/.well-known/acme-challenge/",
              std::make_shared<http::FileServer>(http::Dir("/srv/acme")));
  mux->HandleFunc("/", [](http::ResponseWriter& w, http::Request& r) {
    const std::string_view host = r.Host.substr(0, r.Host.find(':'));
    http::Redirect(w, r, "https://" + std::string(host) + std::string(r.RequestURI),
                   http::StatusPermanentRedirect);
  });
  return mux;
}

Error ServeBothSides(http::Handler& site) {
  const http::HandlerPtr secure = http::Chain({StrictTransportSecurity()}, site);
  const http::HandlerPtr plain = PlainSide();
  http::HandlerFunc both([&](http::ResponseWriter& w, http::Request& r) {
    (r.TLS != nullptr ? secure : plain)->ServeHTTP(w, r);
  });
  engine::Engine engine(both);
  server::Server server(engine);
  if (Error err = server.Listen(":80")) return err;
  return server.ListenAndServeTLS(":443", "/etc/letsencrypt/live/example.com/fullchain.pem",
                                  "/etc/letsencrypt/live/example.com/privkey.pem");
}

Result<tls::Config> WithClientCertificates(tls::Certificate own) {
  tls::Config config;
  config.Certificates.push_back(std::move(own));
  config.ClientAuth = tls::ClientAuthType::kRequireAndVerifyClientCert;
  if (Error err = config.ClientCAs.AddFile("clients.pem")) return Fail(std::move(err));
  return config;
}

// All machines of one name get these keys from the same place, the newest key first.
Error RotateTicketKeys(tls::ServerContext& context, std::vector<tls::SessionTicketKey> keys) {
  if (keys.size() > tls::kSessionTicketKeysMax) keys.resize(tls::kSessionTicketKeysMax);
  return context.SetSessionTicketKeys(keys);
}

void LogKeys(tls::Config& config, std::shared_ptr<std::ofstream> file) {
  config.KeyLogWriter = [file = std::move(file),
                         mutex = std::make_shared<std::mutex>()](std::string_view line) {
    const std::lock_guard lock(*mutex);
    *file << line << std::endl;
  };
}

// --- CLIENT.md

std::shared_ptr<client::Transport> WithFiles() {
  auto transport = std::make_shared<hon::client::Transport>();
  transport->RegisterProtocol("file", hon::http::NewFileTransport(hon::http::Dir("/srv/data")));
  return transport;
}

Error AskInOneLine() {
  hon::Result<hon::http::Response> answer = hon::http::Get("http://example.test/");
  return answer ? Error() : answer.error();
}

Error AskWithAClient() {
  hon::http::Client client{.Jar = std::make_shared<hon::cookiejar::Jar>(),
                           .Timeout = std::chrono::seconds(5)};
  hon::Result<hon::http::Response> answer = client.Get("https://example.test/");
  if (!answer) {
    std::cerr << answer.error().Message() << std::endl;
    return answer.error();
  }
  hon::Result<std::string> body = answer->Body.ReadAll(1 << 20);
  return body ? Error() : body.error();
}

Error PutAnItem(http::Client& client) {
  hon::Result<hon::http::Request> request =
      hon::http::NewRequest("PUT", "http://example.test/item", hon::http::Body::FromString("text"));
  if (!request) return request.error();
  request->Header.Set("Content-Type", "text/plain");
  hon::Result<hon::http::Response> answer = client.Do(*request);
  return answer ? Error() : answer.error();
}

void SendJson(http::ServeMux& mux, http::Client client) {
  mux.HandleFunc("POST /orders", [client](hon::http::ResponseWriter& w,
                                          hon::http::Request& r) mutable {
    auto order = hon::http::NewRequestWithContext(r.Context(), "POST", "http://orders.test/v1",
                                                  hon::http::Body::FromString("{\"count\": 1}"));
    if (!order) return hon::http::ReplyError(w, order.error().Message(), 500);
    order->Header.Set("Content-Type", "application/json");
    auto answer = client.Do(*order);
    if (!answer) return hon::http::ReplyError(w, answer.error().Message(), 502);
    w.WriteHeader(answer->StatusCode);
    hon::io::Copy(w, answer->Body);
  });
}

Result<http::Client> WithOwnAuthority() {
  hon::tls::Config config;
  if (hon::Error err = config.RootCAs.AddFile("authority.pem")) return hon::Fail(err);
  HON_TRY(auto context, hon::tls::ClientContext::Create(config));
  hon::http::Client client{.Transport = std::make_shared<hon::client::Transport>(
                               hon::client::TransportOptions{.TLS = context})};
  return client;
}

Result<std::string> MoveFiles(http::Client& client) {
  HON_TRY(auto answer, client.Get("https://example.test/image"));
  HON_TRY(auto file, hon::io::File::Create("image"));
  if (auto copied = hon::io::Copy(file, answer.Body); copied.err) return hon::Fail(copied.err);

  HON_TRY(auto body, hon::http::FileBody("image"));
  HON_TRY(auto stored, client.Post("https://example.test/store", "image/png", body));
  return stored.Body.ReadAll(1000);
}

Error CancelOne(http::Client& client) {
  auto cancelable = hon::appcontext::WithCancel(hon::appcontext::Background());
  auto request =
      hon::http::NewRequestWithContext(cancelable.context, "GET", "http://example.test/");
  std::thread other([&cancelable] { cancelable.cancel({}); });
  auto answer = client.Do(*request);  // the error's kind is kCanceled
  other.join();
  return answer ? Error() : answer.error();
}

Error Chat(const std::shared_ptr<client::Transport>& transport) {
  hon::websocket::DialOptions options;
  options.transport = transport;
  auto conn = hon::websocket::Dial("wss://example.test/chat", options);
  return conn ? Error() : conn.error();
}

// --- DEPLOY.md

void EndServer(server::Server& server, const appcontext::Context& grace) {
  if (hon::Error err = server.Shutdown(grace)) {
    static_cast<void>(server.Close());
    std::thread([] {
      std::this_thread::sleep_for(std::chrono::seconds(1));
      std::_Exit(1);  // handlers that wait have ended by now
    }).detach();
  }
}

Error ListenOnInherited(engine::Engine& engine) {
  auto inherited = std::make_shared<hon::server::InheritedSockets>(
      hon::server::InheritedSockets::FromEnvironment());  // first in main
  hon::server::Server server(engine, hon::server::WithInheritedSockets(inherited));
  hon::Error err = server.Listen(":8080");
  return err;
}

Error ListenBehindProxy(engine::Engine& engine) {
  hon::server::Server server(engine, hon::server::WithProxyProtocol({.trusted = {"10.0.0.0/8"}}));
  return server.Serve(":8080");
}

}  // namespace hon::docs
