#include <algorithm>

#include "hon/http/fs.h"
#include "http/clean_path.h"

namespace hon::http {
namespace {

Error NotExist(std::string_view name) { return Error::Wrap(name, ErrNotExist); }

class MemoryFile final : public FsFile {
 public:
  MemoryFile(std::shared_ptr<const std::string> owned, std::string_view data, Time modtime,
             std::string etag)
      : owned_(std::move(owned)),
        size_(data.size()),
        modtime_(modtime),
        etag_(std::move(etag)),
        reader_(data) {}

  Result<FileInfo> Stat() override {
    return FileInfo{static_cast<int64_t>(size_), modtime_, false, etag_};
  }
  Result<std::vector<DirEntry>> ReadDir(size_t) override {
    return Fail(Error::New("not a directory"));
  }
  io::IoResult Read(std::span<char> into) override { return reader_.Read(into); }
  Result<int64_t> Seek(int64_t offset, io::Whence whence) override {
    return reader_.Seek(offset, whence);
  }

 private:
  std::shared_ptr<const std::string> owned_;  // keeps the data alive when the file is replaced
                                              // while it is sent
  size_t size_;
  Time modtime_;
  const std::string etag_;
  io::StringReader reader_;
};

class MemoryDir final : public FsFile {
 public:
  explicit MemoryDir(std::vector<DirEntry> entries) : entries_(std::move(entries)) {}

  Result<FileInfo> Stat() override { return FileInfo{0, {}, true, {}}; }
  Result<std::vector<DirEntry>> ReadDir(size_t entries_max) override {
    if (entries_.size() > entries_max) return Fail(ErrTooManyEntries);
    return entries_;
  }
  io::IoResult Read(std::span<char>) override { return {0, Error::New("is a directory")}; }
  Result<int64_t> Seek(int64_t, io::Whence) override { return Fail(Error::New("is a directory")); }

 private:
  std::vector<DirEntry> entries_;
};

}  // namespace

MapFS& MapFS::Add(std::string_view name, std::string data, Time modtime) {
  auto owned = std::make_shared<const std::string>(std::move(data));
  AddView(name, *owned, modtime);
  internal::PathBuffer buffer;
  if (const auto clean = internal::CleanPath(name, buffer))
    files_[std::string(*clean)].owned = owned;
  return *this;
}

MapFS& MapFS::AddView(std::string_view name, std::string_view data, Time modtime,
                      std::string_view etag) {
  internal::PathBuffer buffer;
  if (const auto clean = internal::CleanPath(name, buffer)) {
    files_.insert_or_assign(std::string(*clean), File{nullptr, data, modtime, std::string(etag)});
  }
  return *this;
}

Result<std::unique_ptr<FsFile>> MapFS::Open(std::string_view name) const {
  internal::PathBuffer buffer;
  HON_TRY(const std::string_view clean, internal::CleanPath(name, buffer));
  if (const auto it = files_.find(clean); it != files_.end()) {
    const File& file = it->second;
    return std::make_unique<MemoryFile>(file.owned, file.data, file.modtime, file.etag);
  }
  // The directories are the prefixes of names.
  const std::string prefix = clean == "." ? "" : std::string(clean) + '/';
  std::vector<DirEntry> entries;
  for (auto it = files_.lower_bound(prefix); it != files_.end(); ++it) {
    if (!it->first.starts_with(prefix)) break;
    const std::string_view rest = std::string_view(it->first).substr(prefix.size());
    const std::string_view element = rest.substr(0, rest.find('/'));
    if (!entries.empty() && entries.back().Name == element) continue;
    entries.push_back({std::string(element), element.size() < rest.size()});
  }
  if (entries.empty() && clean != ".") return Fail(NotExist(name));
  return std::make_unique<MemoryDir>(std::move(entries));
}

}  // namespace hon::http
