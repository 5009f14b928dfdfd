#include <benchmark/benchmark.h>

namespace hon::bench {

void RegisterHeads();
void RegisterRequests();

}  // namespace hon::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  hon::bench::RegisterHeads();
  hon::bench::RegisterRequests();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
