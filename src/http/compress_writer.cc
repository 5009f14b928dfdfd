#include "http/compress_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "hon/http/sniff.h"
#include "hon/http/spawner.h"
#include "hon/http/status.h"
#include "http/accept_encoding.h"
#include "http/coded_tag.h"
#include "http/list.h"

namespace hon::http::internal {
namespace {

// Fields computed over the bytes that are sent (RFC 9530, RFC 3230).
constexpr std::array<std::string_view, 4> kDigests = {"Content-Digest", "Repr-Digest", "Digest",
                                                      "Content-MD5"};

// Bytes of a file that are read into memory at a time.
constexpr int64_t kPreparedBytes = 1024 * 1024;

bool HasDigest(const Header& header) {
  return std::any_of(kDigests.begin(), kDigests.end(),
                     [&](std::string_view name) { return header.Has(name); });
}

// Adds Vary, so that caches store the codings apart (RFC 9110 §12.5.5).
void SayThatItVaries(Header& header) {
  if (FieldLists(header, "Vary", "Accept-Encoding")) return;
  if (FieldLists(header, "Vary", "*")) return;
  header.Add(HeaderId::kVary, "Accept-Encoding");
}

int64_t ParseLength(std::string_view text) {
  int64_t length = -1;
  const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), length);
  return err == std::errc() && end == text.data() + text.size() ? length : -1;
}

int64_t DeclaredLength(const Header& header) {
  return ParseLength(header.Get(HeaderId::kContentLength));
}

// The length of the whole in "bytes 0-4/10" (RFC 9110 §14.4).
int64_t CompleteLength(const Header& header) {
  const std::string_view text = header.Get(HeaderId::kContentRange);
  return ParseLength(text.substr(std::min(text.find('/'), text.size() - 1) + 1));
}

}  // namespace

bool TakesGzip(const Request& r) {
  if (!r.ProtoAtLeast(1, 1)) return false;
  const AcceptedCodings codings = ParseAcceptEncoding(r.Header);
  return std::any_of(codings.begin(), codings.end(),
                     [](const Coding* coding) { return coding->name == "gzip"; });
}

CompressWriter* CompressWriter::In(ResponseWriter& w) {
  for (ResponseWriter* at = &w; at != nullptr; at = at->Unwrap()) {
    if (auto* const found = dynamic_cast<CompressWriter*>(at)) return found;
  }
  return nullptr;
}

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
  // The writer below must know the first WriteHeader to report a second one.
  if (phase_ == Phase::kWaiting) CommitPlain();
  w_.WriteHeader(status);
}

io::IoResult CompressWriter::Write(std::string_view data) {
  if (phase_ == Phase::kOpen) Begin(StatusOK);
  if (phase_ == Phase::kPlain) return Forward(data);
  if (error_) return {0, error_};
  if (data.empty()) return {};
  const auto size = static_cast<int64_t>(data.size());
  // A smaller Write behind one that failed would leave a hole.
  too_long_ = too_long_ || (length_ >= 0 && size > length_ - written_);
  if (too_long_) return {0, ErrContentLength};
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
  // A handler that flushes sends a stream; its size so far says nothing about its length.
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

Error CompressWriter::Upgrade(std::string_view protocol, const http::Header& fields,
                              io::ConnSink& sink) {
  if (phase_ == Phase::kWaiting) CommitPlain();
  HON_RETURN_IF_ERROR(w_.Upgrade(protocol, fields, sink));
  phase_ = Phase::kPlain;
  return {};
}

io::CopyResult CompressWriter::ReadFrom(io::Reader& from) {
  if (phase_ == Phase::kOpen) Begin(StatusOK);
  if (phase_ != Phase::kPlain) return CopyInto(from);
  io::CopyResult copied = w_.ReadFrom(from);
  written_ += copied.n;
  return copied;
}

// Each part of a file is in memory before it is read.
io::CopyResult CompressWriter::CopyInto(io::Reader& from) {
  io::CopyResult copied;
  int64_t part_bytes = 0;
  do {
    PrepareRead(r_.Context(), from, kPreparedBytes);
    io::LimitedReader part(from, kPreparedBytes);
    io::CopyResult one = io::Copy(*this, part);
    part_bytes = one.n;
    copied.n += one.n;
    copied.err = std::move(one.err);
  } while (!copied.err && part_bytes == kPreparedBytes);
  return copied;
}

int CompressWriter::Status() const { return status_ != 0 ? status_ : w_.Status(); }

void CompressWriter::Finish() {
  // The body is complete and short.
  if (phase_ == Phase::kWaiting) CommitPlain();
  if (phase_ != Phase::kGzip) return;
  if (r_.Method != "HEAD" && length_ > written_) throw AbortHandler();
  if (!error_) error_ = Send({}, Gzip::Then::kFinish);
}

// --- The decision about the answer.

void CompressWriter::Begin(int status) {
  status_ = status;
  if (!MayCompress(status)) return CommitPlain();
  length_ = DeclaredLength(w_.Header());
  const std::string_view type = w_.Header().Get(HeaderId::kContentType);
  if (length_ >= 0 && !type.empty()) return Decide({});
  committed_ = w_.Header().Clone();
  phase_ = Phase::kWaiting;
}

void CompressWriter::Announce(const BodyFacts& whole) {
  announced_type_ = whole.type;
  announced_ = whole;
  announced_->type = announced_type_;
}

// The properties of the body of a 200: by the head, or by Announce for a status whose head lacks
// them.
BodyFacts CompressWriter::Facts(int status) {
  const http::Header& header = w_.Header();
  if (status != StatusOK && announced_) return *announced_;
  BodyFacts facts = {header.Get(HeaderId::kContentType), DeclaredLength(header),
                     !header.Get(HeaderId::kContentEncoding).empty()};
  if (!header.Has(HeaderId::kContentRange) && status != StatusPartialContent) return facts;
  facts.length = CompleteLength(header);
  if (facts.type.starts_with("multipart/byteranges")) facts.type = {};
  return facts;
}

bool CompressWriter::IsWorthwhile(const BodyFacts& body) {
  const http::Header& header = w_.Header();
  if (body.encoded || header.Touches(HeaderId::kTransferEncoding) ||
      FieldLists(header, "Cache-Control", "no-transform") || HasDigest(header)) {
    return false;
  }
  if (body.length >= 0 && body.length < static_cast<int64_t>(options_.size_min)) return false;
  return body.type.empty() ? !header.Suppressed(HeaderId::kContentType)
                           : IsTypeWanted(options_, body.type);
}

// RFC 9110 §15.4.5: a 304 has the ETag of the 200. Representations of both codings are answers to
// the request, so the 304 has the tag that the client has listed, if it has listed one.
void CompressWriter::TagNotModified(http::Header& header) {
  const std::string_view plain = header.Get(HeaderId::kETag);
  const std::string coded = CodedTag(plain);
  if (coded == plain) return;
  if (ListsTag(r_.Header, coded) || !ListsTag(r_.Header, plain)) header.Set(HeaderId::kETag, coded);
}

// Decides by the head alone; adds Vary where the answer varies.
bool CompressWriter::MayCompress(int status) {
  if (status < 200 || status == StatusNoContent || status == StatusResetContent ||
      r_.Method == "CONNECT") {
    return false;
  }
  http::Header& header = w_.Header();
  const BodyFacts facts = Facts(status);
  if (!IsWorthwhile(facts)) return false;
  const bool takes_gzip = TakesGzip(r_);
  const bool whole = status != StatusPartialContent && status != StatusNotModified &&
                     !header.Has(HeaderId::kContentRange);
  // For content without a type, the first bytes decide whether it may be compressed: Decide adds
  // Vary then.
  if (!whole || !takes_gzip || !facts.type.empty()) SayThatItVaries(header);
  if (status == StatusNotModified && takes_gzip) TagNotModified(header);
  return takes_gzip && whole;
}

// `start` is the known beginning of the body.
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
  if (header.Has(HeaderId::kETag)) {
    header.Set(HeaderId::kETag, CodedTag(header.Get(HeaderId::kETag)));
  }
  CommitHead();
  if (!kept_.empty()) error_ = Send(kept_, Gzip::Then::kGoOn);
}

// Commits the head with the fields as they were at the handler's WriteHeader; fields set since then
// are trailers.
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
  return gzip_ == nullptr ? Error() : Compress(data, then);
}

// Compresses in parts, and lets other fibers of the thread run between them: compressing is work,
// and its output may be too little for the connection to wait for its client.
Error CompressWriter::Compress(std::string_view data, Gzip::Then then) {
  while (data.size() > kBytesPerTurn - turn_bytes_) {
    const std::string_view part = data.substr(0, kBytesPerTurn - turn_bytes_);
    data.remove_prefix(part.size());
    HON_RETURN_IF_ERROR(gzip_->Add(part, Gzip::Then::kGoOn, w_));
    turn_bytes_ = 0;
    if (Spawner* const spawner = SpawnerOf(r_.Context())) spawner->Yield();
  }
  turn_bytes_ += data.size();
  return gzip_->Add(data, then, w_);
}

io::IoResult CompressWriter::Forward(std::string_view data) {
  io::IoResult taken = w_.Write(data);
  written_ += static_cast<int64_t>(taken.n);
  return taken;
}

}  // namespace hon::http::internal
