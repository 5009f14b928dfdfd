#include "profile.h"

#include <gperftools/malloc_extension.h>
#include <gperftools/profiler.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "hon/fiber/fiber.h"
#include "hon/http/reply.h"
#include "hon/http/status.h"
#include "hon/io/file.h"

// tcmalloc looks at this whenever it picks the next allocation to sample. It has no other way to
// turn sampling on in a running program; the environment variable is read before main.
namespace FLAG__namespace_do_not_use_directly_use_DECLARE_int64_instead {
extern int64_t FLAGS_tcmalloc_sample_parameter;
}

namespace hon::app {
namespace {

constexpr int64_t kSampledBytes = 512 * 1024;

// The one profile that may run.
class Profiling {
 public:
  Profiling() : mine_(!running_.exchange(true)) {}
  Profiling(const Profiling&) = delete;
  Profiling& operator=(const Profiling&) = delete;
  ~Profiling() {
    if (mine_) running_.store(false);
  }
  explicit operator bool() const { return mine_; }

 private:
  static inline std::atomic<bool> running_{false};  // gperftools has one for the process, too
  bool mine_;
};

std::optional<std::chrono::seconds> WantedSeconds(const http::Request& r) {
  const url::Values query = r.URL.Query();
  if (!query.Has("seconds")) return kProfileDefault;
  const std::string_view text = query.Get("seconds");
  int seconds = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (problem != std::errc() || end != text.data() + text.size()) return {};
  if (seconds < 1 || std::chrono::seconds(seconds) > kProfileMax) return {};
  return std::chrono::seconds(seconds);
}

void SetDownload(http::ResponseWriter& w, std::string_view name) {
  w.Header().Set("Content-Type", "application/octet-stream");
  w.Header().Set("Content-Disposition", "attachment; filename=\"" + std::string(name) + "\"");
  w.Header().Set("X-Content-Type-Options", "nosniff");
  w.Header().Set("Cache-Control", "no-store");
}

}  // namespace

bool HasProfiler() { return true; }

void StartHeapSampling() {
  FLAG__namespace_do_not_use_directly_use_DECLARE_int64_instead::FLAGS_tcmalloc_sample_parameter =
      kSampledBytes;
}

void ServeCpuProfile(http::ResponseWriter& w, http::Request& r) {
  const std::optional<std::chrono::seconds> seconds = WantedSeconds(r);
  if (!seconds) {
    return http::Error(w, "seconds: a number from 1 to " + std::to_string(kProfileMax.count()),
                       http::StatusBadRequest);
  }
  const Profiling profiling;
  if (!profiling) {
    w.Header().Set("Retry-After", std::to_string(seconds->count()));
    return http::Error(w, "a profile is being taken already", http::StatusServiceUnavailable);
  }
  // gperftools writes to a path: that of a file without a name.
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> sink(std::tmpfile(), std::fclose);
  if (sink == nullptr ||
      ProfilerStart(("/dev/fd/" + std::to_string(fileno(sink.get()))).c_str()) == 0) {
    return http::Error(w, "cannot write a profile", http::StatusInternalServerError);
  }
  const Error left = fiber::Sleep(r.Context(), *seconds);
  ProfilerStop();
  if (left) return;
  SetDownload(w, "profile");
  io::File profile(dup(fileno(sink.get())));
  if (Error err = profile.SeekTo(0)) {
    return http::Error(w, err.Message(), http::StatusInternalServerError);
  }
  w.ReadFrom(profile);
}

void ServeHeapProfile(http::ResponseWriter& w, http::Request&) {
  MallocExtensionWriter text;  // a std::string
  MallocExtension::instance()->GetHeapSample(&text);
  SetDownload(w, "heap");
  w.Write(text);
}

}  // namespace hon::app
