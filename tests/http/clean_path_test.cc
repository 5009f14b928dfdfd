#include "http/clean_path.h"

#include <gtest/gtest.h>

#include <string>

namespace hon::http::internal {
namespace {

std::string Clean(std::string_view name) {
  PathBuffer buffer;
  const Result<std::string_view> clean = CleanPath(name, buffer);
  if (!clean) return clean.error().Message();
  EXPECT_EQ(clean->data()[clean->size()], '\0');
  return std::string(*clean);
}

TEST(CleanPath, RemovesDotElements) {
  const struct {
    std::string_view name;
    std::string_view clean;
  } cases[] = {
      {"", "."},          {"/", "."},
      {"//", "."},        {".", "."},
      {"a", "a"},         {"/a", "a"},
      {"/a/", "a"},       {"a//b", "a/b"},
      {"a/./b", "a/b"},   {"a/../b", "b"},
      {"a/b/..", "a"},    {"a/b/../..", "."},
      {"..", "."},        {"../..", "."},
      {"../a", "a"},      {"a/../../b", "b"},
      {"/../../a", "a"},  {"...", "..."},
      {"a/...", "a/..."}, {"..a/b..", "..a/b.."},
      {"a/.b", "a/.b"},   {"/a/b/../../c/", "c"},
      {"a\\b", "a\\b"},   {"..\\a", "..\\a"},
  };
  for (const auto& c : cases) EXPECT_EQ(Clean(c.name), c.clean) << c.name;
}

TEST(CleanPath, RefusesPathsThatTheSystemReadsDifferently) {
  for (const std::string_view name : {std::string_view("a\0b", 3), std::string_view("\0", 1)}) {
    EXPECT_EQ(Clean(name), ErrInvalidPath.text) << name;
  }
}

TEST(CleanPath, FitsOrFails) {
  EXPECT_EQ(Clean(std::string(kPathBytesMax - 1, 'x')), std::string(kPathBytesMax - 1, 'x'));
  EXPECT_EQ(Clean(std::string(kPathBytesMax, 'x')), ErrNotExist.text);
  // The removed parts of a path need not fit.
  std::string winding;
  while (winding.size() < 3 * kPathBytesMax) winding += "xxxxxxxx/../";
  EXPECT_EQ(Clean(winding + "a"), "a");
}

TEST(CleanRootedPath, BeginsWithASlash) {
  PathBuffer buffer;
  EXPECT_EQ(CleanRootedPath("", buffer).value(), "/");
  EXPECT_EQ(CleanRootedPath("/..", buffer).value(), "/");
  EXPECT_EQ(CleanRootedPath("a/./b/", buffer).value(), "/a/b");
  EXPECT_TRUE(CleanRootedPath(std::string_view("a\0", 2), buffer).error().Is(ErrInvalidPath));
}

}  // namespace
}  // namespace hon::http::internal
