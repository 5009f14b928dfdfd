#include "websocket/frame_reader.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "hon/base/assert.h"

namespace hon::websocket::internal {
namespace {

// The key, rotated for a payload position `done` bytes further on.
uint32_t KeyFrom(uint32_t key, uint64_t done) {
  const auto bits = static_cast<int>(done % 4 * 8);
  return std::endian::native == std::endian::little ? std::rotr(key, bits) : std::rotl(key, bits);
}

}  // namespace

FrameReader::~FrameReader() { ReleaseInflater(); }

void FrameReader::ReleaseInflater() {
  if (inflater_ == nullptr || options_->inflate.takeover) return;
  options_->pool->GiveBack(std::move(inflater_));
}

Found FrameReader::Next(std::span<char>& input, bool wanted, std::span<char> room) {
  // Kept until now because the last result showed their memory.
  if (!in_message_) ReleaseInflater();
  if (state_ != State::kControl) control_.reset();
  for (;;) {
    Found found;
    switch (state_) {
      case State::kHeader:
        if (!TakeHeader(input)) return {};
        found = BeginFrame();
        break;
      case State::kPayload:
        if (!wanted) return {.kind = Found::Kind::kBlocked};
        if (input.empty() && left_ != 0 && !more_output_) return {};
        found = inflating_ ? InflatePiece(input) : TakePiece(input, room);
        break;
      case State::kControl:
        if (input.empty() && held_ < left_) return {};
        found = TakeControl(input);
        break;
    }
    if (found.kind != Found::Kind::kNothing) return found;
  }
}

// Collects a header, which may arrive in parts. Returns false while it is incomplete.
bool FrameReader::TakeHeader(std::span<char>& input) {
  const auto need = [this] {
    return held_ < 2 ? 2 : FrameHeaderBytes(static_cast<unsigned char>(header_[1]));
  };
  while (held_ < need()) {
    if (input.empty()) return false;
    const size_t take = std::min(need() - held_, input.size());
    std::memcpy(header_.data() + held_, input.data(), take);
    held_ = static_cast<uint8_t>(held_ + take);
    input = input.subspan(take);
  }
  return true;
}

Found FrameReader::BeginFrame() {
  const std::string_view header(header_.data(), std::exchange(held_, uint8_t{0}));
  const Complaint complaint = ParseFrameHeader(header, options_->deflate, frame_);
  if (*complaint != '\0') return Bad(kCloseProtocolError, complaint);
  if (frame_.masked != options_->masked) {
    return Bad(kCloseProtocolError, frame_.masked ? "masked frame" : "unmasked frame");
  }
  left_ = frame_.length;
  if (IsControl(frame_.opcode)) {
    state_ = State::kControl;
    return {};
  }
  if ((frame_.opcode == Opcode::kContinuation) != in_message_) {
    return Bad(kCloseProtocolError,
               in_message_ ? "message within a message" : "continuation of no message");
  }
  if (!in_message_) {
    in_message_ = true;
    inflating_ = frame_.compressed;
    type_ = frame_.opcode == Opcode::kText ? MessageType::kText : MessageType::kBinary;
    message_ = 0;
  }
  if (!inflating_ && left_ > options_->message_bytes_max - message_) {
    return Bad(kCloseTooBig, "message too big");
  }
  state_ = State::kPayload;
  return {};
}

Found FrameReader::TakePiece(std::span<char>& input, std::span<char> room) {
  if (room.empty()) room = input;
  const size_t can = std::min(input.size(), room.size());
  const auto size = static_cast<size_t>(std::min<uint64_t>(left_, can));
  const std::span<char> piece = room.first(size);
  if (frame_.masked) {
    const uint32_t key = KeyFrom(frame_.key, frame_.length - left_);
    BestKernels().mask(piece.data(), input.data(), size, key);
  } else if (piece.data() != input.data()) {
    std::copy_n(input.data(), size, piece.data());
  }
  input = input.subspan(size);
  left_ -= size;
  message_ += size;
  if (left_ == 0) state_ = State::kHeader;
  return EndPiece({piece.data(), size}, left_ == 0 && frame_.final);
}

// Inflates some of the input. The rest of the input is unchanged, since the caller may stop here.
Found FrameReader::InflatePiece(std::span<char>& input) {
  if (inflater_ == nullptr) {
    inflater_ = options_->inflate.takeover
                    ? std::make_unique<Inflater>(options_->inflate.window_bits)
                    : options_->pool->TakeInflater();
  }
  const auto size = static_cast<size_t>(std::min<uint64_t>(left_, input.size()));
  const bool frame_ends = size == left_;
  const std::span<char> piece = input.first(size);
  const auto unmask = [&](size_t from) {
    if (!frame_.masked) return;
    const std::span<char> part = piece.subspan(from);
    const uint32_t key = KeyFrom(frame_.key, frame_.length - left_ + from);
    BestKernels().mask(part.data(), part.data(), part.size(), key);
  };
  unmask(0);
  std::string_view compressed(piece.data(), size);
  std::string_view output;
  const Inflater::Status status = inflater_->Next(compressed, frame_ends && frame_.final, output);
  const size_t used = size - compressed.size();
  unmask(used);
  input = input.subspan(used);
  left_ -= used;
  more_output_ = status == Inflater::Status::kMore;
  // The first fault of a message is reported first, so that the split of the input makes no
  // difference.
  const uint64_t may = options_->message_bytes_max - message_;
  if (output.size() > may) {
    const Found found = EndPiece(output.substr(0, static_cast<size_t>(may)), false);
    return found.kind == Found::Kind::kBad ? found : Bad(kCloseTooBig, "message too big");
  }
  if (status == Inflater::Status::kBad) return Bad(kCloseInvalidPayload, "not deflate");
  message_ += output.size();
  if (left_ == 0 && !more_output_) state_ = State::kHeader;
  return EndPiece(output, status == Inflater::Status::kEnd);
}

// kNothing for an empty piece without an end.
Found FrameReader::EndPiece(std::string_view data, bool final) {
  if (type_ == MessageType::kText) {
    if (!utf8_.Add(data) || (final && !utf8_.AtEnd())) {
      return Bad(kCloseInvalidPayload, "text is not UTF-8");
    }
  }
  if (final) {
    in_message_ = false;
    utf8_.Reset();
  }
  if (data.empty() && !final) return {};
  return {.kind = Found::Kind::kPiece, .type = type_, .final = final, .data = data};
}

Found FrameReader::TakeControl(std::span<char>& input) {
  if (control_ == nullptr) control_.reset(new char[kControlBytesMax]);
  const size_t take = std::min<size_t>(left_ - held_, input.size());
  if (take != 0) std::memcpy(control_.get() + held_, input.data(), take);
  held_ = static_cast<uint8_t>(held_ + take);
  input = input.subspan(take);
  if (held_ < left_) return {};
  if (frame_.masked) BestKernels().mask(control_.get(), control_.get(), held_, frame_.key);
  held_ = 0;
  state_ = State::kHeader;
  const std::string_view data(control_.get(), static_cast<size_t>(left_));
  switch (frame_.opcode) {
    case Opcode::kPing:
      return {.kind = Found::Kind::kPing, .data = data};
    case Opcode::kPong:
      return {.kind = Found::Kind::kPong, .data = data};
    default:
      return ReadClose();
  }
}

Found FrameReader::ReadClose() const {
  const std::string_view payload(control_.get(), static_cast<size_t>(left_));
  if (payload.empty()) return {.kind = Found::Kind::kClose, .code = kCloseNoStatus};
  if (payload.size() == 1) return Bad(kCloseProtocolError, "close frame of one byte");
  const unsigned code = static_cast<unsigned>(static_cast<unsigned char>(payload[0])) << 8 |
                        static_cast<unsigned char>(payload[1]);
  if (!IsSendableCloseCode(code)) return Bad(kCloseProtocolError, "bad close code");
  const std::string_view reason = payload.substr(2);
  if (!IsUtf8(reason)) return Bad(kCloseInvalidPayload, "close reason is not UTF-8");
  return {.kind = Found::Kind::kClose, .code = static_cast<CloseCode>(code), .data = reason};
}

}  // namespace hon::websocket::internal
