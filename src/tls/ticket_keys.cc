#include "tls/ticket_keys.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace hon::tls {

TicketKeys::TicketKeys()
    : cipher_(EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr)),
      keys_(std::make_shared<const Keys>()) {}

// With mutex_ held.
bool TicketKeys::AddKey(TimePoint now) {
  Key key{};
  key.made = now;
  if (RAND_bytes(key.name.data(), static_cast<int>(key.name.size())) != 1 ||
      RAND_bytes(key.cipher.data(), static_cast<int>(key.cipher.size())) != 1 ||
      RAND_bytes(key.mac.data(), static_cast<int>(key.mac.size())) != 1) {
    return false;
  }
  auto keys = std::make_shared<Keys>(*keys_);
  keys->insert(keys->begin(), key);
  if (keys->size() > kKeysMax) keys->resize(kKeysMax);
  keys_ = std::move(keys);
  return true;
}

void TicketKeys::Rotate(TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (keys_->empty() || now - keys_->front().made >= kRotation) AddKey(now);
}

std::shared_ptr<const TicketKeys::Keys> TicketKeys::Snapshot() {
  Rotate(Clock::now());
  const std::lock_guard lock(mutex_);
  return keys_;
}

int TicketKeys::Prepare(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                        EVP_MAC_CTX* mac, bool seal) {
  const std::shared_ptr<const Keys> keys = Snapshot();
  if (keys->empty() || cipher_ == nullptr) return -1;
  auto key = keys->begin();
  if (seal) {
    std::memcpy(name, key->name.data(), kNameBytes);
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(cipher_.get())) != 1) return -1;
  } else {
    key = std::find_if(keys->begin(), keys->end(), [&](const Key& candidate) {
      return std::memcmp(candidate.name.data(), name, kNameBytes) == 0;
    });
    if (key == keys->end()) return 0;
  }
  const int ready =
      seal ? EVP_EncryptInit_ex2(cipher, cipher_.get(), key->cipher.data(), iv, nullptr)
           : EVP_DecryptInit_ex2(cipher, cipher_.get(), key->cipher.data(), iv, nullptr);
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end(),
  };
  if (ready != 1 || EVP_MAC_init(mac, key->mac.data(), key->mac.size(), params) != 1) return -1;
  return seal || key == keys->begin() ? 1 : 2;
}

}  // namespace hon::tls
