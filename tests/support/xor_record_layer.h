#pragma once

// A record layer without secrecy, for tests of the code above record layers: bytes XOR a key that
// changes with each record, length-prefixed, with a handshake, ALPN, key updates, alerts and
// close_notify. Reads the same for every split of its ciphertext.

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "hon/base/assert.h"
#include "hon/io/record_layer.h"

namespace hon::test {

inline constexpr Sentinel ErrBadRecord{"xor: bad record"};

// A record: its type, the length of its payload in two octets, the payload.
//   client → server: kHello (the protocols offered, separated by commas), kFinished, then kData
//   server → client: kHello (the one chosen), then kData
enum class XorType : uint8_t {
  kHello = 1,
  kFinished,
  kData,
  kCloseNotify,
  kAlert,
  kUpdate,  // the answer must be kUpdated
  kUpdated,
};

class XorRecordLayer final : public io::RecordLayer {
 public:
  enum class Role : uint8_t { kClient, kServer };
  static constexpr size_t kHeaderBytes = 3;

  /// A client offers `protocol`, a server accepts only that; "" is any protocol.
  explicit XorRecordLayer(Role role, std::string protocol = {})
      : role_(role), protocol_(std::move(protocol)) {}

  Error Start(io::LinkBuffer& sealed) override {
    if (role_ == Role::kClient) Append(XorType::kHello, protocol_, sealed);
    return {};
  }

  Error Open(io::LinkBuffer& received, io::LinkBuffer& plain, io::LinkBuffer& sealed) override {
    if (stepped_) HON_RETURN_IF_ERROR(OnHandshake(XorType::kHello, held_, sealed));
    stepped_ = false;
    more_ = false;
    for (size_t records = 0; received.Len() >= kHeaderBytes && !HasLongStep(); ++records) {
      more_ = records == io::kRecordsPerTurnMax;
      if (more_) return {};
      const std::string_view header = *received.Peek(kHeaderBytes);
      const auto type = static_cast<XorType>(header[0]);
      const size_t size = static_cast<size_t>(static_cast<uint8_t>(header[1])) << 8U |
                          static_cast<uint8_t>(header[2]);
      if (size > io::kRecordBytesMax) return Refuse("record_overflow", sealed);
      if (received.Len() < kHeaderBytes + size) return {};
      static_cast<void>(received.Skip(kHeaderBytes));
      std::string payload = *received.ReadString(size);
      Scramble(payload.data(), payload.size(), opened_++);
      if (Error why = OnRecord(type, payload, plain, sealed)) return why;
    }
    return {};
  }

  [[nodiscard]] bool HasMore() const override { return more_; }

  /// A long step, which calls `step`, answers the peer's hello.
  void AnswerSlowly(std::function<void()> step) { step_ = std::move(step); }
  [[nodiscard]] bool HasLongStep() const override { return holds_; }
  void RunLongStep() override {
    HON_ASSERT(std::exchange(holds_, false));
    step_();
    stepped_ = true;
  }

  Error Seal(std::string_view plain, io::LinkBuffer& sealed) override {
    HON_ASSERT(done_ && !plain.empty() && plain.size() <= io::kRecordBytesMax);
    Append(XorType::kData, plain, sealed);
    return {};
  }

  void CloseOutput(io::LinkBuffer& sealed) override {
    HON_ASSERT(!std::exchange(closed_, true));
    Append(XorType::kCloseNotify, {}, sealed);
  }

  /// Makes the peer answer while it reads (as a TLS KeyUpdate does).
  void AskForUpdate(io::LinkBuffer& sealed) { Append(XorType::kUpdate, {}, sealed); }

  [[nodiscard]] bool HandshakeDone() const override { return done_; }
  [[nodiscard]] bool InputEnded() const override { return ended_; }
  [[nodiscard]] std::string_view ApplicationProtocol() const override { return chosen_; }
  /// The text of the alert that ended the connection.
  [[nodiscard]] const std::string& Alert() const { return alert_; }
  [[nodiscard]] size_t Updates() const { return updates_; }

 private:
  static void Scramble(char* bytes, size_t size, uint32_t record) {
    const auto key = static_cast<char>(0x5A + record * 7);
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(bytes[i] ^ key);
  }

  void Append(XorType type, std::string_view payload, io::LinkBuffer& sealed) {
    std::string record = {static_cast<char>(type), static_cast<char>(payload.size() >> 8U),
                          static_cast<char>(payload.size() & 0xFFU)};
    record.append(payload);
    Scramble(record.data() + kHeaderBytes, payload.size(), sealed_++);
    sealed.Write(record);
  }

  Error Refuse(std::string_view alert, io::LinkBuffer& sealed) {
    Append(XorType::kAlert, alert, sealed);
    return Error::Of(ErrBadRecord, "xor: " + std::string(alert));
  }

  Error OnRecord(XorType type, const std::string& payload, io::LinkBuffer& plain,
                 io::LinkBuffer& sealed) {
    if (type == XorType::kAlert) {
      alert_ = payload;
      return Error::Of(ErrBadRecord, "xor: remote error: " + payload);
    }
    if (step_ && type == XorType::kHello && !greeted_) {
      held_ = payload;
      holds_ = true;
      return {};
    }
    if (!done_) return OnHandshake(type, payload, sealed);
    if (ended_) return {};
    switch (type) {
      case XorType::kData:
        plain.Write(payload);
        return {};
      case XorType::kCloseNotify:
        ended_ = true;
        return {};
      case XorType::kUpdate:
        Append(XorType::kUpdated, {}, sealed);
        return {};
      case XorType::kUpdated:
        ++updates_;
        return {};
      default:
        return Refuse("unexpected_message", sealed);
    }
  }

  Error OnHandshake(XorType type, const std::string& payload, io::LinkBuffer& sealed) {
    if (type == XorType::kHello && !greeted_) {
      greeted_ = true;
      if (!protocol_.empty() && !payload.empty() && payload != protocol_) {
        return Refuse("no_application_protocol", sealed);
      }
      chosen_ = protocol_.empty() ? payload : protocol_;
      if (role_ == Role::kServer) {
        Append(XorType::kHello, chosen_, sealed);
      } else {
        Append(XorType::kFinished, {}, sealed);
        done_ = true;
      }
      return {};
    }
    if (type == XorType::kFinished && role_ == Role::kServer && greeted_) {
      done_ = true;
      return {};
    }
    return Refuse("unexpected_message", sealed);
  }

  Role role_;
  std::string protocol_;
  std::string chosen_;
  std::string alert_;
  std::function<void()> step_;
  std::string held_;  // the hello that a long step answers
  bool more_ = false;
  bool holds_ = false;
  bool stepped_ = false;
  uint32_t sealed_ = 0;  // records
  uint32_t opened_ = 0;
  size_t updates_ = 0;
  bool greeted_ = false;
  bool done_ = false;
  bool ended_ = false;
  bool closed_ = false;
};

/// The far end of a connection with a record layer, over bytes that the test moves itself.
class RecordPeer {
 public:
  explicit RecordPeer(std::unique_ptr<io::RecordLayer> layer) : layer_(std::move(layer)) {
    const Error why = layer_->Start(sealed_);
    HON_ASSERT(!why);
  }
  [[nodiscard]] io::RecordLayer& Layer() { return *layer_; }

  /// Opens bytes that came from the socket.
  Error Receive(std::string_view ciphertext) {
    received_.Write(ciphertext);
    Error why;
    do {
      why = layer_->Open(received_, plain_, sealed_);
    } while (!why && layer_->HasMore());
    return why;
  }
  void Seal(std::string_view plain) {
    while (!plain.empty()) {
      const std::string_view part = plain.substr(0, io::kRecordBytesMax);
      const Error why = layer_->Seal(part, sealed_);
      HON_ASSERT(!why);
      plain.remove_prefix(part.size());
    }
  }
  void CloseOutput() { layer_->CloseOutput(sealed_); }
  [[nodiscard]] io::LinkBuffer& Sealed() { return sealed_; }
  /// Ciphertext for the socket.
  std::string TakeSealed() { return *sealed_.ReadString(sealed_.Len()); }
  /// The plaintext of the other end.
  std::string TakePlain() { return *plain_.ReadString(plain_.Len()); }

 private:
  io::BlockPool pool_;
  std::unique_ptr<io::RecordLayer> layer_;
  io::LinkBuffer received_{pool_};
  io::LinkBuffer plain_{pool_};
  io::LinkBuffer sealed_{pool_};
};

}  // namespace hon::test
