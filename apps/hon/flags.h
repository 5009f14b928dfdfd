#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "hon/engine/placement.h"
#include "hon/netpoll/loop.h"

namespace hon::app {

/// The options of the command line. The times default to those of the demo in Go.
struct Flags {
  std::string type = "custom";
  std::string address = ":8080";
  std::string tls_address;  // "": no listener with TLS
  std::string cert;
  std::string key;
  std::string file;
  std::string admin;
  std::string pid_file;  // "": none
  std::string log_level = "info";
  netpoll::BackendKind backend = netpoll::BackendKind::kAuto;
  engine::Placement placement = engine::kAdaptive;
  unsigned loops = 0;
  std::chrono::milliseconds request_timeout = std::chrono::seconds(5);
  std::chrono::milliseconds read_timeout = std::chrono::seconds(10);
  std::chrono::milliseconds write_timeout = std::chrono::seconds(10);
  std::chrono::milliseconds keep_alive_timeout = std::chrono::seconds(30);
  std::chrono::milliseconds shutdown_timeout = std::chrono::seconds(10);
  std::chrono::milliseconds idle_grace = std::chrono::milliseconds(500);
};

/// Reads the command line. When the program should end at once (--help, a mistake), a message was
/// printed to stdout or stderr, and `exit_code` is set.
struct ParsedFlags {
  Flags flags;
  std::optional<int> exit_code;
};
ParsedFlags ParseFlags(int argc, char** argv);

}  // namespace hon::app
