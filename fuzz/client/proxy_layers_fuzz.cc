// The answers of proxies, to CONNECT and of SOCKS 5: every split of the bytes has the same result,
// and what follows the handshake is the tunnel's, unchanged.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "client/layers.h"
#include "hon/base/assert.h"

namespace {

using namespace hon;

struct Outcome {
  std::string sent;
  std::string opened;
  std::string error;
  bool done = false;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

std::unique_ptr<io::RecordLayer> NewLayer(unsigned kind) {
  const url::UserinfoPtr user = (kind & 2) == 0 ? nullptr : url::UserPassword("user", "word");
  if ((kind & 1) == 0) return *client::NewConnectLayer({.target = "a.test:443", .user = user});
  return *client::NewSocksLayer((kind & 4) == 0 ? "a.test" : "::1", "443", user);
}

Outcome Run(unsigned kind, std::string_view bytes, size_t piece) {
  io::BlockPool pool;
  io::LinkBuffer received(pool);
  io::LinkBuffer plain(pool);
  io::LinkBuffer sealed(pool);
  const std::unique_ptr<io::RecordLayer> layer = NewLayer(kind);
  Error err = layer->Start(sealed);
  while (!bytes.empty() && !err) {
    const std::string_view part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    received.Write(part);
    err = layer->Open(received, plain, sealed);
    HON_ASSERT(plain.Len() == 0 || layer->HandshakeDone());
    HON_ASSERT(!layer->HandshakeDone() || received.Len() == 0);
  }
  return {.sent = *sealed.ReadString(sealed.Len()),
          .opened = *plain.ReadString(plain.Len()),
          .error = err.Message(),
          .done = layer->HandshakeDone()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = Run(data[0], bytes, SIZE_MAX);
  HON_ASSERT(bytes.ends_with(whole.opened));
  // The error of a refusal shows the part of the answer's body that has come by then.
  for (const size_t piece : {size_t{1}, size_t{3}, size_t{64}}) {
    const Outcome cut = Run(data[0], bytes, piece);
    HON_ASSERT(cut.done == whole.done && cut.error.empty() == whole.error.empty());
    if (whole.error.empty()) HON_ASSERT(cut == whole);
  }
  return 0;
}
