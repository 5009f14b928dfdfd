// Each allocation of a server fails in turn, while clients request, upload, pipeline, read slowly
// and leave. A failure costs at most the connection, or gives a 500 or 503; the server goes on, and
// nothing is left.

#include "engine/simulation.h"
#include "support/failing_allocations.h"

namespace hon::engine {
namespace {

using namespace std::chrono_literals;
using simulation::Answer;
using simulation::BodyOf;
using simulation::World;
using test::FailingAllocation;
using test::SafeAllocations;

/// Clients of one server whose allocation number `fails_at` fails.
class Trial {
 public:
  explicit Trial(size_t fails_at) : fails_at_(fails_at) {}

  /// Whether the allocation was reached.
  bool Serve() {
    const std::string pipeline =
        "GET /length/100 HTTP/1.1\r\nHost: t\r\nX-Long-Field-Name: some value\r\n\r\n"
        "GET /missing HTTP/1.1\r\nHost: t\r\n\r\nGET /pieces/30000 HTTP/1.1\r\nHost: t\r\n\r\n";
    const std::string upload =
        "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n" +
        BodyOf(2048) + "\r\n0\r\nX-Trailer: of the body\r\n\r\n";
    bool failed = false;
    {
      const FailingAllocation failing(fails_at_);
      Client(pipeline);
      Client(upload);
      const int slow = Client("GET /pieces/200000 HTTP/1.1\r\nHost: t\r\n\r\n");
      if (slow >= 0) world_.kernel->At(slow).SetRoom(1000);
      const int leaves = Client("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\n1");
      Client("GET /sleep/5 HTTP/1.1\r\nHost: t\r\n\r\nGET / HTTP/1.1\r\n\r\n");
      for (int i = 0; i < 30; ++i) {
        if (i == 10 && leaves >= 0) world_.kernel->At(leaves).Resets();
        if (i == 15 && slow >= 0) world_.kernel->At(slow).SetRoom(SIZE_MAX);
        world_.loop->Turn(1ms);
      }
      failed = FailingAllocation::Failed();
    }
    Check();
    return failed;
  }

 private:
  // A client that sends `wire` in two pieces.
  int Client(std::string_view wire) {
    int fd = -1;
    {
      const SafeAllocations safe;
      fd = world_.kernel->Open();
      clients_.push_back(fd);
      world_.kernel->At(fd).Sends(wire.substr(0, wire.size() / 2));
      world_.kernel->At(fd).Sends(wire.substr(wire.size() / 2));
    }
    return world_.loop->Adopt(fd, *world_.serving) ? fd : -1;
  }

  bool Ended(int fd) { return world_.kernel->At(fd).SawFin() || world_.kernel->At(fd).Closed(); }

  void Check() {
    for (const int fd : clients_) {
      std::string wire = world_.kernel->At(fd).Take();
      Answer answer;
      while (!wire.empty() && simulation::TakeAnswer(wire, Ended(fd), &answer)) {
        EXPECT_TRUE(answer.status == 200 || answer.status == 400 || answer.status == 404 ||
                    answer.status == 500 || answer.status == 503)
            << answer.status;
        if (answer.status == 200 && answer.body.size() > 10) {
          EXPECT_EQ(answer.body, BodyOf(answer.body.size()));
        }
      }
      // An incomplete answer ends with its connection.
      EXPECT_TRUE(wire.empty() || Ended(fd)) << wire.substr(0, 60);
    }
    // The server still answers.
    const int fd = world_.Connect();
    ASSERT_GE(fd, 0);
    world_.kernel->At(fd).Sends("GET /length/10 HTTP/1.1\r\nHost: t\r\n\r\n");
    for (int i = 0; i < 4; ++i) world_.loop->Turn(0ms);
    EXPECT_NE(world_.kernel->At(fd).Take().find(BodyOf(10)), std::string::npos);
    EXPECT_EQ(world_.handlers.begun, world_.handlers.ended + world_.scheduler->Live());
    world_.End();
    EXPECT_EQ(world_.handlers.begun, world_.handlers.ended);
    EXPECT_EQ(world_.kernel->OpenSockets(), 0U);
    EXPECT_EQ(world_.loop->Blocks().InUse(), 0U);
  }

  const size_t fails_at_;
  World world_;
  std::vector<int> clients_;
};

TEST(NoMemory, EachFailedAllocationCostsAtMostItsConnection) {
  netpoll::FakeBackend::exempt = test::SetSafe;
  size_t at = 1;
  for (; at < 10'000 && !HasFailure(); ++at) {
    SCOPED_TRACE("allocation " + std::to_string(at));
    if (!Trial(at).Serve()) break;
  }
  EXPECT_GT(at, 50U);  // the clients make the server allocate
  EXPECT_LT(at, 10'000U);
}

}  // namespace
}  // namespace hon::engine
