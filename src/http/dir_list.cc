#include "http/dir_list.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hon/base/utf8.h"
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

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// C0, DEL and C1: a terminal that shows the page would interpret them.
bool IsControl(std::string_view character) {
  const auto first = static_cast<uint8_t>(character[0]);
  return first < 0x20 || first == 0x7F ||
         (first == 0xC2 && static_cast<uint8_t>(character[1]) < 0xA0);
}

// `name` with U+FFFD for each control character and each byte that is no UTF-8.
std::string Printable(std::string_view name) {
  std::string printable;
  while (!name.empty()) {
    const size_t size = Utf8CharacterBytes(name);
    const std::string_view character = name.substr(0, std::max<size_t>(size, 1));
    printable += size == 0 || IsControl(character) ? kReplacement : character;
    name.remove_prefix(character.size());
  }
  return printable;
}

void AppendLink(std::string& page, const DirEntry& entry) {
  url::URL url;  // escapes bytes that would end a path in a URL
  url.Path = entry.Name;
  if (entry.IsDir) url.Path += '/';
  page += "<a href=\"";
  AppendHtmlEscaped(page, url.String());
  page += "\">";
  AppendHtmlEscaped(page, Printable(url.Path));
  page += "</a>\n";
}

}  // namespace

void SetNosniff(ResponseWriter& w, const FileServerOptions& options) {
  Header& header = w.Header();
  constexpr HeaderId kId = HeaderId::kXContentTypeOptions;
  if (options.nosniff && !header.Has(kId) && !header.Suppressed(kId)) header.Set(kId, "nosniff");
}

void SendListing(ResponseWriter& w, Request& r, FsFile& dir, Time modtime,
                 const FileServerOptions& options) {
  if (IsUnmodified(r, modtime)) return WriteNotModified(w);
  SetLastModified(w, modtime);
  Result<std::vector<DirEntry>> entries = dir.ReadDir(options.listing_entries_max);
  if (!entries) return ReplyError(w, "Error reading directory", StatusInternalServerError);
  std::sort(entries->begin(), entries->end(),
            [](const DirEntry& a, const DirEntry& b) { return a.Name < b.Name; });
  w.Header().Set(HeaderId::kContentType, "text/html; charset=utf-8");
  SetNosniff(w, options);
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
