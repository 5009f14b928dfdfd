// No request on a warm connection over TLS allocates of ours, from the first byte read to the last
// one sent, when its handler does not. OpenSSL has an allocator of its own in this program, so that
// its allocations are counted apart.

#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>

#include "hon/engine/engine.h"
#include "hon/http/file_server.h"
#include "hon/http/serve_mux.h"
#include "hon/server/server.h"
#include "hon/tls/config.h"
#include "support/temp_dir.h"
#include "support/test_server.h"
#include "support/tls_peer.h"

namespace {

std::atomic<size_t> our_allocations{0};
std::atomic<size_t> openssl_allocations{0};
// The test's own thread plays the client and may allocate.
thread_local bool plays_client = false;

void Count(std::atomic<size_t>& counter) {
  if (!plays_client) counter.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

// glibc lets a program replace malloc; these are its own entry points.
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size) {
  Count(our_allocations);
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  Count(our_allocations);
  return __libc_calloc(count, size);
}
void* realloc(void* memory, size_t size) {
  Count(our_allocations);
  return __libc_realloc(memory, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  Count(our_allocations);
  return __libc_memalign(alignment, size);
}
}

namespace {

void* AllocateForOpenSsl(size_t size, const char*, int) {
  Count(openssl_allocations);
  return size == 0 ? nullptr : __libc_malloc(size);
}
void* ReallocateForOpenSsl(void* memory, size_t size, const char*, int) {
  Count(openssl_allocations);
  return __libc_realloc(memory, size);
}
void FreeForOpenSsl(void* memory, const char*, int) { std::free(memory); }

}  // namespace

namespace hon::server {
namespace {

constexpr int kWarmUp = 300;
constexpr int kCounted = 1000;

struct TlsMode {
  netpoll::BackendKind backend;
  uint16_t version;
};

class TlsAllocation : public testing::TestWithParam<TlsMode> {
 protected:
  void SetUp() override { test::SkipWithoutBackend(GetParam().backend); }
  TlsAllocation() {
    plays_client = true;
    mux_.HandleFunc("/", [](http::ResponseWriter& w, http::Request&) {
      w.Header().Set("Content-Type", "text/plain; charset=utf-8");
      w.Write("Hello");
    });
    mux_.HandleFunc("POST /echo", [](http::ResponseWriter& w, http::Request& r) {
      char bytes[4096];
      for (;;) {
        const io::IoResult got = r.Body.Read(bytes);
        w.Write(std::string_view(bytes, got.n));
        if (got.err) return;
      }
    });
    dir_.Write("file.bin", std::string(100'000, 'f'));
    mux_.HandleFunc("/file",
                    [path = dir_.Path() + "/file.bin"](http::ResponseWriter& w, http::Request& r) {
                      http::ServeFile(w, r, path);
                    });
  }

  /// Sends `request` again and again, and reads answers of one size, which end with `end`.
  void ExpectNone(const std::string& request, const std::string& end) {
    Server server(engine_, WithBackend(GetParam().backend), WithLoops(1));
    ASSERT_FALSE(server.ListenTLS("127.0.0.1:0", Config()));
    tls::Config client;
    client.InsecureSkipVerify = true;
    client.MinVersion = client.MaxVersion = GetParam().version;
    test::TlsPeer peer(server.Addresses()[0], std::move(client));
    ASSERT_NE(peer.State(), nullptr);
    size_t size = 0;
    size_t before = 0;
    size_t openssl_before = 0;
    for (int i = 0; i < kWarmUp + kCounted; ++i) {
      if (i == kWarmUp) {
        before = our_allocations.load();
        openssl_before = openssl_allocations.load();
      }
      peer.Send(request);
      std::string answer = peer.Receive(size == 0 ? 1 : size);
      while (!answer.ends_with(end)) {
        std::string more = peer.Receive(1);
        ASSERT_FALSE(more.empty());
        answer += more;
      }
      size = answer.size();
      ASSERT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
    }
    EXPECT_EQ(our_allocations.load() - before, 0U) << "in " << kCounted << " rounds";
    const size_t by_openssl = openssl_allocations.load() - openssl_before;
    RecordProperty("OpenSSL", std::to_string(by_openssl));
    std::printf("OpenSSL allocates %.2f times a request\n",
                static_cast<double>(by_openssl) / kCounted);
  }

  static tls::Config Config() { return {.Certificates = {*tls::SelfSigned({"a.test"})}}; }

  support::TempDir dir_;
  http::ServeMux mux_;
  engine::Engine engine_{mux_, engine::WithPlacement(engine::kInline)};
};

TEST_P(TlsAllocation, CountsBothAtAll) {
  const size_t before = our_allocations.load();
  const size_t openssl_before = openssl_allocations.load();
  std::thread([] {
    delete[] new char[100];
    OPENSSL_free(OPENSSL_malloc(100));
  }).join();
  EXPECT_GT(our_allocations.load(), before);
  EXPECT_EQ(openssl_allocations.load(), openssl_before + 1);
}

TEST_P(TlsAllocation, Get) {
  ExpectNone("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", "\r\n\r\nHello");
}

TEST_P(TlsAllocation, PostWithBody) {
  const std::string body(3000, 'b');
  ExpectNone("POST /echo HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3000\r\n\r\n" + body,
             "\r\n0\r\n\r\n");  // in chunks
}

TEST_P(TlsAllocation, File) {
  ExpectNone("GET /file HTTP/1.1\r\nHost: a.test\r\n\r\n", "\r\n\r\n" + std::string(100'000, 'f'));
}

INSTANTIATE_TEST_SUITE_P(All, TlsAllocation,
                         testing::Values(TlsMode{netpoll::BackendKind::kEpoll, tls::VersionTLS12},
                                         TlsMode{netpoll::BackendKind::kEpoll, tls::VersionTLS13},
                                         TlsMode{netpoll::BackendKind::kIoUring, tls::VersionTLS12},
                                         TlsMode{netpoll::BackendKind::kIoUring,
                                                 tls::VersionTLS13}),
                         [](const auto& one) {
                           return std::string(netpoll::BackendName(one.param.backend)) +
                                  (one.param.version == tls::VersionTLS12 ? "_tls12" : "_tls13");
                         });

}  // namespace
}  // namespace hon::server

int main(int argc, char** argv) {
  if (CRYPTO_set_mem_functions(AllocateForOpenSsl, ReallocateForOpenSsl, FreeForOpenSsl) != 1) {
    std::fprintf(stderr, "OpenSSL has allocated already\n");
    return 1;
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
