#include <mach/mach.h>
#include <pthread.h>
#include <pthread/qos.h>

#include "workers/thread_probe.h"

namespace hon::workers {
namespace {

bool Ask(int id, thread_basic_info_data_t& info) {
  mach_msg_type_number_t count = THREAD_BASIC_INFO_COUNT;
  return ::thread_info(static_cast<thread_act_t>(id), THREAD_BASIC_INFO,
                       reinterpret_cast<thread_info_t>(&info), &count) == KERN_SUCCESS;
}

Duration TimeOf(const time_value_t& value) {
  return std::chrono::seconds(value.seconds) + std::chrono::microseconds(value.microseconds);
}

}  // namespace

ThreadProbe::ThreadProbe() : id_(static_cast<int>(::pthread_mach_thread_np(::pthread_self()))) {
  static_cast<void>(clock_);
  static_cast<void>(state_fd_);
}

ThreadProbe::~ThreadProbe() = default;

Duration ThreadProbe::Used() const {
  thread_basic_info_data_t info = {};
  return Ask(id_, info) ? TimeOf(info.user_time) + TimeOf(info.system_time) : Duration();
}

bool ThreadProbe::Waits() const {
  thread_basic_info_data_t info = {};
  return !Ask(id_, info) || info.run_state != TH_STATE_RUNNING;
}

ThreadUsage ThreadUsage::OfThisThread() { return {}; }

void YieldPriority() { ::pthread_set_qos_class_self_np(QOS_CLASS_UTILITY, 0); }

}  // namespace hon::workers
