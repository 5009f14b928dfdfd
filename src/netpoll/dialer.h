#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "hon/base/result.h"
#include "hon/base/time.h"
#include "hon/io/record_layer.h"
#include "hon/netpoll/connection.h"
#include "hon/netpoll/loop.h"

namespace hon::netpoll {

/// Connects for one loop. A thread looks names up, started by the first name; numeric and unix
/// addresses never leave the loop's thread.
class Dialer {
 public:
  using Done = std::function<void(Result<Connection*>)>;

  explicit Dialer(Loop& loop);
  ~Dialer();
  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;

  /// `layer` may be null.
  void Dial(std::string_view address, EventHandler& handler, Duration timeout, Done done,
            std::unique_ptr<io::RecordLayer> layer);
  /// A connecting socket of this dialer has become writable, or has failed.
  void OnProgress(Connection& c);
  /// The record layer of a connection of this dialer is ready, or has failed.
  void OnHandshakeEnd(Connection& c, Error why);
  /// Ends the dials for `handler` without a call of their Done; see Loop::CancelDials.
  void Cancel(const EventHandler& handler);
  /// Fails pending dials with ErrClosed. Waits for a running name look-up.
  void Stop();

 private:
  class Attempt;
  class Resolver;

  [[nodiscard]] Attempt* Find(uint64_t number);
  void AwaitHandshake(Attempt& attempt, Connection& c);
  void LookUp(Attempt& attempt);
  void Finish(Attempt& attempt, Result<Connection*> result);

  Loop& loop_;
  uint64_t last_number_ = 0;
  // By number: other threads and later steps refer to an attempt, which may have ended, by its
  // number.
  std::unordered_map<uint64_t, std::unique_ptr<Attempt>> attempts_;
  std::unordered_map<Connection*, uint64_t> handshaking_;  // the number of its attempt
  std::unique_ptr<Resolver> resolver_;
};

}  // namespace hon::netpoll
