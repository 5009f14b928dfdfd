// OpenSSL without memory: each allocation of a whole connection fails once. A program of its own,
// since OpenSSL takes other allocation functions only before its first allocation.

#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include <atomic>
#include <cstdlib>
#include <string>

#include "tls/certificate_data.h"
#include "tls_pair.h"

namespace hon::tls {
namespace {

// OpenSSL allocates on the thread that calls it; the test has one thread.
struct Allocations {
  int64_t until_failure = -1;  // -1: none fails
  int64_t made = 0;
  int64_t live = 0;
};
Allocations allocations;

bool MayAllocate() {
  ++allocations.made;
  if (allocations.until_failure < 0) return true;
  return allocations.until_failure-- != 0;
}

void* Allocate(size_t size, const char*, int) {
  if (!MayAllocate()) return nullptr;
  void* const block = std::malloc(size);
  if (block != nullptr) ++allocations.live;
  return block;
}

void* Reallocate(void* block, size_t size, const char*, int) {
  if (!MayAllocate()) return nullptr;
  void* const moved = std::realloc(block, size);
  if (block == nullptr && moved != nullptr) ++allocations.live;
  return moved;
}

void Free(void* block, const char*, int) {
  if (block != nullptr) --allocations.live;
  std::free(block);
}

/// A connection from the parse of its certificate to its end. Returns true when nothing failed.
bool WholeLife(const std::string& cert, const std::string& key) {
  const Result<Certificate> certificate = X509KeyPair(cert, key);
  if (!certificate) return false;
  Config server_config;
  server_config.Certificates = {*certificate};
  const auto server_context = ServerContext::Create(server_config);
  if (!server_context) return false;
  Config client_config;
  if (client_config.RootCAs.AddPEM(cert)) return false;
  const auto client_context = ClientContext::Create(client_config);
  if (!client_context) return false;
  LoopContext loop(*server_context);
  auto client_layer = (*client_context)->NewLayer("a.test");
  if (!client_layer) return false;
  io::BlockPool pool;
  io::LinkBuffer up(pool);
  io::LinkBuffer down(pool);
  io::LinkBuffer server_plain(pool);
  io::LinkBuffer client_plain(pool);
  const auto server = loop.NewLayer();
  io::RecordLayer& client = **client_layer;
  if (client.Start(up)) return false;
  for (int i = 0; i < 3; ++i) {
    if (server->Open(up, server_plain, down)) return false;
    // A key whose kind could not be found out counts as slow.
    if (server->HasLongStep()) server->RunLongStep();
    if (client.Open(down, client_plain, up)) return false;
  }
  if (!client.HandshakeDone() || !server->HandshakeDone()) return false;
  if (client.Seal("hello", up) || server->Open(up, server_plain, down)) return false;
  server->CloseOutput(down);
  if (client.Open(down, client_plain, up)) return false;
  return server_plain.Len() == 5 && client.InputEnded();
}

TEST(OpenSslMemory, EveryAllocationMayFail) {
  const Certificate made = *SelfSigned({"a.test"});
  const std::string cert = CertificatePEM(made);
  const std::string key = PrivateKeyPEM(made);
  ASSERT_TRUE(WholeLife(cert, key));
  allocations.made = 0;
  ASSERT_TRUE(WholeLife(cert, key));
  const int64_t all = allocations.made;
  ASSERT_GT(all, 1000);
  // A hundred allocations of the whole life, each of which fails once.
  const int64_t step = all / 100;
  const int64_t live = allocations.live;
  int64_t failed = 0;
  for (int64_t at = 0; at < all; at += step) {
    allocations.until_failure = at;
    if (!WholeLife(cert, key)) ++failed;
    allocations.until_failure = -1;
    ERR_clear_error();
  }
  EXPECT_GT(failed, 10);
  EXPECT_TRUE(WholeLife(cert, key));
  // OpenSSL keeps some blocks; a leaking connection would keep hundreds.
  EXPECT_LT(allocations.live - live, 200);
}

}  // namespace
}  // namespace hon::tls

int main(int argc, char** argv) {
  if (CRYPTO_set_mem_functions(hon::tls::Allocate, hon::tls::Reallocate, hon::tls::Free) != 1) {
    return 1;
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
