#include "hon/http/mime.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/temp_dir.h"

namespace hon::mime {
namespace {

TEST(Types, KnowsTheWeb) {
  const Types types;
  EXPECT_EQ(types.TypeByExtension(".html"), "text/html; charset=utf-8");
  EXPECT_EQ(types.TypeByExtension(".js"), "text/javascript; charset=utf-8");
  EXPECT_EQ(types.TypeByExtension(".css"), "text/css; charset=utf-8");
  EXPECT_EQ(types.TypeByExtension(".json"), "application/json");
  EXPECT_EQ(types.TypeByExtension(".svg"), "image/svg+xml");
  EXPECT_EQ(types.TypeByExtension(".wasm"), "application/wasm");
  EXPECT_EQ(types.TypeByExtension(".missing"), "");
  EXPECT_EQ(types.TypeByExtension(""), "");
  EXPECT_EQ(types.TypeByExtension("html"), "");
}

TEST(Types, CaseDecidesOnlyWhereBothAreKnown) {
  Types types;
  EXPECT_EQ(types.TypeByExtension(".HTML"), "text/html; charset=utf-8");
  EXPECT_FALSE(types.AddExtensionType(".tesT", "foo/mixed"));
  EXPECT_FALSE(types.AddExtensionType(".TEST", "foo/upper"));
  EXPECT_EQ(types.TypeByExtension(".tesT"), "foo/mixed");
  EXPECT_EQ(types.TypeByExtension(".TEST"), "foo/upper");
  EXPECT_EQ(types.TypeByExtension(".test"), "foo/upper") << "the last one added";
}

TEST(Types, TextHasACharset) {
  Types types;
  EXPECT_FALSE(types.AddExtensionType(".t1", "text/x-one"));
  EXPECT_EQ(types.TypeByExtension(".t1"), "text/x-one; charset=utf-8");
  EXPECT_FALSE(types.AddExtensionType(".t2", "text/x-two; charset=latin1"));
  EXPECT_EQ(types.TypeByExtension(".t2"), "text/x-two; charset=latin1");
}

TEST(Types, RefusesInvalidExtensionsAndTypes) {
  Types types;
  EXPECT_TRUE(types.AddExtensionType("nodot", "a/b"));
  EXPECT_TRUE(types.AddExtensionType("", "a/b"));
  EXPECT_TRUE(types.AddExtensionType(".x", "not a type").Is(ErrInvalidMediaType));
  EXPECT_FALSE(types.AddExtensionType('.' + std::string(63, 'x'), "a/b"));
  EXPECT_EQ(types.TypeByExtension('.' + std::string(63, 'X')), "a/b");
  EXPECT_TRUE(types.AddExtensionType('.' + std::string(64, 'x'), "a/b"));
  EXPECT_EQ(types.TypeByExtension('.' + std::string(64, 'x')), "");
}

TEST(Types, FindsExtensions) {
  const Types types;
  EXPECT_EQ(types.ExtensionsByType("image/jpeg"),
            (std::vector<std::string>{".jfif", ".jpeg", ".jpg", ".pjp", ".pjpeg"}));
  EXPECT_EQ(types.ExtensionsByType("text/html; charset=x"),
            (std::vector<std::string>{".ehtml", ".htm", ".html", ".shtml"}));
  EXPECT_TRUE(types.ExtensionsByType("a/b").empty());
  EXPECT_TRUE(types.ExtensionsByType("").empty());
}

TEST(Types, LoadsGlobs) {
  support::TempDir dir;
  dir.Write("globs2",
            "# a comment\n"
            "50:application/x-first:*.first:cs\n"
            "40:application/x-second:*.first\n"
            "50:text/x-plain:*.plainish\n"
            "50:image/other:*.png\n"
            "50:a/b:makefile\n"
            "50:a/b:*.[ch]\n"
            "50:a/b:*.x?\n"
            "50:a/b:*.\n"
            "50:a/b\n"
            ":a/b:*.noweight\n"
            "50:bad type:*.badtype\n"
            "50:application/x-last:*.last");
  Types types;
  EXPECT_TRUE(types.LoadGlobs(dir.Path("globs2")));
  EXPECT_EQ(types.TypeByExtension(".first"), "application/x-first");
  EXPECT_EQ(types.TypeByExtension(".plainish"), "text/x-plain; charset=utf-8");
  EXPECT_EQ(types.TypeByExtension(".png"), "image/png");
  EXPECT_EQ(types.TypeByExtension(".last"), "application/x-last");
  for (const std::string_view none : {".[ch]", ".x?", ".", ".noweight", ".badtype"}) {
    EXPECT_EQ(types.TypeByExtension(none), "") << none;
  }
  EXPECT_FALSE(types.LoadGlobs(dir.Path("missing")));
}

TEST(Types, LoadsMimeTypes) {
  support::TempDir dir;
  dir.Write("mime.types",
            "# a comment\n"
            "application/test\tT1  t1b # not.this\n"
            "text/test t2\n"
            "application/nothing\n"
            "\n"
            "image/replaced png\r\n");
  Types types;
  EXPECT_TRUE(types.LoadMimeTypes(dir.Path("mime.types")));
  EXPECT_EQ(types.TypeByExtension(".T1"), "application/test");
  EXPECT_EQ(types.TypeByExtension(".t1"), "application/test");
  EXPECT_EQ(types.TypeByExtension(".t1b"), "application/test");
  EXPECT_EQ(types.TypeByExtension(".t2"), "text/test; charset=utf-8");
  EXPECT_EQ(types.TypeByExtension(".png"), "image/replaced");
  EXPECT_EQ(types.TypeByExtension(".not.this"), "");
  EXPECT_FALSE(types.LoadMimeTypes(dir.Path("missing")));
}

TEST(TypeByExtension, AsksTheSystem) {
  EXPECT_EQ(TypeByExtension(".html"), Types::System().TypeByExtension(".html"));
  EXPECT_EQ(TypeByExtension(".html").substr(0, 9), "text/html");
}

TEST(Extension, IsThatOfTheLastElement) {
  const struct {
    std::string_view path;
    std::string_view extension;
  } cases[] = {{"a.b", ".b"}, {"a", ""},       {"", ""},        {".b", ".b"}, {"a.", "."},
               {"a.b/c", ""}, {"a/b.c", ".c"}, {"a.b.c", ".c"}, {"a.b/", ""}};
  for (const auto& c : cases) EXPECT_EQ(Extension(c.path), c.extension) << c.path;
}

}  // namespace
}  // namespace hon::mime
