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

/// Connects on behalf of one loop. Names are looked up by a thread that the first of them starts;
/// numeric and unix addresses never leave the loop's thread.
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
  /// Fails what is under way with ErrClosed. Waits for a name look-up that is under way.
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
  // By number: what other threads and later steps hold of an attempt that may have ended.
  std::unordered_map<uint64_t, std::unique_ptr<Attempt>> attempts_;
  std::unordered_map<const Connection*, uint64_t> handshaking_;  // the number of its attempt
  std::unique_ptr<Resolver> resolver_;
};

}  // namespace hon::netpoll
