#include "hon/io/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>

namespace hon::io {
namespace {

class FileTest : public testing::Test {
 protected:
  FileTest() : path_(testing::TempDir() + "hon_file_" + std::to_string(::getpid())) {}
  ~FileTest() override { ::unlink(path_.c_str()); }

  void Put(std::string_view text) const {
    auto file = File::Create(path_);
    ASSERT_TRUE(file);
    ASSERT_EQ(file->Write(text).n, text.size());
  }

  std::string path_;
};

TEST_F(FileTest, WritesAndReadsBack) {
  Put("hello, file");
  auto file = File::Open(path_);
  ASSERT_TRUE(file);
  EXPECT_EQ(*file->Size(), 11);
  EXPECT_EQ(*file->Position(), 0);
  std::array<char, 5> part;
  EXPECT_EQ(file->Read(part).n, 5U);
  EXPECT_EQ(std::string_view(part.data(), 5), "hello");
  EXPECT_EQ(*file->Position(), 5);
  EXPECT_EQ(file->ReadAt(part, 7).n, 4U);
  EXPECT_EQ(std::string_view(part.data(), 4), "file");
  EXPECT_EQ(*file->Position(), 5) << "ReadAt moves nothing";
  EXPECT_EQ(*ReadAll(*file), ", file");
  const IoResult end = file->Read(part);
  EXPECT_EQ(end.n, 0U);
  EXPECT_TRUE(end.err.Is(ErrEof));
  EXPECT_TRUE(file->ReadAt(part, 11).err.Is(ErrEof));
  EXPECT_FALSE(file->Read({}).err) << "nothing was asked for";
}

TEST_F(FileTest, CreateTruncates) {
  Put("a long first text");
  Put("short");
  auto file = File::Open(path_);
  ASSERT_TRUE(file);
  EXPECT_EQ(*ReadAll(*file), "short");
}

TEST_F(FileTest, AsFileGivesWhatIsLeft) {
  Put("0123456789");
  auto file = File::Open(path_);
  int64_t left = -1;
  EXPECT_EQ(file->AsFile(&left), &*file);
  EXPECT_EQ(left, 10);
  EXPECT_FALSE(file->SeekTo(7));
  EXPECT_EQ(file->AsFile(&left), &*file);
  EXPECT_EQ(left, 3);
  LimitedReader two(*file, 2);
  EXPECT_EQ(two.AsFile(&left), &*file);
  EXPECT_EQ(left, 2);
}

TEST_F(FileTest, APipeIsReadButIsNoFileForSendfile) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  File reading(ends[0]);
  {
    File writing(ends[1]);
    EXPECT_EQ(writing.Write("through").n, 7U);
  }
  int64_t left = 0;
  EXPECT_EQ(reading.AsFile(&left), nullptr);
  EXPECT_FALSE(reading.Size());
  EXPECT_FALSE(reading.Position());
  EXPECT_TRUE(reading.SeekTo(0));
  EXPECT_EQ(*ReadAll(reading), "through");
}

TEST_F(FileTest, ErrorsNameTheFile) {
  const auto missing = File::Open(path_ + "/missing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().SystemCode(), ENOENT);
  EXPECT_NE(missing.error().Message().find(path_), std::string::npos);
  EXPECT_EQ(File::Create("/").error().SystemCode(), EISDIR);
  File write_only = std::move(*File::Create(path_));
  std::array<char, 1> byte;
  EXPECT_EQ(write_only.Read(byte).err.SystemCode(), EBADF);
  EXPECT_EQ(write_only.ReadAt(byte, 0).err.SystemCode(), EBADF);
  File full = File(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  const IoResult put = full.Write("x");
  EXPECT_EQ(put.n, 0U);
  EXPECT_EQ(put.err.SystemCode(), ENOSPC);
}

TEST_F(FileTest, ClosesOnceAndMoves) {
  Put("x");
  File file = std::move(*File::Open(path_));
  const int fd = file.Fd();
  EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  File moved = std::move(file);
  EXPECT_EQ(file.Fd(), -1);
  EXPECT_FALSE(static_cast<bool>(file));
  EXPECT_EQ(moved.Fd(), fd);
  file = std::move(moved);
  EXPECT_EQ(file.Fd(), fd);
  EXPECT_FALSE(file.Close());
  EXPECT_LT(::fcntl(fd, F_GETFD), 0);
  EXPECT_TRUE(file.Close().Is(ErrClosed));
}

}  // namespace
}  // namespace hon::io
