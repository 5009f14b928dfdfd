#include <hon/engine/engine.h>
#include <hon/http/serve_mux.h>
#include <hon/server/server.h>

#include <cstdio>

int main() {
  hon::http::ServeMux mux;
  mux.HandleFunc("GET /hello/{name}", [](hon::http::ResponseWriter& w, hon::http::Request& r) {
    w.Header().Set("Content-Type", "text/plain; charset=utf-8");
    w.Write("Hello, ");
    w.Write(r.PathValue("name"));
  });
  hon::engine::Engine engine(mux);
  hon::server::Server server(engine);
  if (auto err = server.Serve(":8080")) {
    std::fprintf(stderr, "%s\n", err.Message().c_str());  // names the address and the reason
    return 1;
  }
}
