#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace hon::engine {

/// Counts of connections by the address of the peer. Any thread.
class PeerCounts {
 public:
  /// Counts one more connection from `address` ("ip:port", "[ip6]:port"). Returns false, without
  /// counting, when there are `max` already. IPv6 peers are identified by the first 64 bits of
  /// their addresses, since the owner of one such address has the whole network. Addresses of
  /// another kind are not counted.
  [[nodiscard]] bool Enter(std::string_view address, size_t max);
  /// Takes a counted connection back.
  void Leave(std::string_view address);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, size_t> counts_;
};

}  // namespace hon::engine
