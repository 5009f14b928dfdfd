#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/result.h"

namespace hon::server {

/// The peers whose PROXY headers are believed.
class ProxyTrust {
 public:
  /// Of ProxyProtocol::trusted.
  static Result<ProxyTrust> Of(const std::vector<std::string>& networks);
  /// Of a peer as netpoll::Connection shows it.
  [[nodiscard]] bool Has(std::string_view peer) const;

 private:
  struct Network {
    std::array<unsigned char, 16> ip{};  // in IPv6 form
    unsigned bits = 0;
  };

  std::vector<Network> networks_;
  bool unix_ = false;
};

}  // namespace hon::server
