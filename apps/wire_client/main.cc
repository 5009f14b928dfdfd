// The conformance client: one request for each URL, a line of JSON for each answer.

#include <cstdio>
#include <thread>
#include <vector>

#include "flags.h"
#include "hon/fiber/fiber.h"
#include "hon/netpoll/loop.h"
#include "runner.h"

namespace hon::wire {
namespace {

void RunOnThreads(Runner& runner, unsigned concurrency) {
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < concurrency; ++i) threads.emplace_back([&runner] { runner.Work(); });
  for (std::thread& thread : threads) thread.join();
}

// Runs all requests on fibers of one loop, on this thread.
Error RunOnLoop(Runner& runner, const ClientFlags& flags) {
  Result<std::unique_ptr<netpoll::Loop>> loop = netpoll::Loop::Create({.backend = flags.backend});
  if (!loop) return std::move(loop.error());
  fiber::Scheduler scheduler(**loop);
  unsigned running = flags.concurrency;
  for (unsigned i = 0; i < flags.concurrency; ++i) {
    fiber::Go(
        [&] {
          runner.Work();
          if (--running == 0) (*loop)->Stop();
        },
        {.scheduler = &scheduler});
  }
  (*loop)->Run();
  while (scheduler.Live() != 0) (*loop)->Turn(std::chrono::milliseconds(1));
  return {};
}

int Main(int argc, char** argv) {
  const ParsedClientFlags parsed = ParseClientFlags(argc, argv);
  if (parsed.exit_code) return *parsed.exit_code;
  Runner runner(parsed.flags);
  Error err = runner.Prepare();
  if (!err && parsed.flags.threads) RunOnThreads(runner, parsed.flags.concurrency);
  if (!err && !parsed.flags.threads) err = RunOnLoop(runner, parsed.flags);
  if (err) {
    std::fprintf(stderr, "hon_wire_client: %s\n", err.Message().c_str());
    return 2;
  }
  return runner.Failed() ? 1 : 0;
}

}  // namespace
}  // namespace hon::wire

int main(int argc, char** argv) { return hon::wire::Main(argc, argv); }
