// The memory of an idle connection over TLS, before its ClientHello and behind a request: the bytes
// that malloc has given out, OpenSSL's among them.

#include <memory>
#include <string>
#include <vector>

#include "hon/tls/config.h"
#include "support/eventually.h"
#include "support/malloc_bytes.h"
#include "support/own_process.h"
#include "support/test_server.h"
#include "support/tls_peer.h"

namespace hon {
namespace {

// An open connection costs as much as one without TLS, and the state of one handshake to come.
constexpr size_t kSilentTlsBytesMax = 512;
// OpenSSL's own state is 14.5 KB with released buffers and one ticket.
constexpr size_t kUsedTlsBytesMax = 15'000 + 512;

class TlsMemory : public test::BackendTest {
 protected:
  void SetUp() override {
    BackendTest::SetUp();
    if (IsSkipped()) return;
    test::LiftDescriptorLimit();
    mux_.HandleFunc("/", [](http::ResponseWriter& w, http::Request&) { w.Write("Hello"); });
    server_ = std::make_unique<server::Server>(engine_, server::WithBackend(GetParam()),
                                               server::WithLoops(1));
    tls::Config config;
    config.Certificates = {*tls::SelfSigned({"a.test"})};
    ASSERT_FALSE(server_->ListenTLS("127.0.0.1:0", std::move(config)));
  }
  ~TlsMemory() override {
    for (const int fd : idle_) ::close(fd);
  }

  void OpenSilent(size_t count) {
    for (size_t i = 0; i < count; ++i) idle_.push_back(test::ConnectTo(server_->Addresses()[0]));
    ASSERT_TRUE(test::Eventually([this] { return Connections() == idle_.size(); }));
  }
  /// The client's end of each connection is only a descriptor.
  void OpenAndAsk(size_t count, uint16_t version) {
    for (size_t i = 0; i < count; ++i) {
      tls::Config config;
      config.InsecureSkipVerify = true;
      config.MinVersion = config.MaxVersion = version;
      test::TlsPeer peer(server_->Addresses()[0], std::move(config));
      ASSERT_NE(peer.State(), nullptr) << peer.Failure().Message();
      for (int k = 0; k < 2; ++k) {  // the first answer is complete before the second request
        peer.Send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
        ASSERT_TRUE(peer.ReceiveThrough("Hello"));
      }
      idle_.push_back(::dup(peer.Fd()));
    }
  }
  template <class Open>
  size_t BytesEach(size_t count, const Open& open) {
    idle_.reserve(4 * count);
    return test::BytesOfEach(count / 4, count, open);
  }
  [[nodiscard]] size_t Connections() const {
    size_t all = 0;
    for (const size_t of_loop : server_->GetStats().loop_connections) all += of_loop;
    return all;
  }

  http::ServeMux mux_;
  engine::Engine engine_{mux_, engine::WithPlacement(engine::kInline),
                         engine::WithStallTime(kUnlimited)};
  std::unique_ptr<server::Server> server_;
  std::vector<int> idle_;
};

TEST_P(TlsMemory, AConnectionBeforeItsClientHello) {
  EXPECT_LE(BytesEach(2048, [this](size_t count) { OpenSilent(count); }), kSilentTlsBytesMax);
}

TEST_P(TlsMemory, AConnectionBehindARequestOfTls13) {
  const auto open = [this](size_t count) { OpenAndAsk(count, tls::VersionTLS13); };
  EXPECT_LE(BytesEach(200, open), kUsedTlsBytesMax);
}

TEST_P(TlsMemory, AConnectionBehindARequestOfTls12) {
  const auto open = [this](size_t count) { OpenAndAsk(count, tls::VersionTLS12); };
  EXPECT_LE(BytesEach(200, open), kUsedTlsBytesMax);
}

HON_INSTANTIATE_BACKENDS(TlsMemory);

}  // namespace
}  // namespace hon
