#include "hon/tls/certificate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "hon/tls/context.h"
#include "support/temp_dir.h"
#include "tls/certificate_data.h"
#include "tls/certificate_set.h"
#include "tls/ticket_keys.h"

namespace hon::tls {
namespace {

TEST(CertificateTest, APairComesBackFromItsText) {
  const Certificate made = *SelfSigned({"A.example.test", "*.b.test", "127.0.0.1"});
  const Result<Certificate> read = X509KeyPair(CertificatePEM(made), PrivateKeyPEM(made));
  ASSERT_TRUE(read) << read.error().Message();
  EXPECT_EQ(read->DNSNames(), (std::vector<std::string>{"a.example.test", "*.b.test"}));
  const auto left = read->NotAfter() - std::chrono::system_clock::now();
  EXPECT_GT(left, std::chrono::hours(364 * 24));
  EXPECT_LT(left, std::chrono::hours(366 * 24));
}

TEST(CertificateTest, ErrorsSayWhatIsWrong) {
  const Certificate one = *SelfSigned({"a.test"});
  const Certificate other = *SelfSigned({"b.test"});
  EXPECT_EQ(X509KeyPair(CertificatePEM(one), PrivateKeyPEM(other)).error().Message(),
            "tls: the private key does not belong to the certificate; the server's own "
            "certificate must be the first of its file, before those of its CA");
  EXPECT_EQ(X509KeyPair("", PrivateKeyPEM(one)).error().Message(),
            "tls: no certificate in the PEM data of the certificate: it needs a block "
            "-----BEGIN CERTIFICATE-----");
  EXPECT_EQ(X509KeyPair(CertificatePEM(one), "nonsense").error().Message(),
            "tls: no private key in the PEM data of the key: it needs a block "
            "-----BEGIN PRIVATE KEY----- without a passphrase (openssl pkey removes one)");
  const support::TempDir folder;
  EXPECT_EQ(LoadX509KeyPair(folder.Path("none"), folder.Path("none")).error().SystemCode(), ENOENT);
  folder.Write("cert", CertificatePEM(one));
  folder.Write("key", PrivateKeyPEM(other));
  EXPECT_EQ(LoadX509KeyPair(folder.Path("cert"), folder.Path("key")).error().Message(),
            folder.Path("cert") + ", " + folder.Path("key") +
                ": tls: the private key does not belong to the certificate; the server's own "
                "certificate must be the first of its file, before those of its CA");
  CertPool pool;
  EXPECT_TRUE(pool.AddPEM("nonsense"));
  EXPECT_TRUE(pool.Empty());
}

// RFC 9525 §6.3: exactly, else a wildcard as the whole first label; ignoring case.
TEST(CertificateSetTest, Finds) {
  const CertificateSet set({*SelfSigned({"default.test"}), *SelfSigned({"*.w.test", "w.test"}),
                            *SelfSigned({"exact.w.test"}), *SelfSigned({"w.test"})});
  struct Row {
    std::string_view name;
    size_t index;
  };
  constexpr Row kRows[] = {
      {"default.test", 0},
      {"DEFAULT.test", 0},
      {"w.test", 1},
      {"x.w.test", 1},
      {"exact.w.test", 2},
      {"y.x.w.test", CertificateSet::kNone},
      {"", CertificateSet::kNone},
      {".w.test", CertificateSet::kNone},
      {"test", CertificateSet::kNone},
  };
  for (const Row& row : kRows) {
    ClientHello hello;
    hello.server_name = row.name;
    EXPECT_EQ(set.Find(hello, true), row.index) << row.name;
  }
}

// RFC 8446 §4.4.2.2 and RFC 8422 §5.1: the ClientHello shows what a client can verify.
TEST(CertificateSetTest, OfSeveralForOneNameTheClientsOfferDecides) {
  const CertificateSet set({*SelfSigned({"a.test"}), *MakeSelfSigned({"a.test"}, {.rsa = true})});
  using namespace std::string_view_literals;
  struct Row {
    std::string_view suites, schemes;
    std::string_view groups;
    bool tls13;
    size_t index;
  };
  constexpr Row kRows[] = {
      {"\x13\x01"sv, "\x04\x03\x08\x04"sv, ""sv, true, 0},
      {"\x13\x01"sv, "\x08\x04\x04\x03"sv, ""sv, true, 0},  // our order
      {"\x13\x01"sv, "\x08\x04"sv, ""sv, true, 1},          // rsa_pss_rsae_sha256 alone
      {"\x13\x01"sv, "\x05\x03\x08\x04"sv, ""sv, true, 1},  // ECDSA, of another curve
      {"\x13\x01"sv, "\x06\x06"sv, ""sv, true, 0},          // nothing fits: the first
      {"\xC0\x2B"sv, ""sv, ""sv, false, 0},
      {"\xC0\x2F"sv, ""sv, ""sv, false, 1},                  // suites for RSA alone
      {"\xC0\x2F\xC0\x2B"sv, "\x04\x01"sv, ""sv, false, 1},  // schemes for RSA alone
      {"\xC0\x2F\xC0\x2B"sv, "\x05\x03"sv, ""sv, false, 0},  // any curve in TLS 1.2
      {"\xC0\x2F\xC0\x2B"sv, ""sv, "\x00\x17"sv, false, 0},  // P-256
      {"\xC0\x2F\xC0\x2B"sv, ""sv, "\x00\x1D"sv, false, 1},  // no curve of the ECDSA key
  };
  for (const Row& row : kRows) {
    ClientHello hello;
    hello.suites = row.suites;
    hello.schemes = row.schemes;
    hello.groups = row.groups;
    EXPECT_EQ(set.Default(hello, row.tls13), row.index) << &row - kRows;
    hello.server_name = "a.test";
    EXPECT_EQ(set.Find(hello, row.tls13), row.index) << &row - kRows;
  }
}

// A broken file changes nothing; a good one replaces the certificate.
TEST(ReloadTest, FromFiles) {
  const support::TempDir folder;
  const auto write = [&](const Certificate& certificate) {
    folder.Write("cert", CertificatePEM(certificate));
    folder.Write("key", PrivateKeyPEM(certificate));
  };
  write(*SelfSigned({"old.test"}));
  Config config;
  config.Certificates = {*LoadX509KeyPair(folder.Path("cert"), folder.Path("key"))};
  const auto context = *ServerContext::Create(config);
  const auto before = context->NotAfter();
  folder.Write("key", PrivateKeyPEM(*SelfSigned({"stranger.test"})));
  EXPECT_TRUE(context->Reload());
  folder.Write("cert", "");
  EXPECT_TRUE(context->Reload());
  EXPECT_EQ(context->NotAfter(), before);
  write(*SelfSigned({"new.test"}));
  EXPECT_FALSE(context->Reload());
}

// A disk that fails, and a path that is no file.
TEST(CertificateTest, FilesThatCannotBeReadAreErrors) {
  const support::TempDir folder;
  folder.Write("cert", CertificatePEM(*SelfSigned({"a.test"})));
  EXPECT_EQ(LoadX509KeyPair(folder.Path("cert"), "/proc/self/mem").error().SystemCode(), EIO);
  EXPECT_EQ(LoadX509KeyPair("/proc/self/mem", folder.Path("cert")).error().SystemCode(), EIO);
  EXPECT_EQ(LoadX509KeyPair(folder.Path("cert"), folder.Path("")).error().SystemCode(), EISDIR);
}

// Certificate and key are two files: between their replacements they do not match.
TEST(ReloadTest, WhileFilesAreReplaced) {
  const support::TempDir folder;
  const std::vector<Certificate> made = {*SelfSigned({"one.test"}), *SelfSigned({"two.test"})};
  const auto write = [&](size_t which) {
    folder.Write("cert.new", CertificatePEM(made[which]));
    folder.Write("key.new", PrivateKeyPEM(made[which]));
    std::filesystem::rename(folder.Path("cert.new"), folder.Path("cert"));
    std::filesystem::rename(folder.Path("key.new"), folder.Path("key"));
  };
  write(0);
  Config config;
  config.Certificates = {*LoadX509KeyPair(folder.Path("cert"), folder.Path("key"))};
  const auto context = *ServerContext::Create(config);
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (size_t i = 1; !stop; ++i) write(i % 2);
  });
  for (int i = 0; i < 200; ++i) {
    if (const Error why = context->Reload()) {
      EXPECT_NE(why.Message().find("does not belong"), std::string::npos) << why.Message();
    }
    EXPECT_EQ(context->CertificateFiles().size(), 2U);
  }
  stop = true;
  writer.join();
  EXPECT_FALSE(context->Reload());
}

TEST(TicketKeysTest, ADayEachAndSevenAccepted) {
  TicketKeys keys;
  struct Ticket {
    unsigned char name[TicketKeys::kNameBytes];
    unsigned char iv[EVP_MAX_IV_LENGTH];
  };
  const auto prepare = [&](Ticket& ticket, bool seal) {
    EVP_CIPHER_CTX* cipher = EVP_CIPHER_CTX_new();
    EVP_MAC* hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    EVP_MAC_CTX* mac = EVP_MAC_CTX_new(hmac);
    const int code = keys.Prepare(ticket.name, ticket.iv, cipher, mac, seal);
    EVP_MAC_CTX_free(mac);
    EVP_MAC_free(hmac);
    EVP_CIPHER_CTX_free(cipher);
    return code;
  };
  Ticket first{};
  ASSERT_EQ(prepare(first, true), 1);
  EXPECT_EQ(prepare(first, false), 1);
  TimePoint now = Clock::now();
  for (size_t day = 1; day < TicketKeys::kKeysMax; ++day) {
    keys.Rotate(now + TicketKeys::kRotation * day);
    EXPECT_EQ(prepare(first, false), 2) << day;  // accepted, and to be replaced
  }
  keys.Rotate(now + TicketKeys::kRotation * TicketKeys::kKeysMax);
  EXPECT_EQ(prepare(first, false), 0);
  Ticket second{};
  ASSERT_EQ(prepare(second, true), 1);
  keys.Rotate(now + TicketKeys::kRotation * TicketKeys::kKeysMax + std::chrono::hours(23));
  EXPECT_EQ(prepare(second, false), 1);
}

}  // namespace
}  // namespace hon::tls
