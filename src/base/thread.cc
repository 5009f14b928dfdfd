#include "hon/base/thread.h"

#include <signal.h>

#include <memory>
#include <utility>

#include "base/thread_name.h"
#include "hon/base/assert.h"

namespace hon {
namespace {

// A longer name is refused by the system.
constexpr size_t kNameBytesMax = 15;

struct Beginning {
  std::string name;
  std::function<void()> main;
};

void* Begin(void* beginning) noexcept {
  const std::unique_ptr<Beginning> self(static_cast<Beginning*>(beginning));
  if (!self->name.empty()) NameThisThread(self->name.c_str());
  self->main();
  return nullptr;
}

}  // namespace

Result<Thread> Thread::Start(const Options& options, std::function<void()> main) {
  auto beginning = std::make_unique<Beginning>();
  beginning->name = options.name.substr(0, kNameBytesMax);
  beginning->main = std::move(main);
  // A new thread has the mask of the one that starts it.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  const bool block = options.signals == Signals::kBlocked;
  if (block) ::pthread_sigmask(SIG_SETMASK, &all, &before);
  Thread thread;
  const int code = ::pthread_create(&thread.id_, nullptr, Begin, beginning.get());
  if (block) ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (code != 0) return Fail(Error::System(code, "start thread " + options.name));
  static_cast<void>(beginning.release());
  thread.joinable_ = true;
  return thread;
}

Thread::Thread(Thread&& other) noexcept
    : id_(other.id_), joinable_(std::exchange(other.joinable_, false)) {}

Thread& Thread::operator=(Thread&& other) noexcept {
  HON_ASSERT(!joinable_);
  id_ = other.id_;
  joinable_ = std::exchange(other.joinable_, false);
  return *this;
}

Thread::~Thread() { HON_ASSERT(!joinable_); }

void Thread::Join() {
  HON_ASSERT(joinable_);
  const int code = ::pthread_join(id_, nullptr);
  HON_ASSERT(code == 0);
  joinable_ = false;
}

}  // namespace hon
