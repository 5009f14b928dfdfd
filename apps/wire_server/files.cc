// Endpoints that serve from the file system.

#include <memory>

#include "endpoints.h"
#include "hon/http/file_server.h"
#include "hon/http/fs.h"

namespace hon::wire {

void RegisterFiles(http::ServeMux& mux, const Files& files) {
  const auto tree = std::make_shared<http::FileServer>(http::Dir(files.dir));
  mux.HandleFunc("/files/", [tree](http::ResponseWriter& w, http::Request& r) {
    constexpr size_t kPrefixBytes = sizeof "/files" - 1;
    r.URL.Path.erase(0, kPrefixBytes);
    if (!r.URL.RawPath.empty()) r.URL.RawPath.erase(0, kPrefixBytes);
    tree->ServeHTTP(w, r);
  });
  mux.HandleFunc("/file", [file = files.file](http::ResponseWriter& w, http::Request& r) {
    http::ServeFile(w, r, file);
  });
}

}  // namespace hon::wire
