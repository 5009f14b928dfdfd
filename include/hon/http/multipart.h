#pragma once

// The reading half of Go's mime/multipart (RFC 2046 §5.1, RFC 7578): bodies part by part, or as a
// form. The writing half is multipart_writer.h.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/result.h"
#include "hon/http/header.h"
#include "hon/http/mime.h"
#include "hon/io/io.h"
#include "hon/url/values.h"

namespace hon::multipart {

/// A limit of Limits was hit; the text says which.
inline constexpr Sentinel ErrMessageTooLarge{"multipart: message too large"};
/// The body does not follow RFC 2046; the text says where.
inline constexpr Sentinel ErrMalformed{"multipart: malformed body"};

/// The longest boundary (RFC 2046 §5.1.1).
inline constexpr size_t kBoundaryBytesMax = 70;
/// The longest line outside the parts, line end included.
inline constexpr size_t kLineBytesMax = 4096;
/// Bytes that each value and each file counts as in addition to its text.
inline constexpr int64_t kEntryBytes = 200;

/// Limits of reading a multipart body. The defaults are Go's.
struct Limits {
  /// File contents kept in memory; a file that does not fit goes to disk as a whole.
  int64_t memory_bytes_max = int64_t{32} << 20;
  /// Values, names and part headers, all kept in memory. The part of memory_bytes_max that files do
  /// not use is available to them too.
  int64_t value_bytes_max = int64_t{10} << 20;
  size_t parts_max = 1000;
  /// Header fields of one part, and of all files together.
  size_t headers_max = 10'000;
  /// Header of one part, overhead included.
  int64_t header_bytes_max = int64_t{10} << 20;
  /// One file, and all files on disk together. The server's limit on bodies applies too.
  int64_t file_bytes_max = INT64_MAX;
  int64_t disk_bytes_max = INT64_MAX;
  /// Directory for files that do not fit in memory; "" for $TMPDIR, else /tmp.
  std::string temp_dir{};
};

namespace internal {
class PeekReader;
struct Boundary;
}  // namespace internal

class Reader;

/// One part of a multipart body, to be read once from front to end. The part belongs to its Reader
/// and ends with the next call of NextPart.
class Part final : public io::Reader {
 public:
  http::Header Header;

  /// The "name" of a form-data part, or "".
  [[nodiscard]] std::string_view FormName() const;
  /// The "filename" without any directories, "" when there is none. Control bytes are shown as "_".
  [[nodiscard]] const std::string& FileName() const { return file_name_; }

  /// Reads the content; {0, ErrEof} at the part's end, io::ErrUnexpectedEof when the body ended
  /// before.
  io::IoResult Read(std::span<char> into) override;

 private:
  friend class multipart::Reader;
  Part(internal::PeekReader& in, const internal::Boundary& boundary)
      : in_(&in), boundary_(&boundary) {}

  void ReadDisposition();
  void Advance();
  void SkipRest();
  io::IoResult ReadRaw(std::span<char> into);
  // The raw content, for the decoder.
  struct Raw;

  internal::PeekReader* in_;
  const internal::Boundary* boundary_;
  mime::MediaType disposition_;
  std::string file_name_;
  size_t ready_ = 0;                     // buffered bytes that are known to be content
  bool at_start_ = true;                 // nothing was read yet
  Error end_;                            // what follows the ready bytes
  std::unique_ptr<io::Reader> decoder_;  // null when the content is as it comes
};

/// An uploaded file that is being read. The file may outlive its form.
class File : public io::ReadSeeker {
 public:
  /// Reads from `offset`, without moving the position.
  virtual io::IoResult ReadAt(std::span<char> into, int64_t offset) const = 0;
};

/// A file that a form holds, in memory or on disk.
class FileHeader {
 public:
  std::string Filename;  // without any directories, as Part::FileName
  http::Header Header;   // of the part
  int64_t Size = 0;      // bytes of content

  /// Opens the content at its start. Fails after Form::RemoveAll.
  [[nodiscard]] Result<std::unique_ptr<File>> Open() const;

 private:
  friend struct Form;
  friend class FormReader;
  struct Spill;

  std::shared_ptr<const std::string> content_;  // one of the two is set
  std::shared_ptr<const Spill> spill_;
  int64_t offset_ = 0;
};

/// A form that was read from a multipart/form-data body. The temporary file has no name from the
/// start and is freed with the last FileHeader and File, even if the process dies before.
struct Form {
  url::Values Value;  // parts without a file name
  // Parts with a file name, by field, in the order they came.
  std::map<std::string, std::vector<FileHeader>, std::less<>> File;

  /// Gives up all file contents. Files that are open keep theirs.
  Error RemoveAll();
};

/// The result of Request::FormFile. `file` may outlive the request.
struct FormFile {
  std::unique_ptr<File> file;
  const FileHeader* header = nullptr;  // of the request's form
};

/// Reads a multipart body. Lines may end in LF as well as in CRLF. Used by one fiber at a time,
/// which is suspended where the body's reader suspends it; spilling to disk may block its thread.
class Reader {
 public:
  /// `body` is kept by the caller. `limits` are for the parts' headers and ReadForm.
  Reader(io::Reader& body, std::string_view boundary, Limits limits = {});
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// The next part, with its content decoded when it is quoted-printable. The unread rest of the
  /// part before is skipped. Fails with io::ErrEof after the last part, with ErrMalformed,
  /// ErrMessageTooLarge, or the error of reading the body.
  Result<Part*> NextPart() { return Next(Decoding::kAsNamed); }
  /// As NextPart, with the content as it comes.
  Result<Part*> NextRawPart() { return Next(Decoding::kNone); }

  /// Reads all parts as a form, up to `memory_bytes_max` of the files in memory. Parts without a
  /// name are skipped. A failure leaves nothing, neither in memory nor on disk.
  Result<std::unique_ptr<Form>> ReadForm(int64_t memory_bytes_max);
  /// ReadForm with the limits given to the constructor.
  Result<std::unique_ptr<Form>> ReadForm();

 private:
  friend class FormReader;
  enum class Decoding : uint8_t { kAsNamed, kNone };
  // The rest of the limits for a part's header.
  struct Budget {
    int64_t bytes;
    size_t fields;
    int64_t bytes_max;  // the initial value of `bytes`

    Error Spend(int64_t n);
    [[nodiscard]] Error TooLarge() const;
  };

  Result<Part*> Next(Decoding decoding);
  Result<Part*> Next(Decoding decoding, const Budget& budget);
  Result<Part*> FindPart(Decoding decoding, const Budget& budget);
  Result<Part*> Start(Decoding decoding, const Budget& budget);
  Error ReadHeader(Part& part, Budget budget);
  Error ReadHeaderLine(std::string& line, Budget& budget);
  Error AppendHeaderLine(std::string& line, Budget& budget);

  Limits limits_;
  std::unique_ptr<internal::PeekReader> in_;
  std::unique_ptr<internal::Boundary> boundary_;
  std::unique_ptr<Part> part_;
  size_t parts_ = 0;
  Error failed_;  // the result of every further Next
};

}  // namespace hon::multipart
