#pragma once

// A client::Transport and the server that it calls, on one loop, with seeds. The bytes of each
// connection pass through the simulation in pieces of every size, sockets take a few bytes at a
// time, callers give up, drop answers unread, and call again. Wild runs also refuse connections,
// cut them, and let the clock jump. The invariants: each call returns; in a calm run with the whole
// right answer, in a wild run with that or an error; nothing is left on either side.

#include <cerrno>

#include "engine/simulation.h"
#include "hon/client/transport.h"
#include "hon/http/client.h"
#include "hon/http/replay.h"

namespace hon::client::simulation {

using engine::simulation::BodyOf;
using engine::simulation::NewSecure;
using engine::simulation::Seeded;
using engine::simulation::World;

/// One call, and what came of it.
struct Call {
  std::string path;
  std::string sent;  // the body
  int want_status = 200;
  std::string want_body;
  bool unknown_length = false;
  size_t reads_at_most = SIZE_MAX;  // then the answer is dropped
  Duration before{};                // the caller waits for so long
  appcontext::Cancelable context = appcontext::WithCancel(appcontext::Background());

  bool cancelled = false;
  bool running = false;
  bool done = false;
  Error error;
  int status = 0;
  std::string body;
};

/// Bytes of one connection on their way.
struct Link {
  /// One direction.
  struct Way {
    netpoll::FakeSocket* from;
    netpoll::FakeSocket* to;
    std::string bytes{};
    bool over = false;  // its end was delivered
  };
  Way to_server;
  Way to_client;
};

class TransportSimulation : private Seeded {
 public:
  TransportSimulation(uint32_t seed, bool http2, const NewSecure& new_secure = nullptr)
      : Seeded(seed), world_(new_secure), wild_(OneIn(2)), piece_max_(OneIn(3) ? 50 : 20'000) {
    world_.kernel->SetConnectResult(EINPROGRESS);
    TransportOptions options;
    options.DialAddress = [](std::string_view) { return std::string("192.0.2.1:80"); };
    options.Protocols.SetHTTP1(!http2);
    options.Protocols.SetHTTP2(http2);
    options.Protocols.SetUnencryptedHTTP2(http2);
    if (OneIn(3)) options.MaxConnsPerHost = 1 + Below(2);
    if (OneIn(4)) options.DisableKeepAlives = true;
    if (world_.GetSecure() != nullptr) {
      options.TLS = world_.GetSecure()->NewClient({http2 ? "h2" : "http/1.1"});
    }
    transport_ = std::make_unique<Transport>(std::move(options));
    callers_.resize(1 + Below(4));
    for (auto& calls : callers_) {
      for (uint32_t i = 0, count = 1 + Below(4); i < count; ++i) calls.push_back(NewCall());
    }
  }

  void Run() {
    for (std::vector<Call>& calls : callers_) {
      fiber::Go([this, &calls] { RunCaller(calls); }, {.scheduler = world_.scheduler.get()});
    }
    const uint32_t steps = 60 + Below(200);
    for (uint32_t step = 0; step < steps; ++step) Step();
    for (int round = 0; round < 20'000 && !Returned(); ++round) Settle();
    ASSERT_TRUE(Returned()) << Describe();
    transport_.reset();
    for (int round = 0; round < 20'000 && !world_.Quiet(); ++round) Settle();
    for (int round = 0; round < 60; ++round) {  // all time limits pass, one behind the other
      world_.kernel->Advance(std::chrono::seconds(10));
      Settle();
    }
    for (const std::vector<Call>& calls : callers_) {
      for (const Call& call : calls) Check(call);
    }
    engine::simulation::ExpectNothingLeft(world_);
  }
  /// What the callers have got.
  [[nodiscard]] const std::string& Transcript() const { return transcript_; }

 private:
  Call NewCall() {
    Call call;
    const size_t size = OneIn(4) ? Below(100'000) : Below(300);
    const std::string number = std::to_string(size);
    call.path = "/length/" + number;
    call.want_body = BodyOf(size);
    switch (Below(6)) {
      case 0:
        call.path = "/pieces/" + number;
        break;
      case 1:
        call.path = "/sleep/" + std::to_string(Below(50));
        call.want_body = "slept";
        break;
      case 2:
        call.path = "/missing";
        call.want_status = 404;
        call.want_body = "404 page not found\n";
        break;
      case 3:
        call.path = "/unread";
        call.sent = BodyOf(size);
        call.want_body = "unread";
        break;
      case 4:
        break;
      default:
        call.path = "/echo";
        call.sent = call.want_body;
    }
    call.unknown_length = OneIn(3);
    if (OneIn(6)) call.reads_at_most = Below(2000);
    if (OneIn(2)) call.before = std::chrono::milliseconds(Below(20));
    return call;
  }

  http::Body BodyFor(const Call& call) {
    if (!call.unknown_length || call.sent.empty()) return http::Body::FromString(call.sent);
    const auto body = std::make_shared<http::Body>(http::Body::FromString(call.sent));
    return http::ReaderBody(body);
  }

  void RunCaller(std::vector<Call>& calls) {
    for (Call& call : calls) {
      EXPECT_FALSE(fiber::Sleep(call.before));
      call.running = true;
      RunCall(call);
      call.running = false;
      call.done = true;
    }
  }
  void RunCall(Call& call) {
    const std::string scheme = world_.GetSecure() != nullptr ? "https" : "http";
    Result<http::Request> request =
        http::NewRequestWithContext(call.context.context, call.sent.empty() ? "GET" : "POST",
                                    scheme + "://sim.test" + call.path, BodyFor(call));
    if (!request) {
      call.error = request.error();
      return;
    }
    Result<http::Response> answer = transport_->RoundTrip(*request);
    if (!answer) {
      call.error = answer.error();
      return;
    }
    call.status = answer->StatusCode;
    std::array<char, 3000> part;
    while (call.body.size() < call.reads_at_most) {
      const io::IoResult read = answer->Body.Read(part);
      call.body.append(part.data(), read.n);
      if (read.err && !read.err.Is(io::ErrEof)) call.error = read.err;
      if (read.err) return;
    }
  }
  [[nodiscard]] bool Returned() const {
    for (const std::vector<Call>& calls : callers_) {
      if (!calls.back().done) return false;
    }
    return true;
  }

  // For a failure: the calls that have not returned, and the connections.
  [[nodiscard]] std::string Describe() const {
    std::string text = wild_ ? "a wild run\n" : "a calm run\n";
    for (const std::vector<Call>& calls : callers_) {
      for (const Call& call : calls) {
        if (call.done) continue;
        text += call.path + (call.running ? " runs " : " has not begun ") +
                std::to_string(call.status) + (call.cancelled ? " cancelled\n" : "\n");
      }
    }
    for (const auto& link : links_) {
      for (const Link::Way* way : {&link->to_server, &link->to_client}) {
        text += way == &link->to_server ? "to the server:" : "to the client:";
        text += std::to_string(way->bytes.size()) + " bytes";
        if (way->from->SawFin()) text += ", FIN";
        if (way->from->Closed()) text += ", closed";
        if (way->over) text += ", over";
        text += ", " + std::to_string(way->to->Unreceived()) + " unreceived\n";
      }
    }
    return text;
  }

  void Step() {
    switch (Below(20)) {
      case 0:
        return AnySocket(
            [this](netpoll::FakeSocket& socket) { socket.SetRoom(OneIn(3) ? 0 : Below(5000)); });
      case 1:
        return AnySocket([](netpoll::FakeSocket& socket) { socket.SetRoom(SIZE_MAX); });
      case 2:
        return Pass(std::chrono::milliseconds(Below(30)));
      case 3:
        if (wild_ && OneIn(8)) Pass(std::chrono::seconds(1 + Below(200)));
        return;
      case 4:
        if (wild_ && OneIn(6)) Cut();
        return;
      case 5:
        if (!wild_ || !OneIn(6)) return;
        return AnySocket([this](netpoll::FakeSocket& socket) {
          socket.FailNextSend(OneIn(2) ? EPIPE : ECONNRESET);
        });
      case 6:
        if (OneIn(6)) Cancel();
        return;
      case 7:
      case 8:
      case 9:
      case 10:
        return Turn();
      default:
        Connect();
        if (links_.empty()) return;
        Link& link = *links_[Below(static_cast<uint32_t>(links_.size()))];
        return OneIn(2) ? Carry(link.to_server, 1 + Below(piece_max_))
                        : Carry(link.to_client, 1 + Below(piece_max_));
    }
  }

  void Connect() {
    for (const int fd : world_.kernel->TakeConnects()) connecting_.push_back(fd);
    for (const int fd : std::exchange(connecting_, {})) {
      netpoll::FakeSocket& client = world_.kernel->At(fd);
      if (client.Closed()) continue;
      if (wild_ && OneIn(10)) {
        client.CompleteConnect(ECONNREFUSED);
        continue;
      }
      const int accepted = world_.Connect();
      ASSERT_GE(accepted, 0);
      netpoll::FakeSocket& server = world_.kernel->At(accepted);
      links_.push_back(std::make_unique<Link>(Link{.to_server = {.from = &client, .to = &server},
                                                   .to_client = {.from = &server, .to = &client}}));
      client.CompleteConnect();
    }
  }

  // At most `size` bytes, and the end behind the last byte.
  static void Carry(Link::Way& way, size_t size) {
    way.bytes += way.from->Take();
    if (way.over) return;
    if (way.from->SawReset() || (way.to->Closed() && !way.bytes.empty())) {
      // Bytes for a closed socket are answered by a reset.
      (way.from->SawReset() ? way.to : way.from)->Resets();
      way.over = true;
      return;
    }
    if (!way.bytes.empty()) {
      way.to->Sends(std::string_view(way.bytes).substr(0, size));
      way.bytes.erase(0, size);
    }
    if (way.bytes.empty() && (way.from->SawFin() || way.from->Closed())) {
      way.to->Finishes();
      way.over = true;
    }
  }
  void Cut() {
    if (links_.empty()) return;
    Link& link = *links_[Below(static_cast<uint32_t>(links_.size()))];
    link.to_client.to->Resets();
    link.to_server.to->Resets();
    link.to_client.over = link.to_server.over = true;
  }
  void Cancel() {
    std::vector<Call>& calls = callers_[Below(static_cast<uint32_t>(callers_.size()))];
    Call& call = calls[Below(static_cast<uint32_t>(calls.size()))];
    if (call.done) return;
    call.cancelled = true;
    call.context.cancel({});
  }
  template <class Function>
  void AnySocket(const Function& function) {
    if (links_.empty()) return;
    Link& link = *links_[Below(static_cast<uint32_t>(links_.size()))];
    function(OneIn(2) ? *link.to_client.from : *link.to_server.from);
  }
  void Pass(Duration time) {
    world_.kernel->Advance(time);
    if (!OneIn(3)) Turn();  // else the loop is held meanwhile
  }
  void Turn() { world_.loop->Turn(Duration::zero()); }
  // Everything that is on its way arrives.
  void Settle() {
    Connect();
    for (const auto& link : links_) {
      link->to_server.from->SetRoom(SIZE_MAX);
      link->to_client.from->SetRoom(SIZE_MAX);
      Carry(link->to_server, SIZE_MAX);
      Carry(link->to_client, SIZE_MAX);
    }
    Turn();
    world_.kernel->Advance(std::chrono::milliseconds(1));
  }

  void Check(const Call& call) {
    transcript_ += call.path + ' ' + std::to_string(call.status) + ' ' +
                   std::to_string(call.body.size()) + ' ' + call.error.Message() + '\n';
    EXPECT_TRUE(call.done);
    if (call.error) {
      EXPECT_TRUE(wild_ || call.cancelled) << call.path << ": " << call.error.Message();
      EXPECT_TRUE(call.status == 0 || call.want_body.starts_with(call.body) || wild_) << call.path;
      return;
    }
    const std::string_view want = std::string_view(call.want_body).substr(0, call.body.size());
    const bool whole = call.body.size() == call.want_body.size();
    const bool right = call.status == call.want_status && call.body == want &&
                       (whole || call.body.size() >= call.reads_at_most);
    // A jump of the clock meets time-outs of the server.
    const bool late = call.status == 408 || call.status == 503 || call.status == 400 ||
                      (call.status == 200 && call.body == "cut");
    EXPECT_TRUE(right || (wild_ && late))
        << call.path << ' ' << call.status << ' ' << call.body.size();
  }

  World world_;
  const bool wild_;
  const uint32_t piece_max_;
  std::vector<std::vector<Call>> callers_;
  std::unique_ptr<Transport> transport_;
  std::vector<int> connecting_;
  std::vector<std::unique_ptr<Link>> links_;
  std::string transcript_;
};

}  // namespace hon::client::simulation
