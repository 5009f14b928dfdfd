#pragma once

// Servers of HTTP/2 and their clients, with seeds. A client is a session of the client's role, with
// windows of every size; its frames arrive in pieces of every size, its readers are slow, streams
// are reset, sockets take a few bytes at a time, connections are cut, the clock jumps, the loop is
// held. The invariants: a stream that nobody disturbed has its whole answer; every handler and
// every context ends; both sides agree; nothing is left.

#include <cerrno>
#include <map>

#include "engine/simulation.h"
#include "h2/session_fixture.h"

namespace hon::engine::simulation {

struct Http2Client {
  struct Asked {
    int status = 200;
    std::string body;
    bool cancelled = false;
  };

  explicit Http2Client(Wire own) : wire(std::move(own)) {}

  Wire wire;
  std::unique_ptr<h2::testing::Owner> session;
  std::map<uint32_t, Asked> asked;  // by stream
  uint32_t piece_max = 1;
  uint32_t left_to_ask = 0;
  bool disturbed = false;  // by a reset, a FIN or a jump of the clock
  bool refused = false;    // before the end of its preface
  bool left = false;
};

class Http2Simulation : private Seeded {
 public:
  explicit Http2Simulation(uint32_t seed, const NewSecure& new_secure = nullptr)
      : Seeded(seed), world_(new_secure) {}

  void Run() {
    const uint32_t clients = 1 + Below(3);
    for (uint32_t i = 0; i < clients; ++i) NewClient();
    const uint32_t steps = 60 + Below(200);
    for (uint32_t step = 0; step < steps; ++step) Step();
    Finish();
    for (Http2Client& client : clients_) Check(client);
    for (Http2Client& client : clients_) client.session->Clear();
    ExpectNothingLeft(world_);
  }
  /// What the clients have got.
  [[nodiscard]] const std::string& Transcript() const { return transcript_; }

 private:
  h2::SessionLimits Limits() {
    h2::SessionLimits limits;
    limits.stream_window = 1 + Below(70'000);
    limits.stream_window_max = limits.stream_window + Below(70'000);
    limits.connection_window = 65'535 + Below(70'000);
    return limits;
  }

  void NewClient() {
    const int fd = world_.Connect();
    ASSERT_GE(fd, 0);
    Http2Client client(Wire(world_, fd, "h2"));
    client.session = std::make_unique<h2::testing::Owner>(h2::Role::kClient, Limits());
    client.piece_max = OneIn(3) ? 50 : 20'000;
    client.left_to_ask = 1 + Below(12);
    clients_.push_back(std::move(client));
  }

  void Step() {
    Http2Client& client = clients_[Below(static_cast<uint32_t>(clients_.size()))];
    switch (Below(20)) {
      case 0:
        return client.wire.Socket().SetRoom(OneIn(3) ? 0 : Below(5000));
      case 1:
        return client.wire.Socket().SetRoom(SIZE_MAX);
      case 2:
        return Pass(std::chrono::milliseconds(Below(30)));
      case 3:
        if (OneIn(8)) Jump();
        return;
      case 4:
        if (OneIn(8)) Leave(client);
        return;
      case 5:
        if (!OneIn(8)) return;
        client.disturbed = true;
        return client.wire.Socket().FailNextSend(OneIn(2) ? EPIPE : ECONNRESET);
      case 6:
        return Cancel(client);
      case 7:
      case 8:
        return Read(client);
      case 9:
      case 10:
        return Ask(client);
      case 11:
      case 12:
      case 13:
        return Turn();
      default:
        return SendPiece(client);
    }
  }

  void Ask(Http2Client& client) {
    if (client.left || client.left_to_ask == 0) return;
    const size_t size = OneIn(4) ? Below(100'000) : Below(300);
    const std::string number = std::to_string(size);
    switch (Below(7)) {
      case 0:
        return Send(client, "/pieces/" + number, "", {.body = BodyOf(size)});
      case 1:
        return Send(client, "/sleep/" + std::to_string(Below(50)), "", {.body = "slept"});
      case 2:
        return Send(client, "/unread", BodyOf(size), {.body = "unread"});
      case 3:
        return Send(client, "/missing", "", {.status = 404, .body = "404 page not found\n"});
      case 4:
        return Send(client, "/length/" + number, "", {.body = BodyOf(size)});
      default:
        return Send(client, "/echo", BodyOf(size), {.body = BodyOf(size)});
    }
  }
  void Send(Http2Client& client, const std::string& path, const std::string& body,
            Http2Client::Asked want) {
    http::Header header;
    if (!body.empty() && OneIn(2)) header.Set("Content-Length", std::to_string(body.size()));
    h2::testing::Exchange& exchange =
        client.session->Ask({.method = path == "/echo" || !body.empty() ? "POST" : "GET",
                             .scheme = world_.GetSecure() != nullptr ? "https" : "http",
                             .authority = "t",
                             .path = path,
                             .protocol = {}},
                            body, header);
    if (!client.session->Opened()) return;
    --client.left_to_ask;
    exchange.reads = OneIn(2);
    client.asked.emplace(exchange.id, std::move(want));
  }
  void Cancel(Http2Client& client) {
    if (client.asked.empty() || !OneIn(6)) return;
    auto& [id, asked] =
        *std::next(client.asked.begin(), Below(static_cast<uint32_t>(client.asked.size())));
    h2::testing::Exchange& exchange = *client.session->Find(id);
    if (exchange.ended || exchange.reset) return;
    asked.cancelled = true;
    client.session->GetSession().Reset(exchange.stream, h2::ErrorCode::kCancel);
    exchange.reset = h2::ErrorCode::kCancel;
  }
  void Read(Http2Client& client) {
    if (client.asked.empty()) return;
    const auto one =
        std::next(client.asked.begin(), Below(static_cast<uint32_t>(client.asked.size())));
    client.session->Read(*client.session->Find(one->first), 1 + Below(40'000));
  }
  void ReadAll(Http2Client& client) {
    for (const auto& [id, asked] : client.asked) {
      h2::testing::Exchange& exchange = *client.session->Find(id);
      exchange.reads = true;
      client.session->Read(exchange);
    }
  }

  void SendPiece(Http2Client& client) {
    if (client.left) return;
    client.wire.Write(client.session->Take());
    client.wire.SendPiece(1 + Below(client.piece_max));
  }
  void Leave(Http2Client& client) {
    if (std::exchange(client.left, true)) return;
    client.disturbed = true;
    OneIn(2) ? client.wire.Socket().Resets() : client.wire.Socket().Finishes();
  }
  // Longer than deadlines: what arrives only then may meet a time-out.
  void Jump() {
    for (Http2Client& client : clients_) client.disturbed = true;
    Pass(std::chrono::seconds(1 + Below(200)));
  }
  void Pass(Duration time) {
    world_.kernel->Advance(time);
    if (!OneIn(3)) Turn();  // else the loop is held meanwhile
  }
  void Turn() {
    world_.loop->Turn(Duration::zero());
    for (Http2Client& client : clients_) {
      const std::string bytes = client.wire.Read();
      // A preface that its client does not end, in time or at all, is answered as HTTP/1.
      client.refused |= bytes.starts_with("HTTP/1.1 ");
      if (!bytes.empty() && !client.refused) client.session->Give(bytes, Clock::now());
    }
  }

  // The clients ask what is left to ask, send and read the rest, and leave.
  void Finish() {
    for (int round = 0; round < 20'000 && !world_.Quiet(); ++round) {
      for (Http2Client& client : clients_) {
        client.wire.Socket().SetRoom(SIZE_MAX);
        Ask(client);
        ReadAll(client);
        SendPiece(client);
      }
      Turn();
      world_.kernel->Advance(std::chrono::milliseconds(1));
      for (Http2Client& client : clients_) {
        if (client.left || (!client.wire.Ended() && !Done(client))) continue;
        client.left = true;
        client.wire.Socket().Finishes();
      }
    }
    // All time limits pass, one behind the other.
    for (int i = 0; i < 60; ++i) Pass(std::chrono::seconds(10));
    Turn();
  }
  static bool Over(const h2::testing::Exchange& exchange) {
    return exchange.ended || exchange.reset.has_value();
  }
  static bool Done(Http2Client& client) {
    if (client.left_to_ask != 0) return false;
    return std::all_of(client.asked.begin(), client.asked.end(), [&client](const auto& one) {
      return Over(*client.session->Find(one.first));
    });
  }

  void Check(Http2Client& client) {
    EXPECT_FALSE(client.wire.Failure()) << client.wire.Failure().Message();
    EXPECT_FALSE(client.session->GetSession().Failure())
        << client.session->GetSession().Failure().reason;
    EXPECT_TRUE(client.disturbed || (client.left_to_ask == 0 && !client.refused));
    ReadAll(client);
    for (const auto& [id, want] : client.asked) {
      const h2::testing::Exchange& got = *client.session->Find(id);
      transcript_ += std::to_string(id) + " " + std::to_string(got.status) + " " +
                     std::to_string(got.body.size()) + (got.ended ? "\n" : " cut\n");
      if (got.ended) {
        const bool in_time = got.status == want.status && got.body == want.body;
        EXPECT_TRUE(in_time || (client.disturbed && Refused(got))) << id << ' ' << got.status;
      } else {
        EXPECT_TRUE(client.disturbed || want.cancelled) << id;
      }
    }
  }
  // The answer to a request that met a time-out, or whose client has left.
  static bool Refused(const h2::testing::Exchange& got) {
    return got.status == 400 || got.status == 408 || got.status == 503 ||
           (got.status == 200 && got.body == "cut");
  }

  World world_;
  std::vector<Http2Client> clients_;
  std::string transcript_;
};

}  // namespace hon::engine::simulation
