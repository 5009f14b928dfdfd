// Takes uploaded files of any size with little memory: each goes to disk as it is received.
//
//     c++ -std=c++20 upload.cc -o upload $(pkg-config --cflags --libs hon)
//     ./upload 127.0.0.1:8080 /var/spool/uploads
//     curl -F file=@photo.jpg -F file=@notes.txt 127.0.0.1:8080/upload

#include <hon/http/multipart.h>
#include <hon/http/reply.h>
#include <hon/http/serve_mux.h>
#include <hon/http/status.h>
#include <hon/io/file.h>
#include <hon/server/server.h>

#include <atomic>
#include <cstdio>
#include <string>

namespace http = hon::http;

namespace {

constexpr int64_t kUploadBytesMax = int64_t{1} << 30;

constexpr std::string_view kForm =
    "<!doctype html><title>Upload</title>\n"
    "<form action=\"/upload\" method=\"post\" enctype=\"multipart/form-data\">\n"
    "<label>Files <input type=\"file\" name=\"file\" multiple></label> "
    "<button>Send</button></form>\n";

void ShowForm(http::ResponseWriter& w, http::Request&) {
  w.Header().Set("Content-Type", "text/html; charset=utf-8");
  w.Write(kForm);
}

class Uploads {
 public:
  explicit Uploads(std::string folder) : folder_(std::move(folder)) {}

  void Take(http::ResponseWriter& w, http::Request& r) {
    auto parts = r.MultipartReader();
    if (!parts) return http::ReplyError(w, parts.error().Message(), http::StatusBadRequest);
    std::string answer;
    while (true) {
      auto part = (*parts)->NextPart();
      if (!part && part.error().Is(hon::io::ErrEof)) break;
      if (!part) return http::ReplyError(w, part.error().Message(), http::StatusBadRequest);
      if ((*part)->FileName().empty()) continue;  // a field, not a file
      // Stored under a name of the server's choice; the client's name is only shown.
      const std::string name = std::to_string(++number_);
      auto file = hon::io::File::Create(folder_ + "/" + name);
      if (!file) return http::ReplyError(w, "cannot store", http::StatusInternalServerError);
      const hon::io::CopyResult copied = hon::io::Copy(*file, **part);
      if (copied.err) return http::ReplyError(w, copied.err.Message(), http::StatusBadRequest);
      answer += name + " " + std::to_string(copied.n) + " " + (*part)->FileName() + "\n";
    }
    w.Header().Set("Content-Type", "text/plain; charset=utf-8");
    w.Write(answer);
  }

 private:
  std::string folder_;
  std::atomic<int> number_{0};
};

}  // namespace

int main(int argc, char** argv) {
  Uploads uploads(argc > 2 ? argv[2] : "/tmp");
  http::ServeMux mux;
  mux.HandleFunc("GET /{$}", ShowForm);
  mux.HandleFunc("POST /upload", [&](auto& w, auto& r) { uploads.Take(w, r); });
  hon::engine::Engine engine(mux);
  hon::server::Server server(engine, hon::server::WithMaxBodyBytes(kUploadBytesMax));
  const hon::Error err = server.Serve(argc > 1 ? argv[1] : ":8080");
  std::fprintf(stderr, "%s\n", err.Message().c_str());
  return 1;
}
