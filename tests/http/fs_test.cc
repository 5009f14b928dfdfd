// Dir and MapFS as trees of files.

#include "hon/http/fs.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "support/temp_dir.h"

namespace hon::http {
namespace {

std::string Read(FsFile& file) { return io::ReadAll(file).value(); }

std::vector<std::string> Names(const FS& fs, std::string_view name) {
  const Result<std::unique_ptr<FsFile>> dir = fs.Open(name);
  std::vector<std::string> names;
  const std::vector<DirEntry> entries = (*dir)->ReadDir(100).value();
  for (const DirEntry& entry : entries) {
    names.push_back(entry.Name + (entry.IsDir ? "/" : ""));
  }
  std::sort(names.begin(), names.end());
  return names;
}

class DirTest : public testing::Test {
 protected:
  DirTest() {
    tree_.Write("outside", "outside");
    tree_.Write("root/file", "text");
    tree_.Write("root/sub/x", "x");
    tree_.SetTimes(1'600'000'000, 5);
  }

  support::TempDir tree_;
  Dir dir_{tree_.Path("root")};
};

TEST_F(DirTest, OpensFilesAndDirectories) {
  const auto file = dir_.Open("/file");
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ((*file)->Stat()->Size, 4);
  EXPECT_EQ((*file)->Stat()->ModTime, Time::FromUnix(1'600'000'000, 5));
  EXPECT_FALSE((*file)->Stat()->IsDir);
  EXPECT_EQ(Read(**file), "text");
  EXPECT_EQ((*file)->Seek(-2, io::Whence::kEnd).value(), 2);
  EXPECT_EQ(Read(**file), "xt");

  const auto dir = dir_.Open("/");
  ASSERT_TRUE(dir.has_value());
  EXPECT_TRUE((*dir)->Stat()->IsDir);
  EXPECT_EQ(Names(dir_, "/"), (std::vector<std::string>{"file", "sub/"}));
}

TEST_F(DirTest, ShowsItsFileForSendfile) {
  FsFileSlot slot;
  const Result<FsFile*> file = dir_.OpenIn(slot, "/file");
  ASSERT_TRUE(file.has_value());
  ASSERT_TRUE((*file)->Seek(1, io::Whence::kStart).has_value());
  int64_t limit = 0;
  io::LimitedReader part(**file, 2);
  io::File* const plain = part.AsFile(&limit);
  ASSERT_NE(plain, nullptr);
  EXPECT_EQ(limit, 2);
  EXPECT_EQ(plain->Position().value(), 1);
}

TEST_F(DirTest, ReadDirCountsItsEntries) {
  const auto dir = dir_.Open("/");
  EXPECT_EQ((*dir)->ReadDir(2)->size(), 2U);
  EXPECT_EQ((*dir)->ReadDir(2)->size(), 2U) << "again from the start";
  EXPECT_TRUE((*dir)->ReadDir(1).error().Is(ErrTooManyEntries));
  EXPECT_FALSE((*dir_.Open("/file"))->ReadDir(10).has_value());
}

TEST_F(DirTest, NothingOutsideIsOpened) {
  std::filesystem::create_symlink("../outside", tree_.Path("root/escape"));
  std::filesystem::create_symlink("file", tree_.Path("root/link"));
  for (const std::string_view name :
       {"/../outside", "../outside", "/sub/../../outside", "/escape", "/file/../../outside"}) {
    EXPECT_TRUE(dir_.Open(name).error().Is(ErrNotExist)) << name;
  }
  EXPECT_EQ(Read(**dir_.Open("/link")), "text");

  const Dir strict(tree_.Path("root"), {.symlinks = Symlinks::kNever});
  EXPECT_TRUE(strict.Open("/link").error().Is(ErrNotExist));
  const Dir loose(tree_.Path("root"), {.symlinks = Symlinks::kAnywhere});
  EXPECT_EQ(Read(**loose.Open("/escape")), "outside");
  EXPECT_TRUE(loose.Open("/../outside").error().Is(ErrNotExist));
}

TEST_F(DirTest, OnlyRegularFilesAreOpened) {
  ASSERT_EQ(::mkfifo(tree_.Path("root/fifo").c_str(), 0600), 0);
  EXPECT_TRUE(dir_.Open("/fifo").error().Is(ErrNotExist));

  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string path = tree_.Path("root/socket");
  ASSERT_LT(path.size(), sizeof address.sun_path);
  path.copy(address.sun_path, path.size());
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_TRUE(dir_.Open("/socket").error().Is(ErrNotExist));
  ::close(listener);

  const Dir devices("/dev");
  EXPECT_TRUE(devices.Open("/null").error().Is(ErrNotExist));
}

TEST_F(DirTest, TellsErrorsApart) {
  EXPECT_TRUE(dir_.Open("/missing").error().Is(ErrNotExist));
  EXPECT_TRUE(dir_.Open("/file/below").error().Is(ErrNotExist));
  EXPECT_TRUE(dir_.Open(std::string_view("/file\0", 6)).error().Is(ErrInvalidPath));
  EXPECT_TRUE(dir_.Open("/sub\\x").error().Is(ErrNotExist));
  EXPECT_TRUE(Dir(tree_.Path("missing")).Open("/").error().Is(ErrNotExist));
  EXPECT_TRUE(Dir(tree_.Path("root/file")).Open("/").error().Is(ErrNotExist));
  EXPECT_TRUE(Dir(std::string("/tmp\0x", 6)).Open("/").error().Is(ErrInvalidPath));
  EXPECT_TRUE(Dir(std::string(kPathBytesMax + 1, 'x')).Open("/").error().Is(ErrNotExist));
}

TEST_F(DirTest, MayBeReplacedWhileItIsServed) {
  std::filesystem::rename(tree_.Path("root"), tree_.Path("old"));
  EXPECT_FALSE(dir_.Open("/file").has_value());
  tree_.Write("root/file", "new");
  EXPECT_EQ(Read(**dir_.Open("/file")), "new");
}

TEST(Dir, NoNameMeansTheCurrentDirectory) {
  const auto here = Dir("").Open("/");
  ASSERT_TRUE(here.has_value());
  EXPECT_TRUE((*here)->Stat()->IsDir);
}

TEST(MapFS, IsATreeByTheNamesInIt) {
  static constexpr char kEmbedded[] = "embedded";
  MapFS fs;
  fs.Add("/a/b/c.txt", "owned", Time::FromUnix(7)).AddView("a/view", kEmbedded).Add("top", "");
  const auto file = fs.Open("/a/b/../b/c.txt");
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ((*file)->Stat()->Size, 5);
  EXPECT_EQ((*file)->Stat()->ModTime, Time::FromUnix(7));
  EXPECT_EQ(Read(**file), "owned");
  EXPECT_EQ(Read(**fs.Open("a/view")), "embedded");
  EXPECT_EQ(Names(fs, "/"), (std::vector<std::string>{"a/", "top"}));
  EXPECT_EQ(Names(fs, "/a"), (std::vector<std::string>{"b/", "view"}));
  EXPECT_TRUE((*fs.Open("a"))->Stat()->IsDir);
  EXPECT_TRUE((*fs.Open("a"))->ReadDir(1).error().Is(ErrTooManyEntries));
  EXPECT_FALSE((*fs.Open("a"))->Seek(0, io::Whence::kStart).has_value());
}

TEST(MapFS, TellsErrorsApart) {
  MapFS fs;
  EXPECT_TRUE((*fs.Open("/"))->Stat()->IsDir) << "an empty tree has a root";
  fs.Add("a/b", "x");
  EXPECT_TRUE(fs.Open("b").error().Is(ErrNotExist));
  EXPECT_TRUE(fs.Open("a/b/c").error().Is(ErrNotExist));
  EXPECT_TRUE(fs.Open("a\\b").error().Is(ErrNotExist));
  EXPECT_TRUE(fs.Open(std::string_view("a\0", 2)).error().Is(ErrInvalidPath));
  EXPECT_EQ(Read(**fs.Add("c\\d", "backslash").Open("c\\d")), "backslash");
}

TEST(MapFS, AnOpenFileKeepsItsData) {
  MapFS fs;
  fs.Add("x", std::string(100, 'a'));
  const auto file = fs.Open("x");
  fs.Add("x", "b");
  EXPECT_EQ(Read(**file), std::string(100, 'a'));
  EXPECT_EQ(Read(**fs.Open("x")), "b");
}

}  // namespace
}  // namespace hon::http
