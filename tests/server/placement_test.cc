// Handlers that hold their thread: where they run, and the effect on other requests.

#include <atomic>
#include <chrono>
#include <set>
#include <stdexcept>
#include <thread>

#include "hon/fiber/blocking.h"
#include "hon/fiber/fiber.h"
#include "hon/http/middleware.h"
#include "hon/io/io.h"
#include "support/eventually.h"
#include "support/test_server.h"

namespace hon {
namespace {

using test::WirePeer;
using namespace std::chrono_literals;

std::string Get(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: t\r\n\r\n";
}

class PlacementTest : public test::BackendTest {
 protected:
  PlacementTest() {
    mux_.HandleFunc("GET /where", [](http::ResponseWriter& w, http::Request&) {
      w.Write(OnWorker() ? "worker" : "loop");
    });
    mux_.HandleFunc("GET /held", [this](http::ResponseWriter& w, http::Request&) {
      w.Write(OnWorker() ? "worker" : "loop");
      ++held_;
      while (held_ > 0 && holding_) std::this_thread::sleep_for(1ms);
      --held_;
    });
    mux_.HandleFunc("GET /slow", [this](http::ResponseWriter& w, http::Request&) {
      w.Write(OnWorker() ? "worker" : "loop");
      std::this_thread::sleep_for(std::chrono::milliseconds(slow_ms_.load()));
    });
    mux_.HandleFunc("GET /slow-to-throw", [](http::ResponseWriter&, http::Request&) {
      std::this_thread::sleep_for(3ms);
      throw std::runtime_error(OnWorker() ? "on worker" : "on loop");
    });
    mux_.HandleFunc("GET /waits", [](http::ResponseWriter& w, http::Request& r) {
      w.Write(OnWorker() ? "worker" : "loop");
      const Error err = fiber::Sleep(r.Context(), 300ms);
      static_cast<void>(err);
    });
    mux_.HandleFunc("GET /quick", [](http::ResponseWriter& w, http::Request&) { w.Write("q"); });
  }

  // Threads are named by their role.
  static bool OnWorker() {
    char name[32] = "";
    pthread_getname_np(pthread_self(), name, sizeof name);
    return std::string_view(name).starts_with("hon-worker-");
  }

  static std::string Ask(WirePeer& peer, std::string_view path) {
    return peer.Send(Get(path)) ? peer.ReadAnswer().body : "";
  }

  // The slow route moves to a worker and returns; the others stay. `around` ends every answer.
  void ExpectSlowMovesAndComesBack(engine::Engine& engine, const std::string& around) {
    test::TestServer server(engine, GetParam());
    WirePeer peer(server.Address());
    slow_ms_ = 50;
    EXPECT_EQ(Ask(peer, "/slow"), "loop" + around);
    EXPECT_EQ(Ask(peer, "/slow"), "worker" + around);
    EXPECT_EQ(Ask(peer, "/quick"), "q" + around);
    EXPECT_EQ(Ask(peer, "/where"), "loop" + around);
    slow_ms_ = 0;
    EXPECT_TRUE(test::Eventually([&] { return Ask(peer, "/slow") == "loop" + around; }));
  }

  http::ServeMux mux_;
  test::EventLog log_;
  std::atomic<int> held_{0};
  std::atomic<bool> holding_{true};
  std::atomic<int> slow_ms_{3};
};

TEST_P(PlacementTest, QuickAndWaitingHandlersStayOnTheLoop) {
  // Far below the wait, and above the time that a loaded machine may take for a call.
  engine::Engine engine(mux_, engine::WithPlacementLimit(100ms), engine::WithStallTime(kUnlimited));
  test::TestServer server(engine, GetParam());
  WirePeer peer(server.Address());
  for (int i = 0; i < 4; ++i) EXPECT_EQ(Ask(peer, "/waits"), "loop");
  for (int i = 0; i < 500; ++i) ASSERT_EQ(Ask(peer, "/quick"), "q");
  EXPECT_EQ(Ask(peer, "/where"), "loop");
}

TEST_P(PlacementTest, AHandlerThatHoldsTheLoopMovesAndComesBack) {
  // Far above a quick call's time on a loaded machine.
  engine::Engine engine(mux_, engine::WithPlacementLimit(20ms), engine::WithStallTime(kUnlimited));
  ExpectSlowMovesAndComesBack(engine, "");
}

TEST_P(PlacementTest, ACallThatThrowsIsMeasuredToo) {
  engine::Engine engine(mux_, engine::WithEventHook(log_.Hook()));
  test::TestServer server(engine, GetParam());
  for (int i = 0; i < 2; ++i) {
    WirePeer peer(server.Address());
    ASSERT_TRUE(peer.Send(Get("/slow-to-throw")));
    EXPECT_EQ(peer.ReadAnswer().status, 500);
  }
  std::vector<std::string> panics;
  for (const auto& entry : log_.Entries()) {
    if (entry.kind == engine::Event::Kind::kPanic) panics.push_back(entry.detail);
  }
  EXPECT_EQ(panics, (std::vector<std::string>{"on loop", "on worker"}));
}

TEST_P(PlacementTest, ARouteMayAskForItsPlace) {
  const auto where = [](http::ResponseWriter& w, http::Request&) {
    w.Write(OnWorker() ? "worker" : "loop");
  };
  http::ServeMux inner;
  inner.Handle("GET /in/inline", engine::Place(engine::kInline, where));
  inner.HandleFunc("GET /in/rest", where);
  mux_.Handle("GET /inline", engine::Place(engine::kInline, where));
  mux_.Handle("GET /workers", engine::Place(engine::kWorkers, where));
  mux_.Handle("GET /in/", engine::Place(engine::kWorkers, inner));
  for (const auto placement : {engine::kInline, engine::kWorkers, engine::kAdaptive}) {
    engine::Engine engine(mux_, engine::WithPlacement(placement));
    test::TestServer server(engine, GetParam());
    WirePeer peer(server.Address());
    EXPECT_EQ(Ask(peer, "/inline"), "loop");
    EXPECT_EQ(Ask(peer, "/workers"), "worker");
    EXPECT_EQ(Ask(peer, "/in/inline"), "loop");
    EXPECT_EQ(Ask(peer, "/in/rest"), "worker");
    EXPECT_EQ(Ask(peer, "/where"), placement == engine::kWorkers ? "worker" : "loop");
  }
  // Also without a mux.
  const http::HandlerPtr alone = engine::Place(engine::kWorkers, where);
  engine::Engine engine(*alone);
  test::TestServer server(engine, GetParam());
  WirePeer peer(server.Address());
  EXPECT_EQ(Ask(peer, "/"), "worker");
}

// A handler around another one, opaque to the engine: records its thread before and after.
http::HandlerPtr Around(http::HandlerPtr inner) {
  return std::make_shared<http::HandlerFunc>([inner](http::ResponseWriter& w, http::Request& r) {
    const std::thread::id before = std::this_thread::get_id();
    inner->ServeHTTP(w, r);
    w.Write(before == std::this_thread::get_id() ? ", around" : ", moved");
  });
}

TEST_P(PlacementTest, RoutesOfAWrappedMuxHaveTheirPlaces) {
  const auto where = [](http::ResponseWriter& w, http::Request&) {
    w.Write(OnWorker() ? "worker" : "loop");
  };
  http::ServeMux below;
  below.Handle("GET /workers", engine::Place(engine::kWorkers, where));
  below.HandleFunc("GET /rest", where);
  below.HandleFunc("GET /throws", [](http::ResponseWriter&, http::Request&) {
    throw std::runtime_error(OnWorker() ? "on worker" : "on loop");
  });
  mux_.Handle("GET /workers", engine::Place(engine::kWorkers, where));
  mux_.Handle("GET /within", Around(engine::Place(engine::kWorkers, where)));
  mux_.Mount("/mounted", below);
  mux_.Handle("/stripped/", http::StripPrefix("/stripped", below));
  mux_.Handle("/all/", engine::Place(engine::kWorkers, http::StripPrefix("/all", below)));
  mux_.Handle("/none/", engine::Place(engine::kInline, http::StripPrefix("/none", below)));
  const http::HandlerPtr wrapped = Around(http::HandlerPtr(http::HandlerPtr(), &mux_));
  // On any busy machine, no call here counts as slow.
  engine::Engine engine(*wrapped, engine::WithEventHook(log_.Hook()),
                        engine::WithPlacementLimit(10s), engine::WithStallTime(kUnlimited));
  test::TestServer server(engine, GetParam());
  WirePeer peer(server.Address());
  EXPECT_EQ(Ask(peer, "/where"), "loop, around");
  EXPECT_EQ(Ask(peer, "/workers"), "worker, around");
  EXPECT_EQ(Ask(peer, "/within"), "worker, around, around");
  EXPECT_EQ(Ask(peer, "/mounted/workers"), "worker, around");
  EXPECT_EQ(Ask(peer, "/mounted/rest"), "loop, around");
  EXPECT_EQ(Ask(peer, "/stripped/workers"), "worker, around");
  EXPECT_EQ(Ask(peer, "/stripped/rest"), "loop, around");
  EXPECT_EQ(Ask(peer, "/all/rest"), "worker, around");
  // An inner placement takes precedence over an outer one; a handler without one gets the outer
  // placement.
  EXPECT_EQ(Ask(peer, "/none/workers"), "worker, around");
  EXPECT_EQ(Ask(peer, "/none/rest"), "loop, around");
  ASSERT_TRUE(peer.Send(Get("/all/throws")));
  EXPECT_EQ(peer.ReadAnswer().status, 500);
  EXPECT_EQ(log_.Entries().back().detail, "on worker");
}

TEST_P(PlacementTest, RoutesOfAWrappedMuxAreJudgedOneByOne) {
  const http::HandlerPtr wrapped = Around(http::HandlerPtr(http::HandlerPtr(), &mux_));
  engine::Engine engine(*wrapped, engine::WithPlacementLimit(20ms),
                        engine::WithStallTime(kUnlimited));
  ExpectSlowMovesAndComesBack(engine, ", around");
}

// The outer handler reads and writes before and after, with a long body and a long answer.
TEST_P(PlacementTest, BodyAndAnswerGoOverToAWorkerAndBack) {
  constexpr size_t kPart = 300'000;
  mux_.Handle("POST /sum",
              engine::Place(engine::kWorkers, [](http::ResponseWriter& w, http::Request& r) {
                std::string part(kPart, '\0');
                EXPECT_FALSE(io::ReadFull(r.Body, part).err);
                w.Write(part);
                w.Write(OnWorker() ? "worker" : "loop");
              }));
  http::HandlerFunc around([this](http::ResponseWriter& w, http::Request& r) {
    EXPECT_FALSE(w.EnableFullDuplex());
    std::string part(kPart, '\0');
    EXPECT_FALSE(io::ReadFull(r.Body, part).err);
    w.Write(part);
    mux_.ServeHTTP(w, r);
    const Result<std::string> rest = r.Body.ReadAll();
    w.Write(rest ? *rest : rest.error().Message());
  });
  engine::Engine engine(around);
  test::TestServer server(engine, GetParam());
  WirePeer peer(server.Address());
  const std::string body = std::string(kPart, 'a') + std::string(kPart, 'b') + "c";
  for (int i = 0; i < 3; ++i) {
    std::thread sender([&] {
      EXPECT_TRUE(peer.Send("POST /sum HTTP/1.1\r\nHost: t\r\nContent-Length: " +
                            std::to_string(body.size()) + "\r\n\r\n" + body));
    });
    const std::string answer = peer.ReadAnswer().body;
    sender.join();
    EXPECT_EQ(answer.size(), 2 * kPart + 7);
    EXPECT_TRUE(answer == body.substr(0, 2 * kPart) + "workerc");
  }
}

TEST_P(PlacementTest, BlockedCallsRunInParallelAndNobodyElseWaits) {
  constexpr int kCalls = 50;
  engine::Engine engine(mux_, engine::WithPlacement(engine::kWorkers),
                        engine::WithMaxWorkers(kCalls + kCalls / 7 + 1));
  test::TestServer server(engine, GetParam());
  std::vector<std::unique_ptr<WirePeer>> peers;
  for (int i = 0; i < kCalls; ++i) {
    peers.push_back(std::make_unique<WirePeer>(server.Address()));
    ASSERT_TRUE(peers.back()->Send(Get("/held")));
  }
  // All calls are inside at once, each on its own thread.
  EXPECT_TRUE(test::Eventually([&] { return held_ == kCalls; })) << held_;
  holding_ = false;
  for (auto& peer : peers) EXPECT_EQ(peer->ReadAnswer().body, "worker");
}

TEST_P(PlacementTest, NoMoreThreadsThanAllowed) {
  constexpr int kWorkers = 3;
  engine::Engine engine(mux_, engine::WithPlacement(engine::kWorkers),
                        engine::WithMaxWorkers(kWorkers));
  test::TestServer server(engine, GetParam());
  std::vector<std::unique_ptr<WirePeer>> peers;
  for (int i = 0; i < kWorkers + 3; ++i) {
    peers.push_back(std::make_unique<WirePeer>(server.Address()));
    ASSERT_TRUE(peers.back()->Send(Get("/held")));
  }
  EXPECT_TRUE(test::Eventually([&] { return held_ == kWorkers; }));
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(held_, kWorkers);
  holding_ = false;
  for (auto& peer : peers) EXPECT_EQ(peer->ReadAnswer().body, "worker");
}

TEST_P(PlacementTest, BlockingCallsOfAllThreadsShareALimit) {
  constexpr int kThreads = 2;
  mux_.HandleFunc("GET /blocking", [this](http::ResponseWriter& w, http::Request&) {
    const Result<void> done = fiber::Blocking([this] {
      ++held_;
      while (holding_) std::this_thread::sleep_for(1ms);
      --held_;
    });
    w.Write(done ? "done" : done.error().Message());
  });
  mux_.Handle("GET /worker", engine::Place(engine::kWorkers, [this](auto& w, http::Request& r) {
                r.URL.Path = "/blocking";
                mux_.ServeHTTP(w, r);
              }));
  engine::Engine engine(mux_, engine::WithMaxBlocking(kThreads));
  test::TestServer server(engine, GetParam(), server::WithLoops(2));
  std::vector<std::unique_ptr<WirePeer>> peers;
  for (const char* path : {"/blocking", "/worker", "/blocking", "/worker", "/blocking"}) {
    peers.push_back(std::make_unique<WirePeer>(server.Address()));
    ASSERT_TRUE(peers.back()->Send(Get(path)));
  }
  EXPECT_TRUE(test::Eventually([&] { return held_ == kThreads; }));
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(held_, kThreads);
  holding_ = false;
  for (auto& peer : peers) EXPECT_EQ(peer->ReadAnswer().body, "done");
}

TEST_P(PlacementTest, AStallIsReportedWithoutAStackWhereNoneIsWanted) {
  std::atomic<int> reports{0};
  std::atomic<size_t> stack_bytes{0};
  engine::Engine engine(mux_, engine::WithStallStacks(false),
                        engine::WithEventHook([&](const engine::Event& event) {
                          if (event.kind != engine::Event::Kind::kStall) return;
                          stack_bytes += event.stack.size();
                          ++reports;
                        }));
  test::TestServer server(engine, GetParam());
  WirePeer holder(server.Address());
  ASSERT_TRUE(holder.Send(Get("/held")));
  EXPECT_TRUE(test::Eventually([&] { return reports > 0; }));
  holding_ = false;
  EXPECT_EQ(holder.ReadAnswer().body, "loop");
  EXPECT_EQ(stack_bytes, 0U);
}

TEST_P(PlacementTest, TheFirstSlowCallIsReportedAndOthersAreLetIn) {
  std::mutex mutex;
  std::string pattern, stack;
  engine::Engine engine(mux_, engine::WithEventHook([&](const engine::Event& event) {
                          if (event.kind != engine::Event::Kind::kStall) return;
                          const std::lock_guard lock(mutex);
                          if (!pattern.empty()) return;
                          pattern = event.pattern;
                          stack = event.stack;
                        }));
  test::TestServer server(engine, GetParam());
  WirePeer holder(server.Address());
  ASSERT_TRUE(holder.Send(Get("/held")));
  ASSERT_TRUE(test::Eventually([&] { return held_ == 1; }));
  // The only loop is held and answers no request; a new connection is answered all the same.
  {
    WirePeer peer(server.Address());
    EXPECT_EQ(Ask(peer, "/quick"), "q");
    EXPECT_EQ(Ask(peer, "/where"), "loop");
    // The pattern is known now: its next call holds no loop.
    WirePeer second(server.Address());
    ASSERT_TRUE(second.Send(Get("/held")));
    EXPECT_TRUE(test::Eventually([&] { return held_ == 2; }));
    EXPECT_EQ(Ask(peer, "/quick"), "q");
    holding_ = false;
    EXPECT_EQ(second.ReadAnswer().body, "worker");
  }
  EXPECT_EQ(holder.ReadAnswer().body, "loop");
  EXPECT_TRUE(test::Eventually([&] {
    const std::lock_guard lock(mutex);
    return !pattern.empty();
  }));
  const std::lock_guard lock(mutex);
  EXPECT_EQ(pattern, "GET /held");
  // Sanitizers may deliver the signal late.
#if !defined(HON_ASAN) && !defined(HON_TSAN)
  EXPECT_NE(stack.find("nanosleep"), std::string::npos) << stack;
#endif
  EXPECT_EQ(server.Get().Loops(), 1u);
}

// A mutex that is held across a wait stops a loop; the report says so.
TEST_P(PlacementTest, AStallByAMutexSaysSo) {
  std::mutex wanted;
  mux_.HandleFunc("GET /locks", [&](http::ResponseWriter& w, http::Request&) {
    const std::lock_guard lock(wanted);
    w.Write("locked");
  });
  engine::Engine engine(mux_, engine::WithEventHook(log_.Hook()));
  test::TestServer server(engine, GetParam());
  WirePeer peer(server.Address());
  {
    const std::lock_guard lock(wanted);
    ASSERT_TRUE(peer.Send(Get("/locks")));
    ASSERT_TRUE(test::Eventually([&] { return !log_.Stalls().empty(); }));
  }
  EXPECT_EQ(peer.ReadAnswer().body, "locked");
  // Sanitizers may deliver the signal late.
#if !defined(HON_ASAN) && !defined(HON_TSAN)
  EXPECT_NE(log_.Stalls().front().find("waits for a mutex"), std::string::npos)
      << log_.Stalls().front();
  EXPECT_NE(log_.Stalls().front().find("fiber::Mutex"), std::string::npos) << log_.Stalls().front();
#endif
}

TEST_P(PlacementTest, CallsWhoseClientHasGoneAreNotBegun) {
  std::atomic<int> begun{0};
  mux_.HandleFunc("GET /counts", [&](http::ResponseWriter& w, http::Request&) {
    ++begun;
    w.Write("counted");
  });
  engine::Engine engine(mux_, engine::WithPlacement(engine::kWorkers), engine::WithMaxWorkers(1),
                        engine::WithEventHook(log_.Hook()));
  test::TestServer server(engine, GetParam());
  WirePeer holder(server.Address());
  ASSERT_TRUE(holder.Send(Get("/held")));
  ASSERT_TRUE(test::Eventually([&] { return held_ == 1; }));
  for (int i = 0; i < 20; ++i) {
    WirePeer gone(server.Address());
    ASSERT_TRUE(gone.Send(Get("/counts")));
  }
  WirePeer finished(server.Address());
  ASSERT_TRUE(finished.Send(Get("/counts")));
  finished.EndSending();
  WirePeer stays(server.Address());
  ASSERT_TRUE(stays.Send(Get("/counts")));
  // The worker is still held: the calls leave the queue by themselves.
  EXPECT_EQ(finished.ReadAnswer().status, 503);
  EXPECT_TRUE(test::Eventually([&] { return server.Get().Connections() == 2; }));
  EXPECT_EQ(begun, 0);
  holding_ = false;
  EXPECT_EQ(holder.ReadAnswer().body, "worker");
  EXPECT_EQ(stays.ReadAnswer().body, "counted");
  EXPECT_EQ(begun, 1);
}

TEST_P(PlacementTest, APatternThatBlocksLeavesWorkersToOthers) {
  constexpr int kWorkers = 16;
  engine::Engine engine(mux_, engine::WithPlacement(engine::kWorkers),
                        engine::WithMaxWorkers(kWorkers));
  test::TestServer server(engine, GetParam());
  std::vector<std::unique_ptr<WirePeer>> peers;
  for (int i = 0; i < 2 * kWorkers; ++i) {
    peers.push_back(std::make_unique<WirePeer>(server.Address()));
    ASSERT_TRUE(peers.back()->Send(Get("/held")));
  }
  EXPECT_TRUE(test::Eventually([&] { return held_ == kWorkers - kWorkers / 8; })) << held_;
  WirePeer other(server.Address());
  EXPECT_EQ(Ask(other, "/where"), "worker");
  EXPECT_EQ(held_, kWorkers - kWorkers / 8);
  holding_ = false;
  for (auto& peer : peers) EXPECT_EQ(peer->ReadAnswer().body, "worker");
}

TEST_P(PlacementTest, TheStandbyLoopEndsWithTheServer) {
  engine::Engine engine(mux_, engine::WithEventHook(log_.Hook()));
  std::vector<std::unique_ptr<WirePeer>> peers;
  {
    test::TestServer server(engine, GetParam());
    WirePeer holder(server.Address());
    ASSERT_TRUE(holder.Send(Get("/held")));
    ASSERT_TRUE(test::Eventually([&] { return held_ == 1; }));
    for (int i = 0; i < 5; ++i) {
      peers.push_back(std::make_unique<WirePeer>(server.Address()));
      EXPECT_EQ(Ask(*peers.back(), "/quick"), "q");
    }
    holding_ = false;
    EXPECT_EQ(holder.ReadAnswer().body, "loop");
    const auto [grace, cancel] = appcontext::WithTimeout(appcontext::Background(), 20s);
    EXPECT_FALSE(server.Get().Shutdown(grace));
    EXPECT_EQ(server.Get().Connections(), 0u);
  }
  for (auto& peer : peers) EXPECT_TRUE(peer->ExpectEnd());
}

TEST_P(PlacementTest, AWorkersHandlersWaitWithoutHoldingTheWorker) {
  // More waiting calls than threads: all wait at once for the last one.
  constexpr int kCalls = 40;
  std::atomic<int> inside{0};
  mux_.HandleFunc("GET /gathers", [&](http::ResponseWriter& w, http::Request& r) {
    ++inside;
    while (inside < kCalls && !fiber::Sleep(r.Context(), 1ms)) {
    }
    w.Write(OnWorker() ? "worker" : "loop");
  });
  engine::Engine engine(mux_, engine::WithPlacement(engine::kWorkers), engine::WithMaxWorkers(1));
  test::TestServer server(engine, GetParam());
  std::vector<std::unique_ptr<WirePeer>> peers;
  for (int i = 0; i < kCalls; ++i) {
    peers.push_back(std::make_unique<WirePeer>(server.Address()));
    ASSERT_TRUE(peers.back()->Send(Get("/gathers") + Get("/gathers")));
  }
  for (auto& peer : peers) {
    EXPECT_EQ(peer->ReadAnswer().body, "worker");
    EXPECT_EQ(peer->ReadAnswer().body, "worker");
  }
}

// A handler's output is sent while it waits, as inline.
TEST_P(PlacementTest, OutputLeavesWhileAWorkersHandlerWaits) {
  std::atomic<bool> seen{false};
  mux_.HandleFunc("GET /early", [&](http::ResponseWriter& w, http::Request& r) {
    w.Write(std::string(5000, 'e'));
    for (int i = 0; i < 5000 && !seen; ++i) {
      if (fiber::Sleep(r.Context(), 1ms)) return;
    }
    w.Write(seen ? "seen" : "not seen");
  });
  engine::Engine engine(mux_, engine::WithPlacement(engine::kWorkers));
  test::TestServer server(engine, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send(Get("/early")));
  EXPECT_NE(peer.Read(5000).find("200 OK"), std::string::npos);
  seen = true;
  std::string rest;
  while (!rest.ends_with("0\r\n\r\n")) rest += peer.Read(1);
  EXPECT_NE(rest.find("\r\nseen\r\n"), std::string::npos) << rest.substr(rest.size() - 60);
}

HON_INSTANTIATE_BACKENDS(PlacementTest);

}  // namespace
}  // namespace hon
