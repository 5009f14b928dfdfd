#include "client/conn.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "client/core.h"
#include "hon/adaptor/chunked.h"
#include "hon/fiber/conn.h"
#include "hon/http/client_error.h"
#include "hon/io/file.h"

namespace hon::client {
namespace {

// Parts of a body from this length on are sent without being copied.
constexpr size_t kUncopiedBytesMin = size_t{16} * 1024;

// A fiber that reads this many bytes without a wait lets others run.
constexpr size_t kReadBytesPerTurn = 256 * 1024;

// Whether the socket holds bytes, or an end of input, that the loop has not received yet. Records
// of TLS 1.3 may come at any time.
bool HoldsInput(int fd) {
  char byte;
  const ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

}  // namespace

Conn::Conn(std::shared_ptr<Core> core, std::shared_ptr<Route> route, std::shared_ptr<LoopPool> pool)
    : core_(std::move(core)),
      route_(std::move(route)),
      pool_(std::move(pool)),
      retires_at_(core_->RetirementOfNew()) {}

Conn::~Conn() {
  HON_ASSERT(!idle_ && reader_ == nullptr && writer_ == nullptr);
  if (conn_ != nullptr && !gone_) conn_->Close(io::ConnClose::kGraceful);
  conn_.reset();
  core_->FreeSlot(*route_);
}

void Conn::OnOpen(std::unique_ptr<io::EventConn> conn) {
  conn_ = std::move(conn);
  Bind(conn_->In(), conn_->Out());
}

void Conn::OnInput() {
  if (idle_) return pool_->Drop(*this);  // unasked input, or the server has closed
  if (reader_ != nullptr) reader_->Wake();
}

void Conn::OnDrained() {
  if (writer_ != nullptr) writer_->Wake();
}

void Conn::OnDeadline(io::ConnDeadline) {
  if (idle_) pool_->Drop(*this);
}

void Conn::OnClosed(const Error& why) {
  gone_ = why ? why : Error(io::ErrClosed);
  if (idle_) return pool_->Drop(*this);
  if (reader_ != nullptr) reader_->Wake();
  if (writer_ != nullptr) writer_->Wake();
}

void Conn::BeginExchange(const appcontext::Context& context, bool chunked) {
  chunked_ = chunked;
  context_ = &context;
  read_deadline_ = kNever;
  write_deadline_ = kNever;
  read_interrupt_ = Error();
  write_interrupt_ = Error();
}

void Conn::SetInputRoom(size_t bytes) {
  if (socket_ == nullptr || gone_) return;
  socket_->SetInputHighWater(bytes == 0 ? netpoll::kInputHighWaterBytes : bytes);
  conn_->ConsumedInput();
}

Error Conn::ReadObstacle() const {
  if (read_interrupt_) return read_interrupt_;
  if (gone_) return gone_;
  if (context_->Done()) return context_->Cause();
  if (read_deadline_ != kNever && Clock::now() >= read_deadline_) return io::ErrDeadlineExceeded;
  return {};
}

Error Conn::FillInput() {
  const size_t had = In().Len();
  if (!gone_) conn_->ConsumedInput();
  while (In().Len() == had) {
    if (conn_->InputEnded()) {
      const bool cut = route_->tls && conn_->InputTruncated();
      return cut ? Error(io::ErrUnexpectedEof) : Error(io::ErrEof);
    }
    HON_RETURN_IF_ERROR(ReadObstacle());
    Parker parker;
    reader_ = &parker;
    parker.Park(*context_, read_deadline_);
    reader_ = nullptr;
  }
  unyielded_ += In().Len() - had;
  if (unyielded_ >= kReadBytesPerTurn) {
    unyielded_ = 0;
    fiber::Yield();
  }
  return context_->Done() ? context_->Cause() : Error();
}

Error Conn::WriteObstacle() const {
  if (gone_) return gone_;
  if (write_interrupt_) return write_interrupt_;
  if (context_->Done()) return context_->Cause();
  if (write_deadline_ != kNever && Clock::now() >= write_deadline_) return io::ErrDeadlineExceeded;
  return {};
}

Error Conn::DrainOutput(size_t bytes_max) {
  HON_RETURN_IF_ERROR(WriteObstacle());
  if (Out().Len() <= bytes_max) return {};
  conn_->SendNow({}, {});
  for (;;) {
    HON_RETURN_IF_ERROR(WriteObstacle());
    if (Out().Len() <= bytes_max) return {};
    Parker parker;
    writer_ = &parker;
    parker.Park(*context_, write_deadline_);
    writer_ = nullptr;
  }
}

Error Conn::Put(std::string_view part) {
  if (gone_) return gone_;
  std::optional<adaptor::ChunkHead> chunk;
  if (chunked_) chunk.emplace(part.size());
  const std::string_view head = chunk ? chunk->Text() : std::string_view();
  if (part.size() >= kUncopiedBytesMin) {
    conn_->SendNow(head, part);
  } else {
    Out().Write(head);
    Out().Write(part);
  }
  if (chunked_) Out().Write("\r\n");
  SendSoon();
  return DrainOutput(io::kHighWaterBytes);
}

Error Conn::PutBlocks(io::LinkBuffer& part) {
  if (gone_) return gone_;
  if (chunked_) Out().Write(adaptor::ChunkHead(part.Len()).Text());
  Out().Append(std::move(part));
  if (chunked_) Out().Write("\r\n");
  SendSoon();
  return DrainOutput(io::kHighWaterBytes);
}

Error Conn::End(const http::Header& trailer) {
  if (gone_) return gone_;
  if (!chunked_) return {};
  Out().Write("0\r\n");
  for (const auto& field : trailer) {
    Out().Write(field.name);
    Out().Write(": ");
    Out().Write(field.value);
    Out().Write("\r\n");
  }
  Out().Write("\r\n");
  SendSoon();
  return {};
}

// Files are read here: a client's body has no way around the loop yet.
io::CopyResult Conn::SendFile(io::File& file, int64_t offset, int64_t count) {
  std::array<char, 16 * 1024> part;
  int64_t sent = 0;
  while (sent < count) {
    const auto wanted = static_cast<size_t>(std::min<int64_t>(count - sent, part.size()));
    const io::IoResult got = file.ReadAt(std::span(part).first(wanted), offset + sent);
    if (got.n == 0) return {sent, got.err ? got.err : Error(io::ErrUnexpectedEof)};
    Out().Write({part.data(), got.n});
    SendSoon();
    sent += static_cast<int64_t>(got.n);
    if (Error err = DrainOutput(io::kHighWaterBytes)) return {sent, std::move(err)};
  }
  return {sent, {}};
}

void Conn::Interrupt(Error why) {
  read_interrupt_ = std::move(why);
  if (reader_ != nullptr) reader_->Wake();
}

void Conn::InterruptWriter(Error why) {
  write_interrupt_ = std::move(why);
  if (writer_ != nullptr) writer_->Wake();
}

bool Conn::IsQuiet() { return !gone_ && conn_ != nullptr && !conn_->InputEnded() && In().Empty(); }

bool Conn::IsFresh() {
  if (!IsQuiet()) return false;
  return socket_ == nullptr || !socket_->IsPlain() || !HoldsInput(socket_->Fd());
}

std::unique_ptr<io::Conn> Conn::TakeConn() {
  if (gone_ || conn_ == nullptr) return nullptr;
  Result<std::unique_ptr<io::Conn>> taken = fiber::ConnOf([this](io::ConnSink& sink) {
    conn_->SetSink(sink);
    sink.OnOpen(std::move(conn_));
    return Error();
  });
  return taken ? std::move(*taken) : nullptr;
}

void Conn::Abort() {
  if (conn_ != nullptr && !gone_) conn_->Close(io::ConnClose::kAbort);
}

}  // namespace hon::client
