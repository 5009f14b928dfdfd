// libevent's evhttp on one thread, with the endpoints of the benchmark.
// usage: libevent PORT FILE

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void Type(evhttp_request* request, const char* type) {
  evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", type);
}

void Welcome(evhttp_request* request, void*) {
  constexpr std::string_view kText = "Welcome! Try /sse endpoint.";
  Type(request, "text/plain; charset=utf-8");
  evbuffer_add_reference(evhttp_request_get_output_buffer(request), kText.data(), kText.size(),
                         nullptr, nullptr);
  evhttp_send_reply(request, HTTP_OK, "OK", nullptr);
}

void Echo(evhttp_request* request, void*) {
  Type(request, "application/octet-stream");
  evbuffer_add_buffer(evhttp_request_get_output_buffer(request),
                      evhttp_request_get_input_buffer(request));
  evhttp_send_reply(request, HTTP_OK, "OK", nullptr);
}

void File(evhttp_request* request, void* path) {
  const int fd = ::open(static_cast<const char*>(path), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (fd < 0 || ::fstat(fd, &status) != 0) {
    if (fd >= 0) ::close(fd);
    evhttp_send_error(request, HTTP_INTERNAL, nullptr);
    return;
  }
  Type(request, "application/octet-stream");
  evbuffer* body = evhttp_request_get_output_buffer(request);
  evbuffer_set_flags(body, EVBUFFER_FLAG_DRAINS_TO_FD);  // lets libevent use sendfile
  evbuffer_add_file(body, fd, 0, status.st_size);
  evhttp_send_reply(request, HTTP_OK, "OK", nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: libevent PORT FILE\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  event_base* base = event_base_new();
  evhttp* server = evhttp_new(base);
  evhttp_set_timeout(server, 30);
  evhttp_set_cb(server, "/", Welcome, nullptr);
  evhttp_set_cb(server, "/echo", Echo, nullptr);
  evhttp_set_cb(server, "/file", File, argv[2]);
  const auto port = static_cast<ev_uint16_t>(std::atoi(argv[1]));
  if (evhttp_bind_socket(server, "127.0.0.1", port) != 0) {
    std::perror("libevent");
    return 1;
  }
  return event_base_dispatch(base);
}
