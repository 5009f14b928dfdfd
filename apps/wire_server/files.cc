// Endpoints that serve from the file system.

#include <memory>

#include "endpoints.h"
#include "hon/http/file_server.h"
#include "hon/http/fs.h"
#include "hon/http/middleware.h"

namespace hon::wire {

void RegisterFiles(http::ServeMux& mux, const Files& files) {
  mux.Handle("/files/", http::StripPrefix("/files", std::make_shared<http::FileServer>(
                                                        http::Dir(files.dir))));
  mux.HandleFunc("/file", [file = files.file](http::ResponseWriter& w, http::Request& r) {
    http::ServeFile(w, r, file);
  });
}

}  // namespace hon::wire
