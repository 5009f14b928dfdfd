#include "hon/tls/certificate_watch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "support/eventually.h"
#include "support/temp_dir.h"
#include "tls/certificate_data.h"
#include "tls/openssl.h"

namespace hon::tls {
namespace {

class CertificateWatchTest : public testing::Test {
 protected:
  /// Replaces the file atomically, as certbot does.
  void Write(const Certificate& certificate) {
    folder_.Write("new", CertificatePEM(certificate) + PrivateKeyPEM(certificate));
    std::filesystem::rename(folder_.Path("new"), File());
  }
  [[nodiscard]] std::string File() const { return folder_.Path("pair.pem"); }
  void Start() {
    context_ = *ServerContext::Create({.Certificates = {*LoadX509KeyPair(File(), File())}});
    watch_ = *CertificateWatch::Start(context_, std::chrono::milliseconds(2),
                                      [this](std::string_view line) {
                                        const std::lock_guard lock(mutex_);
                                        lines_.emplace_back(line);
                                      });
  }
  [[nodiscard]] std::vector<std::string> Lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

  support::TempDir folder_;
  std::mutex mutex_;
  std::vector<std::string> lines_;
  std::shared_ptr<ServerContext> context_;
  std::unique_ptr<CertificateWatch> watch_;
};

TEST_F(CertificateWatchTest, ChangedFilesAreReadAndBrokenOnesAreReportedOnce) {
  Write(*MakeSelfSigned({"a.test"}, {.ends = 100 * 24 * 3600 + 60}));
  Start();
  EXPECT_EQ(context_->CertificateFiles(), std::vector<std::string>{File()});
  EXPECT_EQ(context_->DaysLeft(), 100);
  Write(*MakeSelfSigned({"a.test"}, {.ends = 200 * 24 * 3600 + 60}));
  EXPECT_TRUE(test::Eventually([&] { return context_->DaysLeft() == 200; }));
  EXPECT_TRUE(test::Eventually([&] { return Lines().size() == 1; }));
  EXPECT_EQ(Lines().front(), "http: certificates were read anew; the first ends in 200 days");
  folder_.Write("new", "-----BEGIN CERTIFICATE-----");
  std::filesystem::rename(folder_.Path("new"), File());
  const uint64_t failures = context_->GetStats().reload_failures;
  // Tried again and again, reported once.
  EXPECT_TRUE(
      test::Eventually([&] { return context_->GetStats().reload_failures >= failures + 5; }));
  EXPECT_EQ(Lines().size(), 2U);
  EXPECT_TRUE(Lines().back().starts_with("http: certificates stay as they are: " + File()))
      << Lines().back();
  EXPECT_EQ(context_->DaysLeft(), 200);
  EXPECT_EQ(context_->GetStats().reloads, 1U);
  Write(*MakeSelfSigned({"a.test"}, {.begins = -7200, .ends = -3600}));
  EXPECT_TRUE(test::Eventually([&] { return Lines().size() == 3; }));
  EXPECT_NE(Lines().back().find("has expired on "), std::string::npos) << Lines().back();
  Write(*MakeSelfSigned({"a.test"}, {.ends = 300 * 24 * 3600 + 60}));
  EXPECT_TRUE(test::Eventually([&] { return context_->DaysLeft() == 300; }));
}

// Listeners that share a context check the files once, and each owner is told once.
TEST_F(CertificateWatchTest, WatchesOfOneContextShareItsChecks) {
  Write(*MakeSelfSigned({"a.test"}, {.ends = 100 * 24 * 3600 + 60}));
  Start();
  std::atomic<int> told{0};
  std::atomic<int> told_again{0};
  const auto start = [&](std::atomic<int>& count, const void* owner) {
    return *CertificateWatch::Start(
        context_, std::chrono::hours(1), [&count](std::string_view) { ++count; }, owner);
  };
  const auto other = start(told, &told);
  const auto same = start(told_again, &told);
  Write(*MakeSelfSigned({"a.test"}, {.ends = 200 * 24 * 3600 + 60}));
  EXPECT_TRUE(test::Eventually([&] { return Lines().size() == 1 && told == 1; }));
  watch_.reset();  // the others go on
  Write(*MakeSelfSigned({"a.test"}, {.ends = 300 * 24 * 3600 + 60}));
  EXPECT_TRUE(test::Eventually([&] { return told == 2; }));
  EXPECT_EQ(told_again, 0);
  EXPECT_EQ(Lines().size(), 1U);
  EXPECT_EQ(context_->GetStats().reloads, 2U);
}

TEST_F(CertificateWatchTest, TheEndOfACertificateIsAnnouncedOnce) {
  Write(*MakeSelfSigned({"a.test"}, {.ends = 48 * 3600 + 60}));
  Start();
  EXPECT_TRUE(test::Eventually([&] { return !Lines().empty(); }));
  EXPECT_EQ(Lines().front(), "http: a certificate ends in 48 hours; renew it");
  Write(*MakeSelfSigned({"a.test"}, {.ends = 96 * 3600 + 60}));
  EXPECT_TRUE(test::Eventually([&] { return Lines().size() == 2; }));
  watch_.reset();
  EXPECT_EQ(Lines().size(), 2U);
}

}  // namespace
}  // namespace hon::tls
