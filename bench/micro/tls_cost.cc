// Serves small requests over TLS on a connection in memory, for a profiler that counts
// instructions: usage: hon_tls_cost plain|tls1.2|tls1.3 ROUNDS. The client is OpenSSL itself, so
// that no code of ours but the server's runs inside of MemoryServer::Serve
// (bench/micro/tls_cost.py).

#include <openssl/ssl.h>

#include <charconv>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "hon/http/serve_mux.h"
#include "hon/tls/context.h"
#include "memory_server.h"
#include "requests.h"
#include "tls/certificate_data.h"
#include "tls/openssl.h"

namespace hon::bench {
namespace {

constexpr int kRoundsMax = 100'000;

/// A loop with timers that do not depend on how slowly a profiler runs: each look at the clock is a
/// microsecond.
class SteadyBackend final : public MemoryBackend {
 public:
  [[nodiscard]] TimePoint Now() const override { return now_ += std::chrono::microseconds(1); }

 private:
  mutable TimePoint now_ = Clock::now();
};

/// The client's end, which verifies nothing.
class Client {
 public:
  explicit Client(int version)
      : context_(SSL_CTX_new(TLS_client_method())), ssl_(SSL_new(context_.get())) {
    SSL_set_min_proto_version(ssl_.get(), version);
    SSL_set_max_proto_version(ssl_.get(), version);
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl_.get(), in_, out_);
    SSL_set_connect_state(ssl_.get());
  }

  [[nodiscard]] bool Shake(MemoryServer& server) {
    for (int i = 0; i < 10; ++i) {
      const bool done = SSL_do_handshake(ssl_.get()) == 1;
      Take(server.Answer(Sealed()));
      if (done) return true;
    }
    return false;
  }
  std::string Seal(std::string_view plain) {
    SSL_write(ssl_.get(), plain.data(), static_cast<int>(plain.size()));
    return Sealed();
  }
  std::string Open(std::string_view sealed) {
    Take(sealed);
    std::string plain(64 * 1024, '\0');
    const int n = SSL_read(ssl_.get(), plain.data(), static_cast<int>(plain.size()));
    plain.resize(n > 0 ? static_cast<size_t>(n) : 0);
    return plain;
  }

 private:
  void Take(std::string_view bytes) {
    BIO_write(in_, bytes.data(), static_cast<int>(bytes.size()));
  }
  std::string Sealed() {
    std::string bytes(BIO_ctrl_pending(out_), '\0');
    BIO_read(out_, bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
  }

  tls::SslContextPtr context_;
  tls::SslPtr ssl_;
  BIO* in_ = nullptr;  // both are owned by ssl_
  BIO* out_ = nullptr;
};

int Fail(const char* what) {
  std::fprintf(stderr, "hon_tls_cost: %s\n", what);
  return 1;
}

int ServePlain(MemoryServer& server, const RequestCase& request, int rounds) {
  const std::string answer = server.Answer(request.wire);
  if (!IsRight(request, answer)) return Fail("wrong answer");
  for (int i = 0; i < rounds; ++i) server.Serve(request.wire, answer.size());
  return 0;
}

int ServeTls(MemoryServer& server, const RequestCase& request, int version, int rounds) {
  Client client(version);
  if (!client.Shake(server)) return Fail("no handshake");
  const std::string sealed = server.Answer(client.Seal(request.wire));
  if (!IsRight(request, client.Open(sealed))) return Fail("wrong answer");
  // Each answer of one length is one record of one length.
  for (int i = 0; i < rounds; ++i) server.Serve(client.Seal(request.wire), sealed.size());
  return 0;
}

int Run(std::string_view wire, int rounds) {
  const ServedFile file;
  http::ServeMux mux;
  RegisterHandlers(mux, file.Path());
  const RequestCase get = RequestCases().front();
  if (wire == "plain") {
    MemoryServer server(mux, {}, nullptr, std::make_unique<SteadyBackend>());
    return ServePlain(server, get, rounds);
  }
  tls::Config config;
  config.Certificates = {*tls::SelfSigned({"localhost"})};
  tls::LoopContext loop(*tls::ServerContext::Create(std::move(config)));
  MemoryServer server(mux, {}, loop.NewLayer(), std::make_unique<SteadyBackend>());
  return ServeTls(server, get, wire == "tls1.2" ? TLS1_2_VERSION : TLS1_3_VERSION, rounds);
}

}  // namespace
}  // namespace hon::bench

int main(int argc, char** argv) {
  const std::string_view wire = argc == 3 ? argv[1] : "";
  const std::string_view text = argc == 3 ? argv[2] : "";
  int rounds = 0;
  std::from_chars(text.data(), text.data() + text.size(), rounds);
  const bool known = wire == "plain" || wire == "tls1.2" || wire == "tls1.3";
  if (known && rounds > 0 && rounds <= hon::bench::kRoundsMax) return hon::bench::Run(wire, rounds);
  std::fprintf(stderr, "usage: hon_tls_cost plain|tls1.2|tls1.3 ROUNDS\n");
  return 2;
}
