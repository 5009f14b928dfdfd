#include "hon/engine/peer_counts.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "hon/base/assert.h"

namespace hon::engine {
namespace {

constexpr size_t kNetworkBytes = 8;

// The key of a peer: the bytes of an IPv4 address or of an IPv6 network; "" for others.
std::string KeyOf(std::string_view address) {
  if (!address.starts_with('[')) {
    in_addr ip = {};
    const std::string text(address.substr(0, address.rfind(':')));
    if (inet_pton(AF_INET, text.c_str(), &ip) != 1) return {};
    return {reinterpret_cast<const char*>(&ip), sizeof ip};
  }
  in6_addr ip = {};
  const std::string text(address.substr(1, address.find_first_of("]%") - 1));
  if (inet_pton(AF_INET6, text.c_str(), &ip) != 1) return {};
  const std::string_view bytes(reinterpret_cast<const char*>(&ip), sizeof ip);
  if (IN6_IS_ADDR_V4MAPPED(&ip)) return std::string(bytes.substr(sizeof ip - sizeof(in_addr)));
  return std::string(bytes.substr(0, kNetworkBytes));
}

}  // namespace

bool PeerCounts::Enter(std::string_view address, size_t max) {
  std::string key = KeyOf(address);
  if (key.empty()) return true;
  const std::lock_guard lock(mutex_);
  const auto it = counts_.try_emplace(std::move(key), 0).first;
  if (it->second >= max) return false;
  ++it->second;
  return true;
}

void PeerCounts::Leave(std::string_view address) {
  const std::string key = KeyOf(address);
  if (key.empty()) return;
  const std::lock_guard lock(mutex_);
  const auto it = counts_.find(key);
  HON_ASSERT(it != counts_.end());
  if (--it->second == 0) counts_.erase(it);
}

}  // namespace hon::engine
