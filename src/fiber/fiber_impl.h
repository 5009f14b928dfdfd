#pragma once

#include <atomic>
#include <boost/context/detail/fcontext.hpp>
#include <cstdint>
#include <functional>
#include <string_view>

#include "fiber/stack.h"
#include "hon/fiber/fiber.h"

namespace hon::fiber {

/// The exceptions being handled, as the C++ runtime keeps them for each thread (Itanium C++ ABI
/// §2.2.2). Exceptions belong to the running code, so each fiber has its own.
struct ExceptionState {
  void* caught = nullptr;
  unsigned int uncaught = 0;
};

class FiberSlab;

/// A stack that a thread can run on: that of its loop, or that of a fiber.
struct ExecutionStack {
  boost::context::detail::fcontext_t context = nullptr;  // the suspended execution
  ExceptionState exceptions;
  const void* stack_bottom = nullptr;  // the members from here on are for sanitizers
  size_t stack_bytes = 0;
  void* tsan = nullptr;
  void* asan_fake_stack = nullptr;
};

class Fiber : public ExecutionStack {
 public:
  Fiber(Scheduler::Impl& owner, const Stack& memory) : scheduler(&owner), stack(memory) {}

  Scheduler::Impl* scheduler;
  Stack stack;
  Scheduler::Entry entry = nullptr;
  void* argument = nullptr;
  std::function<void()> function;  // of Go, as are the next two members
  appcontext::Context own_context;
  std::string_view own_name;
  const std::string_view* name = nullptr;
  const appcontext::Context* ends_with = nullptr;
  SwitchHooks hooks;

  void Set(const Attributes& attributes) {
    ends_with = attributes.context;
    name = attributes.name;
    hooks = attributes.hooks;
  }

  Fiber* next = nullptr;         // in the queue of ready fibers, or among the free ones
  Fiber* previous = nullptr;     // among the free ones
  Fiber* next_remote = nullptr;  // in the list of fibers woken by other threads
  std::atomic<bool> remote_wake{false};
  bool parked = false;
  bool queued = false;
  bool wake_pending = false;
  uint8_t holds = 0;  // used by FiberPool, as is the next member
  FiberSlab* slab = nullptr;
};

/// Wakes a fiber of this thread's scheduler, or of another.
void WakeLocal(Fiber& fiber);

}  // namespace hon::fiber
