#include "hon/http/file_server.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "embedded_files.h"
#include "hon/http/middleware.h"
#include "hon/http/mime.h"
#include "hon/http/serve_mux.h"
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

// The tree of the case tables, last changed half a second after @AT.
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

// Go takes "%2f" for a slash, so that "/public/%2e%2e%2fprivate" bypasses a guard of "/private/".
TEST_F(Tree, RefusesHiddenSlashes) {
  FileServer server(Dir(dir_.Path()));
  for (const std::string_view target :
       {"/page%2fother.css", "/page%2Fother.css", "/page/..%2ffile.txt", "/page%5cother.css"}) {
    EXPECT_EQ(Get(server, target).Code, 404) << target;
  }
}

// D-018. Go cleans these paths, so that each bypasses a guard of "/page/" and is served.
TEST_F(Tree, RefusesDotElementsHoweverTheyAreSpelled) {
  FileServer server(Dir(dir_.Path()));
  for (const std::string_view target :
       {"/../file.txt", "/page/../file.txt", "/page/..", "/page/.", "/./file.txt", "/.", "/..",
        "/page/%2e%2e/file.txt", "/page/.%2e/file.txt", "/%2e/file.txt", "/list/sub/%2E%2E/a.txt",
        "/page/sub/../../file.txt"}) {
    EXPECT_EQ(Get(server, target).Code, 404) << target;
    EXPECT_EQ(Get(server, target).Body, "404 page not found\n") << target;
  }
  // No mux cleans the path of a CONNECT.
  EXPECT_EQ(Get(server, "/list//sub/x", "", "CONNECT").Code, 404);
  EXPECT_EQ(Get(server, "//file.txt", "", "CONNECT").Code, 404);
  EXPECT_EQ(Get(server, "/list//sub/x").Body, "x");
}

// A path guarded by a mux stays guarded, although the handler behind it serves the whole tree.
TEST_F(Tree, IsServedBehindTheGuardsOfAMux) {
  ServeMux mux;
  mux.Handle("/files/", StripPrefix("/files", std::make_shared<FileServer>(Dir(dir_.Path()))));
  mux.HandleFunc("/files/list/", [](ResponseWriter& w, Request&) { w.WriteHeader(403); });
  EXPECT_EQ(Get(mux, "/files/list/a.txt").Code, 403);
  EXPECT_EQ(Get(mux, "/files/file.txt").Code, 200);
  for (const std::string_view target :
       {"/files/page/%2e%2e/list/a.txt", "/files/%2e/list/a.txt", "/files/x/..%2flist/a.txt",
        "/files/%2e%2e/files/list/a.txt"}) {
    EXPECT_EQ(Get(mux, target).Code, 404) << target;
  }
  for (const std::string_view target : {"/files//list/a.txt", "/files/page/../list/a.txt"}) {
    EXPECT_EQ(Get(mux, target, "", "CONNECT").Code, 404) << target;
  }
}

// Each link of a listing leads to its file: a browser unescapes the attribute (HTML §13.1.2.4) and
// percent-decodes the path.
TEST_F(Tree, ListingsLinkToWhatTheyName) {
  const struct {
    std::string_view name;
    std::string_view line;  // of the listing
  } cases[] = {
      {"&amp", "<a href=\"&amp;amp\">&amp;amp</a>"},
      {"x&reg.txt", "<a href=\"x&amp;reg.txt\">x&amp;reg.txt</a>"},
      {"back\\slash", "<a href=\"back%5Cslash\">back\\slash</a>"},
      {"..\\up", "<a href=\"..%5Cup\">..\\up</a>"},
      {"esc\x1B[2J", "<a href=\"esc%1B%5B2J\">esc\xEF\xBF\xBD[2J</a>"},
      {"del\x7F", "<a href=\"del%7F\">del\xEF\xBF\xBD</a>"},
      {"new\nline", "<a href=\"new%0Aline\">new\xEF\xBF\xBDline</a>"},
      {"c1\xC2\x9B", "<a href=\"c1%C2%9B\">c1\xEF\xBF\xBD</a>"},
      {"byte\x9B", "<a href=\"byte%9B\">byte\xEF\xBF\xBD</a>"},
      {"cut\xE2\x82", "<a href=\"cut%E2%82\">cut\xEF\xBF\xBD\xEF\xBF\xBD</a>"},
      {"\xE2\x82\xAC\xC2\xA0\xF0\x9F\x98\x80",
       "<a href=\"%E2%82%AC%C2%A0%F0%9F%98%80\">"
       "\xE2\x82\xAC\xC2\xA0\xF0\x9F\x98\x80</a>"},
      {"\xED\xA0\x80", "<a href=\"%ED%A0%80\">\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD</a>"},
  };
  for (const auto& c : cases) dir_.Write("odd/" + std::string(c.name), "found");
  FileServer server(Dir(dir_.Path()));
  const std::string page = Get(server, "/odd/").Body;
  for (const auto& c : cases) {
    EXPECT_NE(page.find(std::string(c.line) + "\n"), page.npos) << c.line << "\n" << page;
    url::URL link;
    link.Path = "/odd/" + std::string(c.name);
    EXPECT_EQ(Get(server, link.EscapedPath()).Body, "found") << link.EscapedPath();
  }
  for (const char byte : page) EXPECT_TRUE(byte == '\n' || byte < 0 || byte >= ' ');
}

TEST_F(Tree, NosniffOnRequest) {
  for (const std::string_view target : {"/file.txt", "/list/", "/page/", "/bin"}) {
    EXPECT_FALSE(Get(FileServerOptions(), target).Header().Has("X-Content-Type-Options"));
    EXPECT_EQ(Get({.nosniff = true}, target).Header().Get("X-Content-Type-Options"), "nosniff");
  }
}

TEST_F(Tree, AFallbackAnswersForPages) {
  const FileServerOptions options = {
      .listings = false, .dotfiles = Dotfiles::kHide, .etag = true, .fallback = "/index.html"};
  const std::string page = "<html>root</html>";
  for (const std::string_view target :
       {"/users/17", "/users/17/", "/missing", "/empty/", "/list/sub/x/y", "/.git/config"}) {
    const ResponseRecorder w = Get(options, target);
    EXPECT_EQ(w.Code, 200) << target;
    EXPECT_EQ(w.Body, page) << target;
    EXPECT_EQ(w.HeaderMap.Get("Content-Type"), "text/html; charset=utf-8") << target;
    EXPECT_EQ(Get(options, target, "If-None-Match: " + std::string(w.HeaderMap.Get("Etag"))).Code,
              304);
  }
  for (const std::string_view target :
       {"/app.js", "/users/17.json", "/.hidden", "/x/%2e%2e/y", "/x%2fy"}) {
    EXPECT_EQ(Get(options, target).Code, 404) << target;
  }
  EXPECT_EQ(Get(options, "/file.txt").Body, "a text");
  EXPECT_EQ(Get(options, "/page").Header().Get("Location"), "page/");
  FileServer server(Dir(dir_.Path()), options);
  EXPECT_EQ(Get(server, "/users/17", "", "HEAD").Code, 200);
  EXPECT_EQ(Get(server, "/users/17", "", "POST").Code, 404);
  EXPECT_EQ(Get({.fallback = "/none.html"}, "/users/17").Code, 404);
  EXPECT_EQ(Get({.fallback = "/page"}, "/users/17").Code, 404);
  EXPECT_EQ(Get(FileServerOptions(), "/users/17").Code, 404);
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
  EXPECT_EQ(Get(options, "/list/a.txt").Body, "a");
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

// The folder tests/http/embedded, by hon_embed.
TEST_F(Tree, MayBePartOfTheProgram) {
  FileServer server(embedded_files());
  const ResponseRecorder page = Get(server, "/");
  EXPECT_EQ(page.Body, "<!DOCTYPE html>\n<title>Embedded</title>\n");
  const std::string tag(page.HeaderMap.Get("Etag"));
  EXPECT_EQ(tag.size(), 34U);
  EXPECT_FALSE(page.HeaderMap.Has("Last-Modified"));
  EXPECT_EQ(Get(server, "/", "If-None-Match: " + tag).Code, 304);
  const ResponseRecorder style = Get(server, "/css/site.css");
  EXPECT_EQ(style.Body, "a {}\n");
  EXPECT_NE(style.HeaderMap.Get("Etag"), tag);
  EXPECT_EQ(Get(server, "/logo@2x@1.txt").Body, "logo");
  EXPECT_EQ(Get(server, "/css/none.css").Code, 404);
}

// A file's own tag takes precedence over one of size and time.
TEST_F(Tree, AFilesOwnTagIsSent) {
  for (const bool option : {false, true}) {
    FileServer server(MapFS().AddView("a", "text", {}, "\"own\"").Add("b", "text"),
                      FileServerOptions{.etag = option});
    EXPECT_EQ(Get(server, "/a").HeaderMap.Get("Etag"), "\"own\"");
    EXPECT_EQ(Get(server, "/b").HeaderMap.Has("Etag"), option);
  }
}

// A tree whose calls fail as scripted.
class FailingFS final : public FS {
 public:
  explicit FailingFS(Error error) : error_(std::move(error)) {}
  Result<std::unique_ptr<FsFile>> Open(std::string_view) const override { return Fail(error_); }

 private:
  Error error_;
};

TEST_F(Tree, ErrorAnswersNameOnlyTheKind) {
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

// A scope without the privilege to read every file.
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
