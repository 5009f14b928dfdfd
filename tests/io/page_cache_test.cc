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

  support::TempDir dir_;
  File file_;
};

TEST_F(PageCache, HasWhatWasWritten) {
  EXPECT_TRUE(InPageCache(file_.Fd(), 0, kBytes));
  EXPECT_TRUE(InPageCache(file_.Fd(), 100'000, 1));
  EXPECT_TRUE(InPageCache(file_.Fd(), kBytes, 0));
}

TEST_F(PageCache, TellsWhatIsToBeReadFromTheDisk) {
  ASSERT_EQ(::posix_fadvise(file_.Fd(), 0, 0, POSIX_FADV_DONTNEED), 0);
  if (InPageCache(file_.Fd(), 0, kBytes)) {
    GTEST_SKIP() << "HON_TEST_SKIPPED: this file system keeps all files in memory";
  }
  ReadIntoPageCache(file_.Fd(), 0, kBytes);
  EXPECT_TRUE(InPageCache(file_.Fd(), 0, kBytes));
}

TEST_F(PageCache, AHoleAtTheEndCounts) {
  ASSERT_EQ(::posix_fadvise(file_.Fd(), 0, 0, POSIX_FADV_DONTNEED), 0);
  ReadIntoPageCache(file_.Fd(), 0, 4096);
  if (InPageCache(file_.Fd(), 0, kBytes)) {
    GTEST_SKIP() << "HON_TEST_SKIPPED: read-ahead has brought all of the file, or it never left";
  }
  EXPECT_TRUE(InPageCache(file_.Fd(), 0, 4096));
}

}  // namespace
}  // namespace hon::io
