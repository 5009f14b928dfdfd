// Parsing of the stored heads of corpus/heads; bench/micro/go does the same with Go's parser.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "bench.h"
#include "hon/adaptor/head_parser.h"

namespace hon::bench {
namespace {

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Splits the head in the plainest way and compares.
bool IsRight(std::string_view wire, const adaptor::RequestHead& head, const http::Header& fields) {
  if (head.size != wire.size()) return false;
  size_t seen = 0;
  size_t line = wire.find("\r\n") + 2;
  for (size_t end; (end = wire.find("\r\n", line)) != line; line = end + 2) {
    const std::string_view text = wire.substr(line, end - line);
    const size_t colon = text.find(": ");
    if (colon == std::string_view::npos) return false;
    const std::string_view name = text.substr(0, colon);
    const std::string_view value = text.substr(colon + 2);
    if (name == "Host" || name == "host") {
      if (head.host != value) return false;
      continue;
    }
    if (name == "Transfer-Encoding") {  // like Host, a property of the request and not a field
      if (!head.chunked) return false;
      continue;
    }
    if (fields.Get(name) != value) return false;
    ++seen;
  }
  return seen == fields.Len();
}

void ParseHead(benchmark::State& state, const std::string& wire) {
  const adaptor::HeadParser parser;
  adaptor::RequestHead head;
  http::Header fields;
  const auto parse = [&] {
    adaptor::HeadScan scan;
    fields.Reset();
    return parser.Parse(wire, scan, head, fields);
  };
  const bool done = parse() == adaptor::HeadStatus::kDone;
  if (!Prove(state, done && IsRight(wire, head, fields), "the head was read wrongly")) return;
  Measure(state, 1, [&] { benchmark::DoNotOptimize(parse()); });
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(wire.size()));
}

}  // namespace

void RegisterHeads() {
  for (const auto& entry : std::filesystem::directory_iterator(HON_CORPUS_DIR "/heads")) {
    benchmark::RegisterBenchmark(
        ("ParseHead/" + entry.path().stem().string()).c_str(),
        [wire = ReadAll(entry.path())](benchmark::State& state) { ParseHead(state, wire); });
  }
}

}  // namespace hon::bench
