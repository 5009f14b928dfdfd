// Output of an HTTP/2 connection that its server takes slowly, by a simulated clock.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "hon/client/transport.h"
#include "hon/fiber/fiber.h"
#include "hon/h2/frame.h"
#include "hon/http/client.h"
#include "hon/http/client_error.h"
#include "hon/netpoll/loop.h"
#include "support/fake_backend.h"
#include "support/simulated_clock.h"

namespace hon::client {
namespace {

constexpr Duration kByteTimeout = std::chrono::seconds(1);

/// One upload, of which the socket takes what the test allows.
class SlowServerTest : public ::testing::Test {
 protected:
  SlowServerTest() {
    auto fake = std::make_unique<netpoll::FakeBackend>();
    kernel_ = fake.get();
    clock_.emplace(*kernel_);
    loop_ = netpoll::Loop::CreateOver(std::move(fake), {});
    scheduler_ = std::make_unique<fiber::Scheduler>(*loop_);
    TransportOptions options;
    options.DialAddress = [](std::string_view) { return std::string("192.0.2.1:80"); };
    options.Protocols.SetHTTP2(true);
    options.Protocols.SetUnencryptedHTTP2(true);
    options.HTTP2.WriteByteTimeout = kByteTimeout;
    client_.Transport = std::make_shared<Transport>(std::move(options));
  }
  void Turn(int times = 8) {
    for (int i = 0; i < times; ++i) loop_->Turn(Duration());
  }
  /// Begins the upload. The server opens its windows, and takes nothing yet.
  void Begin() {
    fiber::Go(
        [this] {
          const Result<http::Response> answer = client_.Post(
              "http://some.test/", "text/plain", http::Body::FromString(std::string(1 << 20, 'u')));
          done_ = true;
          why_ = answer ? Error() : answer.error();
        },
        {.scheduler = scheduler_.get()});
    Turn();
    netpoll::FakeSocket& socket = Socket();
    socket.SetRoom(0);
    socket.Sends(Frame(h2::FrameType::kSettings, std::string("\x00\x04\x7f\xff\xff\xff", 6)) +
                 Frame(h2::FrameType::kWindowUpdate, std::string("\x7f\xff\x00\x00", 4)));
    Turn();
  }
  static std::string Frame(h2::FrameType type, const std::string& payload) {
    std::string bytes(h2::kFrameHeaderBytes, '\0');
    h2::WriteFrameHeader(bytes.data(), {static_cast<uint32_t>(payload.size()), type, 0, 0});
    return bytes + payload;
  }
  netpoll::FakeSocket& Socket() { return kernel_->At(kernel_->LastConnect()); }
  void Passes(Duration time) {
    kernel_->Advance(time);
    Turn();
  }
  void TearDown() override {
    if (!done_) Socket().Resets();
    for (int i = 0; i < 1000 && (scheduler_->Live() != 0 || loop_->Connections() != 0); ++i) Turn();
    EXPECT_TRUE(done_);
    client_.Transport.reset();
    scheduler_.reset();
  }

  netpoll::FakeBackend* kernel_ = nullptr;
  std::unique_ptr<netpoll::Loop> loop_;
  std::unique_ptr<fiber::Scheduler> scheduler_;
  std::optional<test::SimulatedClock> clock_;  // ends before the loop, which owns `kernel_`
  http::Client client_;
  bool done_ = false;
  Error why_;
};

TEST_F(SlowServerTest, OutputThatIsNotTakenEndsTheConnection) {  // C28, WriteByteTimeout
  Begin();
  Passes(kByteTimeout * 9 / 10);
  EXPECT_FALSE(done_);
  Passes(kByteTimeout / 5);  // the end of a time in which the head was taken
  EXPECT_FALSE(done_);
  Passes(kByteTimeout * 11 / 10);
  EXPECT_TRUE(done_);
  EXPECT_TRUE(why_.Is(http::ErrConnectionLost)) << why_.Message();
}

// The output grows behind what is taken: the unsent bytes become more, not fewer.
TEST_F(SlowServerTest, AServerThatTakesSomeIsAwaited) {  // C28, WriteByteTimeout
  Begin();
  for (int i = 0; i < 20; ++i) {
    Socket().SetRoom(i % 2 == 0 ? 30'000 : 1);
    Turn();
    Passes(kByteTimeout * 9 / 10);
    ASSERT_FALSE(done_) << "step " << i << ": " << why_.Message();
  }
}

}  // namespace
}  // namespace hon::client
