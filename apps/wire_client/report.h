#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/error.h"
#include "hon/http/header.h"

namespace hon::wire {

/// The outcome of one request.
struct Report {
  std::string url;  // the last URL of a redirect chain
  int status = 0;
  std::string proto;
  http::Header header;
  http::Header trailer;
  int64_t body_length = 0;
  std::string body_sha256;
  Error error;
  bool reused = false;
  std::vector<int> informational;
  std::vector<std::string> redirects;
  std::string remote;
  std::optional<std::string> wire;
};

/// One line of JSON, with its line break.
[[nodiscard]] std::string JsonLine(const Report& report);

/// Counts and hashes the bytes of a body.
class Digest {
 public:
  Digest();
  ~Digest();
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;
  void Add(std::string_view bytes);
  /// SHA-256 in hexadecimal. Called once.
  [[nodiscard]] std::string Hex();

 private:
  void* context_;
};

}  // namespace hon::wire
