// Serves one case of requests.h a given number of times on a connection in memory, for a profiler
// that counts instructions: usage: hon_request_cost CASE ROUNDS; without arguments the program
// lists the cases and the requests in a round of each.

#include <charconv>
#include <cstdio>
#include <string_view>

#include "hon/http/serve_mux.h"
#include "memory_server.h"
#include "requests.h"

namespace hon::bench {
namespace {

int Run(const RequestCase& request, int rounds) {
  const ServedFile file;
  http::ServeMux mux;
  RegisterHandlers(mux, file.Path());
  MemoryServer server(mux);
  const std::string answer = server.Answer(request.wire);
  if (!IsRight(request, answer)) {
    std::fprintf(stderr, "wrong answer: %.300s\n", answer.c_str());
    return 1;
  }
  for (int i = 0; i < rounds; ++i) server.Serve(request.wire, answer.size());
  return 0;
}

}  // namespace
}  // namespace hon::bench

int main(int argc, char** argv) {
  const std::vector<hon::bench::RequestCase> cases = hon::bench::RequestCases();
  if (argc == 1) {
    for (const auto& request : cases) {
      std::printf("%.*s %d\n", static_cast<int>(request.name.size()), request.name.data(),
                  request.requests);
    }
    return 0;
  }
  const std::string_view rounds_text = argc == 3 ? argv[2] : "";
  int rounds = 0;
  std::from_chars(rounds_text.data(), rounds_text.data() + rounds_text.size(), rounds);
  for (const auto& request : cases) {
    if (argc == 3 && request.name == argv[1]) return hon::bench::Run(request, rounds);
  }
  std::fprintf(stderr, "usage: hon_request_cost CASE ROUNDS\n");
  return 2;
}
