#pragma once

// The receiving half of the protocol: bytes in, pieces of messages and control frames out. No I/O,
// no clock, no threads.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "hon/websocket/message.h"
#include "websocket/deflate.h"
#include "websocket/frame.h"
#include "websocket/utf8.h"

namespace hon::websocket::internal {

struct ReaderOptions {
  bool masked = true;  // a server's peer must mask, a client's peer must not (RFC 6455 §5.1)
  bool deflate = false;
  DeflateParams inflate{};
  DeflatePool* pool = nullptr;     // with deflate
  uint64_t message_bytes_max = 0;  // of a whole message, inflated
};

/// The next result of FrameReader.
struct Found {
  enum class Kind : uint8_t {
    kNothing,  // all input is consumed
    kBlocked,  // a message goes on, or begins, and none is wanted
    kPiece,    // a part of a message
    kPing,
    kPong,
    kClose,  // `code` is kCloseNoStatus when the frame had none; `data` is the reason
    kBad,    // the peer broke the protocol: close with `code` and `data`
  };
  Kind kind = Kind::kNothing;
  MessageType type = MessageType::kText;
  bool final = false;  // the last piece of the message
  CloseCode code = 0;
  std::string_view data{};
};

/// Reads the bytes of one peer. An idle reader holds no buffer.
class FrameReader {
 public:
  explicit FrameReader(const ReaderOptions& options) : options_(&options) {}
  ~FrameReader();
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;

  /// Searches `input` for the next result, unmasks in place, and consumes bytes from the front. The
  /// result may show bytes of `input`, or bytes that live until the next call. Messages are read
  /// only if `wanted`. Must not be called after kBad and kClose.
  ///
  /// A piece that needs no inflating is put into `room`, as much as fits, and shown there: a caller
  /// that joins the pieces saves a copy.
  Found Next(std::span<char>& input, bool wanted, std::span<char> room = {});

  /// Bytes that the message certainly has beyond the results so far.
  [[nodiscard]] size_t ToCome() const {
    return in_message_ && !inflating_ && state_ == State::kPayload ? static_cast<size_t>(left_) : 0;
  }

 private:
  enum class State : uint8_t { kHeader, kPayload, kControl };

  [[nodiscard]] bool TakeHeader(std::span<char>& input);
  Found BeginFrame();
  Found TakePiece(std::span<char>& input, std::span<char> room);
  Found InflatePiece(std::span<char>& input);
  Found TakeControl(std::span<char>& input);
  Found ReadClose() const;
  Found EndPiece(std::string_view data, bool final);
  void ReleaseInflater();
  static Found Bad(CloseCode code, std::string_view why) {
    return {.kind = Found::Kind::kBad, .code = code, .data = why};
  }

  const ReaderOptions* options_;
  std::unique_ptr<Inflater> inflater_;
  FrameHeader frame_;
  uint64_t left_ = 0;     // of the frame's payload
  uint64_t message_ = 0;  // bytes of the message so far
  State state_ = State::kHeader;
  MessageType type_ = MessageType::kText;
  bool in_message_ = false;
  bool inflating_ = false;
  bool more_output_ = false;  // of the inflater, without further input
  uint8_t held_ = 0;          // bytes of a header, or of a control frame's payload
  Utf8Checker utf8_;
  std::array<char, kFrameHeaderBytesMax> header_;
  std::unique_ptr<char[]> control_;  // the payload of a control frame, while there is one
};

}  // namespace hon::websocket::internal
