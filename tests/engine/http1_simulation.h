#pragma once

// Servers of HTTP/1 and their clients, with seeds: requests arrive in pieces of every size, sockets
// take a few bytes at a time, clients reset and leave, the clock jumps, the loop is held. The
// invariants: answers come whole and in order, or the connection is cut; every handler and every
// context ends; nothing is left.

#include <cerrno>
#include <cstdio>

#include "engine/simulation.h"

namespace hon::engine::simulation {

struct Asked {
  std::string wire;
  int status = 200;
  std::string body;
  bool last = false;  // the connection ends behind the answer
};

struct Http1Client {
  explicit Http1Client(Wire own) : wire(std::move(own)) {}

  Wire wire;
  std::vector<Asked> asked;
  uint32_t piece_max = 1;
  bool mixed = false;  // pieces of all sizes
  std::string received;
  std::vector<Answer> answers;
  bool disturbed = false;  // by a reset, a FIN in mid-request or a jump of the clock
  bool left = false;
};

class Http1Simulation : private Seeded {
 public:
  explicit Http1Simulation(uint32_t seed, const NewSecure& new_secure = nullptr)
      : Seeded(seed), world_(new_secure) {}

  void Run() {
    const uint32_t clients = 1 + Below(4);
    for (uint32_t i = 0; i < clients; ++i) NewClient();
    for (uint32_t step = 0; step < 60 + Below(200); ++step) Step();
    Finish();
    for (Http1Client& client : clients_) Check(client);
    ExpectNothingLeft(world_);
  }
  /// All that the clients have got, and what the server did.
  [[nodiscard]] const std::string& Transcript() const { return transcript_; }

 private:
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
    const int fd = world_.Connect();
    ASSERT_GE(fd, 0);
    Http1Client client(Wire(world_, fd, "http/1.1"));
    std::string wire;
    const uint32_t count = 1 + Below(6);
    for (uint32_t i = 0; i < count; ++i) {
      client.asked.push_back(Request());
      wire += client.asked.back().wire;
      if (client.asked.back().last) break;
    }
    client.piece_max = Below(3) == 0 ? 5 : 5000;
    if (wire.size() > 20'000 && client.piece_max == 5) client.piece_max = 4000;
    client.mixed = Below(2) == 0;
    client.wire.Write(wire);
    clients_.push_back(std::move(client));
  }

  void Step() {
    Http1Client& client = clients_[Below(static_cast<uint32_t>(clients_.size()))];
    switch (Below(20)) {
      case 0:
        client.wire.Socket().SetRoom(Below(3) == 0 ? 0 : Below(5000));
        return;
      case 1:
        client.wire.Socket().SetRoom(SIZE_MAX);
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
        client.wire.Socket().FailNextSend(Below(2) == 0 ? EPIPE : ECONNRESET);
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

  void SendPiece(Http1Client& client) {
    if (client.left) return;
    client.wire.SendPiece(client.mixed ? 1 + Below(client.piece_max) : client.piece_max);
  }
  void Leave(Http1Client& client) {
    if (std::exchange(client.left, true)) return;
    client.disturbed = true;
    Below(2) == 0 ? client.wire.Socket().Resets() : client.wire.Socket().Finishes();
  }
  // Longer than deadlines: what arrives only then may meet a time-out.
  void Jump() {
    for (Http1Client& client : clients_) client.disturbed = true;
    Pass(Duration(std::chrono::seconds(1 + Below(200))));
  }
  void Pass(Duration time) {
    world_.kernel->Advance(time);
    if (Below(3) != 0) Turn();  // else the loop is held meanwhile
  }
  void Turn() {
    world_.loop->Turn(Duration::zero());
    for (Http1Client& client : clients_) client.received += client.wire.Read();
  }

  // Everybody sends and takes the rest, and leaves.
  void Finish() {
    int settled = 0;  // rounds since the last byte was sent
    for (int round = 0; round < 20'000 && !world_.Quiet(); ++round) {
      bool sending = false;
      for (Http1Client& client : clients_) {
        client.wire.Socket().SetRoom(SIZE_MAX);
        SendPiece(client);
        sending |= client.wire.Unsent() && !client.left && !client.wire.Ended();
      }
      settled = sending ? 0 : settled + 1;
      Turn();
      world_.kernel->Advance(std::chrono::milliseconds(1));
      for (Http1Client& client : clients_) {
        const bool done = !client.wire.Unsent() && client.wire.Socket().Unreceived() == 0 &&
                          Answered(client) >= client.asked.size();
        if (client.left || !(done || settled > 1000)) continue;
        client.left = true;
        client.wire.Socket().Finishes();
      }
    }
    // All time limits pass, one behind the other.
    for (int i = 0; i < 60; ++i) Pass(std::chrono::seconds(10));
    Turn();
  }
  size_t Answered(Http1Client& client) {
    Answer answer;
    while (client.answers.size() < client.asked.size() &&
           TakeAnswer(client.received, client.wire.Ended(), &answer)) {
      client.answers.push_back(answer);
    }
    return client.answers.size();
  }

  void Check(Http1Client& client) {
    Answered(client);
    EXPECT_FALSE(client.wire.Failure()) << client.wire.Failure().Message();
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
      EXPECT_TRUE(want.last || cut || got.body == want.body)
          << want.wire.substr(0, 40) << got.status << ' ' << got.body.substr(0, 40);
    }
    transcript_ += "left " + std::to_string(client.received.size()) + "\n";
  }

  World world_;
  std::vector<Http1Client> clients_;
  std::string transcript_;
};

}  // namespace hon::engine::simulation
