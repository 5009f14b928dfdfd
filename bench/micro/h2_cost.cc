// Serves small requests of HTTP/2 on a connection in memory, for a profiler that counts
// instructions: usage: hon_h2_cost CASE ROUNDS; without arguments the program lists the cases and
// the requests in a round of each. A case is the kind of the requests and the number that a round
// sends at once: the requests of streams_100 are the same, as those of h2load are, and each of
// paths_100 has a path of its own, and so another field block than the request before it. The
// client's bytes are written once, but for the stream identifiers, and sent bytes are only counted:
// nearly all instructions are the server's.

#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>

#include "hon/h2/frame.h"
#include "hon/http/serve_mux.h"
#include "memory_server.h"

namespace hon::bench {
namespace {

constexpr int kStreamsMax = 100;
constexpr int kRoundsMax = 100'000;

std::string Headers(uint32_t stream, std::string_view block) {
  std::string frame(h2::kFrameHeaderBytes, '\0');
  h2::WriteFrameHeader(frame.data(), {static_cast<uint32_t>(block.size()), h2::FrameType::kHeaders,
                                      h2::kFlagEndHeaders | h2::kFlagEndStream, stream});
  return frame.append(block);
}

// The preface, SETTINGS with the largest windows, and a request that fills the table: GET / of
// http with an authority and a User-Agent.
std::string Start() {
  std::string start(h2::kClientPreface);
  start += std::string("\0\0\6\4\0\0\0\0\0\0\4\x7f\xff\xff\xff", 15);  // INITIAL_WINDOW_SIZE
  start += std::string("\0\0\4\x8\0\0\0\0\0\x7f\xff\0\0", 13);         // WINDOW_UPDATE
  std::string block = "\x82\x84\x86\x41";
  block +=
      "\x0e"
      "127.0.0.1:8080";
  block +=
      "\x7a\x0a"
      "bench/1.00";
  return start + Headers(1, block);
}

// A request like the one of Start, by the fields in the table.
std::string Again() { return Headers(0, "\x82\x84\x86\xbf\xbe"); }

// The same, with a path of its own as a literal without indexing.
std::string WithPath(int number) {
  std::string digits = std::to_string(number);
  const std::string path = "/items/" + std::string(4 - digits.size(), '0') + digits + "/detail";
  std::string block = "\x82\x04";
  block += static_cast<char>(path.size());
  return Headers(0, block + path + "\x86\xbf\xbe");
}

int Run(int streams, bool own_paths, int rounds) {
  http::ServeMux mux;
  mux.HandleFunc("/", [](http::ResponseWriter& w, http::Request&) {
    w.Header().Set(http::HeaderId::kContentType, "text/plain; charset=utf-8");
    w.Write("Hello, World!");
  });
  engine::ConnSettings settings;
  settings.protocols.SetUnencryptedHTTP2(true);
  MemoryServer server(mux, settings);
  if (server.Answer(Start()).find("Hello, World!") == std::string::npos) {
    std::fprintf(stderr, "wrong answer\n");
    return 1;
  }
  std::string wire;
  for (int i = 0; i < streams; ++i) wire += own_paths ? WithPath(i) : Again();
  const size_t request_bytes = wire.size() / static_cast<size_t>(streams);
  uint32_t stream = 1;
  const size_t answers_min = static_cast<size_t>(streams) * (2 * h2::kFrameHeaderBytes + 13);
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < streams; ++i) {
      stream += 2;
      char* const id = wire.data() + static_cast<size_t>(i) * request_bytes + 5;
      id[0] = static_cast<char>(stream >> 24);
      id[1] = static_cast<char>(stream >> 16);
      id[2] = static_cast<char>(stream >> 8);
      id[3] = static_cast<char>(stream);
    }
    size_t sent = server.Turn(wire);
    while (sent < answers_min) {
      const size_t more = server.Turn({});
      if (more == 0) {
        std::fprintf(stderr, "answers are missing\n");
        return 1;
      }
      sent += more;
    }
  }
  return 0;
}

int NumberIn(std::string_view text, int max) {
  int number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc() && number <= max ? number : 0;
}

}  // namespace
}  // namespace hon::bench

int main(int argc, char** argv) {
  struct Kind {
    std::string_view name;
    bool own_paths;
  };
  constexpr Kind kKinds[] = {{"streams_", false}, {"paths_", true}};
  if (argc == 1) {
    for (const int streams : {1, 16, hon::bench::kStreamsMax}) {
      std::printf("streams_%d %d\n", streams, streams);
    }
    std::printf("paths_%d %d\n", hon::bench::kStreamsMax, hon::bench::kStreamsMax);
    return 0;
  }
  const std::string_view name = argc == 3 ? argv[1] : "";
  const int rounds = argc == 3 ? hon::bench::NumberIn(argv[2], hon::bench::kRoundsMax) : 0;
  for (const Kind& kind : kKinds) {
    if (!name.starts_with(kind.name)) continue;
    const int streams =
        hon::bench::NumberIn(name.substr(kind.name.size()), hon::bench::kStreamsMax);
    if (streams > 0 && rounds > 0) return hon::bench::Run(streams, kind.own_paths, rounds);
  }
  std::fprintf(stderr, "usage: hon_h2_cost CASE ROUNDS\n");
  return 2;
}
