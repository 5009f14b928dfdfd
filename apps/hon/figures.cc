#include "figures.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <string_view>
#include <utility>

#include "hon/io/file.h"
#include "json.h"

namespace hon::app {
namespace {

int64_t UnixMilliseconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

int64_t Milliseconds(const timeval& time) {
  return int64_t{time.tv_sec} * 1000 + time.tv_usec / 1000;
}

// The second number of the file is the count of resident pages; 0 where there is no such file.
uint64_t ResidentBytes() {
  Result<io::File> file = io::File::Open("/proc/self/statm");
  char text[128];
  if (!file) return 0;
  std::string_view numbers(text, file->Read(text).n);
  numbers.remove_prefix(std::min(numbers.find(' ') + 1, numbers.size()));
  uint64_t pages = 0;
  std::from_chars(numbers.data(), numbers.data() + numbers.size(), pages);
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

template <class Number>
void Append(std::string& json, std::string_view name, Number value) {
  json.append("\"").append(name).append("\":").append(std::to_string(value)).append(",");
}

std::string Http2Json(const engine::Http2Stats& stats) {
  std::string json;
  Append(json, "connections", stats.connections);
  Append(json, "streams", stats.streams);
  Append(json, "refused", stats.refused);
  Append(json, "resets_received", stats.resets_received);
  Append(json, "resets_sent", stats.resets_sent);
  Append(json, "goaways", stats.goaways);
  Append(json, "retired", stats.retired);
  Append(json, "floods", stats.floods);
  Append(json, "violations", stats.violations);
  Append(json, "stalls", stats.stalls);
  json.pop_back();  // the last comma
  return json;
}

}  // namespace

Figures::Figures(std::function<ServerFigures()> ask, sse::Broadcaster& stream)
    : ask_(std::move(ask)), stream_(&stream), started_ms_(UnixMilliseconds()) {
  Result<Thread> thread = Thread::Start({.name = "hon-figures"}, [this] { Run(); });
  if (!thread) {
    std::fprintf(stderr, "hon: no figures are published: %s\n", thread.error().Message().c_str());
    return;
  }
  thread_ = std::move(*thread);
}

Figures::~Figures() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  if (thread_.Joinable()) thread_.Join();
}

std::string Figures::Json() const {
  const ServerFigures server = ask_();
  rusage used = {};
  getrusage(RUSAGE_SELF, &used);
  std::string json;
  Append(json, "ms", UnixMilliseconds());
  Append(json, "started", started_ms_);
  Append(json, "requests", server.requests);
  Append(json, "connections", server.connections);
  Append(json, "cpu_ms", Milliseconds(used.ru_utime) + Milliseconds(used.ru_stime));
  Append(json, "memory", ResidentBytes());
  std::string loops;
  for (const size_t count : server.loop_connections) {
    loops.append(loops.empty() ? "" : ",").append(std::to_string(count));
  }
  json.append("\"loops\":[").append(loops).append("],");
  json.append("\"http2\":{").append(Http2Json(server.http2)).append("},");
  json.append("\"backend\":").append(JsonString(server.backend));
  json.append(",\"version\":").append(JsonString(HON_VERSION));
  return json;
}

void Figures::Run() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    lock.unlock();
    const std::string json = "{" + Json() + "}";
    // One small line: Publish cannot refuse it.
    static_cast<void>(stream_->Publish({.data = json}));
    lock.lock();
    changed_.wait_for(lock, std::chrono::seconds(1), [&] { return stopped_; });
  }
}

}  // namespace hon::app
