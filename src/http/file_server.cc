#include "hon/http/file_server.h"

#include <array>
#include <cstdio>
#include <string>

#include "hon/http/reply.h"
#include "hon/http/status.h"
#include "http/accept_encoding.h"
#include "http/clean_path.h"
#include "http/content.h"
#include "http/dir_file.h"
#include "http/dir_list.h"
#include "http/request_path.h"

namespace hon::http {
namespace {

using internal::Coding;
using internal::PathBuffer;
using internal::SendError;

constexpr std::string_view kIndexPage = "/index.html";

// The last element of `path`, "." for none, "/" for nothing but slashes.
std::string_view BaseName(std::string_view path) {
  if (path.empty()) return ".";
  while (path.ends_with('/')) path.remove_suffix(1);
  return path.empty() ? "/" : path.substr(path.rfind('/') + 1);
}

bool HasDotElement(std::string_view path) {
  return path.starts_with('.') || path.find("/.") != path.npos;
}

// Whether ".." is an element of `path`; "/" and "\\" both separate elements.
bool ClimbsUp(std::string_view path) {
  for (size_t at = path.find(".."); at != path.npos; at = path.find("..", at + 1)) {
    const bool begins = at == 0 || path[at - 1] == '/' || path[at - 1] == '\\';
    const bool ends = at + 2 == path.size() || path[at + 2] == '/' || path[at + 2] == '\\';
    if (begins && ends) return true;
  }
  return false;
}

// Whether "." or ".." is an element of `path`; in a CONNECT, whose path no mux cleans, also whether
// an element is empty. Cleaning such a path would open another file than the one that a mux or a
// middleware has decided about.
bool IsUnclean(const Request& r) {
  std::string_view path = r.URL.Path;
  if (path.starts_with('/')) {
    if (internal::IsPlain(path)) return false;
    path.remove_prefix(1);
  }
  for (bool more = !path.empty(); more;) {
    const size_t slash = path.find('/');
    more = slash != path.npos;
    const std::string_view element = path.substr(0, slash);
    if (element == "." || element == ".." || (element.empty() && more && r.Method == "CONNECT")) {
      return true;
    }
    if (more) path.remove_prefix(slash + 1);
  }
  return false;
}

// Whether the path has a percent-encoded slash. Decoded, it would separate elements that a mux or a
// proxy took for one when it decided about the path.
bool HidesSlash(const url::URL& url) {
  if (url.RawPath.empty()) return false;
  std::string scratch;
  const std::string_view escaped = url.EscapedPathView(scratch);
  for (size_t at = escaped.find('%'); at != escaped.npos; at = escaped.find('%', at + 1)) {
    if (escaped.substr(at, 3) == "%2f" || escaped.substr(at, 3) == "%2F") return true;
  }
  return false;
}

// Names only the kind of the failure: error texts hold paths of the system.
void SendOpenError(ResponseWriter& w, const Error& err) {
  if (err.Is(ErrNotExist) || err.Is(ErrInvalidPath)) {
    return SendError(w, "404 page not found", StatusNotFound);
  }
  if (err.Is(ErrPermission)) return SendError(w, "403 Forbidden", StatusForbidden);
  SendError(w, "500 Internal Server Error", StatusInternalServerError);
}

// 301 to a path relative to the request's, so that StripPrefix may be used. `base` is
// percent-decoded and is escaped here, or a client might read a scheme or a query in it.
void RedirectTo(ResponseWriter& w, const Request& r, std::string_view before, std::string_view base,
                std::string_view after) {
  url::URL url;
  url.Path.append(before).append(base).append(after);
  url.RawQuery = r.URL.RawQuery;
  w.Header().Set(HeaderId::kLocation, url.String());
  w.WriteHeader(StatusMovedPermanently);
}

// Sets a strong validator: the file's own, or one of its size and modification time. Two versions
// of a file hardly ever agree in both, to the nanosecond.
void SetETag(ResponseWriter& w, const FileInfo& info, std::string_view suffix) {
  if (w.Header().Has(HeaderId::kETag) || w.Header().Suppressed(HeaderId::kETag)) return;
  if (!info.ETag.empty()) {
    w.Header().Set(HeaderId::kETag, info.ETag);
    return;
  }
  std::array<char, 96> tag;
  const int size = std::snprintf(tag.data(), tag.size(), "\"%llx.%x-%llx%.*s\"",
                                 static_cast<unsigned long long>(info.ModTime.Unix()),
                                 static_cast<unsigned int>(info.ModTime.Nanosecond()),
                                 static_cast<unsigned long long>(info.Size),
                                 static_cast<int>(suffix.size()), suffix.data());
  w.Header().Set(HeaderId::kETag, std::string_view(tag.data(), static_cast<size_t>(size)));
}

// The directory of a path that the caller of ServeFile has checked.
class TrustedDir final : public FS {
 public:
  explicit TrustedDir(std::string_view root) : root_(root) {}

  Result<std::unique_ptr<FsFile>> Open(std::string_view name) const override {
    HON_TRY(DirFile file, internal::OpenDirFile(root_, name, Symlinks::kAnywhere));
    return std::make_unique<DirFile>(std::move(file));
  }
  Result<FsFile*> OpenIn(FsFileSlot& slot, std::string_view name) const override {
    HON_TRY(DirFile file, internal::OpenDirFile(root_, name, Symlinks::kAnywhere));
    return slot.Hold(std::move(file));
  }

 private:
  std::string_view root_;
};

enum class Names : uint8_t {
  kOfPath,    // the name is the request's path: slashes are corrected, and there is a fallback
  kOfCaller,  // the caller chose the name
};

// One request for a name in a tree of files.
class Serving {
 public:
  Serving(ResponseWriter& w, Request& r, const FS& fs, const FileServerOptions& options,
          Names names)
      : w_(&w), r_(&r), fs_(&fs), options_(&options), names_(names) {}

  // Answers for `name`, which begins with a slash or is a plain file name.
  void Run(std::string_view name) {
    const std::string_view path = Path();
    if (path.ends_with(kIndexPage)) return RedirectTo(*w_, *r_, "./", "", "");
    if (options_->dotfiles == Dotfiles::kHide && HasDotElement(name)) return SendFallback();
    FsFileSlot slot;
    FileInfo info;
    const Result<FsFile*> file = Open(slot, name, info);
    if (!file && file.error().Is(ErrNotExist)) return SendFallback();
    if (!file) return SendOpenError(*w_, file.error());
    const std::string_view base = BaseName(path);
    const bool slash = path.ends_with('/');
    if (info.IsDir && !slash) return RedirectTo(*w_, *r_, "", base, "/");
    if (info.IsDir) return SendDirectory(name, **file, info);
    if (!slash || names_ == Names::kOfCaller) return SendFile(name, **file, info);
    if (base != "/" && base != ".") return RedirectTo(*w_, *r_, "../", base, "");
    // The root of the tree is a file.
    SendError(*w_, "http: attempting to traverse a non-directory", StatusInternalServerError);
  }

 private:
  [[nodiscard]] std::string_view Path() const {
    return r_->URL.Path.empty() ? "/" : std::string_view(r_->URL.Path);
  }

  Result<FsFile*> Open(FsFileSlot& slot, std::string_view name, FileInfo& info) {
    HON_TRY(FsFile* const file, fs_->OpenIn(slot, name));
    HON_TRY(info, file->Stat());
    return file;
  }

  // For a path that names nothing that is served.
  void SendFallback() {
    const std::string_view path = Path();
    const bool for_a_page = names_ == Names::kOfPath && !options_->fallback.empty() &&
                            (r_->Method == "GET" || r_->Method == "HEAD") &&
                            path.find('.', path.rfind('/') + 1) == path.npos;
    FsFileSlot slot;
    FileInfo info;
    FsFile* const file = for_a_page ? TryOpenFile(slot, options_->fallback, info) : nullptr;
    if (file == nullptr) return SendOpenError(*w_, ErrNotExist);
    SendFile(options_->fallback, *file, info);
  }

  // Null when there is no such file, or when it is a directory.
  FsFile* TryOpenFile(FsFileSlot& slot, std::string_view name, FileInfo& info) {
    const Result<FsFile*> file = Open(slot, name, info);
    return file && !info.IsDir ? *file : nullptr;
  }

  void SendDirectory(std::string_view name, FsFile& dir, const FileInfo& info) {
    while (name.ends_with('/')) name.remove_suffix(1);
    PathBuffer buffer;
    FsFileSlot slot;
    FileInfo index_info;
    const std::string_view index_name = Join(buffer, name, kIndexPage);
    FsFile* const index = TryOpenFile(slot, index_name, index_info);
    if (index != nullptr) return SendFile(index_name, *index, index_info);
    if (!options_->listings) return SendFallback();
    internal::SendListing(*w_, *r_, dir, info.ModTime, *options_);
  }

  void SendFile(std::string_view name, FsFile& file, const FileInfo& info) {
    internal::SetNosniff(*w_, *options_);
    if (options_->precompressed && SendCompressed(name, file)) return;
    if (WantsETag(info)) SetETag(*w_, info, "");
    Send(name, file, info, "");
  }

  void Send(std::string_view name, FsFile& file, const FileInfo& info, std::string_view encoding) {
    internal::SendContent(*w_, *r_,
                          {.reader = file,
                           .name = name,
                           .modtime = info.ModTime,
                           .size = info.Size,
                           .types = options_->types,
                           .encoding = encoding});
  }

  // Sends a compressed copy of `plain`, if one exists that the client prefers.
  bool SendCompressed(std::string_view name, FsFile& plain) {
    Header& header = w_->Header();
    if (header.Has(HeaderId::kContentEncoding)) return false;
    header.Add(HeaderId::kVary, "Accept-Encoding");
    PathBuffer buffer;
    for (const Coding* coding : internal::ParseAcceptEncoding(r_->Header)) {
      FsFileSlot slot;
      FileInfo info;
      FsFile* const file = TryOpenFile(slot, Join(buffer, name, coding->suffix), info);
      if (file == nullptr) continue;
      // Content-Type is that of the plain file; its first bytes decide where its name does not.
      if (!internal::SetContentType(*w_, *r_, plain, name, options_->types)) return false;
      if (WantsETag(info)) SetETag(*w_, info, coding->suffix);
      Send(name, *file, info, coding->name);
      return true;
    }
    return false;
  }

  [[nodiscard]] bool WantsETag(const FileInfo& info) const {
    return options_->etag || !info.ETag.empty();
  }

  // Joins `a` and `b`. A name that does not fit is replaced by one that cannot exist.
  static std::string_view Join(PathBuffer& buffer, std::string_view a, std::string_view b) {
    if (a.size() + b.size() > kPathBytesMax) return std::string_view("\0", 1);
    const size_t size = a.copy(buffer.data(), a.size());
    return {buffer.data(), size + b.copy(buffer.data() + size, b.size())};
  }

  ResponseWriter* w_;
  Request* r_;
  const FS* fs_;
  const FileServerOptions* options_;
  const Names names_;
};

}  // namespace

void ServeFileFS(ResponseWriter& w, Request& r, const FS& fs, std::string_view name,
                 const FileServerOptions& options) {
  // A caller that builds `name` from the path without cleaning it would serve any file.
  if (ClimbsUp(r.URL.Path)) return SendError(w, "invalid URL path", StatusBadRequest);
  Serving(w, r, fs, options, Names::kOfCaller).Run(name);
}

void ServeFile(ResponseWriter& w, Request& r, std::string_view path,
               const FileServerOptions& options) {
  const size_t file_at = path.rfind('/') + 1;
  const TrustedDir dir(path.substr(0, file_at));
  ServeFileFS(w, r, dir, path.substr(file_at), options);
}

void FileServer::ServeHTTP(ResponseWriter& w, Request& r) {
  if (HidesSlash(r.URL) || IsUnclean(r)) return SendOpenError(w, ErrInvalidPath);
  PathBuffer buffer;
  const Result<std::string_view> clean = internal::CleanRootedPath(r.URL.Path, buffer);
  if (!clean) return SendOpenError(w, clean.error());
  Serving(w, r, *fs_, options_, Names::kOfPath).Run(*clean);
}

}  // namespace hon::http
