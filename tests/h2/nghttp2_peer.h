#pragma once

// A session of nghttp2, the oracle of the tests.

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "h2/session_fixture.h"

namespace hon::h2::testing {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Seen {
  Fields fields;
  Fields trailers;
  std::string body;
  bool head_done = false;
  bool ended = false;
  bool reset = false;
};

/// A session of nghttp2 that records its callbacks.
class Nghttp2 {
 public:
  explicit Nghttp2(Role role) : role_(role) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(
        callbacks,
        [](nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_bytes,
           const uint8_t* value, size_t value_bytes, uint8_t, void* self) {
          Seen& seen = Of(self).seen_[frame->hd.stream_id];
          (seen.head_done ? seen.trailers : seen.fields)
              .emplace_back(Text(name, name_bytes), Text(value, value_bytes));
          return 0;
        });
    nghttp2_session_callbacks_set_on_frame_recv_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* self) {
          return Of(self).OnFrame(*frame);
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        callbacks, [](nghttp2_session*, uint8_t, int32_t stream, const uint8_t* data, size_t size,
                      void* self) {
          Of(self).seen_[stream].body += Text(data, size);
          return 0;
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        callbacks, [](nghttp2_session*, int32_t stream, uint32_t code, void* self) {
          Of(self).seen_[stream].reset |= code != NGHTTP2_NO_ERROR;
          return 0;
        });
    if (role == Role::kServer) {
      nghttp2_session_server_new(&session_, callbacks, this);
    } else {
      nghttp2_session_client_new(&session_, callbacks, this);
    }
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  ~Nghttp2() { nghttp2_session_del(session_); }
  Nghttp2(const Nghttp2&) = delete;
  Nghttp2& operator=(const Nghttp2&) = delete;

  std::string Take() {
    std::string bytes;
    const uint8_t* data = nullptr;
    for (ssize_t size; (size = nghttp2_session_mem_send(session_, &data)) > 0;) {
      bytes += Text(data, static_cast<size_t>(size));
    }
    return bytes;
  }
  // Returns false when the connection is broken.
  bool Give(std::string_view bytes) {
    const ssize_t taken = nghttp2_session_mem_recv(
        session_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    return taken == static_cast<ssize_t>(bytes.size());
  }
  int32_t Ask(const Fields& fields, std::string body) {
    const std::vector<nghttp2_nv> pairs = Pairs(fields);
    bodies_.push_back(std::make_unique<std::string>(std::move(body)));
    nghttp2_data_provider provider = Provider(*bodies_.back());
    return nghttp2_submit_request(session_, nullptr, pairs.data(), pairs.size(),
                                  bodies_.back()->empty() ? nullptr : &provider, nullptr);
  }
  [[nodiscard]] std::map<int32_t, Seen>& All() { return seen_; }

 private:
  static Nghttp2& Of(void* self) { return *static_cast<Nghttp2*>(self); }
  static std::string Text(const uint8_t* data, size_t size) {
    return {reinterpret_cast<const char*>(data), size};
  }
  static std::vector<nghttp2_nv> Pairs(const Fields& fields) {
    std::vector<nghttp2_nv> pairs;
    const auto bytes = [](const std::string& text) {
      return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
    };
    for (const auto& [name, value] : fields) {
      pairs.push_back({bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
    }
    return pairs;
  }
  static nghttp2_data_provider Provider(std::string& body) {
    nghttp2_data_provider provider;
    provider.source.ptr = &body;
    provider.read_callback = [](nghttp2_session*, int32_t, uint8_t* into, size_t room,
                                uint32_t* flags, nghttp2_data_source* source, void*) -> ssize_t {
      auto& left = *static_cast<std::string*>(source->ptr);
      const size_t size = std::min(room, left.size());
      std::copy_n(left.data(), size, reinterpret_cast<char*>(into));
      left.erase(0, size);
      if (left.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
      return static_cast<ssize_t>(size);
    };
    return provider;
  }

  int OnFrame(const nghttp2_frame& frame) {
    Seen& seen = seen_[frame.hd.stream_id];
    const bool informational = !seen.fields.empty() && seen.fields[0].first == ":status" &&
                               seen.fields[0].second[0] == '1';
    if (frame.hd.type == NGHTTP2_HEADERS) {
      if (informational) {
        seen.fields.clear();
      } else {
        seen.head_done = true;
      }
    }
    const bool may_end = frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA;
    if (!may_end || (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    seen.ended = true;
    if (role_ != Role::kServer || !answers_) return 0;
    Fields answer = {{":status", "200"}, {"content-length", std::to_string(seen.body.size())}};
    const std::vector<nghttp2_nv> pairs = Pairs(answer);
    bodies_.push_back(std::make_unique<std::string>(seen.body));
    nghttp2_data_provider provider = Provider(*bodies_.back());
    return nghttp2_submit_response(session_, frame.hd.stream_id, pairs.data(), pairs.size(),
                                   seen.body.empty() ? nullptr : &provider);
  }

 public:
  bool answers_ = true;

 private:
  Role role_;
  nghttp2_session* session_ = nullptr;
  std::map<int32_t, Seen> seen_;
  std::vector<std::unique_ptr<std::string>> bodies_;
};

inline std::string BodyOf(size_t size) {
  std::string body(size, '\0');
  for (size_t i = 0; i < size; ++i) body[i] = static_cast<char>(i * 31 / 7);
  return body;
}

/// Gives `bytes` of a client to a server of ours and to one of nghttp2: a request that both take
/// whole must be the same to both. Returns the difference, or ""; counts the requests compared.
inline std::string CompareRequests(std::string_view bytes, size_t& compared) {
  Owner ours(Role::kServer);
  Nghttp2 theirs(Role::kServer);
  theirs.answers_ = false;
  ours.Give(bytes);
  theirs.Give(bytes);
  theirs.Take();
  for (const auto& [id, seen] : theirs.All()) {
    const Exchange* const exchange = ours.Find(static_cast<uint32_t>(id));
    if (!seen.ended || seen.reset || exchange == nullptr || !exchange->ended || exchange->reset) {
      continue;
    }
    ++compared;
    const std::string where = "stream " + std::to_string(id) + ": ";
    std::map<std::string, std::string> fields(seen.fields.begin(), seen.fields.end());
    if (fields[":method"] != exchange->method) return where + ":method";
    if (fields[":path"] != exchange->path) return where + ":path";
    if (seen.body != exchange->body) return where + "the body";
    // The Owner keeps the first value of a name.
    fields.clear();
    fields.insert(seen.fields.begin(), seen.fields.end());
    size_t regular = 0;
    for (const auto& [name, value] : fields) {
      if (name[0] == ':' || name == "host" || name == "cookie") continue;
      ++regular;
      const auto found = exchange->header.find(http::CanonicalHeaderKey(name));
      if (found == exchange->header.end()) return where + name + " is missing";
      if (found->second != value) return where + name;
    }
    if (exchange->header.size() - exchange->header.count("Cookie") != regular) {
      return where + "further fields";
    }
  }
  return "";
}

}  // namespace hon::h2::testing
