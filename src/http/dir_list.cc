#include "http/dir_list.h"

#include <algorithm>
#include <string>

#include "hon/http/reply.h"
#include "hon/http/status.h"
#include "hon/url/url.h"
#include "http/conditional.h"
#include "http/html.h"

namespace hon::http::internal {
namespace {

constexpr std::string_view kHead =
    "<!doctype html>\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<pre>\n";
constexpr std::string_view kTail = "</pre>\n";
constexpr size_t kWriteBytes = 16 * 1024;

void AppendLink(std::string& page, const DirEntry& entry) {
  url::URL url;  // a name may hold what ends a path in a URL
  url.Path = entry.Name;
  if (entry.IsDir) url.Path += '/';
  page.append("<a href=\"").append(url.String()).append("\">");
  AppendHtmlEscaped(page, url.Path);
  page += "</a>\n";
}

}  // namespace

void SendListing(ResponseWriter& w, Request& r, FsFile& dir, Time modtime,
                 const FileServerOptions& options) {
  if (IsUnmodified(r, modtime)) return WriteNotModified(w);
  SetLastModified(w, modtime);
  Result<std::vector<DirEntry>> entries = dir.ReadDir(options.listing_entries_max);
  if (!entries) return ReplyError(w, "Error reading directory", StatusInternalServerError);
  std::sort(entries->begin(), entries->end(),
            [](const DirEntry& a, const DirEntry& b) { return a.Name < b.Name; });
  w.Header().Set(HeaderId::kContentType, "text/html; charset=utf-8");
  std::string page(kHead);
  for (const DirEntry& entry : *entries) {
    if (options.dotfiles == Dotfiles::kHide && entry.Name.starts_with('.')) continue;
    AppendLink(page, entry);
    if (page.size() < kWriteBytes) continue;
    if (w.Write(page).err) return;
    page.clear();
  }
  static_cast<void>(w.Write(page.append(kTail)));
}

}  // namespace hon::http::internal
