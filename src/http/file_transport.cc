#include "hon/http/file_transport.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "hon/http/file_server.h"
#include "hon/http/method.h"
#include "hon/http/status.h"

namespace hon::http {
namespace {

using FilePtr = std::shared_ptr<FsFile>;

/// A part of an answer's body: text, or bytes of a file.
struct Segment {
  std::string text{};
  FilePtr file{};  // null: text
  int64_t offset = 0;
  int64_t length = 0;  // of the file's part
};

/// An open file that FileServer and the answer's body share. AsFile identifies the file behind a
/// LimitedReader.
class SharedFile final : public FsFile {
 public:
  SharedFile(FilePtr file, SharedFile** asked) : file_(std::move(file)), asked_(asked) {}

  Result<FileInfo> Stat() override { return file_->Stat(); }
  Result<std::vector<DirEntry>> ReadDir(size_t entries_max) override {
    return file_->ReadDir(entries_max);
  }
  io::IoResult Read(std::span<char> into) override { return file_->Read(into); }
  Result<int64_t> Seek(int64_t offset, io::Whence whence) override {
    return file_->Seek(offset, whence);
  }
  io::File* AsFile(int64_t*) override {
    *asked_ = this;
    return nullptr;
  }
  [[nodiscard]] const FilePtr& File() const { return file_; }

 private:
  FilePtr file_;
  SharedFile** asked_;
};

/// Opens the files of one request as SharedFiles.
class SharingFs final : public FS {
 public:
  SharingFs(const FS& fs, SharedFile** asked) : fs_(fs), asked_(asked) {}
  Result<std::unique_ptr<FsFile>> Open(std::string_view name) const override {
    HON_TRY(FilePtr file, fs_.Open(name));
    return std::make_unique<SharedFile>(std::move(file), asked_);
  }

 private:
  const FS& fs_;
  SharedFile** asked_;
};

/// Records the head of an answer, and where the bytes of its body are.
class SegmentWriter final : public ResponseWriter {
 public:
  http::Header& Header() override { return header_; }
  void WriteHeader(int status) override {
    if (status_ != 0 || status < 200) return;
    status_ = status;
    sent_ = header_.Clone();
  }
  io::IoResult Write(std::string_view data) override {
    if (status_ == 0) WriteHeader(StatusOK);
    if (segments.empty() || segments.back().file != nullptr) segments.emplace_back();
    segments.back().text.append(data);
    written_ += static_cast<int64_t>(data.size());
    return {data.size(), {}};
  }
  io::CopyResult ReadFrom(io::Reader& from) override {
    const auto* part = dynamic_cast<const io::LimitedReader*>(&from);
    asked = nullptr;
    int64_t limit = 0;
    static_cast<void>(from.AsFile(&limit));
    if (part == nullptr || asked == nullptr) return ResponseWriter::ReadFrom(from);
    const Result<int64_t> at = asked->Seek(0, io::Whence::kCurrent);
    if (!at) return {0, at.error()};
    if (status_ == 0) WriteHeader(StatusOK);
    segments.push_back({.file = asked->File(), .offset = *at, .length = part->Left()});
    written_ += part->Left();
    return {part->Left(), {}};
  }
  Error Flush() override { return {}; }
  [[nodiscard]] int Status() const override { return status_; }
  [[nodiscard]] int64_t BytesWritten() const override { return written_; }
  [[nodiscard]] http::Header TakeHeader() { return std::move(status_ == 0 ? header_ : sent_); }

  std::vector<Segment> segments;
  SharedFile* asked = nullptr;  // the last file whose AsFile was called

 private:
  http::Header header_;
  http::Header sent_;  // as of WriteHeader
  int status_ = 0;
  int64_t written_ = 0;
};

/// The body of one answer, and its Status text.
class FileAnswer final : public BodySource, public ResponseOwner {
 public:
  FileAnswer(std::vector<Segment> segments, int status) : segments_(std::move(segments)) {
    status_ = std::to_string(status);
    status_.append(" ").append(StatusText(status));
  }

  io::IoResult Read(std::span<char> into) override {
    if (closed_) return {0, ErrBodyReadAfterClose};
    if (into.empty()) return {};
    while (next_ < segments_.size()) {
      const Segment& segment = segments_[next_];
      const int64_t size =
          segment.file == nullptr ? static_cast<int64_t>(segment.text.size()) : segment.length;
      if (read_ == size) {
        ++next_;
        read_ = 0;
        continue;
      }
      const auto room =
          static_cast<size_t>(std::min<int64_t>(size - read_, static_cast<int64_t>(into.size())));
      io::IoResult got = ReadPart(segment, into.first(room));
      read_ += static_cast<int64_t>(got.n);
      return got;
    }
    return {0, io::ErrEof};
  }
  Error Close() override {
    closed_ = true;
    segments_.clear();
    return {};
  }

  void OnMoved(Response&) override {}
  void OnGone(Response&) override {}
  [[nodiscard]] std::string_view Status() const { return status_; }

 private:
  // A file that became shorter ends the body early.
  io::IoResult ReadPart(const Segment& segment, std::span<char> into) const {
    if (segment.file == nullptr) {
      const std::string_view left =
          std::string_view(segment.text).substr(static_cast<size_t>(read_));
      return {left.copy(into.data(), into.size()), {}};
    }
    if (read_ == 0) {
      const Result<int64_t> at = segment.file->Seek(segment.offset, io::Whence::kStart);
      if (!at) return {0, at.error()};
    }
    io::IoResult got = segment.file->Read(into);
    if (got.n != 0) return {got.n, {}};
    return {0, got.err.Is(io::ErrEof) ? Error(io::ErrUnexpectedEof) : std::move(got.err)};
  }

  std::vector<Segment> segments_;
  size_t next_ = 0;
  int64_t read_ = 0;  // of segments_[next_]
  std::string status_;
  bool closed_ = false;
};

class FileTransport final : public RoundTripper {
 public:
  explicit FileTransport(std::shared_ptr<const FS> fs) : fs_(std::move(fs)) {}

  Result<Response> RoundTrip(Request& request) override {
    SegmentWriter writer;
    Request asked = request.Clone(request.Context());
    if (asked.Method.empty()) asked.Method = MethodGet;
    FileServer server(SharingFs(*fs_, &writer.asked));
    server.ServeHTTP(writer, asked);
    Response answer;
    answer.StatusCode = writer.Status() == 0 ? StatusOK : writer.Status();
    answer.Header = writer.TakeHeader();
    auto body = std::make_shared<FileAnswer>(std::move(writer.segments), answer.StatusCode);
    answer.Status = body->Status();
    answer.Proto = "HTTP/1.0";
    answer.ProtoMinor = 0;
    answer.Close = true;
    answer.Body = Body(body);
    answer.SetOwner(std::move(body));
    answer.Request = std::shared_ptr<const Request>(std::shared_ptr<void>(), &request);
    return answer;
  }

 private:
  std::shared_ptr<const FS> fs_;
};

}  // namespace

std::shared_ptr<RoundTripper> NewFileTransport(std::shared_ptr<const FS> fs) {
  return std::make_shared<FileTransport>(std::move(fs));
}

}  // namespace hon::http
