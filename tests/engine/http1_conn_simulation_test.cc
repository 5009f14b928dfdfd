// Servers of HTTP/1 and their clients, with seeds: requests arrive in pieces of every size, sockets
// take a few bytes at a time, clients reset and leave, the clock jumps, the loop is held. The
// invariants: answers come whole and in order, or the connection is cut; every handler and every
// context ends; nothing is left.
//
//   HON_SEEDS=100000 bin/engine_simulation_test     HON_SEED=17 ... runs that one alone

#include <cerrno>
#include <cstdio>

#include "engine/simulation.h"
#include "hon/base/sanitizer.h"

namespace hon::engine {
namespace {

using namespace std::chrono_literals;
using simulation::Answer;
using simulation::BodyOf;

struct Asked {
  std::string wire;
  int status = 200;
  std::string body;
  bool last = false;  // the connection ends behind the answer
};

struct Client {
  int fd = -1;
  std::vector<Asked> asked;
  std::vector<std::string> pieces;  // of the requests, newest last
  std::string received;
  std::vector<Answer> answers;
  bool disturbed = false;  // by a reset, a FIN in mid-request or a jump of the clock
  bool left = false;
};

class Simulation {
 public:
  explicit Simulation(uint32_t seed) : random_(seed) {}

  void Run() {
    const uint32_t clients = 1 + Below(4);
    for (uint32_t i = 0; i < clients; ++i) NewClient();
    for (uint32_t step = 0; step < 60 + Below(200); ++step) Step();
    Finish();
    for (Client& client : clients_) Check(client);
    EXPECT_EQ(world_.serving->Connections(), 0U);
    EXPECT_EQ(world_.scheduler->Live(), 0U);
    EXPECT_EQ(world_.kernel->OpenSockets(), 0U);
    EXPECT_EQ(world_.handlers.begun, world_.handlers.ended);
    for (const appcontext::Context& context : world_.handlers.contexts) {
      EXPECT_TRUE(context.Done());
    }
    EXPECT_EQ(world_.loop->Blocks().InUse(), 0U);
  }
  /// All that the clients have got, and what the server did.
  [[nodiscard]] const std::string& Transcript() const { return transcript_; }

 private:
  uint32_t Below(uint32_t bound) { return static_cast<uint32_t>(random_() % std::max(bound, 1U)); }

  std::string Chunked(const std::string& body) {
    std::string wire;
    for (size_t at = 0; at < body.size();) {
      const size_t size = std::min<size_t>(1 + Below(Below(2) == 0 ? 4 : 3000), body.size() - at);
      char digits[20];
      std::snprintf(digits, sizeof digits, "%zx\r\n", size);
      wire += digits + body.substr(at, size) + "\r\n";
      at += size;
    }
    return wire + "0\r\n\r\n";
  }

  Asked Request() {
    const size_t size = Below(4) == 0 ? Below(100'000) : Below(300);
    const std::string number = std::to_string(size);
    const auto get = [](const std::string& path) {
      return "GET " + path + " HTTP/1.1\r\nHost: t\r\n\r\n";
    };
    const bool chunked = Below(2) == 0;
    const std::string framing =
        chunked ? "Transfer-Encoding: chunked" : "Content-Length: " + number;
    const auto post = [&](const std::string& path) {
      const std::string body = BodyOf(size);
      return "POST " + path + " HTTP/1.1\r\nHost: t\r\n" + framing + "\r\n\r\n" +
             (chunked ? Chunked(body) : body);
    };
    switch (Below(8)) {
      case 0:
        return {get("/pieces/" + number), 200, BodyOf(size)};
      case 1:
        return {get("/sleep/" + std::to_string(Below(50))), 200, "slept"};
      case 2:
        return {post("/unread"), 200, "unread"};
      case 3:
        return {get("/missing"), 404, "404 page not found\n"};
      case 4:
        if (Below(4) == 0) return {"GET / HTTP/1.1\r\n\r\n", 400, {}, true};  // no Host
        [[fallthrough]];
      case 5:
        return {get("/length/" + number), 200, BodyOf(size)};
      default:
        return {post("/echo"), 200, BodyOf(size)};
    }
  }

  void NewClient() {
    Client client;
    client.fd = world_.Connect();
    ASSERT_GE(client.fd, 0);
    std::string wire;
    const uint32_t count = 1 + Below(6);
    for (uint32_t i = 0; i < count; ++i) {
      client.asked.push_back(Request());
      wire += client.asked.back().wire;
      if (client.asked.back().last) break;
    }
    const uint32_t piece_max = Below(3) == 0 ? 5 : 5000;
    const bool mixed = Below(2) == 0;
    for (size_t at = 0; at < wire.size();) {
      const size_t size = wire.size() > 20'000 && piece_max == 5 ? 4000
                          : mixed                                ? 1 + Below(piece_max)
                                                                 : piece_max;
      client.pieces.push_back(wire.substr(at, size));
      at += size;
    }
    std::reverse(client.pieces.begin(), client.pieces.end());
    clients_.push_back(std::move(client));
  }

  [[nodiscard]] netpoll::FakeSocket& Socket(const Client& client) {
    return world_.kernel->At(client.fd);
  }

  void Step() {
    Client& client = clients_[Below(static_cast<uint32_t>(clients_.size()))];
    switch (Below(20)) {
      case 0:
        Socket(client).SetRoom(Below(3) == 0 ? 0 : Below(5000));
        return;
      case 1:
        Socket(client).SetRoom(SIZE_MAX);
        return;
      case 2:
        return Pass(Duration(std::chrono::milliseconds(Below(30))));
      case 3:
        if (Below(6) == 0) Jump();
        return;
      case 4:
        if (Below(6) == 0) Leave(client);
        return;
      case 5:
        if (Below(8) != 0) return;
        client.disturbed = true;
        Socket(client).FailNextSend(Below(2) == 0 ? EPIPE : ECONNRESET);
        return;
      case 6:
      case 7:
      case 8:
      case 9:
        return Turn();
      default:
        return SendPiece(client);
    }
  }

  void SendPiece(Client& client) {
    if (client.pieces.empty() || client.left) return;
    Socket(client).Sends(client.pieces.back());
    client.pieces.pop_back();
  }
  void Leave(Client& client) {
    if (std::exchange(client.left, true)) return;
    client.disturbed = true;
    Below(2) == 0 ? Socket(client).Resets() : Socket(client).Finishes();
  }
  // Longer than deadlines: what arrives only then may meet a time-out.
  void Jump() {
    for (Client& client : clients_) client.disturbed = true;
    Pass(Duration(std::chrono::seconds(1 + Below(200))));
  }
  void Pass(Duration time) {
    world_.kernel->Advance(time);
    if (Below(3) != 0) Turn();  // else the loop is held meanwhile
  }
  void Turn() {
    world_.loop->Turn(Duration::zero());
    for (Client& client : clients_) client.received += Socket(client).Take();
  }

  // Everybody sends and takes the rest, and leaves.
  void Finish() {
    for (int round = 0; round < 20'000 && !world_.Quiet(); ++round) {
      bool sending = false;
      for (Client& client : clients_) {
        Socket(client).SetRoom(SIZE_MAX);
        SendPiece(client);
        sending |= !client.pieces.empty() && !client.left;
      }
      Turn();
      world_.kernel->Advance(1ms);
      for (Client& client : clients_) {
        const bool done = client.pieces.empty() && Socket(client).Unreceived() == 0 &&
                          Answered(client) >= client.asked.size();
        if (client.left || !(done || (!sending && round > 5000))) continue;
        client.left = true;
        Socket(client).Finishes();
      }
    }
    world_.kernel->Advance(10min);
    for (int i = 0; i < 20; ++i) Turn();
    Turn();
  }
  size_t Answered(Client& client) {
    Answer answer;
    while (client.answers.size() < client.asked.size() &&
           simulation::TakeAnswer(client.received, Ended(client), &answer)) {
      client.answers.push_back(answer);
    }
    return client.answers.size();
  }

  bool Ended(const Client& client) { return Socket(client).SawFin() || Socket(client).Closed(); }

  void Check(Client& client) {
    Answered(client);
    if (!client.disturbed) {
      EXPECT_EQ(client.answers.size(), client.asked.size());
      EXPECT_EQ(client.received, "");
    }
    for (size_t i = 0; i < client.answers.size(); ++i) {
      const Answer& got = client.answers[i];
      const Asked& want = client.asked[i];
      transcript_ += std::to_string(got.status) + " " + std::to_string(got.body.size()) + "\n";
      if (got.status != want.status) {
        // A time-out, or a request that its client did not finish: the last answer.
        EXPECT_TRUE(client.disturbed) << got.status << " for " << want.wire.substr(0, 40);
        EXPECT_TRUE(got.status == 408 || got.status == 400 || got.status == 503) << got.status;
        EXPECT_EQ(i + 1, client.answers.size());
        break;
      }
      const bool cut = client.disturbed && got.body == "cut";
      EXPECT_TRUE(want.last || cut || got.body == want.body) << want.wire.substr(0, 40);
    }
    transcript_ += "left " + std::to_string(client.received.size()) + "\n";
  }

  std::mt19937 random_;
  simulation::World world_;
  std::vector<Client> clients_;
  std::string transcript_;
};

// Fewer where a sanitizer makes each ten times slower.
#if defined(HON_ASAN) || defined(HON_TSAN)
constexpr uint32_t kSeeds = 200;
#else
constexpr uint32_t kSeeds = 1000;
#endif

uint32_t NumberFrom(const char* name, uint32_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : static_cast<uint32_t>(std::atoi(text));
}

TEST(Http1Simulation, EverySeedEndsWhole) {
  const uint32_t only = NumberFrom("HON_SEED", 0);
  const uint32_t first = only != 0 ? only : 1;
  const uint32_t last = only != 0 ? only : NumberFrom("HON_SEEDS", kSeeds);
  for (uint32_t seed = first; seed <= last && !HasFailure(); ++seed) {
    SCOPED_TRACE("HON_SEED=" + std::to_string(seed));
    Simulation(seed).Run();
  }
}

TEST(Http1Simulation, ASeedReproducesItsRun) {
  for (const uint32_t seed : {3U, 17U, 42U}) {
    std::string transcripts[2];
    for (std::string& transcript : transcripts) {
      Simulation run(seed);
      run.Run();
      transcript = run.Transcript();
    }
    EXPECT_NE(transcripts[0], "");
    EXPECT_EQ(transcripts[0], transcripts[1]) << seed;
  }
}

}  // namespace
}  // namespace hon::engine
