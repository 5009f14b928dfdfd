#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace hon::load {

struct Options {
  uint16_t port = 0;
  size_t connections = 100;
  double seconds = 1;
  double rate = 0;  // requests per second; 0: each connection as fast as it is answered
  std::string path = "/";
  bool close = false;
  bool wait = false;  // say "ready" once connected, and begin at a line of standard input
};

/// Reads the command line. When the program should end at once (--help, a mistake), a message was
/// printed to stdout or stderr, and `exit_code` is set.
struct ParsedOptions {
  Options options;
  std::optional<int> exit_code;
};
ParsedOptions ParseOptions(int argc, char** argv);

}  // namespace hon::load
