#include <algorithm>
#include <utility>

#include "hon/http/mime.h"
#include "hon/io/file.h"
#include "http/media_type.h"
#include "http/token.h"

namespace hon::mime {
namespace {

struct BuiltIn {
  std::string_view extension;
  std::string_view type;
};

constexpr BuiltIn kBuiltIn[] = {
    {".ai", "application/postscript"},
    {".apk", "application/vnd.android.package-archive"},
    {".apng", "image/apng"},
    {".avif", "image/avif"},
    {".bin", "application/octet-stream"},
    {".bmp", "image/bmp"},
    {".com", "application/octet-stream"},
    {".css", "text/css; charset=utf-8"},
    {".csv", "text/csv; charset=utf-8"},
    {".doc", "application/msword"},
    {".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {".ehtml", "text/html; charset=utf-8"},
    {".eml", "message/rfc822"},
    {".eps", "application/postscript"},
    {".exe", "application/octet-stream"},
    {".flac", "audio/flac"},
    {".gif", "image/gif"},
    {".gz", "application/gzip"},
    {".htm", "text/html; charset=utf-8"},
    {".html", "text/html; charset=utf-8"},
    {".ico", "image/vnd.microsoft.icon"},
    {".ics", "text/calendar; charset=utf-8"},
    {".jfif", "image/jpeg"},
    {".jpeg", "image/jpeg"},
    {".jpg", "image/jpeg"},
    {".js", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".m4a", "audio/mp4"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".mp3", "audio/mpeg"},
    {".mp4", "video/mp4"},
    {".oga", "audio/ogg"},
    {".ogg", "audio/ogg"},
    {".ogv", "video/ogg"},
    {".opus", "audio/ogg"},
    {".pdf", "application/pdf"},
    {".pjp", "image/jpeg"},
    {".pjpeg", "image/jpeg"},
    {".png", "image/png"},
    {".ppt", "application/vnd.ms-powerpoint"},
    {".pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {".ps", "application/postscript"},
    {".rdf", "application/rdf+xml"},
    {".rtf", "application/rtf"},
    {".shtml", "text/html; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".text", "text/plain; charset=utf-8"},
    {".tif", "image/tiff"},
    {".tiff", "image/tiff"},
    {".txt", "text/plain; charset=utf-8"},
    {".vtt", "text/vtt; charset=utf-8"},
    {".wasm", "application/wasm"},
    {".wav", "audio/wav"},
    {".webm", "audio/webm"},
    {".webp", "image/webp"},
    {".xbl", "text/xml; charset=utf-8"},
    {".xbm", "image/x-xbitmap"},
    {".xht", "application/xhtml+xml"},
    {".xhtml", "application/xhtml+xml"},
    {".xls", "application/vnd.ms-excel"},
    {".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {".xml", "text/xml; charset=utf-8"},
    {".xsl", "text/xml; charset=utf-8"},
    {".zip", "application/zip"},
};

// The first file of these that exists is enough; the globs are the fuller database.
constexpr const char* kGlobFiles[] = {"/usr/local/share/mime/globs2", "/usr/share/mime/globs2"};
constexpr const char* kTypeFiles[] = {"/etc/mime.types", "/etc/apache2/mime.types",
                                      "/etc/apache/mime.types", "/etc/httpd/conf/mime.types"};

constexpr size_t kFileBytesMax = 16 << 20;
constexpr size_t kExtensionBytesMax = 64;
constexpr std::string_view kWordEnds = " \t\r\v\f";

// The next piece of `text` before one of `marks`, which is dropped.
std::string_view TakeUntil(std::string_view& text, std::string_view marks) {
  const size_t end = std::min(text.find_first_of(marks), text.size());
  const std::string_view piece = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return piece;
}

std::string_view TakeWord(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kWordEnds), text.size()));
  return TakeUntil(text, kWordEnds);
}

Result<std::string> ReadWhole(const std::string& path) {
  HON_TRY(io::File file, io::File::Open(path));
  return io::ReadAll(file, kFileBytesMax);
}

Types LoadSystem() {
  Types types;
  for (const char* path : kGlobFiles) {
    if (types.LoadGlobs(path)) return types;
  }
  for (const char* path : kTypeFiles) types.LoadMimeTypes(path);
  return types;
}

}  // namespace

Types::Types() {
  for (const BuiltIn& entry : kBuiltIn) {
    exact_.emplace(entry.extension, entry.type);
    lower_.emplace(entry.extension, entry.type);
  }
}

const Types& Types::System() {
  static const Types types = LoadSystem();
  return types;
}

std::string_view Types::TypeByExtension(std::string_view extension) const {
  if (const auto it = exact_.find(extension); it != exact_.end()) return it->second;
  if (extension.size() > kExtensionBytesMax) return {};
  char lower[kExtensionBytesMax];
  std::transform(extension.begin(), extension.end(), lower,
                 [](char c) { return http::internal::ToLower(c); });
  const auto it = lower_.find(std::string_view(lower, extension.size()));
  return it == lower_.end() ? std::string_view() : it->second;
}

std::vector<std::string> Types::ExtensionsByType(std::string_view type) const {
  std::vector<std::string> extensions;
  const Result<MediaType> wanted = ParseMediaType(type);
  if (!wanted) return extensions;
  for (const auto& [extension, known] : lower_) {
    const std::string_view bare = std::string_view(known).substr(0, known.find(';'));
    if (bare == wanted->type) extensions.push_back(extension);
  }
  std::sort(extensions.begin(), extensions.end());
  return extensions;
}

Error Types::AddExtensionType(std::string_view extension, std::string_view type) {
  if (!extension.starts_with('.') || extension.size() > kExtensionBytesMax) {
    return Error::New("mime: not an extension: " + std::string(extension));
  }
  MediaType media;
  HON_RETURN_IF_ERROR(internal::ParseMediaTypeInto(type, &media));
  std::string text(type);
  if (media.type.starts_with("text/") && media.Get("charset").empty()) {
    media.params.insert_or_assign("charset", "utf-8");
    text = FormatMediaType(media.type, media.params);
  }
  lower_.insert_or_assign(http::internal::ToLower(extension), text);
  exact_.insert_or_assign(std::string(extension), std::move(text));
  return {};
}

bool Types::LoadGlobs(const std::string& path) {
  const Result<std::string> text = ReadWhole(path);
  if (!text) return false;
  std::string_view rest = *text;
  while (!rest.empty()) {
    std::string_view line = TakeUntil(rest, "\n");
    if (line.starts_with('#')) continue;
    const std::string_view weight = TakeUntil(line, ":");
    const std::string_view type = TakeUntil(line, ":");
    std::string_view glob = TakeUntil(line, ":");
    if (weight.empty() || glob.size() < 3 || !glob.starts_with("*.")) continue;
    glob.remove_prefix(1);
    if (glob.find_first_of("?*[") != glob.npos) continue;
    // The heaviest entries come first, and the built-in table takes precedence over all.
    if (exact_.find(glob) != exact_.end()) continue;
    static_cast<void>(AddExtensionType(glob, type));
  }
  return true;
}

bool Types::LoadMimeTypes(const std::string& path) {
  const Result<std::string> text = ReadWhole(path);
  if (!text) return false;
  std::string_view rest = *text;
  while (!rest.empty()) {
    std::string_view line = TakeUntil(rest, "\n");
    const std::string_view type = TakeWord(line);
    if (type.empty() || type.starts_with('#')) continue;
    for (std::string_view word = TakeWord(line); !word.empty() && !word.starts_with('#');
         word = TakeWord(line)) {
      static_cast<void>(AddExtensionType('.' + std::string(word), type));
    }
  }
  return true;
}

std::string_view TypeByExtension(std::string_view extension) {
  return Types::System().TypeByExtension(extension);
}

std::string_view Extension(std::string_view path) {
  for (size_t at = path.size(); at != 0 && path[at - 1] != '/'; --at) {
    if (path[at - 1] == '.') return path.substr(at - 1);
  }
  return {};
}

}  // namespace hon::mime
