#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "endpoints.h"
#include "hon/engine/placement.h"
#include "hon/netpoll/loop.h"
#include "tls.h"
#include "upstream.h"

namespace hon::wire {

/// Times are in milliseconds, 0 for none. The defaults are the library's.
struct Flags {
  std::string address = "127.0.0.1:0";
  netpoll::BackendKind backend = netpoll::BackendKind::kAuto;
  engine::Placement placement = engine::kAdaptive;
  unsigned workers = engine::kWorkersMax;
  bool h2c = false;
  TlsFlags tls;
  UpstreamFlags upstream;
  Files files{.dir = ".", .file = "/proc/self/exe"};
  unsigned loops = 2;
  int64_t request_timeout = 0;
  int64_t read_header_timeout = 10'000;
  int64_t read_timeout = 30'000;
  int64_t write_timeout = 30'000;
  int64_t keep_alive_timeout = 120'000;
  int64_t shutdown_timeout = 5'000;
  size_t header_bytes = size_t{1} << 20;
  int64_t body_bytes = int64_t{4} << 30;
  size_t connections = 0;
  size_t memory_mib = 0;
  int64_t idle_trim = 20'000;
  int64_t stall = 10;
  bool proxy_protocol = false;
};

/// Reads the command line. When the program should end at once (--help, a mistake), a message was
/// printed to stdout or stderr, and `exit_code` is set.
struct ParsedFlags {
  Flags flags;
  std::optional<int> exit_code;
};
ParsedFlags ParseFlags(int argc, char** argv);

}  // namespace hon::wire
