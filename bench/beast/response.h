#pragma once

#include <array>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/serializer.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "bench/beast/stream.h"
#include "hon/http/response_writer.h"

namespace hon::beast {

namespace bhttp = boost::beast::http;

/// One answer, written by Beast's serializer. A body of up to 2,048 bytes that is complete when the
/// handler returns gets a Content-Length; a longer one goes out in chunks unless the handler
/// declared its length. Full duplex is not supported.
class Response final : public http::ResponseWriter {
 public:
  struct Options {
    bool head = false;  // HEAD: nothing of the body is sent
    bool http10 = false;
    bool close = false;
    bb::flat_buffer* received = nullptr;  // bytes received after the head; null: no Hijack
  };
  Response(Stream& stream, Options options) : stream_(&stream), options_(options) {}
  Response(const Response&) = delete;
  Response& operator=(const Response&) = delete;

  http::Header& Header() override { return header_; }
  io::IoResult Write(std::string_view data) override;
  void WriteHeader(int status) override;
  Error Flush() override;
  Result<std::unique_ptr<io::Conn>> Hijack() override;
  Error Upgrade(std::string_view protocol, const http::Header& fields, io::ConnSink& sink) override;
  Error SetReadDeadline(TimePoint deadline) override;
  Error SetWriteDeadline(TimePoint deadline) override;
  /// Requests have no timeout here: lifting it succeeds, any other deadline is not supported.
  Error SetRequestDeadline(TimePoint deadline) override;
  [[nodiscard]] int Status() const override { return status_; }
  [[nodiscard]] int64_t BytesWritten() const override { return written_; }

  /// The handler has returned: sends the rest of the answer.
  void Finish();
  [[nodiscard]] bool HeadSent() const { return serializer_.has_value(); }
  /// The handler has hijacked the connection: neither Finish nor another call may follow.
  [[nodiscard]] bool Hijacked() const { return hijacked_; }
  /// After Finish: whether the connection ends with this answer.
  [[nodiscard]] bool MustClose() const { return options_.close; }

 private:
  void Commit(int status);
  void SendInterim(int status);
  void Decide(bool complete);
  void Send(std::string_view data, bool more);
  Error SendBuffered();
  [[nodiscard]] bool AllowsBody() const;

  Stream* stream_;
  Options options_;
  http::Header header_;
  bhttp::response<bhttp::buffer_body> message_;
  std::optional<bhttp::response_serializer<bhttp::buffer_body>> serializer_;
  Error error_;
  bool hijacked_ = false;
  int status_ = 0;
  int64_t written_ = 0;
  int64_t length_ = -1;  // declared; -1: none
  size_t buffered_ = 0;
  std::array<char, 2048> buffer_;
};

}  // namespace hon::beast
