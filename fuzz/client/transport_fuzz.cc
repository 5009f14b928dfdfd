// Servers that send any bytes, in pieces, to a Transport: every call returns, an answer has no more
// content than was sent, and nothing is left of connections, fibers and blocks. The first byte is
// the version of HTTP, the second the size of the pieces; the rest is sent on each connection.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "hon/base/assert.h"
#include "hon/client/transport.h"
#include "hon/fiber/fiber.h"
#include "hon/http/client.h"
#include "hon/netpoll/loop.h"
#include "support/fake_backend.h"
#include "support/simulated_clock.h"

namespace {

using namespace hon;

constexpr size_t kBodyBytesMax = 100'000;
constexpr size_t kTurnsMax = 20'000;

void Ask(client::Transport& transport, std::string_view method, std::string_view sent,
         size_t received_max) {
  http::Request request = *http::NewRequest(
      method, "http://fuzz.test/path",
      method == "POST" ? http::Body::FromString(std::string(sent)) : http::Body());
  Result<http::Response> answer = transport.RoundTrip(request);
  if (!answer) {
    HON_ASSERT(!answer.error().Message().empty());
    return;
  }
  HON_ASSERT(answer->StatusCode >= 101 && answer->StatusCode <= 999);
  for (const http::Header::Field& field : answer->Header) {
    HON_ASSERT(!field.name.empty());
    HON_ASSERT(field.value.find_first_of("\r\n") == std::string_view::npos);
  }
  const Result<std::string> body = answer->Body.ReadAll(kBodyBytesMax);
  if (body && !answer->Uncompressed) HON_ASSERT(body->size() <= received_max);
  if (body && answer->ContentLength >= 0 && method != "HEAD") {
    HON_ASSERT(body->size() == static_cast<size_t>(answer->ContentLength));
  }
}

client::TransportOptions OptionsFor(bool http2) {
  client::TransportOptions options;
  options.DialAddress = [](std::string_view) { return std::string("192.0.2.1:80"); };
  options.Protocols.SetHTTP1(!http2);
  options.Protocols.SetUnencryptedHTTP2(http2);
  return options;
}

class Run {
 public:
  Run(bool http2, size_t piece, std::string_view bytes) : piece_(piece), bytes_(bytes) {
    auto fake = std::make_unique<netpoll::FakeBackend>();
    kernel_ = fake.get();
    clock_ = std::make_unique<test::SimulatedClock>(*kernel_);
    loop_ = netpoll::Loop::CreateOver(std::move(fake), {});
    transport_ = std::make_unique<client::Transport>(OptionsFor(http2));
  }

  void operator()() {
    {
      fiber::Scheduler scheduler(*loop_);
      size_t running = 2;
      for (const char* method : {"GET", "POST"}) {
        fiber::Go(
            [this, method, &running] {
              for (int i = 0; i < 2; ++i) Ask(*transport_, method, "some content", bytes_.size());
              --running;
            },
            {.scheduler = &scheduler});
      }
      TurnWhile([&running] { return running != 0; });
      transport_.reset();
      TurnWhile(
          [this, &scheduler] { return scheduler.Live() != 0 || kernel_->OpenSockets() != 0; });
    }
    HON_ASSERT(loop_->Blocks().InUse() == 0);
    loop_.reset();
    clock_.reset();
  }

 private:
  template <class Condition>
  void TurnWhile(const Condition& condition) {
    for (size_t turn = 0; condition(); ++turn) {
      HON_ASSERT(turn < kTurnsMax);
      loop_->Turn(Duration::zero());
      for (const int fd : kernel_->TakeConnects()) Serve(kernel_->At(fd));
      kernel_->Advance(std::chrono::milliseconds(turn < 1000 ? 1 : 1000));
    }
  }
  void Serve(netpoll::FakeSocket& socket) {
    for (std::string_view rest = bytes_; !rest.empty();) {
      socket.Sends(rest.substr(0, piece_));
      rest.remove_prefix(std::min(piece_, rest.size()));
    }
    socket.Finishes();
  }

  size_t piece_;
  std::string_view bytes_;
  netpoll::FakeBackend* kernel_ = nullptr;
  std::unique_ptr<test::SimulatedClock> clock_;
  std::unique_ptr<netpoll::Loop> loop_;
  std::unique_ptr<client::Transport> transport_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  Run(data[0] % 2 == 1, data[1] + size_t{1}, {reinterpret_cast<const char*>(data) + 2, size - 2})();
  return 0;
}
