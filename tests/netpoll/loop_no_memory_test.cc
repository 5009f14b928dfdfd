// Each allocation of a loop over the kernel's own backends fails in turn, while a peer sends more
// than a block and gets all of it back.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <utility>

#include "netpoll/fixture.h"
#include "support/failing_allocations.h"
#include "support/xor_record_layer.h"

namespace hon::netpoll {
namespace {

using test::XorRecordLayer;

class NoMemory : public BackendTest {};

// Sends back what comes, and closes without memory, as the engine does.
class EchoOrClose final : public EventHandler {
 public:
  void OnRequest(Connection& c) override {
    try {
      Echo(c);
    } catch (const std::bad_alloc&) {
      c.Close(CloseHow::kAbort);
    }
  }
};

// The echo of `bytes`, or what came of it before the connection was cut.
std::string EchoWith(Loop& loop, EventHandler& handler, const std::string& bytes, size_t fails_at,
                     bool* failed) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return {};
  const Peer peer(ends[1]);
  std::string got;
  got.reserve(2 * bytes.size());
  const test::FailingAllocation failing(fails_at);
  const bool adopted = loop.Adopt(ends[0], handler).has_value();
  size_t sent = 0;
  for (int i = 0; adopted && i < 300 && got.size() < bytes.size(); ++i) {
    {
      const test::SafeAllocations safe;
      sent += peer.SendSome(std::string_view(bytes).substr(sent));
    }
    loop.Turn(std::chrono::milliseconds(1));
    const test::SafeAllocations safe;
    got += peer.ReceiveSome();
    if (peer.State() <= 0) break;
  }
  *failed = test::FailingAllocation::Failed();
  return got;
}

TEST_P(NoMemory, EachFailedAllocationCostsAtMostItsConnection) {
  const std::string bytes(100'000, 'x');
  EchoOrClose handler;
  bool failed = true;
  size_t at = 1;
  for (; failed && at < 1000; ++at) {
    SCOPED_TRACE("allocation " + std::to_string(at));
    // A loop without free blocks.
    auto loop = Loop::Create({.backend = GetParam(), .cached_blocks_max = 0});
    ASSERT_TRUE(loop);
    (*loop)->Turn(Duration::zero());
    const std::string got = EchoWith(**loop, handler, bytes, at, &failed);
    EXPECT_TRUE(bytes.starts_with(got));
    bool ignored = false;
    EXPECT_EQ(EchoWith(**loop, handler, bytes, 0, &ignored), bytes);  // the loop goes on
  }
  EXPECT_GT(at, 3U);
  EXPECT_LT(at, 1000U);
}

// As EchoOrClose, with a record layer.
class SecureEcho final : public EventHandler {
 public:
  void OnPrepare(Connection& c) override {
    try {
      c.SetRecordLayer(std::make_unique<XorRecordLayer>(XorRecordLayer::Role::kServer));
    } catch (const std::bad_alloc&) {
      c.Close(CloseHow::kAbort);
    }
  }
  void OnRequest(Connection& c) override { echo_.OnRequest(c); }

 private:
  EchoOrClose echo_;
};

// As EchoWith, for a client that sends `bytes` behind its handshake.
std::string SecureEchoWith(Loop& loop, EventHandler& handler, const std::string& bytes,
                           size_t fails_at, bool* failed) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return {};
  const Peer socket(ends[1]);
  test::RecordPeer client(std::make_unique<XorRecordLayer>(XorRecordLayer::Role::kClient));
  std::string got;
  std::string unsent;
  bool sealed = false;
  const test::FailingAllocation failing(fails_at);
  const bool adopted = loop.Adopt(ends[0], handler).has_value();
  for (int i = 0; adopted && i < 300 && got.size() < bytes.size(); ++i) {
    {
      const test::SafeAllocations safe;
      if (client.Layer().HandshakeDone() && !std::exchange(sealed, true)) client.Seal(bytes);
      unsent += client.TakeSealed();
      unsent.erase(0, socket.SendSome(unsent));
    }
    loop.Turn(std::chrono::milliseconds(1));
    const test::SafeAllocations safe;
    if (client.Receive(socket.ReceiveSome())) break;
    got += client.TakePlain();
    if (socket.State() <= 0) break;
  }
  const test::SafeAllocations safe;
  *failed = test::FailingAllocation::Failed();
  return got;
}

TEST_P(NoMemory, EachFailedAllocationOfARecordLayerCostsAtMostItsConnection) {
  const std::string bytes(100'000, 'x');
  SecureEcho handler;
  bool failed = true;
  size_t at = 1;
  for (; failed && at < 1000; ++at) {
    SCOPED_TRACE("allocation " + std::to_string(at));
    auto loop = Loop::Create({.backend = GetParam(), .cached_blocks_max = 0});
    ASSERT_TRUE(loop);
    (*loop)->Turn(Duration::zero());
    const std::string got = SecureEchoWith(**loop, handler, bytes, at, &failed);
    EXPECT_TRUE(bytes.starts_with(got));
    bool ignored = false;
    EXPECT_EQ(SecureEchoWith(**loop, handler, bytes, 0, &ignored), bytes);
  }
  EXPECT_GT(at, 20U);
  EXPECT_LT(at, 1000U);
}

HON_BACKEND_TEST(NoMemory);

}  // namespace
}  // namespace hon::netpoll
