#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <thread>

#include "hon/base/time.h"
#include "workers/stack_capture.h"

namespace hon::workers {
namespace {

constexpr int kFramesMax = 64;
// The innermost two: the signal handler, and the trampoline that calls it.
constexpr int kFramesOfOurs = 2;
constexpr Duration kAnswerTimeMax = std::chrono::milliseconds(50);
constexpr Duration kAnswerPoll = std::chrono::microseconds(100);

// Globals, since a signal handler gets no argument of ours. One capture at a time: capture_mutex.
enum class Step { kNone, kAsked, kWriting, kWritten };
std::atomic<Step> step{Step::kNone};
std::array<void*, kFramesMax> frames;
int frame_count = 0;
std::mutex capture_mutex;

// Calls only async-signal-safe functions; backtrace is one after its first call.
void OnSignal(int) {
  const int saved = errno;
  Step asked = Step::kAsked;
  if (step.compare_exchange_strong(asked, Step::kWriting, std::memory_order_acquire)) {
    frame_count = ::backtrace(frames.data(), kFramesMax);
    step.store(Step::kWritten, std::memory_order_release);
  }
  errno = saved;
}

bool Install() {
  struct sigaction before = {};
  if (::sigaction(SIGURG, nullptr, &before) != 0) return false;
  const bool unused = (before.sa_flags & SA_SIGINFO) == 0 &&
                      (before.sa_handler == SIG_DFL || before.sa_handler == SIG_IGN);
  if (!unused) return false;
  void* first[1];
  ::backtrace(first, 1);  // loads the unwinder
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  return ::sigaction(SIGURG, &action, nullptr) == 0;
}

bool AwaitAnswer() {
  const TimePoint end = Clock::now() + kAnswerTimeMax;
  while (step.load(std::memory_order_acquire) != Step::kWritten) {
    Step asked = Step::kAsked;
    // A thread that has begun to write finishes at once.
    if (Clock::now() > end && step.compare_exchange_strong(asked, Step::kNone)) return false;
    std::this_thread::sleep_for(kAnswerPoll);
  }
  step.store(Step::kNone, std::memory_order_relaxed);
  return true;
}

void AppendHex(std::string& to, uintptr_t number) {
  char digits[2 * sizeof number];
  const auto [end, problem] = std::to_chars(digits, digits + sizeof digits, number, 16);
  static_cast<void>(problem);
  to.append("+0x").append(digits, end);
}

void AppendFrame(std::string& to, void* address) {
  Dl_info info = {};
  const auto at = reinterpret_cast<uintptr_t>(address);
  if (::dladdr(address, &info) == 0) {
    to += "?";
    AppendHex(to, at);
    return;
  }
  const std::string_view file(info.dli_fname == nullptr ? "?" : info.dli_fname);
  if (info.dli_sname != nullptr) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> plain(
        abi::__cxa_demangle(info.dli_sname, nullptr, nullptr, &status), &std::free);
    to += plain == nullptr ? info.dli_sname : plain.get();
    to += " in ";
  }
  to += file.substr(file.rfind('/') + 1);
  AppendHex(to, at - reinterpret_cast<uintptr_t>(info.dli_fbase));  // the offset, as addr2line
                                                                    // expects it
}

}  // namespace

bool PrepareStackCapture() {
  static const bool installed = Install();
  return installed;
}

std::string CaptureStack(int id) {
  if (!PrepareStackCapture()) return {};
  const std::lock_guard lock(capture_mutex);
  step.store(Step::kAsked, std::memory_order_release);
  if (::syscall(SYS_tgkill, ::getpid(), id, SIGURG) != 0 || !AwaitAnswer()) {
    step.store(Step::kNone, std::memory_order_relaxed);
    return {};
  }
  std::string text;
  for (int i = kFramesOfOurs; i < frame_count; ++i) {
    if (!text.empty()) text += '\n';
    AppendFrame(text, frames[static_cast<size_t>(i)]);
  }
  return text;
}

}  // namespace hon::workers
