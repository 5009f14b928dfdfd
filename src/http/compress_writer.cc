#include "http/compress_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "hon/http/sniff.h"
#include "hon/http/status.h"
#include "http/accept_encoding.h"
#include "http/list.h"

namespace hon::http::internal {
namespace {

// What is computed over the bytes that are sent, or would be sent (RFC 9530, RFC 3230).
constexpr std::array<std::string_view, 4> kDigests = {"Content-Digest", "Repr-Digest", "Digest",
                                                      "Content-MD5"};

bool HasDigest(const Header& header) {
  return std::any_of(kDigests.begin(), kDigests.end(),
                     [&](std::string_view name) { return header.Has(name); });
}

bool HasElement(const Header& header, HeaderId id, std::string_view element) {
  return std::any_of(header.begin(), header.end(), [&](const Header::Field& field) {
    return field.id == id && ListHasFold(field.value, element);
  });
}

// RFC 9110 §12.5.5: caches keep what was negotiated apart.
void SayThatItVaries(Header& header) {
  if (HasElement(header, HeaderId::kVary, "Accept-Encoding")) return;
  if (HasElement(header, HeaderId::kVary, "*")) return;
  header.Add(HeaderId::kVary, "Accept-Encoding");
}

// RFC 9110 §8.8.1: other bytes with the same meaning.
void WeakenTag(Header& header) {
  const std::string_view tag = header.Get(HeaderId::kETag);
  if (!tag.starts_with('"')) return;
  header.Set(HeaderId::kETag, std::string("W/").append(tag));
}

bool TakesGzip(const Request& r) {
  const AcceptedCodings codings = ParseAcceptEncoding(r.Header);
  return std::any_of(codings.begin(), codings.end(),
                     [](const Coding* coding) { return coding->name == "gzip"; });
}

int64_t DeclaredLength(const Header& header) {
  const std::string_view text = header.Get(HeaderId::kContentLength);
  int64_t length = -1;
  const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), length);
  return err == std::errc() && end == text.data() + text.size() ? length : -1;
}

}  // namespace

CompressWriter::CompressWriter(ResponseWriter& w, const Request& r, const CompressOptions& options,
                               GzipPool& pool)
    : w_(w), r_(r), options_(options), pool_(pool) {}

CompressWriter::~CompressWriter() {
  if (gzip_ != nullptr) pool_.GiveBack(std::move(gzip_));
}

// --- The handler's calls.

void CompressWriter::WriteHeader(int status) {
  if (status < 100 || status > 999) {
    throw std::invalid_argument("invalid WriteHeader code " + std::to_string(status));
  }
  const bool informational = status < 200 && status != StatusSwitchingProtocols;
  if (phase_ == Phase::kOpen && !informational) return Begin(status);
  // One too many is for the writer below to tell of, which must have got the first one.
  if (phase_ == Phase::kWaiting) CommitPlain();
  w_.WriteHeader(status);
}

io::IoResult CompressWriter::Write(std::string_view data) {
  if (phase_ == Phase::kOpen) Begin(StatusOK);
  if (phase_ == Phase::kPlain) return Forward(data);
  if (error_) return {0, error_};
  if (data.empty()) return {};
  const auto size = static_cast<int64_t>(data.size());
  if (length_ >= 0 && size > length_ - written_) return {0, ErrContentLength};
  written_ += size;
  if (phase_ == Phase::kWaiting) {
    if (kept_.size() + data.size() < options_.size_min) {
      kept_.append(data);
      return {data.size(), {}};
    }
    Decide(kept_.empty() ? data : kept_);
  }
  error_ = Send(data, Gzip::Then::kGoOn);
  return {error_ ? 0 : data.size(), error_};
}

Error CompressWriter::Flush() {
  if (phase_ == Phase::kOpen) Begin(StatusOK);
  // It is a stream, and few bytes now say nothing of what will come.
  if (phase_ == Phase::kWaiting) Decide(kept_);
  if (phase_ == Phase::kGzip && !error_) error_ = Send({}, Gzip::Then::kFlush);
  return error_ ? error_ : w_.Flush();
}

Result<std::unique_ptr<io::Conn>> CompressWriter::Hijack() {
  if (phase_ == Phase::kWaiting) CommitPlain();
  auto conn = w_.Hijack();
  if (conn) phase_ = Phase::kPlain;
  return conn;
}

io::CopyResult CompressWriter::ReadFrom(io::Reader& from) {
  if (phase_ == Phase::kOpen) Begin(StatusOK);
  if (phase_ != Phase::kPlain) return io::Copy(*this, from);
  const io::CopyResult copied = w_.ReadFrom(from);
  written_ += copied.n;
  return copied;
}

int CompressWriter::Status() const { return status_ != 0 ? status_ : w_.Status(); }

void CompressWriter::Finish() {
  // Short, and whole.
  if (phase_ == Phase::kWaiting) CommitPlain();
  if (phase_ != Phase::kGzip) return;
  if (r_.Method != "HEAD" && length_ > written_) throw AbortHandler();
  if (!error_) error_ = Send({}, Gzip::Then::kFinish);
}

// --- What becomes of the answer.

void CompressWriter::Begin(int status) {
  status_ = status;
  if (!MayCompress(status)) return CommitPlain();
  length_ = DeclaredLength(w_.Header());
  const std::string_view type = w_.Header().Get(HeaderId::kContentType);
  if (length_ >= 0 && !type.empty()) return Decide({});
  committed_ = w_.Header().Clone();
  phase_ = Phase::kWaiting;
}

// By the head alone; says that the answer varies where it does.
bool CompressWriter::MayCompress(int status) {
  http::Header& header = w_.Header();
  const bool takes_gzip = TakesGzip(r_) && r_.ProtoAtLeast(1, 1);
  if (status == StatusNotModified) {
    SayThatItVaries(header);
    if (takes_gzip) WeakenTag(header);
    return false;
  }
  if (status < 200 || status == StatusNoContent || status == StatusResetContent) return false;
  if (r_.Method == "CONNECT" || !header.Get(HeaderId::kContentEncoding).empty() ||
      header.Touches(HeaderId::kTransferEncoding) ||
      HasElement(header, HeaderId::kCacheControl, "no-transform") || HasDigest(header)) {
    return false;
  }
  const std::string_view type = header.Get(HeaderId::kContentType);
  if (type.empty() ? header.Suppressed(HeaderId::kContentType) : !IsTypeWanted(options_, type))
    return false;
  const int64_t length = DeclaredLength(header);
  if (length >= 0 && length < static_cast<int64_t>(options_.size_min)) return false;
  const bool partial = status == StatusPartialContent || header.Has(HeaderId::kContentRange);
  // Of what is found only by the first bytes it is said too: rather too often than too seldom.
  if (partial || !takes_gzip || !type.empty()) SayThatItVaries(header);
  return takes_gzip && !partial;
}

// `start` is what is known of the body.
void CompressWriter::Decide(std::string_view start) {
  http::Header& header = committed_ ? *committed_ : w_.Header();
  if (!header.Has(HeaderId::kContentType)) {
    if (start.empty()) return CommitPlain();
    header.Set(HeaderId::kContentType, DetectContentType(start));
    if (!IsTypeWanted(options_, header.Get(HeaderId::kContentType))) return CommitPlain();
    SayThatItVaries(header);
  }
  if (r_.Method == "HEAD") return CommitGzip(nullptr);
  std::unique_ptr<Gzip> gzip = pool_.Take();
  if (gzip == nullptr) return CommitPlain();
  CommitGzip(std::move(gzip));
}

void CompressWriter::CommitPlain() {
  phase_ = Phase::kPlain;
  length_ = -1;
  CommitHead();
  if (!kept_.empty()) error_ = w_.Write(kept_).err;
}

void CompressWriter::CommitGzip(std::unique_ptr<Gzip> gzip) {
  phase_ = Phase::kGzip;
  gzip_ = std::move(gzip);
  http::Header& header = committed_ ? *committed_ : w_.Header();
  header.Set(HeaderId::kContentEncoding, "gzip");
  header.Del(HeaderId::kContentLength);
  header.Del(HeaderId::kAcceptRanges);
  WeakenTag(header);
  CommitHead();
  if (!kept_.empty()) error_ = Send(kept_, Gzip::Then::kGoOn);
}

// With the fields as they were at the handler's WriteHeader; what it has set since then is for the
// trailers.
void CompressWriter::CommitHead() {
  if (!committed_) return w_.WriteHeader(status_);
  http::Header later = std::exchange(w_.Header(), std::move(*committed_));
  committed_.reset();
  w_.WriteHeader(status_);
  w_.Header() = std::move(later);
}

Error CompressWriter::Send(std::string_view data, Gzip::Then then) {
  if (error_) return error_;
  if (phase_ == Phase::kPlain) return w_.Write(data).err;
  return gzip_ == nullptr ? Error() : gzip_->Add(data, then, w_);
}

io::IoResult CompressWriter::Forward(std::string_view data) {
  io::IoResult taken = w_.Write(data);
  written_ += static_cast<int64_t>(taken.n);
  return taken;
}

}  // namespace hon::http::internal
