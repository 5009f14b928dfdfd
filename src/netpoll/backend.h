#pragma once

// What a kernel owes a loop. One file per kernel (backend_*.cc) implements this, and a fake one
// serves tests. The interface is that of a proactor: the backend receives by itself into blocks of
// the loop's pool, accepts by itself, and reports. It reports from Deliver only, so that nothing
// calls back out of a request made to it. How it reaches a connection is in connection_io.h.

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

/// A listening socket and who hears of its connections. Owned by its loop, which deletes it once
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
  /// they could be accepted are not reported.
  virtual void OnAcceptFailed(int errno_value) = 0;
  /// The loop is being destroyed, and this object with it.
  virtual void OnLoopGone() = 0;

  /// The kernel refers to it no longer.
  [[nodiscard]] bool Quiet() const { return !in_flight && !cancel_in_flight; }

  int fd;
  bool wanted = false;            // between StartAccept and StopAccept or OnAcceptFailed
  bool in_flight = false;         // the kernel accepts for it
  bool cancel_in_flight = false;  // the kernel was asked to stop, and has not answered
  bool retired = false;
};

class Backend {
 public:
  virtual ~Backend() = default;
  [[nodiscard]] virtual BackendKind Kind() const = 0;

  /// Called once, before anything but Wake. The pool outlives the backend.
  virtual void Bind(io::BlockPool& blocks) = 0;

  // Waiting.

  /// Hands what is ready to the kernel, and waits for events until `wait_max` has passed or Wake
  /// is called.
  virtual void Wait(Duration wait_max) = 0;
  /// Reports the events of the last wait.
  virtual void Deliver() = 0;
  /// There is something to deliver without a wait.
  [[nodiscard]] virtual bool HasReady() const = 0;
  /// Ends a wait, the next one if none is under way. From any thread.
  virtual void Wake() = 0;
  [[nodiscard]] virtual TimePoint Now() const { return Clock::now(); }

  // Accepting.

  virtual void StartAccept(Acceptor& acceptor) = 0;
  virtual void StopAccept(Acceptor& acceptor) = 0;
  /// Stops and closes the descriptor.
  virtual void CloseAcceptor(Acceptor& acceptor) = 0;

  // Connections.

  /// A socket is connected or connecting. Until Close: receives while the connection wants input,
  /// notices a leaving peer while it does not.
  virtual Error Attach(Connection& c) = 0;
  /// The connection is established, wants input again, or no longer. Called at the end of a turn.
  virtual void Sync(Connection& c) = 0;
  /// Reports once when the socket takes bytes (or is broken).
  virtual void WatchWritable(Connection& c) = 0;
  /// Ends everything above and closes the descriptor. What is still in flight is seen in the
  /// connection's holds, and reported when it has ended.
  virtual void Close(Connection& c) = 0;

  // The system calls that a connection makes by itself. They do not block and are not
  // interrupted. A negative result is a negated errno.

  virtual ssize_t Send(int fd, const iovec* parts, int count);
  virtual ssize_t SendFile(int fd, int file, int64_t offset, size_t count);
  /// Sends FIN.
  virtual void EndWrite(int fd);
  /// Makes close send a reset.
  virtual void ResetOnClose(int fd);
  /// The errno that waits in the socket, cleared by asking.
  virtual int TakeError(int fd);
  virtual Result<SocketAddress> LocalAddress(int fd);
  virtual Result<SocketAddress> PeerAddress(int fd);
  /// Non-blocking, close-on-exec, the options of contract L21.
  virtual Error PrepareSocket(int fd);
  /// A prepared socket that is connected, or will be writable when it is: its descriptor.
  virtual int StartConnect(const SocketAddress& to, bool* connected);
  /// Takes one waiting connection, or fails.
  virtual int AcceptNow(int fd);
  virtual void CloseNow(int fd);
};

/// Whether accept failed for want of descriptors or memory, or for ever, and not by the fate of
/// one connection that ended before it was accepted.
[[nodiscard]] bool IsAcceptFailure(int errno_value);

/// Non-blocking and close-on-exec.
Error SetNonBlocking(int fd);

/// TCP_NODELAY and keep-alive (15 s, every 15 s, 9 times); no effect on a unix socket. Sockets
/// inherit them from the listening socket that they come from.
void SetStreamOptions(int fd, bool no_delay);

/// The backend of this platform for `options.backend`; in the file of the platform.
Result<std::unique_ptr<Backend>> MakePlatformBackend(const LoopOptions& options);

}  // namespace hon::netpoll
