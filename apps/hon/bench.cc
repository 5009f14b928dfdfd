#include "bench.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "hon/base/error.h"

namespace hon::app {
namespace {

namespace fs = std::filesystem;

// The folder of this program.
fs::path OwnFolder() {
  std::error_code ignored;
  const fs::path self = fs::read_symlink("/proc/self/exe", ignored);
  return self.parent_path();
}

// The runner, from the folders above this program: in the source tree (build/<preset>/bin), or
// installed (<prefix>/share/hon).
std::optional<fs::path> FindRunner() {
  std::error_code ignored;
  for (fs::path folder = OwnFolder(); folder.has_relative_path(); folder = folder.parent_path()) {
    for (const char* below : {"bench/run", "share/hon/bench/run"}) {
      if (fs::exists(folder / below, ignored)) return folder / below;
    }
  }
  return std::nullopt;
}

// `PATH`'s python3 runs the runner, so that a missing python3 and a broken runner give different
// errors.
int ExecRunner(const std::vector<std::string>& arguments) {
  const std::optional<fs::path> runner = FindRunner();
  if (!runner) {
    std::fprintf(stderr, "hon: bench/run is neither in a folder above %s nor in share/hon there\n",
                 OwnFolder().c_str());
    return 1;
  }
  std::vector<std::string> command = {"python3", runner->string()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : command) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  ::execvp(pointers[0], pointers.data());
  const Error why =
      Error::System(errno, "hon: cannot start python3, which the benchmark is written in");
  std::fprintf(stderr, "%s (install it: apt-get install python3)\n", why.Message().c_str());
  return 1;
}

}  // namespace

int ExecBench(const std::vector<std::string>& arguments) {
  std::vector<std::string> all = {"--bin", OwnFolder().string()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return ExecRunner(all);
}

int ExecOtherType(const Flags& flags) {
  const auto milliseconds = [](std::chrono::milliseconds time) {
    return std::to_string(time.count()) + "ms";
  };
  return ExecRunner({"serve", flags.type, "--bin", OwnFolder().string(), "--addr", flags.address,
                     "--file", flags.file.empty() ? (OwnFolder() / "hon").string() : flags.file,
                     "--loops", std::to_string(flags.loops), "--read-timeout",
                     milliseconds(flags.read_timeout), "--write-timeout",
                     milliseconds(flags.write_timeout), "--keep-alive-timeout",
                     milliseconds(flags.keep_alive_timeout)});
}

}  // namespace hon::app
