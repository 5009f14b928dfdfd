#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hon/netpoll/loop.h"

namespace hon::wire {

struct ClientTlsFlags {
  std::string ca;
  std::string cert;
  std::string key;
  std::string server_name;
  bool insecure = false;
};

/// Times are in milliseconds; 0 means none unless the option's text says otherwise.
struct ClientFlags {
  std::vector<std::string> urls;
  std::string method;  // "": GET, or POST with a body
  std::vector<std::string> header;
  std::vector<std::string> trailer;
  std::optional<std::string> body;
  std::string body_file;
  std::optional<int64_t> body_length;
  bool chunked = false;
  bool expect = false;
  bool http1 = false;
  bool http2 = false;
  bool h2c = false;
  ClientTlsFlags tls;
  std::string proxy;
  bool no_env_proxy = false;
  int64_t timeout = 0;
  int64_t dial_timeout = 30'000;
  int64_t header_timeout = 60'000;
  int64_t expect_timeout = 1'000;
  int64_t idle_timeout = 90'000;
  size_t max_redirects = 10;
  bool no_redirects = false;
  bool cookies = false;
  bool no_decompress = false;
  size_t max_header_bytes = size_t{10} << 20;
  size_t max_conns_per_host = 0;
  size_t max_idle_per_host = 0;
  bool no_keep_alive = false;
  unsigned concurrency = 1;
  unsigned repeat = 1;
  int64_t sleep_between = 0;
  bool dump = false;
  netpoll::BackendKind backend = netpoll::BackendKind::kAuto;
  bool threads = false;
};

/// The result of the command line. `exit_code` is set, with a message printed, when the program
/// should end at once (--help, a mistake).
struct ParsedClientFlags {
  ClientFlags flags;
  std::optional<int> exit_code;
};
ParsedClientFlags ParseClientFlags(int argc, char** argv);

/// The two sides of 'Name: value', a checked value of --header or --trailer.
[[nodiscard]] std::pair<std::string, std::string> SplitPair(const std::string& pair);

}  // namespace hon::wire
