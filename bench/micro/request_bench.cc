// Fibers, and whole requests on a connection in memory.

#include <memory>
#include <string>

#include "bench.h"
#include "hon/fiber/fiber.h"
#include "hon/http/serve_mux.h"
#include "memory_server.h"
#include "requests.h"

namespace hon::bench {
namespace {

// A fiber from the pool that ends without a wait: the share of each request.
void StartFiber(benchmark::State& state) {
  const auto loop = netpoll::Loop::CreateOver(std::make_unique<MemoryBackend>(), {});
  fiber::Scheduler scheduler(*loop);
  int64_t runs = 0;
  const auto start = [&] {
    scheduler.Start([](void* counter) { ++*static_cast<int64_t*>(counter); }, &runs);
  };
  start();
  if (!Prove(state, runs == 1 && scheduler.Live() == 0, "the fiber has not run")) return;
  Measure(state, 1, start);
}
BENCHMARK(StartFiber);

// A wait and its wake-up: a switch out of the fiber and back, with a share of a turn of the loop.
void SwitchFiber(benchmark::State& state) {
  const auto loop = netpoll::Loop::CreateOver(std::make_unique<MemoryBackend>(), {});
  fiber::Scheduler scheduler(*loop);
  struct Shared {
    int64_t turns = 0;
    bool stop = false;
  } shared;
  scheduler.Start(
      [](void* argument) {
        auto& s = *static_cast<Shared*>(argument);
        while (!s.stop) {
          ++s.turns;
          fiber::Yield();
        }
      },
      &shared);
  loop->Turn(Duration::zero());
  if (Prove(state, shared.turns > 1, "the fiber was not resumed")) {
    // One turn resumes the fiber again and again, within the time limit of fibers.
    const int64_t before = shared.turns;
    Measure(state, 1, [&] { loop->Turn(Duration::zero()); });
    state.SetItemsProcessed(shared.turns - before);
  }
  shared.stop = true;
  while (scheduler.Live() != 0) loop->Turn(Duration::zero());
}
BENCHMARK(SwitchFiber);

void ServeRequest(benchmark::State& state, const RequestCase& request) {
  const ServedFile file;
  http::ServeMux mux;
  RegisterHandlers(mux, file.Path());
  MemoryServer server(mux);
  const std::string answer = server.Answer(request.wire);
  if (!Prove(state, IsRight(request, answer), "the answer is wrong")) return;
  Measure(state, request.requests, [&] { server.Serve(request.wire, answer.size()); });
}

}  // namespace

void RegisterRequests() {
  for (const RequestCase& request : RequestCases()) {
    benchmark::RegisterBenchmark(
        ("ServeRequest/" + std::string(request.name)).c_str(),
        [request](benchmark::State& state) { ServeRequest(state, request); });
  }
}

}  // namespace hon::bench
