#pragma once

#include <string_view>

#include "http/show_fields.h"

// Go 1.26's http.FileServer and http.ServeFile over the tree that file_server_test.cc makes, but
// for D-018 (elements "." and "..") and D-082 (links in listings). Fields are shortened by
// ShowFields.
namespace hon::http {

inline constexpr std::string_view kListing =
    "<!doctype html>\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<pre>\n"
    "<a href=\".hidden\">.hidden</a>\n"
    "<a href=\"a.txt\">a.txt</a>\n"
    "<a href=\"b&amp;c.html\">b&amp;c.html</a>\n"
    "<a href=\"d%20e%3Ff%23g.txt\">d e?f#g.txt</a>\n"
    "<a href=\"q%22%3C%3E%27.txt\">q&#34;&lt;&gt;&#39;.txt</a>\n"
    "<a href=\"sub/\">sub/</a>\n"
    "<a href=\"./x:y\">x:y</a>\n"
    "<a href=\"z%2541\">z%41</a>\n"
    "</pre>\n";

struct FileServerCase {
  std::string_view target;
  std::string_view request;  // fields
  int status;
  std::string_view fields;
  std::string_view body;
  std::string_view method = "GET";
};

inline constexpr FileServerCase kFileServerCases[] = {
    {"/file.txt", "", 200, "AR|CL 6|LM|TP", "a text"},
    {"/", "", 200, "AR|CL 17|Content-Type: text/html; charset=utf-8|LM", "<html>root</html>"},
    {"/index.html", "", 301, "Location: ./", ""},
    {"/index.html?a=b", "", 301, "Location: ./?a=b", ""},
    {"/page", "", 301, "Location: page/", ""},
    {"/page/", "", 200, "AR|CL 18|Content-Type: text/html; charset=utf-8|LM", "<html>index</html>"},
    {"/page?x=y&z", "", 301, "Location: page/?x=y&z", ""},
    {"/page/index.html", "", 301, "Location: ./", ""},
    {"/page/other.css", "", 200, "AR|CL 3|Content-Type: text/css; charset=utf-8|LM", "b{}"},
    {"/file.txt/", "", 301, "Location: ../file.txt", ""},
    {"/file.txt/?q", "", 301, "Location: ../file.txt?q", ""},
    {"/missing", "", 404, "NS|TP", "404 page not found\n"},
    {"/missing/", "", 404, "NS|TP", "404 page not found\n"},
    {"/file.txt/below", "", 404, "NS|TP", "404 page not found\n"},
    {"/list", "", 301, "Location: list/", ""},
    {"/list/", "", 200, "Content-Type: text/html; charset=utf-8|LM", kListing},
    {"/empty", "", 301, "Location: empty/", ""},
    {"/empty/", "", 200, "Content-Type: text/html; charset=utf-8|LM",
     "<!doctype html>\n<meta name=\"viewport\" content=\"width=device-width\">\n<pre>\n</pre>\n"},
    {"/noext", "", 200, "AR|CL 6|Content-Type: text/html; charset=utf-8|LM", "<html>"},
    {"/bin", "", 200, "AR|CL 2|Content-Type: application/octet-stream|LM", "\000\001"sv},
    {"//file.txt", "", 200, "AR|CL 6|LM|TP", "a text"},
    {"/page//other.css", "", 200, "AR|CL 3|Content-Type: text/css; charset=utf-8|LM", "b{}"},
    {"/%2e%2e/%2e%2e/etc/passwd", "", 404, "NS|TP", "404 page not found\n"},
    {"/file.txt%00", "", 404, "NS|TP", "404 page not found\n"},
    {"/%00", "", 404, "NS|TP", "404 page not found\n"},
    {"/list/.hidden", "", 200, "AR|CL 1|LM|TP", "h"},
    {"/list/d%20e%3Ff%23g.txt", "", 200, "AR|CL 1|LM|TP", "d"},
    {"/list/x:y", "", 200, "AR|CL 1|LM|TP", "y"},
    {"/list/z%2541", "", 200, "AR|CL 1|LM|TP", "z"},
    {"/%C3%BCn%C3%AF.txt", "", 200, "AR|CL 1|LM|TP", "u"},
    {"/missing/index.html", "", 301, "Location: ./", ""},
    {"/list/sub", "", 301, "Location: sub/", ""},
    {"/...", "", 404, "NS|TP", "404 page not found\n"},
    {"/list/sub/x/", "", 301, "Location: ../x", ""},
    {"/file.txt", "", 200, "AR|CL 6|LM|TP", "", "HEAD"},
    {"/list/", "", 200, "Content-Type: text/html; charset=utf-8|LM", kListing, "HEAD"},
    {"/page", "", 301, "Location: page/", "", "HEAD"},
    {"/missing", "", 404, "NS|TP", "404 page not found\n", "HEAD"},
    {"/file.txt", "", 200, "AR|CL 6|LM|TP", "a text", "POST"},
    {"/list/", "", 200, "Content-Type: text/html; charset=utf-8|LM", kListing, "POST"},
    {"/page", "", 301, "Location: page/", "", "POST"},
    {"/missing", "", 404, "NS|TP", "404 page not found\n", "POST"},
    {"/file.txt", "", 200, "AR|CL 6|LM|TP", "a text", "DELETE"},
    {"/list/", "", 200, "Content-Type: text/html; charset=utf-8|LM", kListing, "DELETE"},
    {"/page", "", 301, "Location: page/", "", "DELETE"},
    {"/missing", "", 404, "NS|TP", "404 page not found\n", "DELETE"},
    {"/list/", "If-Modified-Since: Sun, 13 Sep 2020 12:26:40 GMT", 304, "", ""},
    {"/list/", "If-Modified-Since: Sun, 13 Sep 2020 12:26:39 GMT", 200,
     "Content-Type: text/html; charset=utf-8|LM", kListing},
    {"/list/", "Range: bytes=0-1", 200, "Content-Type: text/html; charset=utf-8|LM", kListing},
    {"/file.txt", "If-Modified-Since: Sun, 13 Sep 2020 12:26:40 GMT", 304, "LM", ""},
    {"/file.txt", "Range: bytes=2-", 206, "AR|CL 4|CR 2-5/6|LM|TP", "text"},
    {"/page/", "Range: bytes=0-5", 206,
     "AR|CL 6|CR 0-5/18|Content-Type: text/html; charset=utf-8|LM", "<html>"},
};

struct ServeFileCase {
  std::string_view target;
  std::string_view path;  // below the tree
  int status;
  std::string_view fields;
  std::string_view body;
};

inline constexpr ServeFileCase kServeFileCases[] = {
    {"/", "/file.txt", 200, "AR|CL 6|LM|TP", "a text"},
    {"/anything", "/file.txt", 200, "AR|CL 6|LM|TP", "a text"},
    {"/anything/", "/file.txt", 200, "AR|CL 6|LM|TP", "a text"},
    {"/x/index.html", "/file.txt", 301, "Location: ./", ""},
    {"/..", "/file.txt", 400, "NS|TP", "invalid URL path\n"},
    {"/a/../b", "/file.txt", 400, "NS|TP", "invalid URL path\n"},
    {"/a..b", "/file.txt", 200, "AR|CL 6|LM|TP", "a text"},
    {"/..a", "/file.txt", 200, "AR|CL 6|LM|TP", "a text"},
    {"/a/..%5cb", "/file.txt", 400, "NS|TP", "invalid URL path\n"},
    {"/a%5c..", "/file.txt", 400, "NS|TP", "invalid URL path\n"},
    {"/a%5c..%5cb", "/file.txt", 400, "NS|TP", "invalid URL path\n"},
    {"/dir", "/page", 301, "Location: dir/", ""},
    {"/dir/", "/page", 200, "AR|CL 18|Content-Type: text/html; charset=utf-8|LM",
     "<html>index</html>"},
    {"/dir/", "/list/sub", 200, "Content-Type: text/html; charset=utf-8|LM",
     "<!doctype html>\n<meta name=\"viewport\" content=\"width=device-width\">\n<pre>\n<a "
     "href=\"x\">x</a>\n</pre>\n"},
    {"/dir", "/list/sub", 301, "Location: dir/", ""},
    {"/dir/", "/page/", 200, "AR|CL 18|Content-Type: text/html; charset=utf-8|LM",
     "<html>index</html>"},
    {"/x", "/missing", 404, "NS|TP", "404 page not found\n"},
    {"/x", "/file.txt/below", 404, "NS|TP", "404 page not found\n"},
    {"/x", "/page/../file.txt", 200, "AR|CL 6|LM|TP", "a text"},
    {"/x", "/page/index.html", 200, "AR|CL 18|Content-Type: text/html; charset=utf-8|LM",
     "<html>index</html>"},
    {"/x/", "/..", 200, "AR|CL 17|Content-Type: text/html; charset=utf-8|LM", "<html>root</html>"},
};

}  // namespace hon::http
