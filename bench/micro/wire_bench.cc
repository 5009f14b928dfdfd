// Writing of heads and of chunks, and reading of chunks.

#include <string>

#include "bench.h"
#include "hon/adaptor/chunked.h"
#include "hon/adaptor/response.h"
#include "support/memory_stream.h"

namespace hon::bench {
namespace {

class NoControl final : public adaptor::ConnControl {
 public:
  Result<std::unique_ptr<io::Conn>> Hijack(std::string_view) override {
    return Fail(http::ErrNotSupported);
  }
  Error SetRequestDeadline(TimePoint) override { return http::ErrNotSupported; }
  [[nodiscard]] bool KeepAlive() const override { return true; }
  void LogHandlerError(std::string_view) override {}
};

constexpr std::string_view kDate = "Thu, 01 Jan 1970 00:00:00 GMT";

// A response with that many fields beside the automatic ones, and no body.
void WriteHead(benchmark::State& state) {
  std::string expected = "HTTP/1.1 204 No Content\r\n";
  std::vector<std::string> names;
  for (int64_t i = 0; i < state.range(0); ++i) {
    names.push_back("X-Field-" + std::string(1, static_cast<char>('A' + i)));
    expected += names.back() + ": some value\r\n";
  }
  expected += "Date: " + std::string(kDate) + "\r\n\r\n";
  test::MemoryStream stream;
  NoControl control;
  adaptor::Response response;
  const auto write = [&] {
    response.Reset(stream, control, {.date = kDate});
    for (const std::string& name : names) response.Header().Set(name, "some value");
    response.WriteHeader(204);
    response.Finish();
  };
  write();
  if (!Prove(state, stream.TakeOutput() == expected, "the head was written wrongly")) return;
  stream.DiscardOutput();
  Measure(state, 1, [&] {
    write();
    static_cast<void>(stream.DrainOutput(0));
  });
}
BENCHMARK(WriteHead)->Arg(0)->Arg(4)->Arg(16);

// A body in pieces of that many bytes, each flushed: one chunk for each.
void WriteChunks(benchmark::State& state) {
  constexpr int kChunks = 16;
  const std::string piece(static_cast<size_t>(state.range(0)), 'c');
  test::MemoryStream stream;
  NoControl control;
  adaptor::Response response;
  const auto write = [&] {
    response.Reset(stream, control, {.date = kDate});
    for (int i = 0; i < kChunks; ++i) {
      static_cast<void>(response.Write(piece));
      static_cast<void>(response.Flush());
    }
    response.Finish();
  };
  write();
  const std::string sent = stream.TakeOutput();
  adaptor::ChunkedDecoder decoder;
  std::string body;
  std::string_view left = std::string_view(sent).substr(sent.find("\r\n\r\n") + 4);
  while (!decoder.Done() && !left.empty()) {
    const adaptor::ChunkedDecoder::Piece got = decoder.Decode(left);
    if (got.err) break;
    body += got.data;
    left.remove_prefix(got.used);
  }
  std::string expected;
  for (int i = 0; i < kChunks; ++i) expected += piece;
  if (!Prove(state, decoder.Done() && body == expected, "the chunks are wrong")) return;
  stream.DiscardOutput();
  Measure(state, kChunks, [&] {
    write();
    static_cast<void>(stream.DrainOutput(0));
  });
  state.SetBytesProcessed(state.iterations() * kChunks * state.range(0));
}
BENCHMARK(WriteChunks)->Arg(16)->Arg(1024)->Arg(8192);

void ReadChunks(benchmark::State& state) {
  constexpr int kChunks = 64;
  const std::string piece(static_cast<size_t>(state.range(0)), 'c');
  std::string wire;
  char head[adaptor::kChunkHeadBytesMax];
  char* const end = head + sizeof head;
  for (int i = 0; i < kChunks; ++i) {
    wire.append(adaptor::FormatChunkHeadBackward(piece.size(), end), end).append(piece + "\r\n");
  }
  wire += "0\r\n\r\n";
  adaptor::ChunkedDecoder decoder;
  const auto decode = [&] {
    decoder.Reset();
    size_t bytes = 0;
    std::string_view left = wire;
    while (!decoder.Done()) {
      const adaptor::ChunkedDecoder::Piece got = decoder.Decode(left);
      if (got.err || got.used == 0) return size_t{0};
      bytes += got.data.size();
      left.remove_prefix(got.used);
    }
    return left.empty() ? bytes : size_t{0};
  };
  if (!Prove(state, decode() == kChunks * piece.size(), "the chunks were read wrongly")) return;
  Measure(state, kChunks, [&] { benchmark::DoNotOptimize(decode()); });
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(wire.size()));
}
BENCHMARK(ReadChunks)->Arg(16)->Arg(1024)->Arg(8192);

}  // namespace
}  // namespace hon::bench
