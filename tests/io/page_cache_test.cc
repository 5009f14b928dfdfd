#include "io/page_cache.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "hon/io/file.h"
#include "support/temp_dir.h"

namespace hon::io {
namespace {

constexpr size_t kBytes = 300'000;

class PageCache : public testing::Test {
 protected:
  void SetUp() override {
    Result<File> made = File::Create(dir_.Path("file"));
    ASSERT_TRUE(made);
    ASSERT_FALSE(made->Write(std::string(kBytes, 'x')).err);
    ASSERT_EQ(::fsync(made->Fd()), 0);
    Result<File> opened = File::Open(dir_.Path("file"));
    ASSERT_TRUE(opened);
    file_ = std::move(*opened);
  }

  [[nodiscard]] bool InPageCache(int64_t offset, size_t count) const {
    return PageCacheProbe().Finds(file_.Fd(), offset, count, Clock::now());
  }

  support::TempDir dir_;
  File file_;
};

TEST_F(PageCache, HasWhatWasWritten) {
  EXPECT_TRUE(InPageCache(0, kBytes));
  EXPECT_TRUE(InPageCache(100'000, 1));
  EXPECT_TRUE(InPageCache(kBytes, 0));
}

TEST_F(PageCache, TellsWhatIsToBeReadFromTheDisk) {
  ASSERT_EQ(::posix_fadvise(file_.Fd(), 0, 0, POSIX_FADV_DONTNEED), 0);
  if (InPageCache(0, kBytes)) {
    GTEST_SKIP() << "HON_TEST_SKIPPED: this file system keeps all files in memory";
  }
  ReadIntoPageCache(file_.Fd(), 0, kBytes);
  EXPECT_TRUE(InPageCache(0, kBytes));
}

TEST_F(PageCache, AHoleAtTheEndCounts) {
  ASSERT_EQ(::posix_fadvise(file_.Fd(), 0, 0, POSIX_FADV_DONTNEED), 0);
  ReadIntoPageCache(file_.Fd(), 0, 4096);
  if (InPageCache(0, kBytes)) {
    GTEST_SKIP() << "HON_TEST_SKIPPED: read-ahead has brought all of the file, or it never left";
  }
  EXPECT_TRUE(InPageCache(0, 4096));
}

// The way of Linux before 6.5.
class WithoutCachestat : public PageCache {
 protected:
  [[nodiscard]] bool Finds(const File& file, TimePoint now) {
    return probe_.Finds(file.Fd(), 0, kBytes, now);
  }
  // Takes the file out of the page cache. Returns false where the file system keeps all files in
  // memory. To be repeated before each look: a look may begin to read the file again.
  [[nodiscard]] static bool Evict(const File& file) {
    EXPECT_EQ(::posix_fadvise(file.Fd(), 0, 0, POSIX_FADV_DONTNEED), 0);
    return !PageCacheProbe().Finds(file.Fd(), 0, kBytes, Clock::now());
  }

  PageCacheProbe probe_{false};
};

constexpr const char* kNothingEvicted =
    "HON_TEST_SKIPPED: this file system keeps all files in memory";

TEST_F(WithoutCachestat, FindsWhatIsInMemory) {
  const TimePoint now = Clock::now();
  EXPECT_TRUE(Finds(file_, now));
  if (!Evict(file_)) GTEST_SKIP() << kNothingEvicted;
  EXPECT_FALSE(PageCacheProbe(false).Finds(file_.Fd(), 0, kBytes, now));
  ASSERT_TRUE(Evict(file_));
  EXPECT_FALSE(PageCacheProbe(false).Finds(file_.Fd(), 0, 4096, now));
  ReadIntoPageCache(file_.Fd(), 0, kBytes);
  EXPECT_TRUE(PageCacheProbe(false).Finds(file_.Fd(), 0, kBytes, now));
}

TEST_F(WithoutCachestat, AFoundPartIsRememberedForAMoment) {
  const TimePoint now = Clock::now();
  ASSERT_TRUE(Finds(file_, now));
  if (!Evict(file_)) GTEST_SKIP() << kNothingEvicted;
  EXPECT_TRUE(Finds(file_, now + PageCacheProbe::kFoundFor - Duration(1)));
  EXPECT_FALSE(Finds(file_, now + PageCacheProbe::kFoundFor));
  ASSERT_TRUE(Evict(file_));
  EXPECT_FALSE(Finds(file_, now)) << "a part that was not found any more is forgotten";
}

TEST_F(WithoutCachestat, OnePartSaysNothingAboutAnother) {
  const TimePoint now = Clock::now();
  ASSERT_TRUE(probe_.Finds(file_.Fd(), 0, 100'000, now));
  if (!Evict(file_)) GTEST_SKIP() << kNothingEvicted;
  EXPECT_FALSE(probe_.Finds(file_.Fd(), 0, 200'000, now));
  ASSERT_TRUE(Evict(file_));
  EXPECT_FALSE(probe_.Finds(file_.Fd(), 100'000, 100'000, now));
}

// The parts of 1 MiB in which the engine sends a file.
TEST_F(WithoutCachestat, PartsOfOneFileAreRememberedTogether) {
  constexpr size_t kPart = 1024 * 1024;
  constexpr int64_t kParts = 4;
  Result<File> made = File::Create(dir_.Path("long"));
  ASSERT_TRUE(made);
  ASSERT_FALSE(made->Write(std::string(kParts * kPart, 'z')).err);
  ASSERT_EQ(::fsync(made->Fd()), 0);
  Result<File> file = File::Open(dir_.Path("long"));
  ASSERT_TRUE(file);
  const TimePoint now = Clock::now();
  const auto finds = [&](int64_t part) {
    return probe_.Finds(file->Fd(), part * static_cast<int64_t>(kPart), kPart, now);
  };
  for (int64_t part = 0; part < kParts; ++part) ASSERT_TRUE(finds(part)) << part;
  if (!Evict(*file)) GTEST_SKIP() << kNothingEvicted;
  for (int64_t part = 0; part < kParts; ++part) EXPECT_TRUE(finds(part)) << part;
}

TEST_F(WithoutCachestat, OneFileSaysNothingAboutAnother) {
  const TimePoint now = Clock::now();
  ASSERT_TRUE(Finds(file_, now));
  Result<File> made = File::Create(dir_.Path("other"));
  ASSERT_TRUE(made);
  ASSERT_FALSE(made->Write(std::string(kBytes, 'y')).err);
  ASSERT_EQ(::fsync(made->Fd()), 0);
  Result<File> other = File::Open(dir_.Path("other"));
  ASSERT_TRUE(other);
  if (!Evict(*other)) GTEST_SKIP() << kNothingEvicted;
  EXPECT_FALSE(Finds(*other, now));
}

}  // namespace
}  // namespace hon::io
