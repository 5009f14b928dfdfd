#pragma once

// Serving files and other content with a position: conditional requests, ranges, media types.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "hon/http/fs.h"
#include "hon/http/handler.h"
#include "hon/http/time.h"

namespace hon::mime {
class Types;
}

namespace hon::http {

/// The limits of a Range field: the number of ranges, and of pairs of ranges that overlap. Past
/// either the whole content is sent, as without a Range (RFC 9110 §14.2).
inline constexpr size_t kRangesMax = 64;
inline constexpr size_t kRangeOverlapsMax = 2;

/// How names with an element that begins with a dot are treated.
enum class Dotfiles : uint8_t { kServe, kHide };

/// Options of FileServer, ServeFile and ServeFileFS. The defaults are Go's behaviour.
struct FileServerOptions {
  /// Answer a directory without index.html with a listing. Off: with 404.
  bool listings = true;
  /// A directory with more entries is answered with 500.
  size_t listing_entries_max = 100'000;
  /// kHide: answered with 404 and left out of listings.
  Dotfiles dotfiles = Dotfiles::kServe;
  /// Set a strong ETag, made of size and modification time, where the handler set none. A file with
  /// an ETag of its own (FileInfo::ETag) is always sent with that.
  bool etag = false;
  /// Send "name.br", "name.zst" or "name.gz" instead of "name", with Content-Encoding, where such a
  /// file exists and Accept-Encoding prefers its coding. Vary is then sent on every answer.
  bool precompressed = false;
  /// Set X-Content-Type-Options: nosniff on files and listings, so that no browser guesses another
  /// type than the one sent (Fetch Standard §3.6).
  bool nosniff = false;
  /// The page of a single-page application, such as "/index.html": the file of the tree that
  /// answers, with 200, a GET or HEAD whose path names nothing that is served and whose last
  /// element has no dot. A path with a dot there, as "/app.js", stays a 404. "" for none.
  /// FileServer only; the text is kept by the caller.
  std::string_view fallback = {};
  /// Media types by extension; null for the system's. Kept by the caller.
  const mime::Types* types = nullptr;
};

/// Answers with `content`: conditional requests (RFC 9110 §13) by `modtime` and an ETag set
/// before, ranges (§14), and a Content-Type, unless one is set, by the extension of `name`, then
/// by the first bytes. A `modtime` that is zero or the start of 1970 is unknown.
/// The content's size is found by a seek to its end. Content that grows meanwhile is sent up to the
/// announced Content-Length; content that shrinks ends in a cut connection.
/// Content whose AsFile gives a file is sent by sendfile.
void ServeContent(ResponseWriter& w, Request& r, std::string_view name, Time modtime,
                  io::ReadSeeker& content);

/// Answers with the file or directory at `path`, which the caller has checked: symbolic links and
/// ".." in it are followed. 400 when the request's own path has an element "..", a relative
/// redirect when it ends in "/index.html".
void ServeFile(ResponseWriter& w, Request& r, std::string_view path,
               const FileServerOptions& options = {});

/// As ServeFile, with the file `name` of `fs`.
void ServeFileFS(ResponseWriter& w, Request& r, const FS& fs, std::string_view name,
                 const FileServerOptions& options = {});

/// Serves a tree of files by the request's path: `FileServer(Dir("/srv/www"))`. Redirects, always
/// relative so that StripPrefix may be used: ".../index.html" to "./", a directory to the name with
/// a slash, a file to the name without one.
///
/// Answers 404 to a decoded path that has an element "." or "..", or an escaped slash, however the
/// path was spelled: a decision of a mux or a middleware about the path is then true of the file
/// too.
class FileServer final : public Handler {
 public:
  explicit FileServer(std::shared_ptr<const FS> fs, FileServerOptions options = {})
      : fs_(std::move(fs)), options_(options) {}
  template <std::derived_from<FS> F>
  explicit FileServer(F fs, FileServerOptions options = {})
      : FileServer(std::make_shared<const F>(std::move(fs)), options) {}

  void ServeHTTP(ResponseWriter& w, Request& r) override;

 private:
  std::shared_ptr<const FS> fs_;
  FileServerOptions options_;
};

}  // namespace hon::http
