#include "http/websocket_key.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>

#include "hon/base/assert.h"
#include "hon/http/base64.h"

namespace hon::http::internal {
namespace {

constexpr std::string_view kKeyConstant = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr size_t kWebSocketKeyBytes = 16;

std::string_view TextOf(const unsigned char* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

std::string WebSocketAccept(std::string_view key) {
  std::string text(key);
  text += kKeyConstant;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  const int done = EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  HON_ASSERT(done == 1);
  return base64::StdEncoding.EncodeToString(TextOf(digest.data(), size));
}

std::string NewWebSocketKey() {
  std::array<unsigned char, kWebSocketKeyBytes> bytes;
  const int done = RAND_bytes(bytes.data(), bytes.size());
  HON_ASSERT(done == 1);
  return base64::StdEncoding.EncodeToString(TextOf(bytes.data(), bytes.size()));
}

bool IsWebSocketKey(std::string_view key) {
  const Result<std::string> bytes = base64::StdEncoding.Strict().DecodeString(key);
  return bytes && bytes->size() == kWebSocketKeyBytes;
}

}  // namespace hon::http::internal
