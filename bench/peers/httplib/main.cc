// cpp-httplib, a thread for each connection, with the endpoints of the benchmark.
// usage: httplib PORT FILE THREADS

#include <httplib.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: httplib PORT FILE THREADS\n");
    return 2;
  }
  const std::string file = argv[2];
  const auto threads = static_cast<size_t>(std::atoi(argv[3]));
  httplib::Server server;
  server.new_task_queue = [threads] { return new httplib::ThreadPool(threads); };
  server.set_tcp_nodelay(true);
  server.set_keep_alive_max_count(1000000000);  // the default closes after 5 requests
  server.set_keep_alive_timeout(30);
  server.Get("/", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("Welcome! Try /sse endpoint.", "text/plain; charset=utf-8");
  });
  server.Post("/echo", [](const httplib::Request& request, httplib::Response& response) {
    response.set_content(request.body, "application/octet-stream");
  });
  server.Get("/file", [&file](const httplib::Request&, httplib::Response& response) {
    std::ifstream from(file, std::ios::binary);
    response.set_content(std::string(std::istreambuf_iterator<char>(from), {}),
                         "application/octet-stream");
  });
  return server.listen("127.0.0.1", std::atoi(argv[1])) ? 0 : 1;
}
