#include "hon/http/file_server.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "hon/http/mime.h"
#include "hon/httptest/recorder.h"
#include "hon/httptest/request.h"
#include "http/file_server_cases.h"
#include "http/show_fields.h"
#include "support/temp_dir.h"

namespace hon::http {
namespace {

using httptest::NewRequest;
using httptest::ResponseRecorder;

constexpr int64_t kAtSeconds = 1'600'000'000;

// The tree of the case tables, all of it last changed half a second after @AT.
class Tree : public testing::Test {
 protected:
  Tree() {
    for (const auto& [name, data] : std::initializer_list<std::pair<const char*, std::string>>{
             {"file.txt", "a text"},
             {"index.html", "<html>root</html>"},
             {"noext", "<html>"},
             {"bin", std::string("\0\1", 2)},
             {"\xC3\xBCn\xC3\xAF.txt", "u"},
             {"page/index.html", "<html>index</html>"},
             {"page/other.css", "b{}"},
             {"page/a:b/x", "x"},
             {"list/a.txt", "a"},
             {"list/b&c.html", "b"},
             {"list/d e?f#g.txt", "d"},
             {"list/q\"<>'.txt", "q"},
             {"list/.hidden", "h"},
             {"list/sub/x", "x"},
             {"list/x:y", "y"},
             {"list/z%41", "z"}}) {
      dir_.Write(name, data);
    }
    std::filesystem::create_directory(dir_.Path("empty"));
    dir_.SetTimes(kAtSeconds, 500'000'000);
  }

  ResponseRecorder Get(Handler& handler, std::string_view target, std::string_view fields = "",
                       std::string_view method = "GET") {
    Request r = NewRequest(method, target);
    for (const auto& [name, value] : ReadFields(fields)) r.Header.Add(name, value);
    ResponseRecorder w;
    handler.ServeHTTP(w, r);
    return w;
  }

  ResponseRecorder Get(const FileServerOptions& options, std::string_view target,
                       std::string_view fields = "") {
    FileServer server(Dir(dir_.Path()), options);
    return Get(server, target, fields);
  }

  support::TempDir dir_;
};

TEST_F(Tree, IsServedAsGoDoes) {
  FileServer server(Dir(dir_.Path()));
  for (const FileServerCase& c : kFileServerCases) {
    const ResponseRecorder w = Get(server, c.target, c.request, c.method);
    EXPECT_EQ(w.Code, c.status) << c.method << ' ' << c.target;
    EXPECT_EQ(ShowFields(w.Result().Header), c.fields) << c.method << ' ' << c.target;
    EXPECT_EQ(w.Body, c.body) << c.method << ' ' << c.target;
  }
}

TEST_F(Tree, ServesSingleFilesAsGoDoes) {
  for (const ServeFileCase& c : kServeFileCases) {
    Request r = NewRequest("GET", c.target);
    ResponseRecorder w;
    ServeFile(w, r, dir_.Path() + std::string(c.path));
    EXPECT_EQ(w.Code, c.status) << c.target << ' ' << c.path;
    EXPECT_EQ(ShowFields(w.Result().Header), c.fields) << c.target << ' ' << c.path;
    EXPECT_EQ(w.Body, c.body) << c.target << ' ' << c.path;
  }
}

// Go sends "a:b/", which a client takes for the scheme "a", and bytes past ASCII as they are.
TEST_F(Tree, RedirectsToEscapedNames) {
  FileServer server(Dir(dir_.Path()));
  EXPECT_EQ(Get(server, "/page/a:b").Header().Get("Location"), "./a:b/");
  EXPECT_EQ(Get(server, "/%C3%BCn%C3%AF.txt/").Header().Get("Location"), "../%C3%BCn%C3%AF.txt");
  EXPECT_EQ(Get(server, "/list/d%20e%3Ff%23g.txt/").Header().Get("Location"),
            "../d%20e%3Ff%23g.txt");
}

// Go takes "%2f" for a slash, so that "/public/%2e%2e%2fprivate" passes what guards "/private/".
TEST_F(Tree, RefusesHiddenSlashes) {
  FileServer server(Dir(dir_.Path()));
  for (const std::string_view target :
       {"/page%2fother.css", "/page%2Fother.css", "/page/..%2ffile.txt", "/page%5cother.css"}) {
    EXPECT_EQ(Get(server, target).Code, 404) << target;
  }
}

TEST_F(Tree, ListingsMayBeOff) {
  const FileServerOptions options = {.listings = false};
  EXPECT_EQ(Get(options, "/list/").Code, 404);
  EXPECT_EQ(Get(options, "/list/").Body, "404 page not found\n");
  EXPECT_EQ(Get(options, "/page/").Body, "<html>index</html>");
  EXPECT_EQ(Get(options, "/list/a.txt").Body, "a");
}

TEST_F(Tree, ListingsHaveALimit) {
  EXPECT_EQ(Get({.listing_entries_max = 8}, "/list/").Body, kListing);
  const ResponseRecorder w = Get({.listing_entries_max = 7}, "/list/");
  EXPECT_EQ(w.Code, 500);
  EXPECT_EQ(w.Body, "Error reading directory\n");
}

TEST_F(Tree, DotfilesMayBeHidden) {
  const FileServerOptions options = {.dotfiles = Dotfiles::kHide};
  EXPECT_EQ(Get(options, "/list/.hidden").Code, 404);
  EXPECT_EQ(Get(options, "/list/.missing").Code, 404);
  EXPECT_EQ(Get(options, "/.git/config").Code, 404);
  EXPECT_EQ(Get(options, "/list/../list/./a.txt").Body, "a");
  const ResponseRecorder list = Get(options, "/list/");
  EXPECT_EQ(list.Code, 200);
  EXPECT_EQ(list.Body.find(".hidden"), std::string::npos);
  EXPECT_NE(list.Body.find("a.txt"), std::string::npos);
}

TEST_F(Tree, TagsOnRequest) {
  EXPECT_FALSE(Get(FileServerOptions(), "/file.txt").Header().Has("Etag"));
  const FileServerOptions options = {.etag = true};
  const std::string tag(Get(options, "/file.txt").Header().Get("Etag"));
  EXPECT_EQ(tag, "\"5f5e1000.1dcd6500-6\"");
  EXPECT_EQ(Get(options, "/file.txt", "If-None-Match: " + tag).Code, 304);
  EXPECT_EQ(Get(options, "/file.txt", "If-Match: \"other\"").Code, 412);
  EXPECT_EQ(Get(options, "/file.txt", "Range: bytes=0-0|If-Range: " + tag).Code, 206);

  dir_.Write("file.txt", "b text");  // the same size, another time
  EXPECT_NE(Get(options, "/file.txt").Header().Get("Etag"), tag);

  Request r = NewRequest("GET", "/file.txt");
  ResponseRecorder preset;
  preset.Header().Set("Etag", "\"mine\"");
  FileServer(Dir(dir_.Path()), options).ServeHTTP(preset, r);
  EXPECT_EQ(preset.Header().Get("Etag"), "\"mine\"");
}

TEST_F(Tree, TypesMayBeTheCallers) {
  mime::Types types;
  ASSERT_FALSE(types.AddExtensionType(".css", "x/y"));
  EXPECT_EQ(Get({.types = &types}, "/page/other.css").Header().Get("Content-Type"), "x/y");
}

TEST_F(Tree, IsReadThroughAnyFS) {
  auto map = std::make_shared<MapFS>();
  map->Add("/a/x.txt", "from memory", Time::FromUnix(kAtSeconds)).AddView("a/b/y", "deep");
  FileServer server(map);
  const ResponseRecorder file = Get(server, "/a/x.txt");
  EXPECT_EQ(file.Body, "from memory");
  EXPECT_EQ(ShowFields(file.Result().Header), "AR|CL 11|LM|TP");
  EXPECT_EQ(Get(server, "/a").Header().Get("Location"), "a/");
  const ResponseRecorder list = Get(server, "/a/");
  EXPECT_NE(list.Body.find("<a href=\"b/\">b/</a>\n<a href=\"x.txt\">x.txt</a>\n"),
            std::string::npos);
  EXPECT_FALSE(list.HeaderMap.Has("Last-Modified"));

  Request r = NewRequest("GET", "/whatever");
  ResponseRecorder w;
  ServeFileFS(w, r, *map, "a/b/y");
  EXPECT_EQ(w.Body, "deep");
}

// A tree that fails in the way it is told.
class FailingFS final : public FS {
 public:
  explicit FailingFS(Error error) : error_(std::move(error)) {}
  Result<std::unique_ptr<FsFile>> Open(std::string_view) const override { return Fail(error_); }

 private:
  Error error_;
};

TEST_F(Tree, FailuresAreToldByKindAlone) {
  const struct {
    Error error;
    int status;
    std::string_view body;
  } cases[] = {
      {Error::Wrap("/secret", ErrNotExist), 404, "404 page not found\n"},
      {Error::Wrap("/secret", ErrInvalidPath), 404, "404 page not found\n"},
      {Error::Wrap("/secret", ErrPermission), 403, "403 Forbidden\n"},
      {Error::System(EIO, "/secret"), 500, "500 Internal Server Error\n"},
  };
  for (const auto& c : cases) {
    FileServer server{FailingFS(c.error)};
    const ResponseRecorder w = Get(server, "/x");
    EXPECT_EQ(w.Code, c.status);
    EXPECT_EQ(w.Body, c.body);
    EXPECT_EQ(ShowFields(w.Result().Header), "NS|TP");
  }
}

// Whom the system lets read everything, it does so no more while this lives.
class Nobody {
 public:
  Nobody() {
    if (was_root_) is_nobody_ = ::seteuid(65534) == 0;
  }
  ~Nobody() {
    if (was_root_ && is_nobody_ && ::seteuid(0) != 0) std::abort();
  }
  [[nodiscard]] bool Works() const { return is_nobody_; }

 private:
  bool was_root_ = ::geteuid() == 0;
  bool is_nobody_ = !was_root_;
};

TEST_F(Tree, AFileThatMayNotBeReadIs403) {
  ASSERT_EQ(::chmod(dir_.Path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(dir_.Path("file.txt").c_str(), 0), 0);
  const Nobody nobody;
  ASSERT_TRUE(nobody.Works());
  const ResponseRecorder w = Get(FileServerOptions(), "/file.txt");
  EXPECT_EQ(w.Code, 403);
  EXPECT_EQ(w.Body, "403 Forbidden\n");
}

TEST_F(Tree, NamesThatAreTooLongAre404) {
  const std::string element(255, 'x');
  std::string deep;
  while (deep.size() < kPathBytesMax + 100) deep += '/' + element;
  EXPECT_EQ(Get(FileServerOptions(), deep).Code, 404);
  EXPECT_EQ(Get(FileServerOptions(), '/' + element + 'x').Code, 404);
}

}  // namespace
}  // namespace hon::http
