#include "engine/fiber_spawner.h"

#include <utility>

#include "hon/fiber/fiber.h"

namespace hon::engine {

void FiberSpawner::Go(appcontext::Context context, std::function<void()> work) {
  fiber::Go([context = std::move(context), work = std::move(work)] {
    fiber::SetContext(&context);
    work();
    fiber::SetContext(nullptr);
  });
}

void FiberSpawner::Wait(const appcontext::Context& context) {
  const appcontext::Context& own = fiber::CurrentContext();
  fiber::SetContext(nullptr);  // its end must not end this wait
  while (!context.Done()) static_cast<void>(fiber::Wait(context));
  fiber::SetContext(&own);
}

}  // namespace hon::engine
