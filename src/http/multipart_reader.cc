#include <algorithm>
#include <utility>

#include "hon/http/multipart.h"
#include "http/boundary_scan.h"
#include "http/list.h"
#include "http/peek_reader.h"
#include "http/quoted_printable.h"
#include "http/token.h"

namespace hon::multipart {
namespace {

constexpr int64_t kHeaderOverheadBytes = 400;
constexpr std::string_view kTransferEncoding = "Content-Transfer-Encoding";

Error TooLarge(const std::string& what) {
  return Error::Of(ErrMessageTooLarge, "multipart: message too large: " + what);
}

Error Malformed(const std::string& what) { return Error::Of(ErrMalformed, "multipart: " + what); }

bool IsControl(char c) {
  const auto byte = static_cast<uint8_t>(c);
  return (byte < ' ' && c != '\t') || byte == 0x7F;
}

// The last element of `path`, a path of any operating system; bytes that are harmful to print or to
// open are replaced.
std::string BaseName(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  const size_t separator = path.find_last_of("/\\");
  if (separator != path.npos) path.remove_prefix(separator + 1);
  if (path.empty() || path == "." || path == "..") return "_";
  std::string name(path);
  std::replace_if(name.begin(), name.end(), IsControl, '_');
  return name;
}

}  // namespace

Error Reader::Budget::TooLarge() const {
  return multipart::TooLarge("part header of more than " + std::to_string(bytes_max) + " bytes");
}

Error Reader::Budget::Spend(int64_t n) {
  bytes -= n;
  return bytes < 0 ? TooLarge() : Error();
}

struct Part::Raw final : io::Reader {
  explicit Raw(Part& of) : part(&of) {}
  io::IoResult Read(std::span<char> into) override { return part->ReadRaw(into); }
  Part* part;
};

std::string_view Part::FormName() const {
  return disposition_.type == "form-data" ? disposition_.Get("name") : std::string_view();
}

void Part::ReadDisposition() {
  Result<mime::MediaType> parsed = mime::ParseMediaType(Header.Get("Content-Disposition"));
  if (!parsed) return;
  disposition_ = *std::move(parsed);
  const std::string_view path = disposition_.Get("filename");
  if (!path.empty()) file_name_ = BaseName(path);
}

// Sets ready_ or end_.
void Part::Advance() {
  while (ready_ == 0 && !end_) {
    const bool source_ended = static_cast<bool>(in_->SourceError());
    const internal::Scan scan =
        internal::ScanContent(in_->Buffered(), *boundary_, at_start_, source_ended);
    ready_ = scan.content;
    if (scan.next == internal::Scan::Next::kBoundary) end_ = io::ErrEof;
    if (scan.next == internal::Scan::Next::kSourceEnd) {
      end_ = in_->SourceError().Is(io::ErrEof) ? Error(io::ErrUnexpectedEof) : in_->SourceError();
    }
    if (ready_ == 0 && !end_ && !in_->Fill() && source_ended) end_ = io::ErrUnexpectedEof;
  }
}

io::IoResult Part::ReadRaw(std::span<char> into) {
  if (into.empty()) return {};
  Advance();
  if (ready_ == 0) return {0, end_};
  io::IoResult got = in_->Read(into.first(std::min(ready_, into.size())));
  ready_ -= got.n;
  at_start_ = false;
  return got;
}

io::IoResult Part::Read(std::span<char> into) {
  return decoder_ != nullptr ? decoder_->Read(into) : ReadRaw(into);
}

void Part::SkipRest() {
  for (Advance(); ready_ > 0; Advance()) {
    in_->Skip(std::exchange(ready_, 0));
    at_start_ = false;
  }
}

Reader::Reader(io::Reader& body, std::string_view boundary, Limits limits)
    : limits_(std::move(limits)),
      in_(std::make_unique<internal::PeekReader>(body)),
      boundary_(std::make_unique<internal::Boundary>(boundary)) {
  if (boundary.empty()) failed_ = Malformed("boundary is empty");
  if (boundary.size() > kBoundaryBytesMax) failed_ = Malformed("boundary is too long");
}

Reader::~Reader() = default;

Result<Part*> Reader::Next(Decoding decoding) {
  return Next(decoding, {limits_.header_bytes_max, limits_.headers_max, limits_.header_bytes_max});
}

Result<Part*> Reader::Next(Decoding decoding, const Budget& budget) {
  if (failed_) return Fail(failed_);
  if (part_ != nullptr) part_->SkipRest();
  Result<Part*> part = FindPart(decoding, budget);
  if (!part) failed_ = part.error();
  return part;
}

// Reads up to the next delimiter, behind the content of the part before or the preamble.
Result<Part*> Reader::FindPart(Decoding decoding, const Budget& budget) {
  for (bool after_newline = false;;) {
    Error err;
    const std::string_view line = in_->TakeLine(kLineBytesMax, &err);
    if (err.Is(io::ErrTooLong)) {
      return Fail(TooLarge("line of more than " + std::to_string(kLineBytesMax) + " bytes"));
    }
    if (boundary_->IsFinal(line) && (!err || err.Is(io::ErrEof))) return Fail(io::ErrEof);
    if (err.Is(io::ErrEof)) {
      // io::ErrEof would mean the regular end of the parts.
      return Fail(Error::Of(io::ErrUnexpectedEof, "multipart: NextPart: EOF"));
    }
    if (err) return Fail(Error::Wrap("multipart: NextPart", std::move(err)));
    if (boundary_->IsDelimiter(line, parts_ == 0)) return Start(decoding, budget);
    if (after_newline) return Fail(Malformed("expecting a new part"));
    if (parts_ == 0) continue;  // the preamble
    if (line != boundary_->Newline()) return Fail(Malformed("unexpected line after a part"));
    after_newline = true;
  }
}

Result<Part*> Reader::Start(Decoding decoding, const Budget& budget) {
  ++parts_;
  part_ = std::unique_ptr<Part>(new Part(*in_, *boundary_));
  if (Error err = ReadHeader(*part_, budget)) return Fail(std::move(err));
  part_->ReadDisposition();
  const bool quoted =
      http::internal::EqualFold(part_->Header.Get(kTransferEncoding), "quoted-printable");
  if (decoding == Decoding::kAsNamed && quoted) {
    part_->Header.Del(kTransferEncoding);
    part_->decoder_ =
        std::make_unique<internal::QuotedPrintableReader>(std::make_unique<Part::Raw>(*part_));
  }
  return part_.get();
}

// Reads a header line and its continuation lines, joined by blanks. "" at the header's end.
Error Reader::ReadHeaderLine(std::string& line, Budget& budget) {
  line.clear();
  HON_RETURN_IF_ERROR(AppendHeaderLine(line, budget));
  if (line.empty()) return {};
  if (line.front() == ' ' || line.front() == '\t') return Malformed("malformed header line");
  std::string more;
  while ((!in_->Buffered().empty() || in_->Fill()) &&
         (in_->Buffered().front() == ' ' || in_->Buffered().front() == '\t')) {
    more.clear();
    HON_RETURN_IF_ERROR(AppendHeaderLine(more, budget));
    line.append(1, ' ').append(http::internal::TrimBlanks(more));
  }
  return {};
}

Error Reader::AppendHeaderLine(std::string& line, Budget& budget) {
  const size_t before = line.size();
  // The first byte of the line end is read too, but does not count.
  Error err = in_->AppendLine(line, static_cast<size_t>(budget.bytes) + 1);
  if (err.Is(io::ErrTooLong)) return budget.TooLarge();
  return err ? err : budget.Spend(static_cast<int64_t>(line.size() - before));
}

// Reads the part's fields up to the empty line.
Error Reader::ReadHeader(Part& part, Budget budget) {
  HON_RETURN_IF_ERROR(budget.Spend(kHeaderOverheadBytes));
  for (std::string line;;) {
    HON_RETURN_IF_ERROR(ReadHeaderLine(line, budget));
    if (line.empty()) return {};
    const size_t colon = line.find(':');
    if (colon == line.npos) return Malformed("header line without colon");
    const std::string_view value = std::string_view(line).substr(colon + 1);
    if (std::any_of(value.begin(), value.end(), IsControl)) {
      return Malformed("control byte in header");
    }
    if (budget.fields-- == 0) {
      return TooLarge("more than " + std::to_string(limits_.headers_max) + " header fields");
    }
    // Counted for a repeated name too: finding repetitions would take quadratic time.
    HON_RETURN_IF_ERROR(budget.Spend(kEntryBytes));
    if (!part.Header.Add(std::string_view(line).substr(0, colon), value)) {
      return Malformed("malformed header name");
    }
  }
}

}  // namespace hon::multipart
