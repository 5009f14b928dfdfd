#pragma once

// The engine on a loop over a fake kernel, with one connection, by the clock of that kernel.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hon/engine/engine.h"
#include "hon/fiber/fiber.h"
#include "hon/http/serve_mux.h"
#include "hon/netpoll/loop.h"
#include "support/fake_backend.h"
#include "support/simulated_clock.h"

namespace hon::engine {

class ConnTest : public ::testing::Test {
 protected:
  /// `text` makes the entries of events_.
  explicit ConnTest(std::string (*text)(const Event&))
      : engine_(
            mux_, WithStallTime(kUnlimited), WithPlacement(kInline),
            WithRequestTimeout(std::chrono::seconds(5)),
            WithEventHook([this, text](const Event& event) { events_.push_back(text(event)); })) {
    auto fake = std::make_unique<netpoll::FakeBackend>();
    kernel_ = fake.get();
    clock_.emplace(*kernel_);
    loop_ = netpoll::Loop::CreateOver(std::move(fake), {});
    scheduler_ = std::make_unique<fiber::Scheduler>(*loop_);
  }
  void TearDown() override {
    serving_->CloseAll(io::ErrClosed);
    while (serving_->Connections() != 0 || scheduler_->Live() != 0)
      loop_->Turn(std::chrono::milliseconds(1));
    serving_.reset();
    scheduler_.reset();
  }

  static ConnSettings Settings() {
    ConnSettings settings;
    settings.read_header_timeout = std::chrono::seconds(1);
    settings.keep_alive_timeout = std::chrono::seconds(10);
    settings.write_timeout = std::chrono::seconds(3);
    return settings;
  }
  /// Begins to serve the connection. Called once, by the constructor of a derived class.
  void Serve(const ConnSettings& settings) {
    serving_ = LoopEngine::Create(engine_, *scheduler_, settings, shared_);
    fd_ = kernel_->Open();
    const auto adopted = loop_->Adopt(fd_, *serving_);
    EXPECT_TRUE(adopted.has_value());
  }
  [[nodiscard]] netpoll::FakeSocket& Socket() { return kernel_->At(fd_); }

  http::ServeMux mux_;
  std::vector<std::string> events_;
  Engine engine_;
  LoopEngine::Shared shared_;
  netpoll::FakeBackend* kernel_ = nullptr;
  std::unique_ptr<netpoll::Loop> loop_;
  std::unique_ptr<fiber::Scheduler> scheduler_;
  std::unique_ptr<LoopEngine> serving_;
  std::optional<test::SimulatedClock> clock_;  // ends before the loop, which owns `kernel_`
  int fd_ = -1;
};

}  // namespace hon::engine
