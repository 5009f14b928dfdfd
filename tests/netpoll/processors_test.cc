// Facts of the platform: backends, processors; and addresses as text.

#include "netpoll/processors.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "hon/netpoll/loop.h"
#include "netpoll/address.h"
#include "netpoll/fixture.h"

namespace hon::netpoll {
namespace {

// Makes io_uring_setup fail in this process, as the filters of container runtimes do.
bool ForbidIoUring(int errno_value) {
  std::array<sock_filter, 4> filter = {{
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, __NR_io_uring_setup},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | static_cast<uint32_t>(errno_value)},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  }};
  const sock_fprog program{.len = filter.size(), .filter = filter.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// Runs in a separate process, whose exit code shows the failure.
[[noreturn]] void ExpectFallBack(int errno_value) {
  if (!ForbidIoUring(errno_value)) std::_Exit(0);  // no filters on this system: nothing to test
  std::vector<std::string> told;
  LoopOptions options;
  options.on_fallback = [&](std::string_view why) { told.emplace_back(why); };
  const auto loop = Loop::Create(options);
  if (!loop || (*loop)->Kind() != BackendKind::kEpoll) std::_Exit(1);
  if (told.size() != 1 || told[0].find("io_uring") == std::string::npos) std::_Exit(2);
  if (Loop::Create({.backend = BackendKind::kIoUring})) std::_Exit(3);
  std::_Exit(0);
}

TEST(FallbackTest, WhereIoUringIsForbiddenEpollServesAndLogsOnce) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (const int errno_value : {EPERM, ENOSYS, ENOMEM}) {
    EXPECT_EXIT(ExpectFallBack(errno_value), testing::ExitedWithCode(0), "");
  }
}

TEST(FallbackTest, AutoLogsNothingWhereIoUringWorks) {
  if (!Loop::Create({.backend = BackendKind::kIoUring})) {
    GTEST_SKIP() << "HON_TEST_SKIPPED: no io_uring here";
  }
  int told = 0;
  LoopOptions options;
  options.on_fallback = [&](std::string_view) { ++told; };
  const auto loop = Loop::Create(options);
  ASSERT_TRUE(loop);
  EXPECT_EQ((*loop)->Kind(), BackendKind::kIoUring);
  EXPECT_EQ(told, 0);
}

TEST(DefaultLoopsTest, AreWhatTheProcessMayUse) {
  EXPECT_GE(DefaultLoops(), 1U);
  EXPECT_LE(DefaultLoops(), AllowedProcessors());
}

class ProcessorsTest : public testing::Test {
 protected:
  ProcessorsTest() : root_(testing::TempDir() + "hon_cgroup_" + std::to_string(::getpid())) {
    std::filesystem::create_directories(root_);
  }
  ~ProcessorsTest() override { std::filesystem::remove_all(root_); }

  void Put(const std::string& path, std::string_view text) const {
    const std::filesystem::path file = root_ + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }

  std::string root_;
};

TEST_F(ProcessorsTest, WithoutCgroupsThereIsNoQuota) { EXPECT_EQ(GrantedProcessors(root_), 0U); }

TEST_F(ProcessorsTest, TheSmallestQuotaOnTheWayUpCounts) {
  Put("/proc/self/cgroup", "0::/a/b\n");
  Put("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  EXPECT_EQ(GrantedProcessors(root_), 0U);
  Put("/sys/fs/cgroup/a/cpu.max", "250000 100000\n");
  EXPECT_EQ(GrantedProcessors(root_), 3U);
  Put("/sys/fs/cgroup/a/b/cpu.max", "400000 100000\n");
  EXPECT_EQ(GrantedProcessors(root_), 3U);
  Put("/sys/fs/cgroup/cpu.max", "50000 100000\n");
  EXPECT_EQ(GrantedProcessors(root_), 1U);
}

TEST_F(ProcessorsTest, VersionOneHasAFolderPerController) {
  Put("/proc/self/cgroup", "7:memory:/m\n5:cpu,cpuacct:/a\n1:cpuset:/c\n");
  Put("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "-1\n");
  Put("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(GrantedProcessors(root_), 0U);
  Put("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "200000\n");
  EXPECT_EQ(GrantedProcessors(root_), 2U);
}

TEST_F(ProcessorsTest, NonsenseIsNoQuota) {
  Put("/proc/self/cgroup", "\n:\nnothing\n0::/a\n");
  for (const char* text : {"", "x", "100000", "0 100000", "100000 0", "-1 100000"}) {
    Put("/sys/fs/cgroup/a/cpu.max", text);
    EXPECT_EQ(GrantedProcessors(root_), 0U) << text;
  }
}

TEST(AddressTest, TextRoundTrips) {
  for (const std::string text :
       {"127.0.0.1:80", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:80", "[2001:db8::1]:443"}) {
    const auto addresses = ResolveAddress(text, AddressUse::kDial);
    ASSERT_TRUE(addresses) << text;
    ASSERT_EQ(addresses->size(), 1U);
    std::array<char, kAddressTextMax> buffer;
    EXPECT_EQ(FormatAddress(addresses->front(), buffer), text);
  }
}

TEST(AddressTest, MappedIpv4IsWrittenAsIpv4) {
  const auto addresses = ResolveAddress("[::ffff:192.0.2.1]:80", AddressUse::kDial);
  ASSERT_TRUE(addresses);
  std::array<char, kAddressTextMax> buffer;
  EXPECT_EQ(FormatAddress(addresses->front(), buffer), "192.0.2.1:80");
}

TEST(AddressTest, ScopesAreWritten) {
  const auto addresses = ResolveAddress("[fe80::1%lo]:80", AddressUse::kDial);
  ASSERT_TRUE(addresses) << addresses.error().Message();
  std::array<char, kAddressTextMax> buffer;
  EXPECT_EQ(FormatAddress(addresses->front(), buffer), "[fe80::1%lo]:80");
}

TEST(AddressTest, TheLongestUnixPathFits) {
  for (const size_t size : {106U, 107U}) {
    const std::string path = "/" + std::string(size - 1, 'p');
    const auto addresses = ResolveAddress("unix:" + path, AddressUse::kDial);
    ASSERT_TRUE(addresses);
    std::array<char, kAddressTextMax> buffer;
    EXPECT_EQ(FormatAddress(addresses->front(), buffer), path);
  }
  EXPECT_FALSE(ResolveAddress("unix:/" + std::string(107, 'p'), AddressUse::kDial));
  EXPECT_FALSE(ResolveAddress(std::string_view("unix:/a\0b", 9), AddressUse::kDial));
}

TEST(AddressTest, NamesAreNotLookedUpWhenOnlyNumbersAreWanted) {
  const auto addresses = ResolveAddress("localhost:80", AddressUse::kDial, true);
  ASSERT_TRUE(addresses);
  EXPECT_TRUE(addresses->empty());
  const auto service = ResolveAddress("127.0.0.1:http", AddressUse::kDial);
  if (!service) GTEST_SKIP() << "HON_TEST_SKIPPED: no service names here";
  std::array<char, kAddressTextMax> buffer;
  EXPECT_EQ(FormatAddress(service->front(), buffer), "127.0.0.1:80");
}

}  // namespace
}  // namespace hon::netpoll
