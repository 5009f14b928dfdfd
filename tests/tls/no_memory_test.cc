// Allocations of ours that fail inside of callbacks of OpenSSL, whose C code no exception may
// cross.

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <new>
#include <string>

#include "support/failing_allocations.h"
#include "tls_pair.h"

namespace hon::tls {
namespace {

enum class Outcome { kDone, kError, kThrown };

/// The allocation at `at` fails (0: none) while `peer` receives `bytes`.
Outcome ReceiveWithout(RecordPeer& peer, const std::string& bytes, size_t at, bool* failed) {
  io::BlockPool& pool = peer.Sealed().Pool();
  for (io::Block* block : std::array{pool.Get(), pool.Get(), pool.Get(), pool.Get()}) {
    io::BlockPool::Unref(block);  // from now on, a block takes no allocation
  }
  const test::FailingAllocation failing(at);
  Outcome outcome = Outcome::kThrown;
  try {
    outcome = peer.Receive(bytes) ? Outcome::kError : Outcome::kDone;
  } catch (const std::bad_alloc&) {  // of the layer itself: its connection catches it
  }
  *failed = test::FailingAllocation::Failed();
  return outcome;
}

class NoMemory : public testing::TestWithParam<uint16_t> {
 protected:
  [[nodiscard]] Config OurClient() const {
    Config config = ClientConfig();
    config.MaxVersion = GetParam();
    return config;
  }
};

// The server's ticket comes behind its handshake (TLS 1.3), so that nothing else is allocated.
TEST(SessionMemory, ASessionThatCannotBeKeptIsDropped) {
  bool failed = true;
  size_t at = 1;
  for (; failed && at < 100; ++at) {
    SCOPED_TRACE("allocation " + std::to_string(at));
    Pair pair(ServerConfig(), ClientConfig());
    EXPECT_FALSE(pair.server.Receive(pair.client.TakeSealed()));
    EXPECT_FALSE(pair.client.Receive(pair.server.TakeSealed()));
    EXPECT_FALSE(pair.server.Receive(pair.client.TakeSealed()));
    ASSERT_TRUE(pair.Done());
    const Outcome outcome = ReceiveWithout(pair.client, pair.server.TakeSealed(), at, &failed);
    EXPECT_EQ(outcome, Outcome::kDone);
    pair.server.Seal("goes on");
    pair.Exchange();
    EXPECT_EQ(pair.client.TakePlain(), "goes on");
    RecordPeer server(pair.loop.NewLayer());
    RecordPeer client(*pair.client_context->NewLayer("a.test"));
    EXPECT_FALSE(server.Receive(client.TakeSealed()));
    EXPECT_FALSE(client.Receive(server.TakeSealed()));
    ASSERT_TRUE(client.Layer().HandshakeDone());
    EXPECT_EQ(client.Layer().State()->DidResume, !failed);
  }
  EXPECT_GT(at, 3U);
  EXPECT_LT(at, 100U);
}

// The first ticket of a server makes the keys for tickets.
TEST_P(NoMemory, ATicketWithoutMemoryCostsItsConnection) {
  bool failed = true;
  size_t at = 1;
  size_t errors = 0;
  for (; failed && at < 100; ++at) {
    SCOPED_TRACE("allocation " + std::to_string(at));
    Pair pair(ServerConfig(), OurClient());
    EXPECT_FALSE(pair.server.Receive(pair.client.TakeSealed()));
    EXPECT_FALSE(pair.client.Receive(pair.server.TakeSealed()));
    const Outcome outcome = ReceiveWithout(pair.server, pair.client.TakeSealed(), at, &failed);
    EXPECT_EQ(outcome == Outcome::kDone, !failed);
    if (outcome == Outcome::kError) ++errors;
    RecordPeer server(pair.loop.NewLayer());
    RecordPeer client(*pair.client_context->NewLayer("a.test"));
    for (int i = 0; i < 3; ++i) {
      EXPECT_FALSE(server.Receive(client.TakeSealed()));
      EXPECT_FALSE(client.Receive(server.TakeSealed()));
    }
    EXPECT_TRUE(client.Layer().HandshakeDone() && server.Layer().HandshakeDone());
  }
  EXPECT_GT(errors, 0U);  // of the library's callback, which has caught the exception
  EXPECT_LT(at, 100U);
}

INSTANTIATE_TEST_SUITE_P(Versions, NoMemory, testing::Values(VersionTLS12, VersionTLS13),
                         [](const testing::TestParamInfo<uint16_t>& version) {
                           return version.param == VersionTLS12 ? "Tls12" : "Tls13";
                         });

}  // namespace
}  // namespace hon::tls
