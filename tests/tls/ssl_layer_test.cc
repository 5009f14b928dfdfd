// A connection without sockets, with both ends in the test: handshakes, certificates, ALPN, client
// certificates, closes, for any split of the ciphertext.

#include "tls/ssl_layer.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "hon/tls/context.h"
#include "tls_pair.h"

namespace hon::tls {
namespace {

TEST(SslLayer, ShakesHandsAndCarriesBothWaysWhateverTheCut) {
  for (const uint16_t version : {VersionTLS12, VersionTLS13}) {
    for (const size_t cut : {size_t{1}, size_t{7}, size_t{1000}, SIZE_MAX}) {
      Config client = ClientConfig();
      client.MaxVersion = version;
      Pair pair(ServerConfig(), client);
      pair.Exchange(cut);
      ASSERT_TRUE(pair.Done()) << pair.server_failure.Message() << pair.client_failure.Message();
      EXPECT_EQ(pair.Seen().Version, version);
      EXPECT_EQ(pair.Seen().ServerName, "a.test");
      EXPECT_FALSE(pair.Seen().DidResume);
      EXPECT_TRUE(pair.client.Layer().State()->Verified);
      EXPECT_EQ(pair.client.Layer().State()->PeerCertificates.front().DNSNames,
                std::vector<std::string>{"a.test"});
      const std::string large(100'000, 'x');
      pair.client.Seal("hello");
      pair.server.Seal(large);
      pair.Exchange(cut);
      EXPECT_EQ(pair.server.TakePlain(), "hello");
      EXPECT_EQ(pair.client.TakePlain(), large);
      pair.client.CloseOutput();
      pair.Exchange(cut);
      EXPECT_TRUE(pair.server.Layer().InputEnded());
      EXPECT_FALSE(pair.client.Layer().InputEnded());
      pair.server.Seal("still");
      pair.server.CloseOutput();
      pair.Exchange(cut);
      EXPECT_EQ(pair.client.TakePlain(), "still");
      EXPECT_TRUE(pair.client.Layer().InputEnded());
    }
  }
}

// TLS 1.2 agrees on ECDHE with AEAD only.
TEST(SslLayer, SuitesOfTls12HaveForwardSecrecy) {
  Config client = ClientConfig();
  client.MaxVersion = VersionTLS12;
  Pair pair(ServerConfig(), client);
  pair.Exchange();
  ASSERT_TRUE(pair.Done());
  EXPECT_TRUE(pair.Seen().CipherSuiteName.starts_with("TLS_ECDHE_ECDSA_WITH_"));
  EXPECT_EQ(VersionName(pair.Seen().Version), "TLS 1.2");
}

TEST(SslLayer, AlpnTakesOurOrderAndNoOverlapIsAnAlert) {
  struct Row {
    std::vector<std::string> ours, theirs;
    std::string chosen;  // "-": refused
  };
  const Row kRows[] = {
      {{"h2", "http/1.1"}, {"http/1.1", "h2"}, "h2"},
      {{"http/1.1"}, {"h2", "http/1.1"}, "http/1.1"},
      {{"http/1.1"}, {}, ""},
      {{}, {"h2"}, ""},
      {{"http/1.1"}, {"foo"}, "-"},
  };
  for (const Row& row : kRows) {
    Config server = ServerConfig();
    Config client = ClientConfig();
    server.NextProtos = row.ours;
    client.NextProtos = row.theirs;
    Pair pair(server, client);
    pair.Exchange();
    if (row.chosen == "-") {
      EXPECT_EQ(pair.server_failure.Message(),
                "tls: client requested unsupported application protocols (\"foo\")");
      EXPECT_EQ(pair.client_failure.Message(), "remote error: tls: no application protocol");
      continue;
    }
    ASSERT_TRUE(pair.Done());
    EXPECT_EQ(pair.Seen().NegotiatedProtocol, row.chosen);
    EXPECT_EQ(pair.client.Layer().ApplicationProtocol(), row.chosen);
  }
}

TEST(SslLayer, TheCertificateIsChosenByName) {
  const std::string wildcard = "*.b.test";
  for (const bool refuse : {false, true}) {
    struct Row {
      std::string host, shown;
    };
    const Row kRows[] = {{"a.test", "a.test"},   {"A.TEST", "a.test"},     {"x.b.test", wildcard},
                         {"b.test", "a.test"},   {"y.x.b.test", "a.test"}, {"other.test", "a.test"},
                         {"127.0.0.1", "a.test"}};
    for (const Row& row : kRows) {
      Config server = ServerConfig();
      server.Certificates.push_back(CertificateFor(wildcard));
      server.RefuseUnknownNames = refuse;
      Pair pair(server, {.InsecureSkipVerify = true}, row.host);
      pair.Exchange();
      const bool unknown =
          row.host == "b.test" || row.host == "y.x.b.test" || row.host == "other.test";
      if (refuse && unknown) {
        EXPECT_FALSE(pair.Done());
        EXPECT_EQ(pair.client_failure.Message(), "remote error: tls: unrecognized name");
        continue;
      }
      ASSERT_TRUE(pair.Done()) << row.host << pair.server_failure.Message();
      EXPECT_EQ(pair.client.Layer().State()->PeerCertificates.front().CommonName, row.shown)
          << row.host;
    }
  }
}

TEST(SslLayer, GetCertificateComesFirstAndItsErrorRefuses) {
  Config server = ServerConfig();
  server.GetCertificate = [](const ClientHelloInfo& hello) -> Result<Certificate> {
    if (hello.ServerName == "dynamic.test") return CertificateFor("dynamic.test");
    if (hello.ServerName == "bad.test") return Fail(Error::New("no such tenant"));
    return Certificate();
  };
  for (const std::string host : {"dynamic.test", "a.test"}) {
    Pair pair(server, {.InsecureSkipVerify = true}, host);
    pair.Exchange();
    ASSERT_TRUE(pair.Done());
    EXPECT_EQ(pair.client.Layer().State()->PeerCertificates.front().CommonName, host);
  }
  Pair pair(server, {.InsecureSkipVerify = true}, "bad.test");
  pair.Exchange();
  EXPECT_EQ(pair.server_failure.Message(), "tls: no such tenant");
  EXPECT_EQ(pair.client_failure.Message(), "remote error: tls: internal error");
}

TEST(SslLayer, VersionsOutsideOfTheRangeAreRefused) {
  Config server = ServerConfig();
  server.MinVersion = VersionTLS13;
  Config client = ClientConfig();
  client.MaxVersion = VersionTLS12;
  Pair pair(server, client);
  pair.Exchange();
  EXPECT_EQ(pair.server_failure.Message(), "tls: client offered only unsupported versions");
  EXPECT_EQ(pair.client_failure.Message(), "remote error: tls: protocol version");
}

TEST(SslLayer, ClientsVerifyChainNameAndAddress) {
  struct Row {
    std::string host;
    bool trusted;
    std::string failure;  // "": none
  };
  const Row kRows[] = {
      {"a.test", true, ""},
      {"127.0.0.1", true, ""},
      {"127.0.0.2", true, "tls: failed to verify certificate: x509: IP address mismatch"},
      {"b.test", true, "tls: failed to verify certificate: x509: hostname mismatch"},
      {"a.test", false, "tls: failed to verify certificate: x509: self-signed certificate"},
  };
  for (const Row& row : kRows) {
    Config client;
    client.RootCAs = PoolOf(CertificateFor(row.trusted ? "a.test" : "other.test"));
    Pair pair(ServerConfig(), client, row.host);
    pair.Exchange();
    EXPECT_EQ(pair.client_failure.Message(), row.failure) << row.host;
    EXPECT_EQ(pair.client.Layer().HandshakeDone(), row.failure.empty());
  }
}

// The five modes of Go's ClientAuthType against no certificate, an untrusted one, and a trusted
// one.
TEST(SslLayer, ClientCertificates) {
  using Type = ClientAuthType;
  enum class Shown { kNothing, kUntrusted, kTrusted };
  struct Row {
    Type type;
    bool nothing, untrusted, trusted;  // the handshake succeeds
  };
  const Row kRows[] = {
      {Type::kNoClientCert, true, true, true},
      {Type::kRequestClientCert, true, true, true},
      {Type::kRequireAnyClientCert, false, true, true},
      {Type::kVerifyClientCertIfGiven, true, false, true},
      {Type::kRequireAndVerifyClientCert, false, false, true},
  };
  const Certificate trusted = CertificateFor("client.test");
  for (const uint16_t version : {VersionTLS12, VersionTLS13}) {
    for (const Row& row : kRows) {
      for (const Shown shown : {Shown::kNothing, Shown::kUntrusted, Shown::kTrusted}) {
        Config server = ServerConfig();
        server.ClientAuth = row.type;
        server.ClientCAs = PoolOf(trusted);
        Config client = ClientConfig();
        client.MaxVersion = version;
        if (shown == Shown::kUntrusted) client.Certificates = {CertificateFor("nobody.test")};
        if (shown == Shown::kTrusted) client.Certificates = {trusted};
        Pair pair(server, client);
        pair.Exchange();
        const bool goes = shown == Shown::kNothing     ? row.nothing
                          : shown == Shown::kUntrusted ? row.untrusted
                                                       : row.trusted;
        ASSERT_EQ(pair.server.Layer().HandshakeDone(), goes)
            << static_cast<int>(row.type) << static_cast<int>(shown)
            << pair.server_failure.Message();
        if (!goes) {
          EXPECT_TRUE(pair.client_failure.Message().starts_with("remote error: tls: "))
              << pair.client_failure.Message();
          continue;
        }
        const bool asked = row.type != Type::kNoClientCert && shown != Shown::kNothing;
        EXPECT_EQ(pair.Seen().PeerCertificates.size(), asked ? 1U : 0U);
        EXPECT_EQ(pair.Seen().Verified, asked && shown == Shown::kTrusted);
        if (asked && shown == Shown::kTrusted) {
          EXPECT_EQ(pair.Seen().PeerCertificates.front().CommonName, "client.test");
        }
      }
    }
  }
}

TEST(SslLayer, APlaintextRequestIsAnsweredInWords) {
  Pair pair(ServerConfig(), ClientConfig());
  const Error why = pair.server.Receive("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  EXPECT_EQ(why.Message(), "tls: client sent an HTTP request to an HTTPS server");
  EXPECT_EQ(pair.server.TakeSealed(),
            "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");
}

// A ciphertext with one wrong bit: bad_record_mac (20) to the peer, an error to us.
TEST(SslLayer, ABadRecordIsRefused) {
  Pair pair(ServerConfig(), ClientConfig());
  pair.Exchange();
  pair.client.Seal("hello");
  std::string bytes = pair.client.TakeSealed();
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  EXPECT_TRUE(pair.server.Receive(bytes));
  EXPECT_EQ(pair.server.TakePlain(), "");
  const Error told = pair.client.Receive(pair.server.TakeSealed());
  EXPECT_EQ(told.Message(), "remote error: tls: bad record mac");
}

// An older error in the thread's queue is neither lost nor taken for ours.
TEST(SslLayer, OneCallOpensSomeRecords) {
  for (const uint16_t version : {VersionTLS12, VersionTLS13}) {
    for (const size_t count : {io::kRecordsPerTurnMax, io::kRecordsPerTurnMax + 1}) {
      Config client = ClientConfig();
      client.MaxVersion = version;
      Pair pair(ServerConfig(), client);
      pair.Exchange();
      ASSERT_TRUE(pair.Done());
      for (size_t i = 0; i < count; ++i) pair.client.Seal("r");
      io::BlockPool pool;
      io::LinkBuffer received(pool);
      io::LinkBuffer plain(pool);
      io::LinkBuffer sealed(pool);
      received.Write(pair.client.TakeSealed());
      io::RecordLayer& server = pair.server.Layer();
      ASSERT_FALSE(server.Open(received, plain, sealed));
      EXPECT_EQ(plain.Len(), io::kRecordsPerTurnMax);
      EXPECT_EQ(server.HasMore(), count > io::kRecordsPerTurnMax);
      ASSERT_FALSE(server.Open(received, plain, sealed));
      EXPECT_EQ(plain.Len(), count);
      EXPECT_FALSE(server.HasMore());
      EXPECT_TRUE(received.Empty());
    }
  }
}

TEST(SslLayer, ADirtyErrorQueueDoesNoHarm) {
  Pair pair(ServerConfig(), ClientConfig());
  ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
  pair.Exchange(100);
  ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
  ASSERT_TRUE(pair.Done());
  pair.client.Seal("hello");
  ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
  pair.Exchange();
  EXPECT_EQ(pair.server.TakePlain(), "hello");
  EXPECT_FALSE(pair.server_failure);
  ERR_clear_error();
}

TEST(SslLayer, KeysAreLogged) {
  std::string lines;
  Config server = ServerConfig();
  server.KeyLogWriter = [&](std::string_view line) { lines += std::string(line) + "\n"; };
  Pair pair(server, ClientConfig());
  pair.Exchange();
  for (const char* label : {"CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET",
                            "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"}) {
    EXPECT_NE(lines.find(label), std::string::npos) << label;
  }
}

// The library's C code calls KeyLogWriter: its exception must not pass through it.
TEST(SslLayer, AKeyLogThatThrowsFailsTheHandshake) {
  Config server = ServerConfig();
  server.KeyLogWriter = [](std::string_view) { throw std::runtime_error("disk full"); };
  Pair pair(server, ClientConfig());
  pair.Exchange();
  EXPECT_FALSE(pair.Done());
  EXPECT_EQ(pair.server_failure.Message(), "tls: KeyLogWriter threw an exception");
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(SslLayer, CallbacksThatThrowRefuseTheHandshake) {
  Config with_certificate = ServerConfig();
  with_certificate.GetCertificate = [](const ClientHelloInfo&) -> Result<Certificate> {
    throw std::runtime_error("no database");
  };
  Config with_config = ServerConfig();
  with_config.GetConfigForClient =
      [](const ClientHelloInfo&) -> Result<std::shared_ptr<ServerContext>> { throw 1; };
  const std::pair<Config, std::string> rows[] = {
      {with_certificate, "tls: GetCertificate threw: no database"},
      {with_config, "tls: GetConfigForClient threw: exception of unknown type"},
  };
  for (const auto& [server, why] : rows) {
    Pair pair(server, ClientConfig());
    pair.Exchange();
    EXPECT_EQ(pair.server_failure.Message(), why);
    EXPECT_EQ(pair.client_failure.Message(), "remote error: tls: internal error");
  }
}

// New certificates apply to new handshakes; a refused set changes nothing.
TEST(SslLayer, CertificatesAreReplaced) {
  Pair pair(ServerConfig(), {.InsecureSkipVerify = true, .SessionTicketsDisabled = true});
  const auto shown = [&] {
    RecordPeer server(pair.loop.NewLayer());
    RecordPeer client(*pair.client_context->NewLayer("a.test"));
    EXPECT_FALSE(server.Receive(client.TakeSealed()));
    EXPECT_FALSE(client.Receive(server.TakeSealed()));
    return client.Layer().State()->PeerCertificates.front().CommonName;
  };
  EXPECT_EQ(shown(), "a.test");
  pair.Exchange();
  ASSERT_TRUE(pair.Done());
  ASSERT_FALSE(pair.server_context->SetCertificates({CertificateFor("new.test")}));
  EXPECT_EQ(shown(), "new.test");
  EXPECT_TRUE(pair.server_context->SetCertificates({}));
  EXPECT_TRUE(pair.server_context->SetCertificates({Certificate()}));
  EXPECT_EQ(shown(), "new.test");
  pair.client.Seal("the old connection goes on");
  pair.Exchange();
  EXPECT_EQ(pair.server.TakePlain(), "the old connection goes on");
}

// A client of OpenSSL, which keeps its session.
class Resumer {
 public:
  explicit Resumer(uint16_t version) : context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_max_proto_version(context_.get(), version);
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(context_.get(), KeepSession);
    SSL_CTX_set_app_data(context_.get(), this);
  }
  ~Resumer() { SSL_SESSION_free(session_); }

  /// Returns whether the connection was resumed; runs the whole handshake.
  bool Connect(LoopContext& loop, const char* host) {
    RecordPeer server(loop.NewLayer());
    const SslPtr ssl(SSL_new(context_.get()));
    SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(host));
    if (session_ != nullptr) SSL_set_session(ssl.get(), session_);
    SSL_set_connect_state(ssl.get());
    for (int i = 0; i < 4; ++i) {
      SSL_do_handshake(ssl.get());
      char byte;
      SSL_read(ssl.get(), &byte, 1);  // takes the ticket
      char* bytes = nullptr;
      const long size = BIO_get_mem_data(SSL_get_wbio(ssl.get()), &bytes);
      EXPECT_FALSE(server.Receive({bytes, static_cast<size_t>(size)}));
      EXPECT_EQ(BIO_reset(SSL_get_wbio(ssl.get())), 1);
      const std::string answer = server.TakeSealed();
      BIO_write(SSL_get_rbio(ssl.get()), answer.data(), static_cast<int>(answer.size()));
    }
    EXPECT_TRUE(server.Layer().HandshakeDone());
    ERR_clear_error();
    SSL_set_shutdown(ssl.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    return server.Layer().HandshakeDone() && server.Layer().State()->DidResume;
  }
  [[nodiscard]] int Tickets() const { return tickets_; }

 private:
  static int KeepSession(SSL* ssl, SSL_SESSION* session) {
    auto& self = *static_cast<Resumer*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    SSL_SESSION_free(self.session_);
    self.session_ = session;
    ++self.tickets_;
    return 1;
  }

  SslContextPtr context_;
  SSL_SESSION* session_ = nullptr;
  int tickets_ = 0;
};

TEST(SslLayer, TicketsResumeOnEveryLoopButUnderNoOtherName) {
  for (const uint16_t version : {VersionTLS12, VersionTLS13}) {
    const auto context = *ServerContext::Create(ServerConfig());
    LoopContext first(context);
    LoopContext second(context);
    Resumer client(version);
    EXPECT_FALSE(client.Connect(first, "a.test"));
    EXPECT_EQ(client.Tickets(), 1);
    EXPECT_TRUE(client.Connect(second, "a.test"));
    EXPECT_FALSE(client.Connect(first, "other.test"));
  }
}

// Several machines with the same keys; the second key is for older tickets.
TEST(SslLayer, TicketsResumeOnOtherMachinesWithTheSameKeys) {
  SessionTicketKey old{};
  SessionTicketKey fresh{};
  old.fill(1);
  fresh.fill(2);
  const auto machine = [](std::vector<SessionTicketKey> keys, ClientAuthType auth) {
    Config config = ServerConfig();
    config.SessionTicketKeys = std::move(keys);
    config.ClientAuth = auth;
    return *ServerContext::Create(config);
  };
  for (const uint16_t version : {VersionTLS12, VersionTLS13}) {
    const auto one = machine({old}, ClientAuthType::kNoClientCert);
    const auto other = machine({fresh, old}, ClientAuthType::kNoClientCert);
    const auto stranger = machine({fresh}, ClientAuthType::kNoClientCert);
    const auto strict = machine({old}, ClientAuthType::kRequestClientCert);
    LoopContext loop_one(one);
    LoopContext loop_other(other);
    LoopContext loop_stranger(stranger);
    LoopContext loop_strict(strict);
    {
      Resumer client(version);
      EXPECT_FALSE(client.Connect(loop_one, "a.test"));
      EXPECT_TRUE(client.Connect(loop_other, "a.test"));
      // OpenSSL's client keeps the ticket of a resumed session in TLS 1.3 only.
      const bool renewed = version == VersionTLS13;
      EXPECT_EQ(client.Connect(loop_stranger, "a.test"), renewed);
    }
    {
      Resumer client(version);
      EXPECT_FALSE(client.Connect(loop_one, "a.test"));
      EXPECT_FALSE(client.Connect(loop_stranger, "a.test"));
    }
    {
      Resumer client(version);
      EXPECT_FALSE(client.Connect(loop_one, "a.test"));
      // A policy that requests certificates accepts no ticket, of any origin.
      EXPECT_FALSE(client.Connect(loop_strict, "a.test"));
    }
    // Keys replaced while the server runs.
    Resumer client(version);
    ASSERT_FALSE(stranger->SetSessionTicketKeys({old}));
    EXPECT_FALSE(client.Connect(loop_one, "a.test"));
    EXPECT_TRUE(client.Connect(loop_stranger, "a.test"));
  }
}

TEST(SslLayer, NoTicketsWhereTheyAreOffOrClientsAreAsked) {
  for (const bool asks : {false, true}) {
    Config config = ServerConfig();
    config.SessionTicketsDisabled = !asks;
    if (asks) config.ClientAuth = ClientAuthType::kRequestClientCert;
    const auto context = *ServerContext::Create(config);
    LoopContext loop(context);
    Resumer client(VersionTLS13);
    EXPECT_FALSE(client.Connect(loop, "a.test"));
    EXPECT_FALSE(client.Connect(loop, "a.test"));
    EXPECT_EQ(client.Tickets(), 0);
  }
}

// RFC 8446 §4.6.3: a KeyUpdate with a request is answered, in the midst of reading.
TEST(SslLayer, AKeyUpdateIsAnswered) {
  const auto context = *ServerContext::Create(ServerConfig());
  LoopContext loop(context);
  RecordPeer server(loop.NewLayer());
  const SslContextPtr client_context(SSL_CTX_new(TLS_client_method()));
  const SslPtr client(SSL_new(client_context.get()));
  SSL_set_bio(client.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_connect_state(client.get());
  const auto exchange = [&] {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(SSL_get_wbio(client.get()), &bytes);
    EXPECT_FALSE(server.Receive({bytes, static_cast<size_t>(size)}));
    EXPECT_EQ(BIO_reset(SSL_get_wbio(client.get())), 1);
    const std::string answer = server.TakeSealed();
    BIO_write(SSL_get_rbio(client.get()), answer.data(), static_cast<int>(answer.size()));
    return answer.size();
  };
  for (int i = 0; i < 3; ++i) {
    SSL_do_handshake(client.get());
    exchange();
  }
  ASSERT_TRUE(server.Layer().HandshakeDone());
  char byte;
  SSL_read(client.get(), &byte, 1);
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(SSL_key_update(client.get(), SSL_KEY_UPDATE_REQUESTED), 1);
    ASSERT_EQ(SSL_write(client.get(), "x", 1), 1);
    const size_t answered = exchange();
    EXPECT_EQ(server.TakePlain(), "x");
    server.Seal("y");
    EXPECT_GT(answered + exchange(), 30U);  // a record of a byte, and one of the update
    ASSERT_EQ(SSL_read(client.get(), &byte, 1), 1);
    EXPECT_EQ(byte, 'y');
    EXPECT_EQ(SSL_get_key_update_type(client.get()), SSL_KEY_UPDATE_NONE);
  }
  ERR_clear_error();
}

TEST(ServerContextTest, RefusesConfigsThatCannotWork) {
  EXPECT_EQ(ServerContext::Create({}).error().Message(),
            "tls: neither Certificates nor GetCertificate nor GetConfigForClient in the Config");
  Config config = ServerConfig();
  config.ClientAuth = ClientAuthType::kRequireAndVerifyClientCert;
  EXPECT_EQ(ServerContext::Create(config).error().Message(),
            "tls: client certificates cannot be verified without ClientCAs");
  config = ServerConfig();
  config.MinVersion = 0x0301;
  EXPECT_EQ(ServerContext::Create(config).error().Message(), "tls: no such version: 0x0301");
  config.MinVersion = VersionTLS13;
  config.MaxVersion = VersionTLS12;
  EXPECT_EQ(ServerContext::Create(config).error().Message(), "tls: MinVersion is above MaxVersion");
  config = ServerConfig();
  config.NextProtos = {std::string(256, 'x')};
  EXPECT_FALSE(ServerContext::Create(config));
}

}  // namespace
}  // namespace hon::tls
