// The cost of a switch between two fibers, of a value through a channel, and of a fiber's whole
// life. Prints a line for each: its name and nanoseconds.

#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <utility>

#include "hon/base/assert.h"
#include "hon/fiber/channel.h"
#include "hon/fiber/fiber.h"
#include "hon/fiber/mutex.h"
#include "hon/fiber/wait_group.h"
#include "hon/netpoll/loop.h"

namespace hon {
namespace {

constexpr int kRounds = 500'000;

void Report(const char* name, TimePoint began, int64_t times) {
  const auto took = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - began);
  std::printf("%-34s %8.1f\n", name,
              static_cast<double>(took.count()) / static_cast<double>(times));
}

void Yields() {
  fiber::WaitGroup group;
  const TimePoint began = Clock::now();
  for (int i = 0; i < 2; ++i) {
    group.Go([] {
      for (int round = 0; round < kRounds; ++round) fiber::Yield();
    });
  }
  group.Wait();
  Report("switch, yield", began, 2LL * kRounds);
}

void Wakes() {
  fiber::WaitGroup group;
  fiber::Fiber* fibers[2] = {};
  int turn = 0;
  const TimePoint began = Clock::now();
  for (int i = 0; i < 2; ++i) {
    group.Go([&, i] {
      fibers[i] = fiber::Current();
      for (int round = 0; round < kRounds; ++round) {
        while (turn != i) fiber::Park();
        turn = 1 - i;
        if (fibers[turn] != nullptr) fiber::Wake(*fibers[turn]);
      }
    });
  }
  group.Wait();
  Report("switch, park and wake", began, 2LL * kRounds);
}

void PingPong(const char* name, size_t capacity) {
  fiber::WaitGroup group;
  fiber::Channel<int> ping(capacity);
  fiber::Channel<int> pong(capacity);
  const TimePoint began = Clock::now();
  group.Go([&] {
    for (int value : ping) HON_ASSERT(!pong.Send(value));
    pong.Close();
  });
  for (int round = 0; round < kRounds; ++round) {
    HON_ASSERT(!ping.Send(round));
    HON_ASSERT(pong.Receive() == round);
  }
  ping.Close();
  group.Wait();
  Report(name, began, 2LL * kRounds);
}

void Stream(const char* name, size_t capacity) {
  fiber::WaitGroup group;
  fiber::Channel<int> channel(capacity);
  const TimePoint began = Clock::now();
  group.Go([&] {
    for (int round = 0; round < kRounds; ++round) HON_ASSERT(!channel.Send(round));
    channel.Close();
  });
  int64_t sum = 0;
  for (int value : channel) sum += value;
  HON_ASSERT(sum == int64_t{kRounds} * (kRounds - 1) / 2);
  group.Wait();
  Report(name, began, kRounds);
}

void Locks() {
  fiber::Mutex mutex;
  const TimePoint began = Clock::now();
  for (int round = 0; round < kRounds; ++round) {
    mutex.lock();
    mutex.unlock();
  }
  Report("mutex, free", began, kRounds);
}

void Lives() {
  fiber::WaitGroup group;
  const TimePoint began = Clock::now();
  for (int round = 0; round < kRounds / 10; ++round) {
    group.Go([] {});
    if (round % 64 == 63) fiber::Yield();
  }
  group.Wait();
  Report("go, run, end", began, kRounds / 10);
}

void Crowd(int fibers) {
  fiber::WaitGroup group;
  fiber::Channel<int> never;
  const TimePoint began = Clock::now();
  for (int i = 0; i < fibers; ++i) {
    group.Go([&] { HON_ASSERT(!never.Receive()); });
    if (i % 64 == 63) fiber::Yield();
  }
  fiber::Yield();
  Report("first life, up to a wait", began, fibers);
  const TimePoint ended = Clock::now();
  never.Close();
  group.Wait();
  Report("woken, and its stack freed", ended, fibers);
}

void RunAll() {
  Yields();
  Wakes();
  PingPong("channel, there or back", 0);
  PingPong("buffered channel, there or back", 1);
  Stream("channel, one value", 0);
  Stream("buffered channel, one value", 128);
  Locks();
  Lives();
  Crowd(20'000);
}

}  // namespace
}  // namespace hon

int main() {
  const std::unique_ptr<hon::netpoll::Loop> loop = std::move(*hon::netpoll::Loop::Create({}));
  hon::fiber::Scheduler scheduler(*loop);
  hon::fiber::Go(
      [&] {
        hon::RunAll();
        loop->Stop();
      },
      {.scheduler = &scheduler});
  loop->Run();
  return 0;
}
