#pragma once

// State that a connection's loop shares with other threads: frames for the loop, and waits.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "hon/appcontext/context.h"
#include "hon/base/assert.h"
#include "hon/io/event_conn.h"
#include "hon/websocket/message.h"
#include "websocket/frame.h"
#include "websocket/phase.h"
#include "websocket/wait_list.h"

namespace hon::websocket::internal {

/// The compression of a data frame's payload.
enum class Packing : uint8_t {
  kPlain,   // not at all
  kPacked,  // already
  kOnLoop,  // by the loop, with context takeover (RFC 7692 §7.2.1)
};

/// A whole message, a part of one, or a control frame.
struct Outgoing {
  Opcode opcode;  // kText or kBinary for each part of a message
  Packing packing = Packing::kPlain;
  bool final = true;
};

/// The outcome of a read.
struct ReadResult {
  MessageType type = MessageType::kText;
  bool final = false;  // the message ends with it
};

/// A read by a fiber or thread of another loop. The loop owns `data` and `result` until `done`.
struct RemoteReading {
  std::string data;
  ReadResult result;
  bool whole = true;
  bool done = false;                   // a message, or a part of one, is there; under the mutex
  std::atomic<bool> abandoned{false};  // the reader no longer waits; changed under the mutex
};

/// The atomics are read without the mutex, which is never held across a wait or a callback of the
/// program. Frames that the loop itself sends do not pass through here.
struct Outbox {
  using Lock = std::unique_lock<std::mutex>;
  struct Entry {
    Outgoing frame;
    std::string payload;
  };
  struct EndCall {
    const void* key;
    std::function<void()> call;
  };

  std::atomic<Phase> phase{Phase::kNew};  // changed under the mutex
  std::atomic<bool> filled{false};        // there are entries; changed under the mutex
  std::atomic<bool> message_open{
      false};  // an OutgoingMessage is not closed; changed under the mutex
  std::atomic<bool> unsent_check_posted{false};  // Core::CheckUnsent is posted
  std::atomic<bool> skip_message{false};  // the reader was destroyed: the rest of its message is
                                          // dropped
  bool flush_posted = false;              // Core::Flush is posted; under the mutex
  std::atomic<size_t> bytes{0};           // of the entries' payloads; changed under the mutex
  std::atomic<size_t> out_bytes{0};       // bytes in EventConn::Out() at the loop's last check

  std::mutex mutex;
  io::EventConn* conn = nullptr;  // null before the handshake and after the end
  std::vector<Entry> entries;
  std::shared_ptr<RemoteReading> reading;
  WaitList changed;                     // of phase, message_open, room or reading
  std::unique_ptr<CloseStatus> status;  // null: without a closing handshake
  std::unique_ptr<appcontext::Cancelable> context;
  std::unique_ptr<std::vector<EndCall>> end_calls;

  [[nodiscard]] Phase GetPhase() const { return phase.load(std::memory_order_acquire); }
  [[nodiscard]] bool IsOpen() const { return GetPhase() == Phase::kOpen; }

  // Under the mutex.

  void Move(PhaseEvent event) {
    const std::optional<Phase> next = NextPhase(phase.load(std::memory_order_relaxed), event);
    HON_ASSERT(next.has_value());
    phase.store(*next, std::memory_order_release);
    changed.WakeAll();
  }
  void Push(const Outgoing& frame, std::string payload) {
    HON_ASSERT(conn != nullptr);
    bytes.store(bytes.load(std::memory_order_relaxed) + payload.size(), std::memory_order_relaxed);
    entries.push_back({frame, std::move(payload)});
    filled.store(true, std::memory_order_release);
  }
  [[nodiscard]] std::vector<Entry> TakeAll() {
    bytes.store(0, std::memory_order_relaxed);
    filled.store(false, std::memory_order_relaxed);
    return std::exchange(entries, {});
  }
  [[nodiscard]] CloseStatus Status() const {
    const bool ended = phase.load(std::memory_order_relaxed) > Phase::kOpen;
    return ended && status != nullptr ? *status : CloseStatus();
  }
  /// The reason why nothing can be written.
  [[nodiscard]] Error WhyClosed() const {
    if (phase.load(std::memory_order_relaxed) == Phase::kClosing) return ErrClosed;
    const CloseStatus how = Status();
    std::string text = "websocket: closed: " + std::to_string(how.code);
    if (!how.reason.empty()) text += " " + how.reason;
    return Error::Of(ErrClosed, std::move(text));
  }
};

}  // namespace hon::websocket::internal
