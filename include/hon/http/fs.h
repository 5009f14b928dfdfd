#pragma once

// Trees of files to serve: FS is the interface, Dir a directory of the system, MapFS a tree in
// memory. Names are slash-separated and rooted at the tree: "/css/site.css".

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hon/base/result.h"
#include "hon/http/time.h"
#include "hon/io/file.h"
#include "hon/io/io.h"

namespace hon::http {

/// No such file exists, or the file may not be served: because it is neither a regular file nor a
/// directory, or because its path has a symbolic link that is not followed. Answered with 404.
inline constexpr Sentinel ErrNotExist{"file does not exist"};
/// The system refuses to open the file. Answered with 403.
inline constexpr Sentinel ErrPermission{"permission denied"};
/// The name holds a NUL. Answered with 404.
inline constexpr Sentinel ErrInvalidPath{"http: invalid or unsafe file path"};
/// ReadDir found more entries than allowed.
inline constexpr Sentinel ErrTooManyEntries{"http: too many directory entries"};

/// A name longer than this is answered as one that does not exist.
inline constexpr size_t kPathBytesMax = 4095;

/// Properties of an open file.
struct FileInfo {
  int64_t Size = 0;  // bytes
  Time ModTime{};    // zero: unknown
  bool IsDir = false;
  /// A strong entity tag, quotes included, which FileServer sends; "": none is known. A view that
  /// ends with the file.
  std::string_view ETag{};
};

/// A name in a directory.
struct DirEntry {
  std::string Name{};  // without slashes
  bool IsDir = false;
};

/// An open file or directory; closed on destruction. Used by one fiber at a time.
class FsFile : public io::ReadSeeker {
 public:
  /// The properties of the file, at the time of opening or of the call. May block the thread.
  virtual Result<FileInfo> Stat() = 0;
  /// The directory's entries, in no order; ErrTooManyEntries past `entries_max`.
  virtual Result<std::vector<DirEntry>> ReadDir(size_t entries_max) = 0;
};

/// An open file or directory of the operating system.
class DirFile final : public FsFile {
 public:
  DirFile(io::File file, const FileInfo& info) : file_(std::move(file)), info_(info) {}

  /// The properties at the time of opening.
  Result<FileInfo> Stat() override { return info_; }
  Result<std::vector<DirEntry>> ReadDir(size_t entries_max) override;
  io::IoResult Read(std::span<char> into) override { return file_.Read(into); }
  Result<int64_t> Seek(int64_t offset, io::Whence whence) override {
    return file_.Seek(offset, whence);
  }
  io::File* AsFile(int64_t* limit) override { return file_.AsFile(limit); }

 private:
  io::File file_;
  FileInfo info_;  // at the time of opening
};

/// Owns one open file; a DirFile without an allocation. The file is closed with the slot.
class FsFileSlot {
 public:
  /// Takes `file`; at most once for a slot. The result lives as long as the slot.
  FsFile* Hold(DirFile file) { return &own_.emplace(std::move(file)); }
  FsFile* Hold(std::unique_ptr<FsFile> file) { return (other_ = std::move(file)).get(); }

 private:
  std::optional<DirFile> own_;
  std::unique_ptr<FsFile> other_;
};

/// A tree of files. Const calls may run in parallel.
class FS {
 public:
  virtual ~FS() = default;

  /// Opens a file or directory for reading. Fails with ErrNotExist, ErrPermission, ErrInvalidPath
  /// or the error of the system.
  virtual Result<std::unique_ptr<FsFile>> Open(std::string_view name) const = 0;

  /// As Open, into `slot`, which then owns the file. Default: Open.
  virtual Result<FsFile*> OpenIn(FsFileSlot& slot, std::string_view name) const;
};

/// The symbolic links beneath a directory that are followed. The directory's own path may always go
/// through links.
enum class Symlinks : uint8_t {
  kNever,       // none
  kInsideRoot,  // relative ones that never leave the directory
  kAnywhere,    // all, as Go does: anybody who can make a link can publish any file
};

/// How a Dir opens files. The default is safer than Go.
struct DirOptions {
  Symlinks symlinks = Symlinks::kInsideRoot;
};

/// The tree beneath a directory of the operating system. For any name, only regular files and
/// directories inside the tree are opened (but for Symlinks::kAnywhere), and opening never blocks.
/// The directory is looked up at each call, so that it may be replaced meanwhile.
class Dir final : public FS {
 public:
  /// `root` "" means the current directory.
  explicit Dir(std::string root, DirOptions options = {})
      : root_(std::move(root)), options_(options) {}

  Result<std::unique_ptr<FsFile>> Open(std::string_view name) const override;
  Result<FsFile*> OpenIn(FsFileSlot& slot, std::string_view name) const override;

 private:
  std::string root_;
  DirOptions options_;
};

/// A tree in memory: for tests, and for files that are part of the program (hon_embed of
/// cmake/hon_embed.cmake makes one of a folder). Directories exist by the files in them. Change it
/// before it is served.
class MapFS final : public FS {
 public:
  /// Adds a file that owns its `data`, replacing what was there. `name` may begin with a slash.
  MapFS& Add(std::string_view name, std::string data, Time modtime = {});
  /// Adds a file over memory that the caller keeps alive. `etag` is copied.
  MapFS& AddView(std::string_view name, std::string_view data, Time modtime = {},
                 std::string_view etag = {});

  Result<std::unique_ptr<FsFile>> Open(std::string_view name) const override;

 private:
  struct File {
    std::shared_ptr<const std::string> owned;  // null for a view
    std::string_view data;
    Time modtime;
    std::string etag;
  };

  std::map<std::string, File, std::less<>> files_;  // by clean name, without leading slash
};

}  // namespace hon::http
