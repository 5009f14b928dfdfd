#pragma once

// Over the scripted kernel: a connection with the record layer of support/xor_record_layer.h, and
// its peer.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "netpoll/fixture.h"
#include "support/fake_backend.h"
#include "support/xor_record_layer.h"

namespace hon::netpoll {

inline std::unique_ptr<test::XorRecordLayer> NewLayer(test::XorRecordLayer::Role role,
                                                      std::string protocol = {}) {
  return std::make_unique<test::XorRecordLayer>(role, std::move(protocol));
}

/// The connection is the server's end, over the scripted kernel.
class RecordsTest : public testing::Test {
 protected:
  using Role = test::XorRecordLayer::Role;

  RecordsTest() { Restart(); }
  ~RecordsTest() override { handler_.ForgetHooks(); }

  void Restart() {
    handler_.ForgetHooks();
    loop_.reset();
    handler_.events.clear();
    handler_.why = {};
    auto fake = std::make_unique<FakeBackend>();
    kernel_ = fake.get();
    loop_ = Loop::CreateOver(std::move(fake), {});
    handler_.prepare = [](Connection& c) { c.SetRecordLayer(NewLayer(Role::kServer)); };
    peer_ = std::make_unique<test::RecordPeer>(NewLayer(Role::kClient));
  }

  Connection& Adopt() {
    fd_ = kernel_->Open();
    return **loop_->Adopt(fd_, handler_);
  }
  /// A connection after its handshake.
  Connection& AdoptOpen() {
    Connection& c = Adopt();
    Exchange();
    EXPECT_EQ(handler_.Count("connect"), 1U);
    return c;
  }
  FakeSocket& Socket() { return kernel_->At(fd_); }
  void Turn(int times = 1) {
    for (int i = 0; i < times; ++i) loop_->Turn(Duration::zero());
  }
  /// Moves the bytes of both ends until neither has more.
  void Exchange() {
    for (int i = 0; i < 100; ++i) {
      std::string out = peer_->TakeSealed();
      if (!out.empty()) Socket().Sends(out);
      Turn(2);
      const std::string in = Socket().Take();
      if (Error why = peer_->Receive(in)) peer_failure_ = why;
      if (in.empty() && peer_->Sealed().Empty()) return;
    }
    FAIL() << "the ends go on for ever";
  }

  Recorder handler_;
  FakeBackend* kernel_ = nullptr;
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<test::RecordPeer> peer_;
  Error peer_failure_;
  int fd_ = -1;
};

}  // namespace hon::netpoll
