#include "appcontext/deadline_thread.h"

#include <utility>

#include "appcontext/context_node.h"

namespace hon::appcontext {

DeadlineThread& DeadlineThread::Instance() {
  static DeadlineThread instance;
  return instance;
}

DeadlineThread::~DeadlineThread() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  if (thread_.Joinable()) thread_.Join();
}

Error DeadlineThread::Add(ContextNode& node, TimePoint deadline, Error cause, Entry& entry) {
  std::lock_guard lock(mutex_);
  if (!thread_.Joinable()) {
    Result<Thread> started = Thread::Start({.name = "hon-deadlines"}, [this] { Main(); });
    if (!started) return std::move(started.error());
    thread_ = std::move(*started);
  }
  entry.at = alarms_.emplace(deadline, Alarm{&node, &entry, std::move(cause)});
  entry.used = true;
  entry.set = true;
  if (entry.at == alarms_.begin()) changed_.notify_one();
  return {};
}

void DeadlineThread::Remove(Entry& entry) {
  std::lock_guard lock(mutex_);
  if (!std::exchange(entry.set, false)) return;
  alarms_.erase(entry.at);
}

void DeadlineThread::Main() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    if (alarms_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto first = alarms_.begin();
    if (first->first > Clock::now()) {
      const TimePoint until = first->first;
      changed_.wait_until(lock, until);
      continue;
    }
    Alarm alarm = std::move(first->second);
    alarm.entry->set = false;
    alarms_.erase(first);
    if (!alarm.node->TryRef()) continue;  // the node is being destroyed, and waits for the mutex
    lock.unlock();
    alarm.node->End(ErrDeadlineExceeded, std::move(alarm.cause));
    alarm.node->Unref();
    lock.lock();
  }
}

}  // namespace hon::appcontext
