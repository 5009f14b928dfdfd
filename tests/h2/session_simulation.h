#pragma once

// A client's and a server's session against each other: bytes arrive in pieces of every size,
// windows are small, readers are slow, streams are reset at any time.
// Invariants: an uncut body arrives whole, every stream makes progress, both sides agree, no state
// is left.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "h2/session_fixture.h"

namespace hon::h2::testing {

/// Gives the next number that decides what happens.
using Choices = std::function<uint32_t()>;

class Simulation {
 public:
  explicit Simulation(Choices choices)
      : choose_(std::move(choices)),
        server_(Role::kServer, Limits()),
        client_(Role::kClient, Limits()) {}

  /// Makes `steps` choices of a step, then lets all open streams end. Returns what went wrong, or
  /// "".
  std::string Run(int steps) {
    for (int step = 0; step < steps && failure_.empty(); ++step) Step();
    // From here on no side resets and both read: all open streams must end.
    for (int round = 0; round < 2000 && Open(); ++round) {
      ReadAll(server_);
      ReadAll(client_);
      AnswerAll();
      Deliver(SIZE_MAX);
    }
    ReadAll(server_);
    ReadAll(client_);
    Expect(!Open(), "a stream does not end");
    Expect(!server_.GetSession().Failure(), server_.GetSession().Failure().reason);
    Expect(!client_.GetSession().Failure(), client_.GetSession().Failure().reason);
    Check();
    server_.Clear();
    client_.Clear();
    Expect(server_.GetSession().Streams() == 0, "the server keeps a stream");
    Expect(client_.GetSession().Streams() == 0, "the client keeps a stream");
    return failure_;
  }

 private:
  void Expect(bool good, std::string_view what) {
    if (!good && failure_.empty()) failure_ = what;
  }
  void Expect(bool good, std::string_view what, uint32_t id) {
    if (!good) Expect(false, "stream " + std::to_string(id) + ": " + std::string(what));
  }

  SessionLimits Limits() {
    SessionLimits limits;
    limits.streams_max = 8;
    limits.stream_window = 1 + Below(70'000);
    smallest_window_ = std::min(smallest_window_, limits.stream_window);
    limits.stream_window_max = limits.stream_window + Below(70'000);
    limits.connection_window = 65535 + Below(70'000);
    limits.reset_credit = 1'000'000;
    limits.control_credit = 1'000'000;
    return limits;
  }
  uint32_t Below(uint32_t bound) { return choose_() % std::max(bound, 1U); }

  // A large body takes a few hundred updates of the smallest window.
  size_t BodyBytes() {
    return Below(3) == 0 ? Below(std::min(300'000U, 500 * smallest_window_)) : Below(50);
  }
  static std::string BodyOf(uint32_t id, size_t size) {
    std::string body(size, '\0');
    for (size_t i = 0; i < size; ++i) body[i] = static_cast<char>('a' + (id + i * i / 7) % 26);
    return body;
  }

  void Step() {
    switch (Below(8)) {
      case 0:
        return Ask();
      case 1:
        return AnswerSome();
      case 2: {
        Exchange* const exchange = client_.Find(1 + 2 * Below(next_));
        if (exchange != nullptr && Below(4) == 0) {
          client_.GetSession().Reset(exchange->stream, ErrorCode::kCancel);
          exchange->reset = ErrorCode::kCancel;
        }
        return;
      }
      case 3: {
        Exchange* const exchange = server_.Find(1 + 2 * Below(next_));
        if (exchange != nullptr && Below(4) == 0) {
          server_.GetSession().Reset(exchange->stream, ErrorCode::kInternalError);
          exchange->reset = ErrorCode::kInternalError;
        }
        return;
      }
      case 4:
        return ReadSome(server_);
      case 5:
        return ReadSome(client_);
      default:
        return Deliver(1 + Below(Below(3) == 0 ? 20 : 60'000));
    }
  }

  void Ask() {
    if (client_.Count() >= 60) return;
    const uint32_t id = 1 + 2 * next_;
    const size_t size = BodyBytes();
    http::Header header;
    header.Set("X-Seed", std::to_string(choose_()));
    if (Below(2) == 0) header.Set("Content-Length", std::to_string(size));
    Exchange& exchange = client_.Ask({"POST", "http", "a", "/" + std::to_string(size), ""},
                                     BodyOf(id, size), header);
    if (!client_.Opened()) return;
    ++next_;
    Expect(exchange.id == id, "another identifier", id);
    exchange.reads = Below(2) == 0;
  }

  void AnswerOne(uint32_t id) {
    Exchange* const exchange = server_.Find(id);
    if (exchange == nullptr || exchange->reset || exchange->status != 0) return;
    exchange->status = 200;
    const size_t size = BodyBytes();
    server_.Answer(id, 200, BodyOf(id + 1, size));
  }
  void AnswerSome() { AnswerOne(1 + 2 * Below(next_ + 1)); }
  void AnswerAll() {
    for (uint32_t i = 0; i < next_; ++i) AnswerOne(1 + 2 * i);
  }

  void ReadSome(Owner& owner) {
    Exchange* const exchange = owner.Find(1 + 2 * Below(next_ + 1));
    if (exchange != nullptr) owner.Read(*exchange, 1 + Below(40'000));
  }
  void ReadAll(Owner& owner) {
    for (uint32_t i = 0; i < next_; ++i) {
      Exchange* const exchange = owner.Find(1 + 2 * i);
      if (exchange == nullptr) continue;
      exchange->reads = true;
      owner.Read(*exchange);
    }
  }

  void Deliver(size_t bytes) {
    to_server_ += client_.Take();
    to_client_ += server_.Take();
    const auto give = [bytes](Owner& owner, std::string& pending) {
      const size_t size = std::min(bytes, pending.size());
      owner.Give(std::string_view(pending).substr(0, size));
      pending.erase(0, size);
    };
    give(server_, to_server_);
    give(client_, to_client_);
  }

  bool Open() {
    if (!to_server_.empty() || !to_client_.empty()) return true;
    for (uint32_t i = 0; i < next_; ++i) {
      const Exchange* const exchange = client_.Find(1 + 2 * i);
      if (exchange != nullptr && !exchange->reset && !exchange->ended) return true;
    }
    return false;
  }

  void Check() {
    for (uint32_t i = 0; i < next_; ++i) {
      const uint32_t id = 1 + 2 * i;
      const Exchange* const asked = client_.Find(id);
      const Exchange* const served = server_.Find(id);
      if (asked == nullptr) return Expect(false, "gone", id);
      if (served != nullptr && served->ended && !served->reset) {
        Expect("/" + std::to_string(served->body.size()) == served->path, "its length", id);
        Expect(served->body == BodyOf(id, served->body.size()), "the body of the request", id);
      }
      if (asked->reset || !asked->ended) continue;
      Expect(asked->status == 200, "its status", id);
      Expect(asked->body == BodyOf(id + 1, asked->body.size()), "the body of the answer", id);
      const auto length = asked->header.find("Content-Length");
      Expect(length != asked->header.end() && length->second == std::to_string(asked->body.size()),
             "its Content-Length", id);
    }
  }

  Choices choose_;
  std::string failure_;
  uint32_t smallest_window_ = UINT32_MAX;
  Owner server_;
  Owner client_;
  std::string to_server_;
  std::string to_client_;
  uint32_t next_ = 0;
};

}  // namespace hon::h2::testing
