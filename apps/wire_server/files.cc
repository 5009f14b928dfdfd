// Endpoints that serve from the file system.

#include <memory>

#include "endpoints.h"
#include "hon/http/file_server.h"
#include "hon/http/fs.h"
#include "hon/http/middleware.h"
#include "hon/http/reply.h"

namespace hon::wire {

void RegisterFiles(http::ServeMux& mux, const Files& files) {
  mux.Handle("/files/",
             http::StripPrefix("/files", std::make_shared<http::FileServer>(http::Dir(files.dir))));
  mux.HandleFunc("/file", [file = files.file](http::ResponseWriter& w, http::Request& r) {
    http::ServeFile(w, r, file);
  });
  mux.HandleFunc(
      "/copied-file/{name}", [dir = files.dir](http::ResponseWriter& w, http::Request& r) {
        Result<std::unique_ptr<http::FsFile>> file = http::Dir(dir).Open(r.PathValue("name"));
        if (!file) return http::NotFound(w, r);
        w.ReadFrom(**file);
      });
}

}  // namespace hon::wire
