#include "fiber/overflow.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <memory>
#include <mutex>
#include <string_view>

#include "fiber/scheduler.h"

namespace hon::fiber {
namespace {

constexpr size_t kSignalStackBytes = 64 * 1024;

// The handlers installed before ours.
struct sigaction previous_segv;
struct sigaction previous_bus;

// Makes only async-signal-safe calls. An unread stderr delays a call by a second.
void WriteText(std::string_view text) {
  pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (::poll(&ready, 1, 1000) != 1) return;
  const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
  static_cast<void>(written);
}

void WriteNumber(size_t number) {
  char digits[24];
  char* const end = digits + sizeof digits;
  char* at = end;
  do {
    *--at = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  WriteText({at, static_cast<size_t>(end - at)});
}

void OnFault(int signal, siginfo_t* info, void* machine) {
  if (const Fiber* fiber = Current(); fiber != nullptr && fiber->stack.Guards(info->si_addr)) {
    WriteText("hon: the fiber ");
    if (fiber->name != nullptr && !fiber->name->empty()) {
      WriteText("\"");
      WriteText(*fiber->name);
      WriteText("\" ");
    }
    WriteText("has overrun its stack of ");
    WriteNumber(fiber->stack.Bytes());
    WriteText(" bytes; raise it with fiber::Options::stack_bytes (server::WithStackBytes)\n");
  }
  const struct sigaction& previous = signal == SIGSEGV ? previous_segv : previous_bus;
  if ((previous.sa_flags & SA_SIGINFO) != 0 && previous.sa_sigaction != nullptr) {
    return previous.sa_sigaction(signal, info, machine);
  }
  if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    return previous.sa_handler(signal);
  }
  ::signal(signal, SIG_DFL);  // the fault comes again and ends the process
}

void InstallHandlers() {
  struct sigaction action = {};
  action.sa_sigaction = OnFault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGSEGV, &action, &previous_segv);
  ::sigaction(SIGBUS, &action, &previous_bus);
}

// A signal stack that lives as long as its thread, unless the thread already has one.
class SignalStack {
 public:
  SignalStack() {
    stack_t before = {};
    if (::sigaltstack(nullptr, &before) != 0 || (before.ss_flags & SS_DISABLE) == 0) return;
    memory_ = std::make_unique<char[]>(kSignalStackBytes);
    stack_t ours = {};
    ours.ss_sp = memory_.get();
    ours.ss_size = kSignalStackBytes;
    ::sigaltstack(&ours, nullptr);
  }
  ~SignalStack() {
    if (memory_ == nullptr) return;
    stack_t none = {};
    none.ss_flags = SS_DISABLE;
    ::sigaltstack(&none, nullptr);
  }

 private:
  std::unique_ptr<char[]> memory_;
};

}  // namespace

void WatchForOverflow() {
  static std::once_flag installed;
  std::call_once(installed, InstallHandlers);
  thread_local SignalStack stack;
  static_cast<void>(&stack);
}

}  // namespace hon::fiber
