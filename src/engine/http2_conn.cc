// The life of a connection, its output and its streams. Input: http2_conn_input.cc.

#include "engine/http2_conn.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <string>
#include <utility>

#include "engine/http2_pool.h"
#include "engine/loop_services.h"
#include "hon/base/assert.h"
#include "hon/base/flatten.h"
#include "hon/base/guard.h"
#include "hon/h2/config.h"

namespace hon::engine {

using Counted = Http2Counts::Of;
using netpoll::CloseHow;
using netpoll::DeadlineKind;

namespace {

// Output that is gathered for one flush.
constexpr size_t kGatheredBytesMax = 80 * 1024;
// Bytes that the kernel takes ahead of those that it sends. A frame in the kernel goes before every
// later frame, however urgent that is, and the default of several megabytes is a long wait.
constexpr int kKernelUnsentBytesMax = 128 * 1024;
// Flushes that one call makes before others get their turn.
constexpr int kFlushesPerTurnMax = 4;
// How long the acknowledgement of the PING behind the first GOAWAY is waited for.
constexpr Duration kGoAwayTime = std::chrono::seconds(1);
constexpr uint64_t kGoAwayPing = 0x676f61776179;

constexpr size_t kPseudoFieldsBesideHost = 4;

h2::SessionLimits LimitsOf(const ConnSettings& settings) {
  const Http2Limits& own = settings.http2_limits;
  h2::SessionLimits limits;
  limits.sections_bytes_max = own.sections_bytes_max;
  limits.sections_fields_max = own.sections_fields_max;
  limits.block_bytes_max = own.block_bytes_max;
  limits.continuations_max = own.continuations_max;
  limits.control_credit = own.idle_frames_max;
  limits.control_credit_per_second = own.idle_frames_per_second;
  limits.reset_credit = own.resets_max;
  limits.fields.list_bytes_max = settings.header_bytes_max;
  // A head of HTTP/1 has Host for :authority, and its first line for the other pseudo-header
  // fields.
  limits.fields.fields_max = settings.header_fields_max + kPseudoFieldsBesideHost;
  h2::ApplyConfig(settings.http2, limits);
  return limits;
}

// Not for sockets of another family, where the call fails and nothing is lost.
void LimitUnsentInKernel(int fd) {
  static_cast<void>(::setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kKernelUnsentBytesMax,
                                 sizeof kKernelUnsentBytesMax));
}

Http2Exchange& Of(h2::Stream& stream) { return *static_cast<Http2Exchange*>(stream.UserData()); }

}  // namespace

Http2Conn::Http2Conn(LoopServices& services, netpoll::Connection& connection, ConnScope& scope)
    : services_(&services),
      connection_(&connection),
      scope_(&scope),
      session_(h2::Role::kServer, LimitsOf(services.settings), *this, connection.Writer()) {
  connection.Retain();
  if (scope.Only() != nullptr) scope.SetOnly(*this);
}

void Http2Conn::Open() {
  services_->conns.PushFront(*this);
  services_->http2_counts.Add(Counted::kConnections);
  LimitUnsentInKernel(connection_->Fd());
  last_received_ = last_stream_ended_ = began_ = services_->loop.Now();
  ArmClock(DeadlineAfter(began_, services_->settings.http2.SendPingTimeout));
  session_.Start(true);
  connection_->SetDeadline(
      DeadlineKind::kRead,
      DeadlineAfter(services_->loop.Now(), services_->settings.read_header_timeout));
  PumpSoon();
  if (!connection_->Reader().Empty()) Receive();
}

const tls::ConnectionState* Http2Conn::TlsState() const {
  return connection_->IsPlain() ? nullptr : connection_->GetRecordLayer()->State();
}

// --- Output.

void Http2Conn::PumpSoon() {
  if (receiving_ || std::exchange(deferred_, true)) return;
  services_->loop.Defer(*this);
}

HON_NO_CANARY void Http2Conn::Pump() {
  if (receiving_ || phase_ == Phase::kClosed) return;
  try {
    Produce();
  } catch (const std::bad_alloc&) {
    OutOfMemory();
  }
}

HON_NO_CANARY inline void Http2Conn::Produce() {
  io::LinkBuffer& out = connection_->Writer();
  for (int flushes = 0; flushes < kFlushesPerTurnMax; ++flushes) {
    const size_t before = out.Len();
    const bool more = session_.Produce(kGatheredBytesMax);
    unsent_ += out.Len() - before;
    if (out.Empty()) return;
    if (!more) {
      connection_->FlushLater();
      if (services_->settings.http2.WriteByteTimeout > Duration()) NoteUnsent();
      return;
    }
    if (connection_->Flush()) return;       // OnDisconnect follows
    if (!out.Empty()) return NoteUnsent();  // goes on with OnWritable
  }
  PumpSoon();
}

// The peer has the write timeout to take what is unsent, and as long again if it takes enough; and
// within each WriteByteTimeout a part of it.
void Http2Conn::NoteUnsent() {
  if (connection_->Deadline(DeadlineKind::kWrite) != kNever) return;
  unsent_ = connection_->Writer().Len();
  taken_ = 0;
  write_until_ = DeadlineAfter(services_->loop.Now(), services_->settings.write_timeout);
  ArmWriteDeadline();
}

void Http2Conn::ArmWriteDeadline() {
  TimePoint until = write_until_;
  if (const Duration one = services_->settings.http2.WriteByteTimeout; one > Duration()) {
    until = std::min(until, DeadlineAfter(services_->loop.Now(), one));
  }
  connection_->SetDeadline(DeadlineKind::kWrite, until);
}

// Whether the peer has taken all of the output, or enough to be given more time, which then begins.
bool Http2Conn::TakesOutput() {
  const size_t left = connection_->Writer().Len();
  if (left == 0) return true;
  const size_t taken = unsent_ - std::min(unsent_, left);
  if (services_->loop.Now() < write_until_) {  // WriteByteTimeout has passed
    if (taken == std::exchange(taken_, taken)) return false;
    ArmWriteDeadline();
    return true;
  }
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(services_->settings.write_timeout);
  if (static_cast<int64_t>(taken) / kPeerRateBytesMin < seconds.count()) return false;
  NoteUnsent();
  return true;
}

void Http2Conn::OnWritable() {
  if (phase_ == Phase::kClosed) return;
  connection_->SetDeadline(DeadlineKind::kWrite, kNever);
  Pump();
  if (!connection_->Reader().Empty() && !yielded_ && !receiving_) return Receive();
  EndIfDone();
}

void Http2Conn::Run() {
  deferred_ = false;
  if (gone_) {
    delete this;
    return;
  }
  if (phase_ == Phase::kClosed) return;
  if (std::exchange(yielded_, false)) return Receive();
  Pump();
  EndIfDone();
}

void Http2Conn::Discard() {
  deferred_ = false;
  if (gone_) delete this;
}

// --- Streams.

h2::FieldBuffer& Http2Conn::FieldsFor(h2::Stream* stream) {
  if (stream != nullptr) return Of(*stream).Fields();
  HON_ASSERT(next_ == nullptr);
  if (repeated_.Get() != nullptr && !repeated_.Get()->Empty()) ForgetRepeated();
  next_ = &services_->http2_exchanges.Take(*services_);
  return next_->Fields();
}

h2::FieldBuffer* Http2Conn::FieldsOfRepeated() {
  HON_ASSERT(next_ == nullptr);
  if (repeated_.Get() == nullptr) repeated_.Set(*new RepeatedHead);
  next_ = &services_->http2_exchanges.Take(*services_);
  next_->ShareHead(*repeated_.Get());
  return &repeated_.Get()->fields;
}

// Another block follows.
void Http2Conn::ForgetRepeated() {
  if (repeated_.Get()->Unshared()) return repeated_.Get()->Clear();
  repeated_.Reset();  // the exchanges that use it free it
}

h2::Stream& Http2Conn::NewStream() {
  HON_ASSERT(next_ != nullptr);
  return next_->Wire();
}

void Http2Conn::OnSectionDropped(h2::FieldBuffer&) { FreeNext(); }

void Http2Conn::FreeNext() {
  Http2Exchange& unused = *std::exchange(next_, nullptr);
  unused.End(*scope_);
  services_->http2_exchanges.GiveBack(unused);
}

HON_NO_CANARY void Http2Conn::OnSection(h2::Stream& stream, h2::FieldBuffer&,
                                        const h2::SectionInfo& info) {
  Http2Exchange& exchange = Of(stream);
  if (info.trailers) {
    const h2::Violation violation = exchange.TakeTrailers(info);
    if (!violation) return;
    session_.ResetFaulty(stream, violation);
    return OnReset(stream, violation.code, false);
  }
  HON_ASSERT(&exchange == next_);
  next_ = nullptr;
  exchanges_.PushBack(exchange);
  services_->http2_counts.Add(Counted::kStreams);
  if (++streams_opened_ == services_->settings.http2_limits.connection_streams_max) [[unlikely]]
    Retire();
  if (session_.Streams() == 1) {
    if (phase_ == Phase::kOpen) connection_->SetDeadline(DeadlineKind::kIdle, kNever);
    services_->ReportState(*connection_, ConnState::kActive);
  }
  try {
    if (!exchange.Start(*this, info)) return;
  } catch (const std::bad_alloc&) {
    return exchange.RefuseToRun();
  }
  opened_ = &exchange;
  session_.PauseReceive();
}

void Http2Conn::OnData(h2::Stream& stream) { Of(stream).OnData(); }
void Http2Conn::OnFramed(h2::Stream& stream) { Of(stream).OnFramed(); }

void Http2Conn::OnSent(h2::Stream& stream) {
  Http2Exchange& exchange = Of(stream);
  exchange.OnSent();
  if (exchange.Draining()) Release(exchange);
}

void Http2Conn::OnReset(h2::Stream& stream, h2::ErrorCode code, bool by_peer) {
  Http2Exchange& exchange = Of(stream);
  std::string what = by_peer ? "http2: the client has reset the stream: "
                             : "http2: the stream was reset for a fault of the client's: ";
  what += h2::ErrorCodeName(code);
  if (by_peer) {
    services_->http2_counts.Add(Counted::kResetsReceived);
  } else {
    CountFault(code);
  }
  exchange.OnGone(Error::Of(io::ErrClosed, what), ErrClientGone);
  if (exchange.Draining()) Release(exchange);
}

void Http2Conn::Ended(Http2Exchange& exchange) {
  if (exchange.InTunnel()) [[unlikely]]
    return;
  if (exchange.Over()) return Release(exchange);
  exchange.BeginDrain();
  PumpSoon();
}

void Http2Conn::Release(Http2Exchange& exchange) {
  session_.Release(exchange.Wire());
  IntrusiveList<Http2Exchange>::Remove(exchange);
  exchange.End(*scope_);
  services_->http2_exchanges.GiveBack(exchange);
  if (session_.Streams() == 0) {
    last_stream_ended_ = services_->loop.Now();
    if (phase_ == Phase::kOpen) {
      connection_->SetDeadline(
          DeadlineKind::kIdle,
          DeadlineAfter(services_->loop.Now(), services_->settings.keep_alive_timeout));
    }
    if (phase_ != Phase::kClosed) services_->ReportState(*connection_, ConnState::kIdle);
  }
  if (!services_->keep_alive.load(std::memory_order_relaxed)) [[unlikely]]
    BeginGoAway();
  if (disconnected_) {
    if (exchanges_.Empty()) Gone();
    return;
  }
  PumpSoon();
}

// --- The end.

bool Http2Conn::IsQuiet() const {
  return session_.Streams() == 0 && services_->loop.Now() - last_stream_ended_ >= kGoAwayTime;
}

void Http2Conn::BeginGoAway() {
  if (phase_ != Phase::kOpen) return;
  phase_ = Phase::kGoingAway;
  services_->http2_counts.Add(Counted::kGoAways);
  if (IsQuiet()) return FinishGoAway();
  session_.SendGoAway(h2::kStreamIdMax, h2::ErrorCode::kNoError);
  session_.SendPing(kGoAwayPing);
  connection_->SetDeadline(DeadlineKind::kIdle, DeadlineAfter(services_->loop.Now(), kGoAwayTime));
  PumpSoon();
}

void Http2Conn::OnPong(uint64_t opaque) {
  if (opaque == kGoAwayPing && phase_ == Phase::kGoingAway) FinishGoAway();
}

void Http2Conn::FinishGoAway() {
  phase_ = Phase::kLast;
  connection_->SetDeadline(DeadlineKind::kIdle, kNever);
  session_.SendGoAway(session_.LastPeerStream(), h2::ErrorCode::kNoError);
  session_.RefuseNewStreams();
  PumpSoon();
}

// Closes a connection that has no further stream to serve.
void Http2Conn::EndIfDone() {
  if (phase_ == Phase::kClosed || session_.Streams() != 0) return;
  if (phase_ == Phase::kLast) return Close(IsQuiet() ? CloseHow::kGraceful : CloseHow::kLinger);
  if (peer_finished_) Close(CloseHow::kGraceful);
}

void Http2Conn::OutOfMemory() {
  if (phase_ != Phase::kClosed) Close(CloseHow::kAbort);
  if (opened_ != nullptr) std::exchange(opened_, nullptr)->RefuseToRun();
}

void Http2Conn::SessionFailed() {
  const h2::Violation& failure = session_.Failure();
  FailLate(failure.code, failure.reason);
}

// The session has failed, or is made to.
void Http2Conn::FailLate(h2::ErrorCode code, std::string_view reason) {
  session_.SendGoAway(session_.LastPeerStream(), code, reason);  // unless it has
  Count("conn_", code);
  if (phase_ == Phase::kOpen) services_->http2_counts.Add(Counted::kGoAways);
  services_->http2_counts.Add(code == h2::ErrorCode::kEnhanceYourCalm ? Counted::kFloods
                                                                      : Counted::kViolations);
  const std::string detail =
      "http2: " + std::string(h2::ErrorCodeName(code)) + ": " + std::string(reason);
  char peer[netpoll::kAddressTextMax];
  services_->engine.Report({.kind = Event::Kind::kProtocol,
                            .peer = connection_->FormatRemoteAddr(peer),
                            .detail = detail});
  Close(CloseHow::kLinger);
  Abandon(Error::Of(io::ErrClosed, detail), ErrClientGone);
}

void Http2Conn::Count(std::string_view scope, h2::ErrorCode code) const {
  const auto& count = services_->settings.http2.CountError;
  if (!count) return;
  const std::string token = std::string(scope) + std::string(h2::ErrorCodeName(code));
  const Error thrown = CallGuarded([&] { count(token); });
  if (thrown) services_->engine.ReportThrown("HTTP2Config::CountError", thrown);
}

void Http2Conn::CountFault(h2::ErrorCode code) const {
  services_->http2_counts.Add(Counted::kResetsSent);
  Count("stream_", code);
}

void Http2Conn::OnRefused(h2::ErrorCode code) {
  services_->http2_counts.Add(Counted::kRefused);
  Count("stream_", code);
}

// The limit of streams or age is reached (Http2Limits).
void Http2Conn::Retire() {
  if (phase_ != Phase::kOpen) return;
  services_->http2_counts.Add(Counted::kRetired);
  BeginGoAway();
}

// The clock rings at `ping`, or earlier for the connection's age.
void Http2Conn::ArmClock(TimePoint ping) {
  TimePoint next = services_->settings.http2.SendPingTimeout > Duration() ? ping : kNever;
  if (phase_ == Phase::kOpen) {
    next =
        std::min(next, DeadlineAfter(began_, services_->settings.http2_limits.connection_age_max));
  }
  if (next != kNever) services_->loop.Timers().Arm(clock_, next);
}

void Http2Conn::OnClock() {
  if (phase_ == Phase::kClosed) return;
  const http::HTTP2Config& config = services_->settings.http2;
  const TimePoint now = services_->loop.Now();
  if (DeadlineAfter(began_, services_->settings.http2_limits.connection_age_max) <= now) {
    Retire();
  }
  if (config.SendPingTimeout <= Duration()) return;
  TimePoint next = DeadlineAfter(last_received_, config.SendPingTimeout);
  if (next <= now) {
    if (health_asked_) {
      return FailLate(h2::ErrorCode::kNoError, "timeout waiting for PING response");
    }
    health_asked_ = true;
    session_.SendPing(h2::kHealthPing);
    PumpSoon();
    next = DeadlineAfter(now, h2::PingTimeoutOf(config));
  }
  ArmClock(next);
}

void Http2Conn::OnTimeout(DeadlineKind kind) {
  if (phase_ == Phase::kClosed) {
    if (kind == DeadlineKind::kWrite) connection_->Close(CloseHow::kAbort);
    return;
  }
  switch (kind) {
    case DeadlineKind::kRead:
      if (session_.AwaitsSettings()) {
        return FailLate(h2::ErrorCode::kSettingsTimeout, "the client's preface is late");
      }
      return FailLate(h2::ErrorCode::kEnhanceYourCalm, "a frame or a field block is late");
    case DeadlineKind::kWrite:
      if (TakesOutput()) return;
      services_->http2_counts.Add(Counted::kStalls);
      Close(CloseHow::kAbort);
      return Abandon(io::ErrDeadlineExceeded, ErrClientGone);
    case DeadlineKind::kIdle:
      if (phase_ == Phase::kOpen) {
        phase_ = Phase::kGoingAway;
        services_->http2_counts.Add(Counted::kGoAways);
      }
      if (phase_ == Phase::kGoingAway) FinishGoAway();
  }
}

void Http2Conn::CloseIfIdle() {
  if (services_->draining) {
    exchanges_.ForEach([](Http2Exchange& exchange) { exchange.NotifyShutdown(); });
  }
  BeginGoAway();
}

void Http2Conn::EndTakenOver(const Error& cause) {
  exchanges_.ForEach([&](Http2Exchange& exchange) { exchange.CutTunnel(cause); });
}

void Http2Conn::Cut(const Error& cause) {
  exchanges_.ForEach([&](Http2Exchange& exchange) {
    if (exchange.Running()) exchange.Cut(cause);
  });
  if (disconnected_) return;
  if (phase_ != Phase::kClosed) return Close(CloseHow::kAbort);
  connection_->Close(CloseHow::kAbort);
}

void Http2Conn::OnScopeEnd(const ConnScope& scope) {
  if (&scope != scope_) return;
  exchanges_.ForEach([&](Http2Exchange& exchange) {
    if (exchange.Running()) exchange.Cut(scope.Context().Cause());
  });
}

void Http2Conn::OnDisconnect(const Error& why) {
  HON_ASSERT(!disconnected_);
  phase_ = Phase::kClosed;
  Abandon(why ? why : Error(io::ErrClosed), ErrClientGone);
  disconnected_ = true;
  if (exchanges_.Empty()) Gone();
}

// Nothing is sent or received on any stream from now on.
void Http2Conn::Abandon(const Error& why, const Error& cause) {
  session_.Abandon();
  exchanges_.ForEach([&](Http2Exchange& exchange) {
    exchange.OnGone(why, cause);
    if (exchange.Draining()) Release(exchange);
  });
}

void Http2Conn::Close(CloseHow how) {
  HON_ASSERT(phase_ != Phase::kClosed);
  phase_ = Phase::kClosed;
  session_.Abandon();
  for (const DeadlineKind kind : {DeadlineKind::kRead, DeadlineKind::kIdle}) {
    connection_->SetDeadline(kind, kNever);
  }
  connection_->SetDeadline(DeadlineKind::kWrite,
                           DeadlineAfter(services_->loop.Now(), services_->settings.write_timeout));
  connection_->Close(how);
}

// Neither the socket nor a handler is left.
void Http2Conn::Gone() {
  HON_ASSERT(!gone_ && exchanges_.Empty());
  if (receiving_) return;  // FinishAlone follows
  if (next_ != nullptr) FreeNext();
  gone_ = true;
  services_->ReportState(*connection_, ConnState::kClosed);
  services_->UncountPeer(*connection_);
  services_->conns.Remove(*this);
  services_->LeaveConnection();
  if (scope_->Only() == this) delete scope_;
  connection_->Release();
  if (!deferred_) delete this;
}

Http2Conn::~Http2Conn() { HON_ASSERT(gone_ && next_ == nullptr); }

}  // namespace hon::engine
