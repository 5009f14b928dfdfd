#pragma once

#include <cstdint>
#include <memory>

#include "hon/h2/priority.h"
#include "hon/h2/stream_state.h"
#include "hon/h2/window.h"
#include "hon/http/header.h"
#include "hon/io/link_buffer.h"

namespace hon::h2 {

class Session;

/// A stream of a Session. The session's owner provides it and gets it back by Session::Release.
class Stream : private PriorityNode {
 public:
  explicit Stream(io::BlockPool& pool) : in_(pool), out_(pool) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  [[nodiscard]] uint32_t Id() const { return id_; }
  [[nodiscard]] StreamState State() const { return state_; }
  /// Bytes of DATA that were received and not read. After reading, Session::Consumed.
  [[nodiscard]] io::LinkBuffer& In() { return in_; }
  /// Bytes to be sent as DATA. Session::SendSoon must follow an addition.
  [[nodiscard]] io::LinkBuffer& Out() { return out_; }
  /// The peer has sent END_STREAM: In() will not grow.
  [[nodiscard]] bool InputEnded() const { return input_ended_; }
  /// Sets the length declared by the section that opened the stream, or by the head of the answer:
  /// DATA that does not match it ends the stream (RFC 9113 §8.1.1).
  void ExpectContent(int64_t length) { content_left_ = length; }
  /// The owner's own data of the stream.
  [[nodiscard]] void* UserData() const { return user_data_; }
  void SetUserData(void* data) { user_data_ = data; }

 private:
  friend class Session;
  friend class StreamMap;

  static Stream& Of(PriorityNode& node) { return static_cast<Stream&>(node); }

  uint32_t id_ = 0;
  StreamState state_ = StreamState::kIdle;
  bool input_ended_ = false;
  bool final_headers_seen_ = false;  // client: the informational answers are over
  bool end_wanted_ = false;          // END_STREAM follows Out() and the trailers
  bool owned_ = false;               // the owner has not released it
  SendWindow send_;
  ReceiveWindow receive_;
  int64_t content_left_ = -1;
  uint32_t received_ = 0;     // bytes since the window last grew
  size_t unread_ = 0;         // of In(), as far as Session::Consumed has been told
  size_t section_bytes_ = 0;  // of the request's section, while the stream is owned
  size_t section_fields_ = 0;
  Stream* next_in_bucket_ = nullptr;
  io::LinkBuffer in_;
  io::LinkBuffer out_;
  std::unique_ptr<http::Header> trailers_;  // sent behind Out()
  void* user_data_ = nullptr;
};

/// The streams of a connection that are open on the wire, by their identifiers.
class StreamMap {
 public:
  [[nodiscard]] Stream* Find(uint32_t id) const;
  void Insert(Stream& stream);
  void Erase(Stream& stream);
  [[nodiscard]] size_t Size() const { return size_; }
  /// Calls `visit(stream)` for each stream; `visit` may erase the visited one.
  template <class Visit>
  void ForEach(Visit&& visit) const {
    for (size_t i = 0; i < bucket_count_; ++i) {
      for (Stream* stream = buckets_[i]; stream != nullptr;) {
        Stream* const next = stream->next_in_bucket_;
        visit(*stream);
        stream = next;
      }
    }
  }

 private:
  [[nodiscard]] Stream*& BucketOf(uint32_t id) const {
    return buckets_[(id >> 1) & (bucket_count_ - 1)];
  }
  void Grow();

  std::unique_ptr<Stream*[]> buckets_;  // a power of two of them; none while there is no stream
  size_t bucket_count_ = 0;
  size_t size_ = 0;
};

}  // namespace hon::h2
