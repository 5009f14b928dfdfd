#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "client/body_sink.h"
#include "client/parker.h"
#include "client/route.h"
#include "hon/h2/field_section.h"
#include "hon/h2/session.h"
#include "hon/io/event_conn.h"
#include "hon/tls/connection_state.h"

namespace hon::client {

class Core;
class H2Conn;
class LoopPool;
class TunnelState;
struct ClientTrace;

/// The client's side of one HTTP/2 stream. Used on the connection's loop.
class H2Stream final : public BodySink, public IntrusiveListNode<H2Stream> {
 public:
  explicit H2Stream(std::shared_ptr<H2Conn> conn);
  /// Resets a stream that is still open.
  ~H2Stream();

  /// Opens the stream, when the server's limit of streams allows. Waits end with `context`, which
  /// the caller keeps until the stream is destroyed.
  Error Open(const h2::Session::RequestHead& head, const http::Header& fields, bool end_stream,
             const appcontext::Context& context);

  // BodySink
  Error Put(std::string_view part) override;
  Error PutBlocks(io::LinkBuffer& part) override;
  [[nodiscard]] io::BlockPool& Blocks() override { return stream_.Out().Pool(); }
  Error End(const http::Header& trailer) override;

  /// Waits for the head of the answer, for 100 Continue or a kept 1xx until `deadline`. Views of
  /// the head are valid as long as this object. Errors: io::ErrDeadlineExceeded, the cause of the
  /// context, or the reason of the stream's end.
  Error AwaitHead(TimePoint deadline);
  [[nodiscard]] bool HasHead() const { return has_head_; }
  [[nodiscard]] const h2::ResponseFields& Head() const { return head_; }
  [[nodiscard]] http::Header& Fields() { return header_; }
  [[nodiscard]] http::Header& Trailers() { return trailers_; }
  /// Reads content for the Body of the Response.
  io::IoResult Read(std::span<char> into);
  io::IoResult ReadBlocks(io::LinkBuffer& into, size_t bytes_max) {
    if (Error err = AwaitContent()) return {0, std::move(err)};
    const size_t n = stream_.In().MoveTo(into, bytes_max);
    Consumed();
    return {n, {}};
  }
  /// Whether In() has blocks of `pool`.
  [[nodiscard]] bool IsOf(const io::BlockPool& pool) { return &stream_.In().Pool() == &pool; }
  /// Whether the whole answer was read.
  [[nodiscard]] bool AtEnd() { return stream_.InputEnded() && stream_.In().Empty() && !failure_; }

  /// Ends the use of the stream: resets an open one. The texts stay valid.
  void Release();
  /// Wakes the reading fiber, which checks the state again.
  void WakeReader();

  // For a tunnel.

  /// The events of the stream go to `tunnel` from now on; null: nowhere. The context of the request
  /// does not count any more.
  void SetTunnel(std::shared_ptr<TunnelState> tunnel);
  [[nodiscard]] h2::Stream& Wire() { return stream_; }
  /// Bytes of Wire().In() were read.
  void Consumed();
  /// Wire().Out() has grown.
  void SendSoon();
  void SendEnd();

  /// Ends all waits with `why`.
  void Fail(Error why);
  [[nodiscard]] bool Began() const { return began_; }
  [[nodiscard]] bool Refused() const { return refused_; }
  [[nodiscard]] bool TakeContinue() { return std::exchange(continue_received_, false); }
  /// Calls hooks of `trace` (null: none), which the caller keeps until SetTrace(null) or the end of
  /// the stream.
  void SetTrace(const ClientTrace* trace) { trace_ = trace; }
  /// Whether the stream has ended with an error.
  [[nodiscard]] bool Failed() const { return static_cast<bool>(failure_); }
  /// Keeps 1xx answers for TakeInterims.
  void KeepInterims() { keeps_interims_ = true; }
  struct Interim {
    int status = 0;
    http::Header fields;
  };
  /// The 1xx answers since the last call.
  [[nodiscard]] std::vector<Interim> TakeInterims() { return std::exchange(pending_interims_, {}); }
  [[nodiscard]] uint32_t Id() const { return stream_.Id(); }
  [[nodiscard]] H2Conn& Connection() { return *conn_; }

 private:
  friend class H2Conn;

  void OnSection(h2::FieldBuffer& fields, const h2::SectionInfo& info);
  void OnInterim(int status);
  void OnTrailers(h2::FieldBuffer& fields, const h2::SectionInfo& info);
  void OnReset(h2::ErrorCode code, bool by_peer);
  /// The answer is at fault: resets the stream.
  void Refuse(h2::ErrorCode code, Error why);
  h2::FieldBuffer& NextFields() { return has_head_ ? trailer_buffer_ : buffer_; }
  [[nodiscard]] Error Obstacle(TimePoint deadline) const;
  Error AwaitContent();
  Error SendWithRoom();

  std::shared_ptr<H2Conn> conn_;
  std::shared_ptr<TunnelState> tunnel_;
  h2::Stream stream_;
  h2::FieldBuffer buffer_;
  h2::FieldBuffer trailer_buffer_;
  h2::ResponseFields head_;
  http::Header header_;
  http::Header trailers_;
  const appcontext::Context* context_ = nullptr;
  Parker* reader_ = nullptr;
  Parker* writer_ = nullptr;
  const ClientTrace* trace_ = nullptr;
  std::vector<Interim> pending_interims_;
  size_t interims_ = 0;
  size_t interim_bytes_ = 0;
  bool keeps_interims_ = false;
  bool opened_ = false;
  bool to_head_ = false;  // the request is HEAD
  bool began_ = false;    // a field section has come
  bool has_head_ = false;
  bool continue_received_ = false;
  bool refused_ = false;
  Error failure_;
};

/// One HTTP/2 connection to a server. Used on its loop's thread. Kept by its streams and by the
/// pool of its loop.
class H2Conn final : public io::ConnSink,
                     private h2::SessionHandler,
                     public std::enable_shared_from_this<H2Conn> {
 public:
  H2Conn(std::shared_ptr<Core> core, std::shared_ptr<Route> route, std::shared_ptr<LoopPool> pool);
  ~H2Conn();

  // io::ConnSink
  void OnOpen(std::unique_ptr<io::EventConn> conn) override;
  void OnInput() override;
  void OnDrained() override;
  void OnDeadline(io::ConnDeadline which) override;
  void OnClosed(const Error& why) override;

  /// Whether a request may use this connection, perhaps after a wait for a stream.
  [[nodiscard]] bool Usable() const { return !gone_ && !leaving_; }
  /// Whether a further stream can be opened without a wait.
  [[nodiscard]] bool HasRoom() const { return Usable() && openers_.Empty() && MayOpen(); }
  /// Whether the connection is past its lifetime.
  [[nodiscard]] bool IsOld() const { return retires_at_ != kNever && Clock::now() >= retires_at_; }
  /// The connection serves no further request, and ends with its last stream.
  void Leave();
  /// Ends the connection if it has no stream.
  void CloseIfIdle();
  /// Runs `function` on the loop. See io::EventConn::Post.
  void Post(std::function<void()> function) { conn_->Post(std::move(function)); }
  /// Whether the server's SETTINGS, as far as they are known, allow extended CONNECT.
  [[nodiscard]] bool AllowsConnectProtocol() const { return session_->PeerAllowsConnectProtocol(); }
  /// Waits for the server's SETTINGS, and returns whether they allow extended CONNECT. Errors: the
  /// cause of `context`, or the reason of the connection's end.
  Result<bool> AwaitConnectProtocol(const appcontext::Context& context);
  [[nodiscard]] bool Served() const { return served_; }
  [[nodiscard]] std::string LocalAddr() const { return conn_->LocalAddr(); }
  [[nodiscard]] std::string RemoteAddr() const { return conn_->RemoteAddr(); }
  [[nodiscard]] const std::shared_ptr<Route>& GetRoute() const { return route_; }
  [[nodiscard]] const std::shared_ptr<Core>& GetCore() const { return core_; }
  [[nodiscard]] const std::shared_ptr<LoopPool>& GetPool() const { return pool_; }
  [[nodiscard]] const std::shared_ptr<const tls::ConnectionState>& TlsState() const {
    return tls_state_;
  }
  void SetTlsState(std::shared_ptr<const tls::ConnectionState> state) {
    tls_state_ = std::move(state);
  }

 private:
  friend class H2Stream;

  struct Opener : IntrusiveListNode<Opener> {
    Parker* parker = nullptr;
  };

  // h2::SessionHandler
  h2::FieldBuffer& FieldsFor(h2::Stream* stream) override;
  h2::Stream& NewStream() override;
  void OnSection(h2::Stream& stream, h2::FieldBuffer& fields, const h2::SectionInfo& info) override;
  void OnSectionDropped(h2::FieldBuffer&) override {}
  void OnData(h2::Stream& stream) override;
  void OnReset(h2::Stream& stream, h2::ErrorCode code, bool by_peer) override;
  void OnFramed(h2::Stream& stream) override;
  void OnGoAway(uint32_t last_stream, h2::ErrorCode code) override;
  void OnSettings() override {
    settings_seen_ = true;
    WakeOpeners();
  }
  void OnSent(h2::Stream& stream) override;

  [[nodiscard]] bool MayOpen() const;
  Error AwaitRoom(const appcontext::Context& context);
  /// Whether the server takes a field section of this length.
  [[nodiscard]] bool Takes(const h2::Session::RequestHead& head, const http::Header& fields) const;
  void BeginSilence();
  [[nodiscard]] Duration SilenceMax() const;
  void WatchSilence(TimePoint since);
  void CheckSilence();
  void NoteUnsent();
  void CheckProgress();
  void Lose();
  void Count(std::string_view scope, h2::ErrorCode code) const;
  void WakeOpeners();
  void Remove(H2Stream& stream);
  void Receive();
  void Pump();
  void Yield();
  void Fail(const Error& why);
  void EndIfDone();

  std::shared_ptr<Core> core_;
  std::shared_ptr<Route> route_;
  std::shared_ptr<LoopPool> pool_;
  std::unique_ptr<io::EventConn> conn_;
  std::optional<h2::Session> session_;
  std::shared_ptr<const tls::ConnectionState> tls_state_;
  IntrusiveList<H2Stream, H2Stream> streams_;
  IntrusiveList<Opener, Opener> openers_;
  h2::FieldBuffer spare_fields_;
  std::optional<h2::Stream> spare_stream_;
  TimePoint retires_at_;
  TimePoint silent_since_{};  // nothing was received since then, with streams
  // Unsent bytes when the deadline for writing was set, and bytes added since; 0: there is none.
  size_t unsent_ = 0;
  bool watches_silence_ = false;
  bool pinged_ = false;  // a PING is unanswered
  bool receiving_ = false;
  bool yielded_ = false;
  bool settings_seen_ = false;
  bool leaving_ = false;  // opens no further streams
  bool closing_ = false;
  bool served_ = false;
  Error gone_;
};

}  // namespace hon::client
