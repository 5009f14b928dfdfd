#include "tls/ticket_keys.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace hon::tls {

TicketKeys::TicketKeys()
    : cipher_(EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr)),
      keys_(std::make_shared<const Keys>()) {}

// Called with mutex_ held.
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
  if (set_) return;
  if (keys_->empty() || now - keys_->front().made >= kRotation) AddKey(now);
}

// Three keys out of one secret, each by a different hash.
Error TicketKeys::Set(const std::vector<SessionTicketKey>& secrets) {
  if (secrets.empty()) return Error::New("tls: keys must have at least one key");
  if (secrets.size() > kSessionTicketKeysMax) {
    return Error::New("tls: more than " + std::to_string(kSessionTicketKeysMax) +
                      " session ticket keys");
  }
  auto keys = std::make_shared<Keys>();
  for (const SessionTicketKey& secret : secrets) {
    Key& key = keys->emplace_back();
    const auto derive = [&secret](unsigned char part, unsigned char* into, size_t size) {
      std::array<unsigned char, 1 + std::tuple_size_v<SessionTicketKey>> input;
      input[0] = part;
      std::copy(secret.begin(), secret.end(), input.begin() + 1);
      std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
      SHA256(input.data(), input.size(), digest.data());
      std::copy_n(digest.begin(), size, into);
      OPENSSL_cleanse(input.data(), input.size());
      OPENSSL_cleanse(digest.data(), digest.size());
    };
    derive(1, key.name.data(), key.name.size());
    derive(2, key.cipher.data(), key.cipher.size());
    derive(3, key.mac.data(), key.mac.size());
  }
  const std::lock_guard lock(mutex_);
  keys_ = std::move(keys);
  set_ = true;
  return {};
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
