// Serves a folder: conditional requests, ranges, compressed forms beside the files, sendfile.
//
//     c++ -std=c++20 files.cc -o files $(pkg-config --cflags --libs hon)
//     ./files 127.0.0.1:8080 /srv/www
//     curl -r 0-99 127.0.0.1:8080/static/site.css

#include <hon/http/file_server.h>
#include <hon/http/middleware.h>
#include <hon/http/serve_mux.h>
#include <hon/server/server.h>

#include <cstdio>
#include <memory>

namespace http = hon::http;

int main(int argc, char** argv) {
  const http::FileServerOptions options = {
      .listings = false,                  // a folder without index.html: 404
      .dotfiles = http::Dotfiles::kHide,  // hides .git and .env
      .etag = true,
      .precompressed = true,  // site.css.br or .gz for clients that accept them
  };
  // For any request path, only files inside the folder are opened.
  const auto files =
      std::make_shared<http::FileServer>(http::Dir(argc > 2 ? argv[2] : "."), options);
  http::ServeMux mux;
  mux.Handle("GET /static/", http::StripPrefix("/static", files));
  const hon::Error err = hon::server::ListenAndServe(argc > 1 ? argv[1] : ":8080", mux);
  std::fprintf(stderr, "%s\n", err.Message().c_str());
  return 1;
}
