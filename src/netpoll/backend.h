#pragma once

// The operations of the kernel that a loop needs. One file per kernel (backend_*.cc) implements
// this, and a fake one serves tests. The interface is that of a proactor: the backend receives into
// blocks of the loop's pool, accepts, and reports. Reports are made from Deliver only, so that no
// request to the backend calls back. ConnectionIo (connection_io.h) is the backend's access to a
// connection.

#include <sys/types.h>
#include <sys/uio.h>

#include <cstdint>
#include <memory>

#include "hon/base/result.h"
#include "hon/base/time.h"
#include "hon/netpoll/loop.h"
#include "netpoll/address.h"

namespace hon::netpoll {

class Connection;

/// A listening socket and the receiver of its connections. Owned by its loop, which deletes it once
/// `retired` is set and nothing is in flight.
class Acceptor {
 public:
  explicit Acceptor(int listening_fd) : fd(listening_fd) {}
  virtual ~Acceptor() = default;
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  /// `accepted` is non-blocking and close-on-exec, and belongs to the callee.
  virtual void OnAccepted(int accepted) = 0;
  /// Accepting has stopped with this errno until StartAccept. Connections that were aborted before
  /// the accept are not reported.
  virtual void OnAcceptFailed(int errno_value) = 0;
  /// The loop is being destroyed, and this object with it.
  virtual void OnLoopGone() = 0;

  /// Whether the kernel refers to the acceptor no longer.
  [[nodiscard]] bool Quiet() const { return !in_flight && !cancel_in_flight; }

  int fd;
  bool wanted = false;            // between StartAccept and StopAccept or OnAcceptFailed
  bool in_flight = false;         // the kernel may accept for it
  bool cancel_in_flight = false;  // the kernel was asked to stop, and has not answered
  bool retired = false;
  bool exclusive = true;  // one of several that wait for this socket is woken, not all
};

class Backend {
 public:
  virtual ~Backend() = default;
  [[nodiscard]] virtual BackendKind Kind() const = 0;

  /// Called once, before anything but Wake, by the loop that the backend serves. The pool of its
  /// blocks outlives the backend.
  virtual void Bind(Loop& loop) = 0;

  // Waiting.

  /// Submits what is ready to the kernel, and waits for events until `wait_max` has passed or Wake
  /// is called.
  virtual void Wait(Duration wait_max) = 0;
  /// Reports the events of the last wait. False: there was none.
  virtual bool Deliver() = 0;
  /// There is something to deliver without a wait.
  [[nodiscard]] virtual bool HasReady() const = 0;
  /// The last wait brought as many events as one wait can bring: the kernel may have more.
  [[nodiscard]] virtual bool MoreEvents() const { return false; }
  /// Ends the current wait, or else the next one. From any thread.
  virtual void Wake() = 0;
  [[nodiscard]] virtual TimePoint Now() const { return Clock::now(); }
  /// Frees memory that an idle loop does not need. On the loop's thread, outside of Deliver.
  virtual void Trim() {}

  // Accepting.

  virtual void StartAccept(Acceptor& acceptor) = 0;
  virtual void StopAccept(Acceptor& acceptor) = 0;
  /// Stops and closes the descriptor.
  virtual void CloseAcceptor(Acceptor& acceptor) = 0;

  // Connections.

  /// A socket is connected or connecting. Until Close, the backend receives while the connection
  /// wants input, and notices a leaving peer while it does not.
  virtual Error Attach(Connection& c) = 0;
  /// The connection is established, or has begun or ceased to want input. Called at the end of a
  /// turn.
  virtual void Sync(Connection& c) = 0;
  /// Called before a step of the handshake of `c`. Receives the input that the backend has left in
  /// the socket until then.
  virtual void ReceiveHandshake(Connection&) {}
  /// Reports once when the socket takes bytes (or is broken).
  virtual void WatchWritable(Connection& c) = 0;
  /// Ends all operations above and closes the descriptor. Operations still in flight are seen in
  /// the connection's holds, and reported when they have ended.
  virtual void Close(Connection& c) = 0;

  // The system calls that a connection makes itself. The calls neither block nor return EINTR. A
  // negative result is a negated errno.

  virtual ssize_t Send(int fd, const iovec* parts, int count);
  /// As Send, when more bytes follow at once: the kernel may keep the last segment until then.
  virtual ssize_t SendMore(int fd, const iovec* parts, int count);
  virtual ssize_t SendFile(int fd, int file, int64_t offset, size_t count);
  /// Sends FIN.
  virtual void EndWrite(int fd);
  /// Makes close send a reset.
  virtual void ResetOnClose(int fd);
  /// The pending errno of the socket, cleared by this call.
  virtual int TakeError(int fd);
  virtual Result<SocketAddress> LocalAddress(int fd);
  virtual Result<SocketAddress> PeerAddress(int fd);
  /// Non-blocking, close-on-exec, the options of contract L21.
  virtual Error PrepareSocket(int fd);
  /// Returns the descriptor of a prepared socket that is connected, or becomes writable when it is.
  virtual int StartConnect(const SocketAddress& to, bool* connected);
  /// Accepts one waiting connection, or fails.
  virtual int AcceptNow(int fd);
  virtual void CloseNow(int fd);

 protected:
  /// Accepts what waits, up to the share of a turn.
  void AcceptSome(Acceptor& acceptor);
  /// Calls recv once, with a block of `pool` as the buffer, which goes to `c` where `c` does not
  /// copy the bytes. Returns the number of bytes, or a negated errno; sets `filled` when the block
  /// had no room for more.
  static ssize_t ReceiveBlock(Connection& c, io::BlockPool& pool, bool* filled);
};

/// Whether accept failed by the fate of one connection, so that the next one may be accepted
/// (accept(2), "Error handling"). Any other failure lasts: want of descriptors or memory, or for
/// ever.
[[nodiscard]] bool EndsOneAccept(int errno_value);

/// Opens /dev/null for those of the descriptors 0 to 2 that are closed, as Go's runtime does:
/// otherwise a socket would take the place of the standard streams, and what is printed its bytes.
void OpenStandardStreams();

/// Makes the descriptor non-blocking and close-on-exec.
Error SetNonBlocking(int fd);

/// TCP_NODELAY and keep-alive (15 s, every 15 s, 9 times); no effect on a unix socket. Accepted
/// sockets inherit them from the listening socket.
void SetStreamOptions(int fd, bool no_delay);

/// The backend of this platform for `options.backend`; defined in the platform's file.
Result<std::unique_ptr<Backend>> MakePlatformBackend(const LoopOptions& options);

}  // namespace hon::netpoll
