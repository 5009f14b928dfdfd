// gperftools is loaded, not linked (NeedProfiler): the functions of gperftools are looked up by
// name.

#include "profile.h"

#include <dlfcn.h>
#include <gperftools/malloc_extension.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "hon/fiber/fiber.h"
#include "hon/http/reply.h"
#include "hon/http/status.h"
#include "hon/io/file.h"

namespace hon::app {
namespace {

constexpr int64_t kSampledBytes = 512 * 1024;

constexpr const char* kPreload = "LD_PRELOAD";
// Set in the program that NeedProfiler has started, to the earlier value of LD_PRELOAD.
constexpr const char* kPreloadBefore = "HON_PRELOAD_BEFORE";

struct Gperftools {
  int (*start)(const char* path) = nullptr;
  void (*stop)() = nullptr;
  MallocExtension* (*allocator)() = nullptr;
  // tcmalloc reads this variable whenever it picks the next allocation to sample. Nothing else
  // turns sampling on in a running program; the environment variable is read before main.
  int64_t* sample_parameter = nullptr;
};

template <class T>
bool LookUp(const char* name, T*& into) {
  into = reinterpret_cast<T*>(dlsym(RTLD_DEFAULT, name));
  return into != nullptr;
}

// gperftools in this process, or null.
const Gperftools* Loaded() {
  static const std::optional<Gperftools> loaded = [] {
    std::optional<Gperftools> found(std::in_place);
    const bool all = LookUp("ProfilerStart", found->start) && LookUp("ProfilerStop", found->stop) &&
                     LookUp("_ZN15MallocExtension8instanceEv", found->allocator) &&
                     LookUp(
                         "_ZN61FLAG__namespace_do_not_use_directly_use_DECLARE_int64_instead"
                         "31FLAGS_tcmalloc_sample_parameterE",
                         found->sample_parameter);
    if (!all) found.reset();
    return found;
  }();
  return loaded ? &*loaded : nullptr;
}

void Missing(http::ResponseWriter& w) {
  http::ReplyError(w, "without gperftools", http::StatusNotImplemented);
}

// The only profile that may run.
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
  static inline std::atomic<bool> running_{false};  // gperftools allows one profile in a process
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

void NeedProfiler(char** argv) {
  if (const char* before = std::getenv(kPreloadBefore)) {  // already started with LD_PRELOAD
    const std::string own = before;
    unsetenv(kPreloadBefore);
    if (own.empty()) {
      unsetenv(kPreload);
    } else {
      setenv(kPreload, own.c_str(), 1);
    }
    return;
  }
  const char* set = std::getenv(kPreload);
  const std::string own = set == nullptr ? "" : set;
  setenv(kPreloadBefore, own.c_str(), 1);
  setenv(kPreload, own.empty() ? HON_GPERFTOOLS : (HON_GPERFTOOLS ":" + own).c_str(), 1);
  execv("/proc/self/exe", argv);
  NeedProfiler(argv);  // exec failed: continue without a profiler
}

bool HasProfiler() { return Loaded() != nullptr; }

void StartHeapSampling() {
  if (HasProfiler()) *Loaded()->sample_parameter = kSampledBytes;
}

void ServeCpuProfile(http::ResponseWriter& w, http::Request& r) {
  if (!HasProfiler()) return Missing(w);
  const std::optional<std::chrono::seconds> seconds = WantedSeconds(r);
  if (!seconds) {
    return http::ReplyError(w, "seconds: a number from 1 to " + std::to_string(kProfileMax.count()),
                            http::StatusBadRequest);
  }
  const Profiling profiling;
  if (!profiling) {
    w.Header().Set("Retry-After", std::to_string(seconds->count()));
    return http::ReplyError(w, "a profile is being taken already", http::StatusServiceUnavailable);
  }
  // gperftools writes to a path: the path of a temporary file without a name.
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> sink(std::tmpfile(), std::fclose);
  if (sink == nullptr ||
      Loaded()->start(("/dev/fd/" + std::to_string(fileno(sink.get()))).c_str()) == 0) {
    return http::ReplyError(w, "cannot write a profile", http::StatusInternalServerError);
  }
  const Error left = fiber::Sleep(r.Context(), *seconds);
  Loaded()->stop();
  if (left) return;
  SetDownload(w, "profile");
  io::File profile(dup(fileno(sink.get())));
  if (Error err = profile.SeekTo(0)) {
    return http::ReplyError(w, err.Message(), http::StatusInternalServerError);
  }
  w.ReadFrom(profile);
}

void ServeHeapProfile(http::ResponseWriter& w, http::Request&) {
  if (!HasProfiler()) return Missing(w);
  MallocExtensionWriter text;  // derives from std::string
  Loaded()->allocator()->GetHeapSample(&text);
  SetDownload(w, "heap");
  w.Write(text);
}

}  // namespace hon::app
