#include "requests.h"

#include <stdlib.h>
#include <unistd.h>

#include <array>

#include "hon/base/assert.h"
#include "hon/http/file_server.h"

namespace hon::bench {
namespace {

constexpr size_t kPostBytes = 1024;
constexpr size_t kFileBytes = size_t{1} << 20;
constexpr int kPipelined = 16;

// As wrk sends it.
constexpr std::string_view kSmallGet = "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";

constexpr std::string_view kBrowserGet =
    "GET /users/4711/posts?page=2&sort=new HTTP/1.1\r\n"
    "Host: www.example.com\r\n"
    "Connection: keep-alive\r\n"
    "Cache-Control: max-age=0\r\n"
    "sec-ch-ua: \"Chromium\";v=\"124\", \"Not-A.Brand\";v=\"99\"\r\n"
    "sec-ch-ua-mobile: ?0\r\n"
    "sec-ch-ua-platform: \"Linux\"\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/124.0.0.0 Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
    "\r\n"
    "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\n"
    "Sec-Fetch-Dest: document\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-GB,en;q=0.9\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n\r\n";

void Hello(http::ResponseWriter& w, http::Request&) {
  w.Header().Set(http::HeaderId::kContentType, "text/plain; charset=utf-8");
  w.Write("Hello, World!");
}

void Echo(http::ResponseWriter& w, http::Request& r) {
  std::array<char, 4096> bytes;
  w.Header().Set(http::HeaderId::kContentType, "application/octet-stream");
  for (;;) {
    const io::IoResult got = r.Body.Read(bytes);
    w.Write({bytes.data(), got.n});
    if (got.err) return;
  }
}

void Posts(http::ResponseWriter& w, http::Request& r) {
  w.Header().Set(http::HeaderId::kContentType, "text/plain; charset=utf-8");
  w.Write("posts of ");
  w.Write(r.PathValue("id"));
}

}  // namespace

std::vector<RequestCase> RequestCases() {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string body(kPostBytes, 'b');
  std::string pipelined;
  for (int i = 0; i < kPipelined; ++i) pipelined += kSmallGet;
  return {
      {"get", std::string(kSmallGet), 1, ok, "Hello, World!"},
      {"pipelined", pipelined, kPipelined, ok, "Hello, World!"},
      {"browser", std::string(kBrowserGet), 1, ok, "posts of 4711"},
      {"post",
       "POST /echo HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Type: application/octet-stream\r\n"
       "Content-Length: " +
           std::to_string(kPostBytes) + "\r\n\r\n" + body,
       1, ok, body},
      {"file", "GET /file HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n", 1, ok,
       std::string(kFileBytes, 'f')},
  };
}

void RegisterHandlers(http::ServeMux& mux, const std::string& file) {
  mux.HandleFunc("GET /{$}", Hello);
  mux.HandleFunc("POST /echo", Echo);
  mux.HandleFunc("GET /users/{id}/posts", Posts);
  mux.HandleFunc("GET /file", [file](http::ResponseWriter& w, http::Request& r) {
    http::ServeFile(w, r, file);
  });
}

bool IsRight(const RequestCase& request, std::string_view answer) {
  for (int i = 0; i < request.requests; ++i) {
    const size_t head_end = answer.find("\r\n\r\n");
    if (!answer.starts_with(request.status) || head_end == std::string_view::npos) return false;
    answer.remove_prefix(head_end + 4);
    if (!answer.starts_with(request.body)) return false;
    answer.remove_prefix(request.body.size());
  }
  return answer.empty();
}

ServedFile::ServedFile() : path_("/tmp/hon_request_XXXXXX") {
  const int fd = ::mkstemp(path_.data());
  HON_ASSERT(fd >= 0);
  const std::string bytes(kFileBytes, 'f');
  HON_ASSERT(::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  ::close(fd);
}

ServedFile::~ServedFile() { ::unlink(path_.c_str()); }

}  // namespace hon::bench
