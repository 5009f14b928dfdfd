// No request on a warm connection allocates, from the first byte read to the last one sent, when
// its handler does not: counted at malloc, on every backend.

#include <cstdlib>

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

HON_INSTANTIATE_MODES(Allocation);

}  // namespace
}  // namespace hon
