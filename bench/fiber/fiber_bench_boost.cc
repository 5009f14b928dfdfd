// The measurements of fiber_bench.cc on Boost.Fiber.

#include <boost/fiber/all.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

namespace fibers = boost::fibers;
using Clock = std::chrono::steady_clock;

constexpr int kRounds = 500'000;

void Report(const char* name, Clock::time_point began, int64_t times) {
  const auto took = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - began);
  std::printf("%-34s %8.1f\n", name,
              static_cast<double>(took.count()) / static_cast<double>(times));
}

void Check(bool holds) {
  if (!holds) std::abort();
}

void Yields() {
  const auto began = Clock::now();
  const auto body = [] {
    for (int round = 0; round < kRounds; ++round) boost::this_fiber::yield();
  };
  fibers::fiber first(body);
  fibers::fiber second(body);
  first.join();
  second.join();
  Report("switch, yield", began, 2LL * kRounds);
}

// Boost's unbuffered_channel makes the sender wait until its value was taken, as ours does.
template <class Channel>
void PingPong(const char* name, Channel& ping, Channel& pong) {
  const auto began = Clock::now();
  fibers::fiber other([&] {
    int value = 0;
    while (ping.pop(value) == fibers::channel_op_status::success) pong.push(value);
  });
  for (int round = 0; round < kRounds; ++round) {
    ping.push(round);
    int value = 0;
    pong.pop(value);
    Check(value == round);
  }
  ping.close();
  other.join();
  Report(name, began, 2LL * kRounds);
}

template <class Channel>
void Stream(const char* name, Channel& channel) {
  const auto began = Clock::now();
  fibers::fiber sender([&] {
    for (int round = 0; round < kRounds; ++round) channel.push(round);
    channel.close();
  });
  int64_t sum = 0;
  int value = 0;
  while (channel.pop(value) == fibers::channel_op_status::success) sum += value;
  Check(sum == int64_t{kRounds} * (kRounds - 1) / 2);
  sender.join();
  Report(name, began, kRounds);
}

void Locks() {
  fibers::mutex mutex;
  const auto began = Clock::now();
  for (int round = 0; round < kRounds; ++round) {
    mutex.lock();
    mutex.unlock();
  }
  Report("mutex, free", began, kRounds);
}

void Lives() {
  const auto began = Clock::now();
  std::vector<fibers::fiber> some;
  for (int round = 0; round < kRounds / 10; ++round) {
    some.emplace_back([] {});
    if (some.size() == 64) {
      for (fibers::fiber& one : some) one.join();
      some.clear();
    }
  }
  for (fibers::fiber& one : some) one.join();
  Report("go, run, end", began, kRounds / 10);
}

}  // namespace

int main() {
  Yields();
  {
    fibers::unbuffered_channel<int> ping;
    fibers::unbuffered_channel<int> pong;
    PingPong("channel, there or back", ping, pong);
  }
  {
    fibers::buffered_channel<int> ping(2);
    fibers::buffered_channel<int> pong(2);
    PingPong("buffered channel, there or back", ping, pong);
  }
  {
    fibers::unbuffered_channel<int> channel;
    Stream("channel, one value", channel);
  }
  {
    fibers::buffered_channel<int> channel(128);
    Stream("buffered channel, one value", channel);
  }
  Locks();
  Lives();
  return 0;
}
