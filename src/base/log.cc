#include "hon/base/log.h"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <new>
#include <string>
#include <utility>

#include "base/log_queue.h"

namespace hon {
namespace {

// One write of at most this many bytes does not wait on a pipe that poll has called writable
// (PIPE_BUF of Linux).
constexpr size_t kWriteBytes = 4096;
// Interval at which the writer checks for its end while the descriptor takes nothing.
constexpr int kPollMilliseconds = 100;
// Left-out lines are reported after this time at the latest.
constexpr Duration kTellAfter = std::chrono::seconds(1);
constexpr Duration kPerLine =
    std::chrono::nanoseconds(std::chrono::seconds(1)) / kLogLinesPerSecond;

constexpr std::array<std::string_view, kLogKinds> kKindNames = {
    "other",    "panic",     "bad request", "handler",  "accept",
    "listener", "handshake", "stall",       "callback", "protocol",
};

}  // namespace

LogQueue::~LogQueue() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    lines_.clear();
  }
  changed_.notify_all();
  if (writer_.Joinable()) writer_.Join();
}

// A token bucket, stored as the time at which it is full.
bool LogQueue::Admit(LogKind kind, TimePoint now) noexcept {
  const std::lock_guard lock(mutex_);
  Budget& budget = budgets_[static_cast<size_t>(kind)];
  const TimePoint full_at = std::max(budget.full_at, now) + kPerLine;
  if (full_at > now + kLogLinesBurst * kPerLine) {
    ++budget.left_out;
    left_out_any_ = true;
    return false;
  }
  budget.full_at = full_at;
  return true;
}

void LogQueue::Add(LogKind kind, std::string_view line) noexcept {
  {
    const std::lock_guard lock(mutex_);
    Budget& budget = budgets_[static_cast<size_t>(kind)];
    bool added = false;
    if (!stop_ && budget.bytes_waiting + line.size() <= kLogBytesPerKindMax) {
      try {
        lines_.push_back({kind, std::string(line)});
        budget.bytes_waiting += line.size();
        added = true;
      } catch (const std::bad_alloc&) {  // counted below
      }
    }
    if (!added) {
      ++budget.left_out;
      left_out_any_ = true;
    }
    if (!has_writer_) StartWriter();
    if (!has_writer_) WriteReady();
  }
  changed_.notify_one();
}

// Where no thread can be started, the next line tries again.
void LogQueue::StartWriter() {
  try {
    Result<Thread> thread = Thread::Start({.name = "hon-log"}, [this] { Write(); });
    if (!thread) return;
    writer_ = std::move(*thread);
    has_writer_ = true;
  } catch (const std::bad_alloc&) {  // the next line tries again
  }
}

// Without a writer: writes as much as the descriptor takes at once.
void LogQueue::WriteReady() {
  pollfd ready = {.fd = fd_, .events = POLLOUT, .revents = 0};
  while (!lines_.empty() && ::poll(&ready, 1, 0) == 1) {
    const std::string text = TakeFront();
    const ssize_t n = ::write(fd_, text.data(), std::min(text.size(), kWriteBytes));
    static_cast<void>(n);
  }
}

std::string LogQueue::TakeFront() {
  Line& line = lines_.front();
  budgets_[static_cast<size_t>(line.kind)].bytes_waiting -= line.text.size();
  std::string text = std::move(line.text);
  lines_.pop_front();
  return text;
}

bool LogQueue::Flush(Duration wait_max) noexcept {
  std::unique_lock lock(mutex_);
  const auto done = [this] { return lines_.empty() && !writing_; };
  if (done()) return true;
  if (!has_writer_) StartWriter();
  return idle_.wait_for(lock, wait_max, done);
}

void LogQueue::AfterFork(bool in_child) {
  if (in_child) {
    lines_.clear();  // the parent process writes them
    for (Budget& budget : budgets_) budget.bytes_waiting = 0;
    new (&writer_) Thread();
    new (&changed_) std::condition_variable();
    new (&idle_) std::condition_variable();
    has_writer_ = false;
    writing_ = false;
  }
  mutex_.unlock();
}

void LogQueue::Write() {
  std::unique_lock lock(mutex_);
  TimePoint tell_at{};
  while (!stop_) {
    std::string line;
    std::string_view text;
    if (left_out_any_ && Clock::now() >= tell_at) {
      text = LeftOut();
      tell_at = Clock::now() + kTellAfter;
    } else if (!lines_.empty()) {
      line = TakeFront();
      text = line;
    } else {
      idle_.notify_all();
      left_out_any_ ? static_cast<void>(changed_.wait_until(lock, tell_at)) : changed_.wait(lock);
      continue;
    }
    writing_ = true;
    lock.unlock();
    WriteAll(text);
    lock.lock();
    writing_ = false;
  }
  idle_.notify_all();
}

// Without an allocation: lines are left out where there is no memory for them.
std::string_view LogQueue::LeftOut() {
  char* end = told_.data();
  const auto add = [&end](std::string_view text) {
    end = std::copy(text.begin(), text.end(), end);
  };
  for (size_t kind = 0; kind < kLogKinds; ++kind) {
    const uint64_t count = std::exchange(budgets_[kind].left_out, 0);
    if (count == 0) continue;
    add("http: lines left out: ");
    end = std::to_chars(end, end + std::numeric_limits<uint64_t>::digits10 + 1, count).ptr;
    add(" (");
    add(kKindNames[kind]);
    add(")\n");
  }
  left_out_any_ = false;
  return {told_.data(), end};
}

// Drops the rest when the descriptor is broken, or the queue ends.
void LogQueue::WriteAll(std::string_view text) {
  while (!text.empty()) {
    pollfd ready = {.fd = fd_, .events = POLLOUT, .revents = 0};
    const int count = ::poll(&ready, 1, kPollMilliseconds);
    if (count == 0 || (count < 0 && errno == EINTR)) {
      const std::lock_guard lock(mutex_);
      if (stop_) return;
      continue;
    }
    if ((ready.revents & POLLNVAL) != 0) return;
    const ssize_t n = ::write(fd_, text.data(), std::min(text.size(), kWriteBytes));
    if (n < 0 && errno != EINTR && errno != EAGAIN) return;
    if (n > 0) text.remove_prefix(static_cast<size_t>(n));
  }
}

namespace {

// Never destroyed: its thread may be inside a write that never returns when the program ends, and
// the destructors of the program's own objects may log.
LogQueue& Stderr() noexcept {
  static LogQueue* const queue = [] {
    alignas(LogQueue) static char memory[sizeof(LogQueue)];
    auto* made = new (memory) LogQueue(STDERR_FILENO);
    std::atexit([] { static_cast<void>(FlushLog(kLogEndWait)); });
    ::pthread_atfork([] { Stderr().BeforeFork(); }, [] { Stderr().AfterFork(false); },
                     [] { Stderr().AfterFork(true); });
    return made;
  }();
  return *queue;
}

}  // namespace

bool AdmitLogLine(LogKind kind) noexcept { return Stderr().Admit(kind, Clock::now()); }

void LogLine(LogKind kind, std::string_view line) noexcept { Stderr().Add(kind, line); }

bool FlushLog(Duration wait_max) noexcept { return Stderr().Flush(wait_max); }

}  // namespace hon
