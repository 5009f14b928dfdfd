#include "appcontext/deadline_thread.h"

#include <pthread.h>
#include <signal.h>

#include <utility>

#include "appcontext/context_node.h"

namespace hon::appcontext {

DeadlineThread& DeadlineThread::Instance() {
  static DeadlineThread instance;
  return instance;
}

DeadlineThread::DeadlineThread() {
  // Signals belong to the threads that the program made.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { Main(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

DeadlineThread::~DeadlineThread() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void DeadlineThread::Add(ContextNode& node, TimePoint deadline, Error cause, Entry& entry) {
  std::lock_guard lock(mutex_);
  entry.at = alarms_.emplace(deadline, Alarm{&node, &entry, std::move(cause)});
  entry.used = true;
  entry.set = true;
  if (entry.at == alarms_.begin()) changed_.notify_one();
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
    if (!alarm.node->TryRef()) continue;  // it is being destroyed, and waits for the mutex
    lock.unlock();
    alarm.node->End(ErrDeadlineExceeded, std::move(alarm.cause));
    alarm.node->Unref();
    lock.lock();
  }
}

}  // namespace hon::appcontext
