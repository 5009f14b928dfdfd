#include "hon/netpoll/loop_group.h"

#include <algorithm>
#include <string>
#include <utility>

#include "hon/base/assert.h"
#include "netpoll/processors.h"

namespace hon::netpoll {

unsigned DefaultLoops() {
  const unsigned allowed = AllowedProcessors();
  const unsigned granted = GrantedProcessors("/");
  return std::max(1U, granted == 0 ? allowed : std::min(allowed, granted));
}

Result<std::unique_ptr<LoopGroup>> LoopGroup::Create(unsigned count, LoopOptions options) {
  if (count == 0) count = DefaultLoops();
  std::vector<std::unique_ptr<Loop>> loops;
  for (unsigned i = 0; i < count; ++i) {
    options.index = i;
    HON_TRY(std::unique_ptr<Loop> loop, Loop::Create(options));
    options.backend = loop->Kind();
    loops.push_back(std::move(loop));
  }
  return std::unique_ptr<LoopGroup>(new LoopGroup(std::move(loops)));
}

LoopGroup::~LoopGroup() { Stop(); }

size_t LoopGroup::Connections() const {
  size_t sum = 0;
  for (const auto& loop : loops_) sum += loop->Connections();
  return sum;
}

void LoopGroup::Start() {
  HON_ASSERT(threads_.empty());
  for (const auto& loop : loops_) {
    threads_.emplace_back([&loop = *loop] {
      NameThisThread("loop-" + std::to_string(loop.Index()));
      loop.Run();
    });
  }
}

void LoopGroup::Stop() {
  if (threads_.empty()) return;
  for (const auto& loop : loops_) loop->Stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace hon::netpoll
