// Peers that send many records without progress.

#include "tls/flood_guard.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "hon/io/io.h"
#include "tls/certificate_data.h"
#include "tls/openssl.h"
#include "tls_pair.h"

namespace hon::tls {
namespace {

using Kind = FloodGuard::Kind;
using test::RecordPeer;

TEST(FloodGuardTest, CutsBehindTheLimitOfEachKindWithinTheWindow) {
  struct Row {
    Kind kind;
    size_t limit;
  };
  constexpr Row kRows[] = {{Kind::kUseless, kUselessRecordsMax},
                           {Kind::kKeyUpdate, kKeyUpdatesMax},
                           {Kind::kTiny, kTinyRecordsMax}};
  const TimePoint start = Clock::now();
  FloodGuard guard;
  for (const Row& row : kRows) {
    for (size_t i = 0; i < row.limit; ++i) ASSERT_TRUE(guard.Count(row.kind, start));
    EXPECT_FALSE(guard.Count(row.kind, start + kFloodWindow));
    // Begins a new window with this record.
    const TimePoint later = start + kFloodWindow + Duration(1);
    for (size_t i = 0; i < row.limit; ++i) ASSERT_TRUE(guard.Count(row.kind, later));
    EXPECT_FALSE(guard.Count(row.kind, later));
  }
}

TEST(FloodGuardTest, TinyRecordsThatAreAnsweredDoNotCount) {
  FloodGuard guard;
  const TimePoint now = Clock::now();
  for (size_t i = 0; i < 2 * kTinyRecordsMax; ++i) {
    ASSERT_TRUE(guard.Count(Kind::kTiny, now));
    guard.Answered(1);
  }
  // As many as a client of HTTP/2 sends that opens its window for each 2 KiB of a download.
  for (size_t i = 0; i < kTinyRecordsMax; ++i) {
    for (int update = 0; update < 8; ++update) ASSERT_TRUE(guard.Count(Kind::kTiny, now));
    guard.Answered(size_t{16} * 1024);
  }
  for (size_t i = 0; i < kTinyRecordsMax; ++i) ASSERT_TRUE(guard.Count(Kind::kTiny, now));
  EXPECT_FALSE(guard.Count(Kind::kTiny, now));
}

TEST(FloodGuardTest, TinyRecordsAreCountedToTheirLimitWithFewLooksAtTheClock) {
  FloodGuard guard;
  for (size_t i = 0; i < 2 * kTinyRecordsMax; ++i) {
    ASSERT_TRUE(guard.CountTiny());
    guard.Answered(1);
  }
  for (size_t i = 0; i < kTinyRecordsMax; ++i) ASSERT_TRUE(guard.CountTiny()) << i;
  EXPECT_FALSE(guard.CountTiny());
  // A window that has passed is forgotten.
  FloodGuard slow;
  const TimePoint before = Clock::now() - 2 * kFloodWindow;
  for (size_t i = 0; i < kTinyRecordsMax; ++i) ASSERT_TRUE(slow.Count(Kind::kTiny, before));
  EXPECT_TRUE(slow.CountTiny());
}

/// OpenSSL itself as the peer of our layer.
class RawPeer {
 public:
  RawPeer(const SSL_METHOD* method, const std::function<void(SSL_CTX*)>& configure = {})
      : context_(SSL_CTX_new(method)) {
    if (configure) configure(context_.get());
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  }
  ~RawPeer() { ERR_clear_error(); }
  [[nodiscard]] SSL* Get() const { return ssl_.get(); }
  /// Takes the peer's output.
  std::string Take() {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(SSL_get_wbio(ssl_.get()), &bytes);
    std::string all(bytes, static_cast<size_t>(size));
    EXPECT_EQ(BIO_reset(SSL_get_wbio(ssl_.get())), 1);
    return all;
  }
  void Give(const std::string& bytes) {
    BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
  }
  void ShakeHands(RecordPeer& other) {
    for (int i = 0; i < 4; ++i) {
      SSL_do_handshake(ssl_.get());
      EXPECT_FALSE(other.Receive(Take()));
      Give(other.TakeSealed());
    }
    char byte;
    SSL_read(ssl_.get(), &byte, 1);  // reads the bytes after the handshake
    ASSERT_TRUE(other.Layer().HandshakeDone());
  }
  void Write(const std::string& plain) {
    ASSERT_EQ(SSL_write(ssl_.get(), plain.data(), static_cast<int>(plain.size())),
              static_cast<int>(plain.size()));
  }

 private:
  SslContextPtr context_;
  SslPtr ssl_;
};

class FloodTest : public testing::Test {
 protected:
  FloodTest() : context_(*ServerContext::Create(ServerConfig())), loop_(context_) {}

  std::shared_ptr<ServerContext> context_;
  LoopContext loop_;
};

TEST_F(FloodTest, KeyUpdatesAreCutBehindTheirLimit) {
  RecordPeer server(loop_.NewLayer());
  RawPeer client(TLS_client_method());
  SSL_set_connect_state(client.Get());
  client.ShakeHands(server);
  const std::string data(100, 'd');
  for (size_t i = 0; i < kKeyUpdatesMax; ++i) {
    ASSERT_EQ(SSL_key_update(client.Get(), SSL_KEY_UPDATE_NOT_REQUESTED), 1);
    client.Write(data);
    ASSERT_FALSE(server.Receive(client.Take())) << i;
    ASSERT_EQ(server.TakePlain(), data);
  }
  SSL_key_update(client.Get(), SSL_KEY_UPDATE_NOT_REQUESTED);
  client.Write(data);
  const Error why = server.Receive(client.Take());
  EXPECT_TRUE(why.Is(io::ErrRecordFlood));
  EXPECT_EQ(why.Message(), "tls: too many key updates");
  EXPECT_EQ(context_->GetStats().floods, 1U);
  EXPECT_EQ(context_->GetStats().handshakes, 1U);
  EXPECT_EQ(context_->GetStats().failures, 0U);
}

TEST_F(FloodTest, TinyRecordsAreCutBehindTheirLimit) {
  RecordPeer server(loop_.NewLayer());
  RawPeer client(TLS_client_method());
  SSL_set_connect_state(client.Get());
  client.ShakeHands(server);
  const std::string tiny(kTinyRecordBytes - 1, 't');
  for (size_t i = 0; i < kTinyRecordsMax; ++i) {
    client.Write(tiny);
    if (i % 1000 != 0 && i + 1 != kTinyRecordsMax) continue;
    client.Write(tiny + "x");  // does not count
    ASSERT_FALSE(server.Receive(client.Take())) << i;
    server.TakePlain();
  }
  client.Write(tiny);
  EXPECT_EQ(server.Receive(client.Take()).Message(), "tls: too many records of few bytes");
}

// A server that sends tickets without end, as records without data.
TEST_F(FloodTest, RecordsWithoutDataAreCutBehindTheirLimit) {
  for (const size_t excess : {0U, 1U}) {
    const auto client_context = *ClientContext::Create(ClientConfig());
    RecordPeer client(*client_context->NewLayer("a.test"));
    RawPeer server(TLS_server_method(), [](SSL_CTX* context) {
      const Certificate::Data& data = CertificateFor("a.test").Get();
      SSL_CTX_use_certificate(context, data.chain.front().get());
      SSL_CTX_use_PrivateKey(context, data.key.get());
      SSL_CTX_set_num_tickets(context, 0);
    });
    SSL_set_accept_state(server.Get());
    for (int i = 0; i < 4; ++i) {
      server.Give(client.TakeSealed());
      SSL_do_handshake(server.Get());
      ASSERT_FALSE(client.Receive(server.Take()));
    }
    ASSERT_TRUE(client.Layer().HandshakeDone());
    for (size_t i = 0; i < kUselessRecordsMax + excess; ++i) {
      ASSERT_EQ(SSL_new_session_ticket(server.Get()), 1);
      ASSERT_EQ(SSL_do_handshake(server.Get()), 1);
    }
    server.Write("data");
    const Error why = client.Receive(server.Take());
    if (excess == 0) {
      EXPECT_FALSE(why) << why.Message();
      EXPECT_EQ(client.TakePlain(), "data");
    } else {
      EXPECT_EQ(why.Message(), "tls: too many records without data");
    }
  }
}

// A message of TLS 1.2 in records of one byte each.
TEST_F(FloodTest, RecordsOfAHandshakeAreCutBehindTheirLimit) {
  Config config = ServerConfig();
  config.ClientAuth = ClientAuthType::kRequestClientCert;
  const auto context = *ServerContext::Create(config);
  for (const bool over : {false, true}) {
    LoopContext loop(context);
    RecordPeer server(loop.NewLayer());
    RawPeer client(TLS_client_method(),
                   [](SSL_CTX* made) { SSL_CTX_set_max_proto_version(made, TLS1_2_VERSION); });
    SSL_set_connect_state(client.Get());
    SSL_do_handshake(client.Get());
    ASSERT_FALSE(server.Receive(client.Take()));
    // A Certificate message of 1,000 bytes. One record was the ClientHello.
    const std::string message = std::string("\x0B\x00\x03\xE8", 4) + std::string(1000, '\0');
    std::string records;
    for (size_t i = 0; i + 1 < kHandshakeRecordsMax + (over ? 1 : 0); ++i) {
      records += std::string("\x16\x03\x03\x00\x01", 5) + message[i];
    }
    const Error why = server.Receive(records);
    EXPECT_EQ(why.Message(), over ? "tls: too many records in the handshake" : "");
    EXPECT_EQ(context->GetStats().floods, over ? 1U : 0U);
  }
}

// The first step of a handshake with an RSA key runs away from the loop.
TEST(LongStepTest, SignaturesOfSlowKeysAre) {
  Config config;
  config.Certificates = {*MakeSelfSigned({"a.test"}, {.rsa = true})};
  const auto context = *ServerContext::Create(config);
  for (const uint16_t version : {VersionTLS12, VersionTLS13}) {
    LoopContext loop(context);
    RecordPeer server(loop.NewLayer());
    const auto client_context =
        *ClientContext::Create({.InsecureSkipVerify = true, .MaxVersion = version});
    RecordPeer client(*client_context->NewLayer("a.test"));
    ASSERT_FALSE(server.Receive(client.TakeSealed()));
    ASSERT_TRUE(server.Layer().HasLongStep());
    EXPECT_EQ(server.TakeSealed(), "");
    std::thread worker([&] { server.Layer().RunLongStep(); });
    worker.join();
    EXPECT_FALSE(server.Layer().HasLongStep());
    ASSERT_FALSE(server.Receive(""));
    for (int i = 0; i < 3; ++i) {
      ASSERT_FALSE(client.Receive(server.TakeSealed()));
      ASSERT_FALSE(server.Receive(client.TakeSealed()));
      ASSERT_FALSE(server.Layer().HasLongStep());
    }
    ASSERT_TRUE(server.Layer().HandshakeDone());
    client.Seal("hello");
    ASSERT_FALSE(server.Receive(client.TakeSealed()));
    EXPECT_EQ(server.TakePlain(), "hello");
  }
  // The handshake reports OpenSSL's refusal after the step.
  LoopContext loop(context);
  RecordPeer server(loop.NewLayer());
  Config ecdsa_alone;
  ecdsa_alone.InsecureSkipVerify = true;
  ecdsa_alone.MaxVersion = VersionTLS12;
  ecdsa_alone.CipherSuites = {TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256};
  const auto strange = *ClientContext::Create(ecdsa_alone);
  RecordPeer client(*strange->NewLayer("a.test"));
  ASSERT_FALSE(server.Receive(client.TakeSealed()));
  server.Layer().RunLongStep();
  EXPECT_EQ(server.Receive("").Message(), "tls: no shared cipher");
  EXPECT_EQ(client.Receive(server.TakeSealed()).Message(), "remote error: tls: handshake failure");
}

}  // namespace
}  // namespace hon::tls
