// A handler that computes, on a shared processor.

#include <sched.h>

#include <atomic>
#include <thread>
#include <vector>

#include "support/eventually.h"
#include "support/test_server.h"

namespace hon {
namespace {

using test::WirePeer;
using namespace std::chrono_literals;

/// The calling thread, and the threads that it starts, run on one processor only.
class OnOneProcessor {
 public:
  OnOneProcessor() {
    EXPECT_EQ(sched_getaffinity(0, sizeof before_, &before_), 0);
    cpu_set_t one;
    CPU_ZERO(&one);
    for (size_t i = 0; i < CPU_SETSIZE; ++i) {
      if (CPU_ISSET(i, &before_) == 0) continue;
      CPU_SET(i, &one);
      break;
    }
    EXPECT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  }
  ~OnOneProcessor() { EXPECT_EQ(sched_setaffinity(0, sizeof before_, &before_), 0); }
  OnOneProcessor(const OnOneProcessor&) = delete;
  OnOneProcessor& operator=(const OnOneProcessor&) = delete;

 private:
  cpu_set_t before_;
};

class PlacementContentionTest : public test::BackendTest {};

// The loop's thread gets a quarter of the processor: never more than half of the time that passes.
TEST_P(PlacementContentionTest, NewConnectionsAreServedBesideAHandlerThatComputes) {
  const OnOneProcessor pinned;
  std::atomic<bool> ends{false};
  std::atomic<bool> computing{false};
  http::ServeMux mux;
  mux.HandleFunc("GET /computes", [&](http::ResponseWriter& w, http::Request&) {
    computing = true;
    while (!ends) {
    }
    w.Write("computed");
  });
  mux.HandleFunc("GET /quick", [](http::ResponseWriter& w, http::Request&) { w.Write("quick"); });
  engine::Engine engine(mux, engine::WithEventHook([](const engine::Event&) {}));
  test::TestServer server(engine, GetParam(), server::WithLoops(1));
  std::vector<std::thread> neighbours;
  for (int i = 0; i < 3; ++i) {
    neighbours.emplace_back([&] {
      while (!ends) {
      }
    });
  }
  WirePeer holder(server.Address());
  EXPECT_TRUE(holder.Send("GET /computes HTTP/1.1\r\nHost: t\r\n\r\n"));
  EXPECT_TRUE(test::Eventually([&] { return computing.load(); }));
  // The only loop computes until this has been answered.
  WirePeer peer(server.Address());
  EXPECT_TRUE(peer.Send("GET /quick HTTP/1.1\r\nHost: t\r\n\r\n"));
  EXPECT_EQ(peer.ReadAnswer().body, "quick");
  ends = true;
  EXPECT_EQ(holder.ReadAnswer().body, "computed");
  for (std::thread& neighbour : neighbours) neighbour.join();
}

HON_INSTANTIATE_BACKENDS(PlacementContentionTest);

}  // namespace
}  // namespace hon
