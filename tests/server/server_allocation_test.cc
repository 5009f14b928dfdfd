// No request on a warm connection allocates, from the first byte read to the last one sent, when
// its handler does not: counted at malloc, on every backend.

#include <cstdlib>

#include "hon/h2/frame.h"
#include "hon/http/file_server.h"
#include "support/temp_dir.h"
#include "support/test_server.h"

namespace {

std::atomic<size_t> allocations{0};
// The test's own thread plays the client and may allocate.
thread_local bool is_client = false;

void Count() {
  if (!is_client) allocations.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

// glibc lets a program replace malloc; these are its own entry points.
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size) {
  Count();
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  Count();
  return __libc_calloc(count, size);
}
void* realloc(void* memory, size_t size) {
  Count();
  return __libc_realloc(memory, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  Count();
  return __libc_memalign(alignment, size);
}
}

namespace hon {
namespace {

using test::WirePeer;

constexpr int kWarmUp = 300;
constexpr int kCounted = 1000;
constexpr size_t kPoolsGrowMax = 100;

class Allocation : public test::ModeTest {
 protected:
  Allocation() {
    is_client = true;
    mux_.HandleFunc("GET /hello/{name}", [](http::ResponseWriter& w, http::Request& r) {
      w.Header().Set("Content-Type", "text/plain; charset=utf-8");
      w.Write("Hello, ");
      w.Write(r.PathValue("name"));
    });
    mux_.HandleFunc("POST /echo", [](http::ResponseWriter& w, http::Request& r) {
      char bytes[4096];
      for (;;) {
        const io::IoResult got = r.Body.Read(bytes);
        w.Write(std::string_view(bytes, got.n));
        if (got.err) return;
      }
    });
    mux_.HandleFunc("/chunked", [](http::ResponseWriter& w, http::Request&) {
      for (int i = 0; i < 3; ++i) {
        w.Write("a chunk of its own\n");
        if (w.Flush()) return;
      }
    });
    dir_.Write("file.bin", std::string(100'000, 'f'));
    mux_.HandleFunc("/file",
                    [path = dir_.Path() + "/file.bin"](http::ResponseWriter& w, http::Request& r) {
                      http::ServeFile(w, r, path);
                    });
  }

  // Sends `wire` repeatedly and reads `answers` answers each time.
  void ExpectNone(const std::string& wire, int answers = 1) {
    test::TestServer server(engine_, GetParam());
    WirePeer peer(server.Address());
    size_t before = 0;
    for (int i = 0; i < kWarmUp + kCounted; ++i) {
      if (i == kWarmUp) before = allocations.load();
      ASSERT_TRUE(peer.Send(wire));
      for (int a = 0; a < answers; ++a) {
        const test::Answer answer = peer.ReadAnswer();
        ASSERT_EQ(answer.status, 200);
        ASSERT_TRUE(answer.complete);
      }
    }
    // Between two threads a pool sometimes needs one more object than ever before.
    const size_t allowed = GetParam().placement == engine::kWorkers ? kPoolsGrowMax : 0;
    EXPECT_LE(allocations.load() - before, allowed) << "in " << kCounted << " rounds";
  }

  support::TempDir dir_;
  http::ServeMux mux_;
  engine::Engine engine_{mux_, engine::WithPlacement(GetParam().placement)};
};

const char kGet[] =
    "GET /hello/a-name-that-is-longer-than-any-inline-buffer HTTP/1.1\r\nHost: localhost:8080\r\n"
    "User-Agent: allocation-test/1.0\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n"
    "X-Custom: some value\r\n\r\n";

TEST_P(Allocation, CountsAtAll) {
  const size_t before = allocations.load();
  std::thread([] { delete[] new char[100]; }).join();
  EXPECT_GT(allocations.load(), before);
}

TEST_P(Allocation, Get) { ExpectNone(kGet); }

TEST_P(Allocation, PostWithBody) {
  const std::string body(3000, 'b');
  ExpectNone("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3000\r\n\r\n" + body);
}

TEST_P(Allocation, PostInChunks) {
  ExpectNone(
      "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\n\r\n");
}

TEST_P(Allocation, ChunkedAnswer) { ExpectNone("GET /chunked HTTP/1.1\r\nHost: t\r\n\r\n"); }

TEST_P(Allocation, File) { ExpectNone("GET /file HTTP/1.1\r\nHost: t\r\n\r\n"); }

TEST_P(Allocation, Sixteen) {
  std::string wire;
  for (int i = 0; i < 16; ++i) wire += kGet;
  ExpectNone(wire, 16);
}

// A client of HTTP/2 that sends field blocks of its own and looks for END_STREAM.
class Http2Peer {
 public:
  explicit Http2Peer(const std::string& address) : wire_(address) {
    std::string start(h2::kClientPreface);
    start += Frame(h2::FrameType::kSettings, 0, 0, std::string("\0\4\x7f\xff\xff\xff", 6));
    start += Frame(h2::FrameType::kWindowUpdate, 0, 0, std::string("\x7f\xff\0\0", 4));
    wire_.Send(start);
  }
  static std::string Frame(h2::FrameType type, uint8_t flags, uint32_t stream,
                           std::string_view payload) {
    std::string frame(h2::kFrameHeaderBytes, '\0');
    h2::WriteFrameHeader(frame.data(),
                         {static_cast<uint32_t>(payload.size()), type, flags, stream});
    return frame.append(payload);
  }
  /// Sends requests with `block` and `body` on `count` streams at once, and reads the answers.
  /// Returns the number of those with :status 200, the first entry of their blocks.
  int Ask(std::string_view block, std::string_view body, int count) {
    std::string wire;
    for (int i = 0; i < count; ++i, stream_ += 2) {
      const uint8_t end = body.empty() ? h2::kFlagEndStream : uint8_t{0};
      wire += Frame(h2::FrameType::kHeaders, h2::kFlagEndHeaders | end, stream_, block);
      if (body.empty()) continue;
      wire += Frame(h2::FrameType::kData, h2::kFlagEndStream, stream_, body);
    }
    wire_.Send(wire);
    int right = 0;
    for (int ended = 0; ended < count;) {
      const std::string head = wire_.Read(h2::kFrameHeaderBytes);
      if (head.size() < h2::kFrameHeaderBytes) return -1;
      const h2::FrameHeader header = h2::ReadFrameHeader(head.data());
      const std::string payload = wire_.Read(header.length);
      if (header.type == h2::FrameType::kHeaders && payload.starts_with('\x88')) ++right;
      const bool ends =
          header.type == h2::FrameType::kHeaders || header.type == h2::FrameType::kData;
      if (ends && header.Has(h2::kFlagEndStream)) ++ended;
    }
    return right;
  }

 private:
  WirePeer wire_;
  uint32_t stream_ = 1;
};

class Http2Allocation : public Allocation {
 protected:
  void ExpectNoneOf(std::string_view block, std::string_view body, int streams) {
    http::Protocols protocols;
    protocols.SetUnencryptedHTTP2(true);
    test::TestServer server(engine_, GetParam(), server::WithProtocols(protocols));
    Http2Peer peer(server.Address());
    size_t before = 0;
    for (int i = 0; i < kWarmUp + kCounted; ++i) {
      if (i == kWarmUp) before = allocations.load();
      ASSERT_EQ(peer.Ask(block, body, streams), streams);
    }
    const size_t allowed = GetParam().placement == engine::kWorkers ? kPoolsGrowMax : 0;
    EXPECT_LE(allocations.load() - before, allowed) << "in " << kCounted << " rounds";
  }
};

// GET http://t/hello/ with a name and a field that are longer than inline buffers, as literals.
const char kGetBlock[] =
    "\x82\x86\x41\x01t\x04\x30/hello/a-name-that-is-longer-than-inline-buffers"
    "\x40\x08x-custom\x22some value that is as long as this";

TEST_P(Http2Allocation, Get) { ExpectNoneOf(kGetBlock, {}, 1); }
TEST_P(Http2Allocation, GetsOnSixteenStreams) { ExpectNoneOf(kGetBlock, {}, 16); }
TEST_P(Http2Allocation, PostWithBody) {
  ExpectNoneOf("\x83\x86\x41\x01t\x04\x05/echo", std::string(3000, 'b'), 1);
}
TEST_P(Http2Allocation, File) { ExpectNoneOf("\x82\x86\x41\x01t\x04\x05/file", {}, 1); }

HON_INSTANTIATE_MODES(Http2Allocation);
HON_INSTANTIATE_MODES(Allocation);

}  // namespace
}  // namespace hon
