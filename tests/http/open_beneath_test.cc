// Both ways of opening beneath a directory, against the same tree.

#include "http/open_beneath.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "http/clean_path.h"
#include "support/temp_dir.h"

namespace hon::http::internal {
namespace {

using OpenFunction = int (*)(int root, std::string_view path, Symlinks symlinks);

class OpenBeneathTest : public testing::TestWithParam<OpenFunction> {
 protected:
  OpenBeneathTest() {
    tree_.Write("root/file", "inside");
    tree_.Write("root/sub/deep/file", "deep");
    tree_.Write("root-but-not/file", "sibling");
    tree_.Write("outside", "outside");
    Link("file", "link");
    Link("sub/deep", "to-dir");
    Link("../file", "sub/up");
    Link("./sub/../sub/deep/../deep/file", "winding");
    Link("link", "to-link");
    Link("../outside", "escape");
    Link("../root/file", "out-and-in");
    Link("..", "sub/parent");
    Link("parent/..", "sub/twice");
    Link(tree_.Path("root/file"), "absolute");
    Link("/etc", "etc");
    Link("missing", "dangling");
    Link("loop-b", "loop-a");
    Link("loop-a", "loop-b");
    Link("../../outside", "sub/escape");
    Link("/proc/self/cwd", "magic");
    root_ = OpenRoot(tree_.Path("root").c_str());
  }
  ~OpenBeneathTest() override {
    if (root_ >= 0) ::close(root_);
  }

  void Link(const std::string& target, const std::string& name) {
    std::filesystem::create_symlink(target, tree_.Path("root/" + name));
  }

  // The content of `name`, or the name of the errno.
  std::string Open(const std::string& name, Symlinks symlinks) {
    const int fd = GetParam()(root_, name, symlinks);
    if (fd < 0) return ErrnoName(-fd);
    EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    char text[64];
    const ssize_t n = ::read(fd, text, sizeof text);
    const std::string read = n < 0 ? ErrnoName(errno) : std::string(text, static_cast<size_t>(n));
    ::close(fd);
    return read;
  }

  static std::string ErrnoName(int value) {
    switch (value) {
      case ENOENT:
        return "ENOENT";
      case ENOTDIR:
        return "ENOTDIR";
      case EXDEV:
        return "EXDEV";
      case ELOOP:
        return "ELOOP";
      case EISDIR:
        return "EISDIR";
      default:
        return "errno " + std::to_string(value);
    }
  }

  support::TempDir tree_;
  int root_ = -1;
};

TEST_P(OpenBeneathTest, OpensFilesAndDirectories) {
  for (const Symlinks symlinks : {Symlinks::kNever, Symlinks::kInsideRoot}) {
    EXPECT_EQ(Open("file", symlinks), "inside");
    EXPECT_EQ(Open("sub/deep/file", symlinks), "deep");
    EXPECT_EQ(Open("sub", symlinks), "EISDIR");
    EXPECT_EQ(Open(".", symlinks), "EISDIR");
    EXPECT_EQ(Open("missing", symlinks), "ENOENT");
    EXPECT_EQ(Open("sub/missing/file", symlinks), "ENOENT");
    EXPECT_EQ(Open("file/below", symlinks), "ENOTDIR");
  }
}

TEST_P(OpenBeneathTest, FollowsNoLinkWhenToldSo) {
  for (const std::string name : {"link", "to-dir/file", "to-dir", "escape", "absolute", "dangling",
                                 "loop-a", "sub/parent/file", "etc/passwd"}) {
    EXPECT_EQ(Open(name, Symlinks::kNever), "ELOOP") << name;
  }
}

TEST_P(OpenBeneathTest, FollowsLinksInside) {
  EXPECT_EQ(Open("link", Symlinks::kInsideRoot), "inside");
  EXPECT_EQ(Open("to-link", Symlinks::kInsideRoot), "inside");
  EXPECT_EQ(Open("to-dir/file", Symlinks::kInsideRoot), "deep");
  EXPECT_EQ(Open("to-dir", Symlinks::kInsideRoot), "EISDIR");
  EXPECT_EQ(Open("sub/up", Symlinks::kInsideRoot), "inside");
  EXPECT_EQ(Open("winding", Symlinks::kInsideRoot), "deep");
  EXPECT_EQ(Open("sub/parent/file", Symlinks::kInsideRoot), "inside");
  EXPECT_EQ(Open("dangling", Symlinks::kInsideRoot), "ENOENT");
  EXPECT_EQ(Open("loop-a", Symlinks::kInsideRoot), "ELOOP");
}

TEST_P(OpenBeneathTest, NeverLeavesTheRoot) {
  for (const std::string name : {"escape", "sub/escape", "absolute", "etc/passwd", "etc",
                                 "out-and-in", "sub/twice", "sub/twice/outside", "magic/x"}) {
    EXPECT_EQ(Open(name, Symlinks::kInsideRoot), "EXDEV") << name;
  }
}

TEST_P(OpenBeneathTest, DoesNotWaitForAWriter) {
  ASSERT_EQ(::mkfifo(tree_.Path("root/fifo").c_str(), 0600), 0);
  const int fd = GetParam()(root_, "fifo", Symlinks::kInsideRoot);
  ASSERT_GE(fd, 0);
  ::close(fd);
}

TEST_P(OpenBeneathTest, FollowsAsManyLinksAsTheSystem) {
  // Forty, which is Linux's own limit.
  Link("file", "chain-1");
  for (int i = 2; i <= 41; ++i) {
    Link("chain-" + std::to_string(i - 1), "chain-" + std::to_string(i));
  }
  EXPECT_EQ(Open("chain-40", Symlinks::kInsideRoot), "inside");
  EXPECT_EQ(Open("chain-41", Symlinks::kInsideRoot), "ELOOP");
}

TEST_P(OpenBeneathTest, LeavesNoDescriptorBehind) {
  const auto next_fd = [] {
    const int fd = ::dup(0);
    ::close(fd);
    return fd;
  };
  const int before = next_fd();
  for (const std::string name : {"file", "winding", "sub/twice", "loop-a", "sub/deep/missing",
                                 "file/below", "etc/passwd", "sub/deep/file"}) {
    Open(name, Symlinks::kInsideRoot);
    Open(name, Symlinks::kNever);
  }
  EXPECT_EQ(next_fd(), before);
}

INSTANTIATE_TEST_SUITE_P(OneCallAndWalk, OpenBeneathTest,
                         testing::Values(&OpenBeneath, &WalkBeneath));

TEST(WalkBeneath, HoldsABoundedNumberOfDirectories) {
  constexpr size_t kDirsMax = 256;
  support::TempDir tree;
  std::string path;
  std::filesystem::path made = tree.Path();
  for (size_t i = 0; i < kDirsMax + 1; ++i) {
    path += "d/";
    made /= "d";
    ASSERT_TRUE(std::filesystem::create_directory(made));
  }
  const int root = OpenRoot(tree.Path().c_str());
  const int at_limit = WalkBeneath(root, std::string_view(path).substr(2), Symlinks::kNever);
  EXPECT_GE(at_limit, 0);
  EXPECT_EQ(WalkBeneath(root, path + "d", Symlinks::kNever), -ENAMETOOLONG);
  ::close(at_limit);
  ::close(root);
}

TEST(OpenRoot, FollowsLinksAndRefusesFiles) {
  support::TempDir tree;
  tree.Write("file", "x");
  std::filesystem::create_symlink(".", tree.Path("self"));
  const int root = OpenRoot(tree.Path("self").c_str());
  EXPECT_GE(root, 0);
  ::close(root);
  EXPECT_EQ(OpenRoot(tree.Path("file").c_str()), -ENOTDIR);
  EXPECT_EQ(OpenRoot(tree.Path("missing").c_str()), -ENOENT);
}

}  // namespace
}  // namespace hon::http::internal
