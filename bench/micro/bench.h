#pragma once

// Code around the work of every benchmark here: it checks the answer before the first timed round,
// and reports how often a round has called operator new.

#include <benchmark/benchmark.h>

#include <string>

#include "support/allocation_counter.h"

namespace hon::bench {

/// Ends the benchmark with an error when `right` is false.
inline bool Prove(benchmark::State& state, bool right, const char* what) {
  if (!right) state.SkipWithError(what);
  return right;
}

/// Runs `work` for as long as the benchmark wants, `items` things at a time.
template <class Work>
void Measure(benchmark::State& state, int64_t items, Work&& work) {
  work();  // warm-up
  const size_t before = test::Allocations();
  for (auto _ : state) work();
  const auto allocations = static_cast<double>(test::Allocations() - before);
  const auto rounds = static_cast<double>(state.iterations());
  state.counters["allocs"] = allocations / rounds / static_cast<double>(items);
  state.SetItemsProcessed(state.iterations() * items);
}

}  // namespace hon::bench
