// A load generator with two modes that wrk lacks: requests at a fixed rate, each timed from its
// intended send time (so that a stalled server is charged for the requests that wait), and a
// connection for each request. One thread; prints one JSON object. usage: hon_load --port N
// [--help]

#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client.h"
#include "histogram.h"
#include "options.h"

namespace hon::load {
namespace {

constexpr int kEventsMax = 512;
constexpr uint64_t kSecond = 1'000'000'000;
// Time limit, after the end, for the requests in flight.
constexpr uint64_t kDrainMax = 2 * kSecond;
// Time limit for making the connections.
constexpr uint64_t kConnectMax = 10 * kSecond;

void LiftDescriptorLimit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

uint64_t Now() {
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        request_("GET " + options.path +
                 " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(options.port) + "\r\n" +
                 (options.close ? "Connection: close\r\n" : "") + "\r\n") {}
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load() { ::close(epoll_); }

  bool Run();
  void Print() const;

 private:
  [[nodiscard]] bool IsPaced() const { return options_.rate > 0; }
  [[nodiscard]] uint64_t IntendedAt(uint64_t number) const {
    return begin_ + static_cast<uint64_t>(static_cast<double>(number) / options_.rate *
                                          static_cast<double>(kSecond));
  }
  bool ConnectAll();
  void StartIdle();
  void CountUnanswered();
  void StartDue(uint64_t now);
  void Start(Client& client, uint64_t intended);
  void Turn(int wait_ms);
  void OnOutcome(Client& client, Client::Outcome outcome);

  Options options_;
  int epoll_;
  std::string request_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<Client*> idle_;
  Histogram latency_;
  uint64_t begin_ = 0;
  uint64_t end_ = 0;
  uint64_t answered_at_ = 0;  // time of the last answer
  uint64_t intended_ = 0;     // requests whose send time has come (paced)
  uint64_t errors_ = 0;
  uint64_t unanswered_ = 0;
  size_t busy_ = 0;
};

// All connections are made before the clock starts, unless each request makes its own.
bool Load::ConnectAll() {
  for (size_t i = 0; i < options_.connections; ++i) {
    clients_.push_back(std::make_unique<Client>());
    if (!options_.close && !clients_.back()->Connect(epoll_, options_.port)) return false;
    idle_.push_back(clients_.back().get());
  }
  const auto open = [](const auto& client) { return client->IsConnected(); };
  const uint64_t patience = Now() + kConnectMax;
  while (!options_.close && errors_ == 0 && Now() < patience &&
         !std::all_of(clients_.begin(), clients_.end(), open)) {
    Turn(10);
  }
  return options_.close || std::all_of(clients_.begin(), clients_.end(), open);
}

bool Load::Run() {
  if (!ConnectAll()) return false;
  if (options_.wait) {
    std::puts("ready");
    std::fflush(stdout);
    for (int c = 0; c != '\n' && c != EOF;) c = std::getchar();
  }
  begin_ = Now();
  end_ = begin_ + static_cast<uint64_t>(options_.seconds * static_cast<double>(kSecond));
  // A paced run spins: no timer is as exact as the clock itself.
  const int wait_ms = IsPaced() ? 0 : 10;
  for (uint64_t now = begin_; now < end_; now = Now()) {
    IsPaced() ? StartDue(now) : StartIdle();
    Turn(wait_ms);
  }
  // Requests whose send time had come are part of the result, however late their answers are.
  const auto waiting = [this] { return IsPaced() && IntendedAt(intended_) < end_; };
  while ((busy_ != 0 || waiting()) && Now() < end_ + kDrainMax) {
    if (IsPaced()) StartDue(end_ - 1);
    Turn(wait_ms);
  }
  CountUnanswered();
  return true;
}

void Load::CountUnanswered() {
  const uint64_t now = Now();
  for (const auto& client : clients_) {
    if (client->started == 0) continue;
    ++unanswered_;
    latency_.Add(now - client->started);
  }
  for (; IsPaced() && IntendedAt(intended_) < end_; ++intended_) {
    ++unanswered_;
    latency_.Add(now - IntendedAt(intended_));
  }
}

void Load::StartIdle() {
  for (Client* client : std::exchange(idle_, {})) Start(*client, Now());
}

// Sends the requests that are due by `now`, as far as there are idle connections; the others wait,
// and the wait counts.
void Load::StartDue(uint64_t now) {
  while (!idle_.empty() && IntendedAt(intended_) <= now) {
    Client* client = idle_.back();
    idle_.pop_back();
    Start(*client, IntendedAt(intended_++));
  }
}

void Load::Start(Client& client, uint64_t intended) {
  client.started = intended;
  ++busy_;
  if (!client.IsOpen() && !client.Connect(epoll_, options_.port)) {
    return OnOutcome(client, Client::Outcome::kFailed);
  }
  OnOutcome(client, client.Send(request_));
}

void Load::Turn(int wait_ms) {
  std::array<epoll_event, kEventsMax> events;
  const int count = ::epoll_wait(epoll_, events.data(), kEventsMax, wait_ms);
  for (int i = 0; i < count; ++i) {
    auto& client = *static_cast<Client*>(events[static_cast<size_t>(i)].data.ptr);
    OnOutcome(client, client.OnEvent());
  }
}

void Load::OnOutcome(Client& client, Client::Outcome outcome) {
  if (outcome == Client::Outcome::kWaiting) return;
  const uint64_t now = Now();
  if (client.started == 0) {  // an idle connection that the server closed
    if (outcome == Client::Outcome::kFailed) ++errors_;
    return;
  }
  if (outcome == Client::Outcome::kFailed) {
    ++errors_;
  } else if (options_.close && client.IsOpen() && client.ServerCloses()) {
    client.AwaitEnd();  // the server's work on a connection ends with its close
    return OnOutcome(client, client.OnEvent());
  } else {
    latency_.Add(now - client.started);
    answered_at_ = now;
  }
  if (options_.close) client.Close();
  client.started = 0;
  --busy_;
  idle_.push_back(&client);
}

void Load::Print() const {
  uint64_t bytes = 0;
  for (const auto& client : clients_) bytes += client->Bytes();
  const auto micro = [](uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e3; };
  const uint64_t answered = latency_.Total() - unanswered_;
  const uint64_t last = std::max(answered_at_, end_);
  std::printf(
      "{\"requests\": %llu, \"errors\": %llu, \"unanswered\": %llu, \"bytes\": %llu, "
      "\"seconds\": %.6f, \"mean\": %.1f, \"p50\": %.1f, \"p99\": %.1f, \"p999\": %.1f, "
      "\"max\": %.1f}\n",
      static_cast<unsigned long long>(answered), static_cast<unsigned long long>(errors_),
      static_cast<unsigned long long>(unanswered_), static_cast<unsigned long long>(bytes),
      static_cast<double>(last - begin_) / 1e9, latency_.Mean() / 1e3,
      micro(latency_.Quantile(0.5)), micro(latency_.Quantile(0.99)),
      micro(latency_.Quantile(0.999)), micro(latency_.Max()));
}

}  // namespace
}  // namespace hon::load

int main(int argc, char** argv) {
  const hon::load::ParsedOptions parsed = hon::load::ParseOptions(argc, argv);
  if (parsed.exit_code) return *parsed.exit_code;
  hon::load::LiftDescriptorLimit();
  hon::load::Load load(parsed.options);
  if (!load.Run()) {
    std::perror("hon_load: cannot connect");
    return 1;
  }
  load.Print();
  return 0;
}
