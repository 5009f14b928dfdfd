#pragma once

// A server on an ephemeral port of the loopback, for tests that talk to it over sockets. The same
// tests run over every backend that this kernel allows.

#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "hon/engine/engine.h"
#include "hon/http/serve_mux.h"
#include "hon/server/server.h"
#include "support/suite_placement.h"
#include "support/wire_peer.h"

namespace hon::test {

/// The events that the engine reported, kept for assertions. Stalls are apart, since a busy machine
/// may add some: the details of those that a handler has caused.
class EventLog {
 public:
  struct Entry {
    engine::Event::Kind kind;
    int status;
    std::string pattern;
    std::string detail;
  };
  engine::EventHook Hook() {
    return [this](const engine::Event& event) {
      // A busy machine holds any loop for a moment.
      std::lock_guard lock(mutex_);
      if (event.kind == engine::Event::Kind::kStall) {
        if (!event.pattern.empty()) stalls_.emplace_back(event.detail);
        return;
      }
      entries_.push_back(
          {event.kind, event.status, std::string(event.pattern), std::string(event.detail)});
    };
  }
  [[nodiscard]] std::vector<Entry> Entries() const {
    std::lock_guard lock(mutex_);
    return entries_;
  }
  [[nodiscard]] std::vector<std::string> Stalls() const {
    std::lock_guard lock(mutex_);
    return stalls_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
  std::vector<std::string> stalls_;
};

/// For tests of engine and server: several servers of one engine, which end for certain. Tests of
/// handlers use httptest::Server.
class TestServer {
 public:
  template <class... With>
  TestServer(engine::Engine& engine, netpoll::BackendKind backend, With... options)
      : server_(engine, server::WithBackend(backend), server::WithLoops(1), options...) {
    const Error err = server_.Listen("127.0.0.1:0");
    if (err) ADD_FAILURE() << err.Message();
    address_ = server_.Addresses().front();
  }
  [[nodiscard]] const std::string& Address() const { return address_; }
  [[nodiscard]] server::Server& Get() { return server_; }

 private:
  server::Server server_;
  std::string address_;
};

/// A backend, and the placement of handlers.
struct Mode {
  netpoll::BackendKind backend;
  engine::Placement placement;
  operator netpoll::BackendKind() const { return backend; }  // NOLINT(google-explicit-constructor)
};

inline std::string ModeName(const testing::TestParamInfo<Mode>& info) {
  return std::string(netpoll::BackendName(info.param.backend)) +
         (info.param.placement == engine::kWorkers ? "_workers" : "_inline");
}

inline void SkipWithoutBackend(netpoll::BackendKind backend) {
  if (auto loop = netpoll::Loop::Create({.backend = backend}); !loop) {
    GTEST_SKIP() << "HON_TEST_SKIPPED: no " << netpoll::BackendName(backend)
                 << " here: " << loop.error().Message();
  }
}

/// Base of tests that run once for each backend; skips, and says so, where the kernel refuses one.
class BackendTest : public testing::TestWithParam<netpoll::BackendKind> {
 protected:
  void SetUp() override { SkipWithoutBackend(GetParam()); }
};

/// As BackendTest, once with every handler inline and once with every handler on a worker.
class ModeTest : public testing::TestWithParam<Mode> {
 protected:
  void SetUp() override { SkipWithoutBackend(GetParam()); }
};

inline std::string BackendParamName(const testing::TestParamInfo<netpoll::BackendKind>& info) {
  return std::string(netpoll::BackendName(info.param));
}

}  // namespace hon::test

#define HON_INSTANTIATE_BACKENDS(suite)                                                        \
  INSTANTIATE_TEST_SUITE_P(                                                                    \
      All, suite,                                                                              \
      testing::Values(hon::netpoll::BackendKind::kIoUring, hon::netpoll::BackendKind::kEpoll), \
      hon::test::BackendParamName)

#define HON_INSTANTIATE_MODES(suite)                                                               \
  INSTANTIATE_TEST_SUITE_P(                                                                        \
      All, suite,                                                                                  \
      testing::Values(hon::test::Mode{hon::netpoll::BackendKind::kIoUring, hon::engine::kInline},  \
                      hon::test::Mode{hon::netpoll::BackendKind::kEpoll, hon::engine::kInline},    \
                      hon::test::Mode{hon::netpoll::BackendKind::kIoUring, hon::engine::kWorkers}, \
                      hon::test::Mode{hon::netpoll::BackendKind::kEpoll, hon::engine::kWorkers}),  \
      hon::test::ModeName)
