// Reading all parts of a multipart body as a form, and the files of such a form.

#include <algorithm>
#include <cstring>
#include <utility>

#include "hon/http/multipart.h"
#include "http/temp_file.h"

namespace hon::multipart {

/// The file on disk that the large files of one form share.
struct FileHeader::Spill {
  io::File file;
};

namespace {

constexpr size_t kCopyBytes = 32 * 1024;
constexpr int64_t kFileHeaderBytes = 100;
constexpr int64_t kPartHeaderBytes = 400;

Error TooLarge(std::string_view what, int64_t limit, std::string_view unit) {
  std::string text = "multipart: message too large: ";
  text.append(what).append(" of more than ").append(std::to_string(limit)).append(unit);
  return Error::Of(ErrMessageTooLarge, std::move(text));
}

int64_t Size(std::string_view text) { return static_cast<int64_t>(text.size()); }

int64_t SumTo(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

// Reads up to `bytes_max` bytes, or to the end.
Result<std::string> ReadUpTo(io::Reader& from, int64_t bytes_max) {
  std::string text;
  io::LimitedReader limited(from, bytes_max);
  for (;;) {
    const size_t had = text.size();
    text.resize(had + std::clamp(had, size_t{512}, size_t{1} << 20));
    io::IoResult got = limited.Read(std::span(text).subspan(had));
    text.resize(had + got.n);
    if (got.err.Is(io::ErrEof)) return text;
    if (got.err) return Fail(std::move(got.err));
  }
}

// A file in memory or a stretch of one on disk, each with a position of its own.
template <class ReadBytes>
class OpenedFile final : public File {
 public:
  OpenedFile(ReadBytes read, int64_t size) : read_(std::move(read)), size_(size) {}

  io::IoResult ReadAt(std::span<char> into, int64_t offset) const override {
    if (into.empty()) return {};
    if (offset < 0) return {0, Error::New("multipart: negative offset")};
    if (offset >= size_) return {0, io::ErrEof};
    const auto left = static_cast<size_t>(size_ - offset);
    return read_(into.first(std::min(into.size(), left)), offset);
  }

  io::IoResult Read(std::span<char> into) override {
    io::IoResult got = ReadAt(into, at_);
    at_ += static_cast<int64_t>(got.n);
    return got;
  }

  Result<int64_t> Seek(int64_t offset, io::Whence whence) override {
    int64_t base = 0;
    if (whence == io::Whence::kCurrent) base = at_;
    if (whence == io::Whence::kEnd) base = size_;
    int64_t to = 0;
    if (__builtin_add_overflow(base, offset, &to) || to < 0) {
      return Fail(Error::New("multipart: position out of range"));
    }
    return at_ = to;
  }

 private:
  ReadBytes read_;
  int64_t size_;
  int64_t at_ = 0;
};

template <class ReadBytes>
std::unique_ptr<File> MakeFile(ReadBytes read, int64_t size) {
  return std::make_unique<OpenedFile<ReadBytes>>(std::move(read), size);
}

}  // namespace

/// Collects the parts of one body. After a failure the parts read so far are destroyed with it.
class FormReader {
 public:
  FormReader(Reader& from, const Limits& limits)
      : from_(&from),
        limits_(&limits),
        headers_left_(limits.headers_max),
        file_memory_left_(std::max<int64_t>(limits.memory_bytes_max, 0)),
        memory_left_(SumTo(file_memory_left_, limits.value_bytes_max)) {}

  Result<std::unique_ptr<Form>> Run() {
    for (;;) {
      const int64_t header_bytes = std::min(limits_->header_bytes_max, memory_left_);
      Result<Part*> part =
          from_->Next(Reader::Decoding::kAsNamed, {header_bytes, headers_left_, header_bytes});
      if (!part && part.error().Is(io::ErrEof)) return std::move(form_);
      if (!part) return Fail(std::move(part).error());
      if (++parts_ > limits_->parts_max) {
        return Fail(TooLarge("form", static_cast<int64_t>(limits_->parts_max), " parts"));
      }
      if (Error err = Add(**part)) return Fail(std::move(err));
    }
  }

 private:
  Error Add(Part& part) {
    const std::string name(part.FormName());
    if (name.empty()) return {};
    HON_RETURN_IF_ERROR(Spend(Size(name) + kEntryBytes));
    return part.FileName().empty() ? AddValue(name, part) : AddFile(name, part);
  }

  Error AddValue(const std::string& name, Part& part) {
    Result<std::string> value = ReadUpTo(part, SumTo(memory_left_, 1));
    if (!value) return std::move(value).error();
    HON_RETURN_IF_ERROR(Spend(Size(*value)));
    form_->Value[name].push_back(*std::move(value));
    return {};
  }

  Error AddFile(const std::string& name, Part& part) {
    HON_RETURN_IF_ERROR(Spend(HeaderBytes(part.Header) + kEntryBytes + kFileHeaderBytes));
    headers_left_ -= std::min(headers_left_, part.Header.Len());
    FileHeader file;
    file.Filename = part.FileName();
    file.Header = std::move(part.Header);
    Result<std::string> content = ReadUpTo(part, SumTo(file_memory_left_, 1));
    if (!content) return std::move(content).error();
    file.Size = Size(*content);
    HON_RETURN_IF_ERROR(CheckFile(file.Size));
    if (file.Size <= file_memory_left_) {
      file_memory_left_ -= file.Size;
      HON_RETURN_IF_ERROR(Spend(file.Size));
      file.content_ = std::make_shared<const std::string>(*std::move(content));
    } else {
      HON_RETURN_IF_ERROR(SpillFile(file, *content, part));
    }
    form_->File[name].push_back(std::move(file));
    return {};
  }

  // Writes `start` and the rest of `part` to the temporary file.
  Error SpillFile(FileHeader& file, std::string_view start, Part& part) {
    if (spill_ == nullptr) {
      Result<io::File> temp = http::internal::CreateTempFile(limits_->temp_dir);
      if (!temp) return std::move(temp).error();
      spill_ = std::make_shared<FileHeader::Spill>(FileHeader::Spill{*std::move(temp)});
    }
    file.offset_ = disk_bytes_;
    file.spill_ = spill_;
    HON_RETURN_IF_ERROR(WriteToDisk(start));
    std::string buffer(kCopyBytes, '\0');
    for (;;) {
      const io::IoResult got = part.Read(std::span(buffer));
      file.Size += static_cast<int64_t>(got.n);
      HON_RETURN_IF_ERROR(CheckFile(file.Size));
      HON_RETURN_IF_ERROR(WriteToDisk(std::string_view(buffer).substr(0, got.n)));
      if (got.err.Is(io::ErrEof)) return {};
      if (got.err) return got.err;
    }
  }

  Error WriteToDisk(std::string_view data) {
    disk_bytes_ += Size(data);
    if (disk_bytes_ > limits_->disk_bytes_max) {
      return TooLarge("files on disk", limits_->disk_bytes_max, " bytes");
    }
    return spill_->file.Write(data).err;
  }

  [[nodiscard]] Error CheckFile(int64_t size) const {
    if (size <= limits_->file_bytes_max) return {};
    return TooLarge("file", limits_->file_bytes_max, " bytes");
  }

  Error Spend(int64_t bytes) {
    memory_left_ -= bytes;
    if (memory_left_ >= 0) return {};
    return TooLarge("values and part headers", limits_->value_bytes_max, " bytes");
  }

  static int64_t HeaderBytes(const http::Header& header) {
    int64_t bytes = kPartHeaderBytes;
    for (const http::Header::Field& field : header) {
      bytes += Size(field.name) + Size(field.value) + kEntryBytes;
    }
    return bytes;
  }

  Reader* from_;
  const Limits* limits_;
  std::unique_ptr<Form> form_ = std::make_unique<Form>();
  std::shared_ptr<FileHeader::Spill> spill_;  // null while everything is in memory
  size_t parts_ = 0;
  size_t headers_left_;
  int64_t file_memory_left_;
  int64_t memory_left_;
  int64_t disk_bytes_ = 0;
};

Result<std::unique_ptr<Form>> Reader::ReadForm() { return FormReader(*this, limits_).Run(); }

Result<std::unique_ptr<Form>> Reader::ReadForm(int64_t memory_bytes_max) {
  limits_.memory_bytes_max = memory_bytes_max;
  return ReadForm();
}

Result<std::unique_ptr<File>> FileHeader::Open() const {
  if (content_ != nullptr) {
    return MakeFile(
        [content = content_](std::span<char> into, int64_t offset) {
          std::memcpy(into.data(), content->data() + offset, into.size());
          return io::IoResult{into.size(), {}};
        },
        Size);
  }
  if (spill_ == nullptr) return Fail(Error::New("multipart: the form's files were removed"));
  return MakeFile(
      [spill = spill_, start = offset_](std::span<char> into, int64_t offset) {
        return spill->file.ReadAt(into, start + offset);
      },
      Size);
}

Error Form::RemoveAll() {
  for (auto& [name, files] : File) {
    for (FileHeader& file : files) {
      file.content_.reset();
      file.spill_.reset();
    }
  }
  return {};
}

}  // namespace hon::multipart
