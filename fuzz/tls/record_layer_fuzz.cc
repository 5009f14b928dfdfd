// Both ends of a TLS connection with a wire between them that the input disturbs: bytes arrive cut,
// changed, repeated, left out or forged. No end shows plaintext before its handshake is done, nor a
// byte that the other end has not sealed at that place.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "hon/base/assert.h"
#include "hon/tls/context.h"
#include "support/seeded_random.h"
#include "support/xor_record_layer.h"

namespace {

using namespace hon;
using test::RecordPeer;

constexpr int kRounds = 24;

class Input {
 public:
  explicit Input(std::string_view bytes) : left_(bytes) {}
  uint8_t Next() { return left_.empty() ? uint8_t{0} : static_cast<uint8_t>(Take(1)[0]); }
  size_t Below(size_t limit) { return ((size_t{Next()} << 8U) | Next()) % limit; }
  std::string_view Take(size_t n) {
    const std::string_view taken = left_.substr(0, n);
    left_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view left_;
};

enum class Disturbance : uint8_t {
  kNone,
  kCut,
  kChanged,
  kShortened,
  kRepeated,
  kForgedBefore,
  kForgedBehind,
  kReplaced,
  kCount,
};

/// One end, with what it has sealed and what it has opened.
class End {
 public:
  explicit End(std::unique_ptr<io::RecordLayer> layer) : peer_(std::move(layer)) {}

  std::string TakeSealed() { return peer_.TakeSealed(); }
  void Receive(std::string_view bytes, const End& other) {
    if (failed_) return;
    failed_ = static_cast<bool>(peer_.Receive(bytes));
    while (!failed_ && !peer_.Layer().HandshakeDone() && peer_.Layer().HasLongStep()) {
      peer_.Layer().RunLongStep();
      failed_ = static_cast<bool>(peer_.Receive({}));
    }
    const std::string plain = peer_.TakePlain();
    HON_ASSERT(plain.empty() || peer_.Layer().HandshakeDone());
    opened_ += plain;
    HON_ASSERT(std::string_view(other.sealed_).substr(0, opened_.size()) == opened_);
  }
  void Speak(Input& input) {
    if (failed_ || closed_ || !peer_.Layer().HandshakeDone()) return;
    HON_ASSERT(peer_.Layer().State() != nullptr);
    const size_t size = size_t{input.Next()} * 97;
    if (size == 0) {
      closed_ = true;
      return peer_.CloseOutput();
    }
    const std::string text(size, static_cast<char>('a' + sealed_.size() % 26));
    peer_.Seal(text);
    sealed_ += text;
  }

 private:
  RecordPeer peer_;
  std::string sealed_;
  std::string opened_;
  bool failed_ = false;
  bool closed_ = false;
};

std::string Disturbed(std::string bytes, Disturbance how, Input& input) {
  switch (how) {
    case Disturbance::kChanged:
      if (!bytes.empty()) {
        char& at = bytes[input.Below(bytes.size())];
        at = static_cast<char>(at ^ (input.Next() | 1));
      }
      return bytes;
    case Disturbance::kShortened:
      bytes.resize(input.Below(bytes.size() + 1));
      return bytes;
    case Disturbance::kRepeated:
      return bytes + bytes;
    case Disturbance::kForgedBefore:
      return std::string(input.Take(input.Next())) + bytes;
    case Disturbance::kForgedBehind:
      return bytes + std::string(input.Take(input.Next()));
    case Disturbance::kReplaced:
      return std::string(input.Take(input.Below(4096)));
    default:
      return bytes;
  }
}

void Carry(End& from, End& to, Input& input) {
  const auto how =
      static_cast<Disturbance>(input.Next() % static_cast<unsigned>(Disturbance::kCount));
  const std::string bytes = Disturbed(from.TakeSealed(), how, input);
  const size_t piece = how == Disturbance::kCut ? 1 + size_t{input.Next()} : SIZE_MAX;
  for (size_t at = 0; at < bytes.size(); at += std::min(piece, bytes.size() - at)) {
    to.Receive(std::string_view(bytes).substr(at, piece), from);
  }
}

tls::Config ClientConfig(const tls::Certificate& certificate, uint16_t version) {
  tls::Config config;
  const Error added = config.RootCAs.AddPEM(tls::CertificatePEM(certificate));
  HON_ASSERT(!added);
  config.NextProtos = {"h2", "http/1.1"};
  config.MaxVersion = version;
  return config;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const tls::Certificate certificate = *tls::SelfSigned({"a.test"});
  static const std::shared_ptr<tls::ServerContext> server =
      *tls::ServerContext::Create({.Certificates = {certificate}});
  static tls::LoopContext loop(server, {"h2", "http/1.1"});
  Input input({reinterpret_cast<const char*>(data), size});
  const test::SeededRandom random(1);
  const uint16_t version = input.Next() % 2 == 0 ? uint16_t{0x0304} : uint16_t{0x0303};
  // A context of its own, since tickets of an earlier input would resume.
  const auto client = *tls::ClientContext::Create(ClientConfig(certificate, version));
  End ends[] = {End(*client->NewLayer("a.test")), End(loop.NewLayer())};
  for (int i = 0; i < kRounds; ++i) {
    Carry(ends[i % 2], ends[(i + 1) % 2], input);
    ends[(i + 1) % 2].Speak(input);
  }
  return 0;
}
