#pragma once

#include <atomic>
#include <memory>

#include "hon/base/time.h"
#include "hon/io/link_buffer.h"
#include "hon/io/record_layer.h"
#include "hon/netpoll/connection.h"

namespace hon::netpoll {

/// The additional state of a connection with a record layer.
struct Connection::Records {
  /// Made with the first bytes: a connection whose peer is silent has none.
  struct Buffers {
    explicit Buffers(io::BlockPool& pool) : received(pool), sealed(pool) {}

    io::LinkBuffer received;  // ciphertext that is not opened yet
    io::LinkBuffer sealed;    // ciphertext that is not sent yet
    size_t sealed_bytes = 0;  // plaintext sealed since the connection was idle
    TimePoint sealed_at{};
  };

  explicit Records(std::unique_ptr<io::RecordLayer> record_layer)
      : layer(std::move(record_layer)) {}
  Buffers& Make(io::BlockPool& pool) {
    if (buffers == nullptr) [[unlikely]]
      buffers = std::make_unique<Buffers>(pool);
    return *buffers;
  }

  std::unique_ptr<io::RecordLayer> layer;
  std::unique_ptr<Buffers> buffers;
  TimePoint deadline = kNever;  // of the handshake
  RecordObserver* observer = nullptr;
  Connection* queue_next = nullptr;    // in a ConnectionQueue
  std::atomic<bool> abandoned{false};  // closed: the result of a long step is dropped
  bool news = false;           // the handler must be notified of plaintext, or of the end of input
  bool failed = false;         // no further record is opened or sealed
  bool output_closed = false;  // our close_notify is in `sealed`, or was sent
  bool more = false;           // the layer has reached its limit of records for one call
  bool ended = false;          // the peer's FIN came after `received`
  bool stepped = false;        // a long step was begun, whose result is still to be taken
  bool more_follows = false;   // more is sealed and sent behind the next send, at once
  bool dialed = false;         // the dialer waits for the end of the handshake
};

}  // namespace hon::netpoll
