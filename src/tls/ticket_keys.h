#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "hon/base/error.h"
#include "hon/base/time.h"
#include "hon/tls/config.h"
#include "tls/openssl.h"

namespace hon::tls {

/// Keys that encrypt tickets (RFC 5077 §4): a new one each day, seven accepted. Shared by the loops
/// of a server, so that each resumes sessions of the others.
class TicketKeys {
 public:
  static constexpr size_t kNameBytes = 16;
  static constexpr size_t kKeysMax = 7;
  static constexpr Duration kRotation = std::chrono::hours(24);

  TicketKeys();

  /// For SSL_CTX_set_tlsext_ticket_key_evp_cb. 1: done; 2: done, and the ticket should be replaced;
  /// 0: the key is unknown; -1: failure.
  int Prepare(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
              bool seal);
  /// Uses these keys from now on, the first for new tickets, and makes no further keys. Fails
  /// without a key and with more than kSessionTicketKeysMax.
  Error Set(const std::vector<SessionTicketKey>& secrets);
  /// Makes a new key when the newest is too old at `now`, unless Set was called.
  void Rotate(TimePoint now);

 private:
  struct Key {
    std::array<unsigned char, kNameBytes> name;
    std::array<unsigned char, 32> cipher;
    std::array<unsigned char, 32> mac;
    TimePoint made;
  };
  using Keys = std::vector<Key>;  // newest first

  bool AddKey(TimePoint now);
  [[nodiscard]] std::shared_ptr<const Keys> Snapshot();

  // Fetched once: OpenSSL searches the legacy names at each use.
  std::unique_ptr<EVP_CIPHER, FreeBy<EVP_CIPHER_free>> cipher_;
  std::mutex mutex_;
  std::shared_ptr<const Keys> keys_;
  bool set_ = false;  // Set was called
};

}  // namespace hon::tls
