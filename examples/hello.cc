// The smallest server: a handler is a plain function.
//
//     c++ -std=c++20 hello.cc -o hello $(pkg-config --cflags --libs hon)
//     ./hello 127.0.0.1:8080
//     curl 127.0.0.1:8080

#include <hon/http/serve_mux.h>
#include <hon/server/server.h>

#include <cstdio>

int main(int argc, char** argv) {
  hon::http::ServeMux mux;
  mux.HandleFunc("GET /{$}", [](hon::http::ResponseWriter& w, hon::http::Request&) {
    w.Write("Hello, world\n");
  });
  const hon::Error err = hon::server::ListenAndServe(argc > 1 ? argv[1] : ":8080", mux);
  std::fprintf(stderr, "%s\n", err.Message().c_str());  // names the address and the reason
  return 1;
}
