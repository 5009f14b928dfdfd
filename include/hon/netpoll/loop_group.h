#pragma once

#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "hon/base/result.h"
#include "hon/netpoll/loop.h"

namespace hon::netpoll {

/// How many processors this process may use: those of its affinity mask, at most what its cgroups
/// grant (rounded up), at least one.
[[nodiscard]] unsigned DefaultLoops();

/// Loops that run on threads of their own. Made, started, stopped and destroyed by one thread that
/// is none of theirs.
class LoopGroup {
 public:
  /// `count` loops with indexes from 0; 0: DefaultLoops(). All have the backend that the first of
  /// them got, and the fallback is told once.
  static Result<std::unique_ptr<LoopGroup>> Create(unsigned count, LoopOptions options);
  ~LoopGroup();  // stops
  LoopGroup(const LoopGroup&) = delete;
  LoopGroup& operator=(const LoopGroup&) = delete;

  [[nodiscard]] size_t Size() const { return loops_.size(); }
  /// Before Start the creating thread may use a loop as its own, but not turn it.
  [[nodiscard]] Loop& At(size_t index) { return *loops_[index]; }
  /// Connections of all loops, approximately.
  [[nodiscard]] size_t Connections() const;

  /// Runs every loop on a thread of its own. Once.
  void Start();
  /// Stops the loops and waits for their threads.
  void Stop();

 private:
  explicit LoopGroup(std::vector<std::unique_ptr<Loop>> loops) : loops_(std::move(loops)) {}

  std::vector<std::unique_ptr<Loop>> loops_;
  std::vector<std::thread> threads_;
};

}  // namespace hon::netpoll
