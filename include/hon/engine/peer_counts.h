#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace hon::engine {

/// How many connections there are from where. Any thread.
class PeerCounts {
 public:
  /// Counts one more from `address` ("ip:port", "[ip6]:port"), unless there are `max` already: then
  /// false. IPv6 peers are told apart by the first 64 bits of their addresses, since whoever has
  /// one such address has them all. Others than IP addresses are not counted.
  [[nodiscard]] bool Enter(std::string_view address, size_t max);
  /// Takes one that was counted back.
  void Leave(std::string_view address);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, size_t> counts_;
};

}  // namespace hon::engine
