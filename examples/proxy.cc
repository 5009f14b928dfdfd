// A reverse proxy in front of one server or several.
//
//     ./proxy 127.0.0.1:8080 http://127.0.0.1:9001 http://127.0.0.1:9002
//     curl 127.0.0.1:8080
//
// Requests go to the servers in turn. A server that fails three times in a row rests for ten
// seconds.

#include <hon/httputil/load_balancer.h>
#include <hon/httputil/reverse_proxy.h>
#include <hon/server/server.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: proxy ADDRESS URL...\n");
    return 2;
  }
  std::vector<hon::url::URL> servers;
  for (int i = 2; i < argc; ++i) {
    hon::Result<hon::url::URL> server = hon::url::Parse(argv[i]);
    if (!server || server->Host.empty()) {
      std::fprintf(stderr, "%s is no URL of a server\n", argv[i]);
      return 2;
    }
    servers.push_back(*std::move(server));
  }

  hon::httputil::ReverseProxy proxy;
  proxy.Transport = std::make_shared<hon::httputil::LoadBalancer>(std::move(servers));
  proxy.Rewrite = [](hon::httputil::ProxyRequest& r) { r.SetXForwarded(); };
  proxy.ErrorLog = [](std::string_view line) {
    std::fprintf(stderr, "%s\n", std::string(line).c_str());
  };
  const hon::Error err = hon::server::ListenAndServe(argv[1], proxy);
  std::fprintf(stderr, "%s\n", err.Message().c_str());
  return 1;
}
