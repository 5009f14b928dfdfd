#include "bench/beast/response.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/write.hpp>
#include <charconv>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <string>

#include "bench/beast/conn.h"
#include "bench/beast/request.h"
#include "hon/http/sniff.h"
#include "hon/http/status.h"
#include "hon/http/time.h"

namespace hon::beast {
namespace {

boost::beast::string_view View(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

bool Response::AllowsBody() const {
  return status_ >= 200 && status_ != http::StatusNoContent && status_ != http::StatusNotModified;
}

void Response::WriteHeader(int status) {
  if (status_ != 0 || hijacked_) return;
  if (status < 100 || status > 999) throw std::invalid_argument("invalid WriteHeader code");
  if (status < 200 && status != http::StatusSwitchingProtocols) return SendInterim(status);
  Commit(status);
}

void Response::SendInterim(int status) {
  if (options_.http10) return;
  bhttp::response<bhttp::empty_body> interim;
  interim.version(11);
  interim.result(static_cast<unsigned>(status));
  for (const auto& field : header_) interim.insert(View(field.name), View(field.value));
  bhttp::response_serializer<bhttp::empty_body> serializer(interim);
  bb::error_code problem;
  bhttp::write_header(*stream_, serializer, problem);
  if (problem) error_ = ToError(problem);
}

// The fields as they are now; later changes have no effect.
void Response::Commit(int status) {
  status_ = status;
  message_.version(options_.http10 ? 10 : 11);
  message_.result(static_cast<unsigned>(status));
  for (const auto& field : header_) {
    if (field.id == http::HeaderId::kTransferEncoding) continue;
    if (field.name.starts_with(http::TrailerPrefix)) continue;
    message_.insert(View(field.name), View(field.value));
  }
  const std::string_view length = header_.Get(http::HeaderId::kContentLength);
  const auto [end, problem] =
      std::from_chars(length.data(), length.data() + length.size(), length_);
  if (problem != std::errc() || end != length.data() + length.size() || length_ < 0) {
    length_ = -1;
    message_.erase(bhttp::field::content_length);
  }
  if (message_.count(bhttp::field::connection) != 0 && message_.need_eof()) options_.close = true;
  if (header_.Get("Connection") == "close") options_.close = true;
}

io::IoResult Response::Write(std::string_view data) {
  if (hijacked_) return {0, http::ErrHijacked};
  if (status_ == 0) Commit(http::StatusOK);
  if (error_) return {0, error_};
  if (data.empty()) return {};
  if (!AllowsBody()) return {0, http::ErrBodyNotAllowed};
  if (length_ >= 0 && written_ + static_cast<int64_t>(data.size()) > length_) {
    return {0, http::ErrContentLength};
  }
  written_ += static_cast<int64_t>(data.size());
  if (data.size() <= buffer_.size() - buffered_) {
    std::memcpy(buffer_.data() + buffered_, data.data(), data.size());
    buffered_ += data.size();
    return {data.size(), {}};
  }
  if (Error err = SendBuffered()) return {0, err};
  Send(data, true);
  return error_ ? io::IoResult{0, error_} : io::IoResult{data.size(), {}};
}

Error Response::Flush() {
  if (hijacked_) return http::ErrHijacked;
  if (status_ == 0) Commit(http::StatusOK);
  return SendBuffered();
}

Result<std::unique_ptr<io::Conn>> Response::Hijack() {
  if (hijacked_) return Fail(http::ErrHijacked);
  if (options_.received == nullptr) return Fail(http::ErrNotSupported);
  if (status_ != 0) {
    if (Error err = SendBuffered()) return Fail(std::move(err));
  }
  hijacked_ = true;
  const auto bytes = options_.received->data();
  std::string unread(static_cast<const char*>(bytes.data()), bytes.size());
  options_.received->clear();
  return NewConn(std::move(*stream_), std::move(unread));
}

Error Response::Upgrade(std::string_view protocol, const http::Header& fields, io::ConnSink& sink) {
  bhttp::response<bhttp::empty_body> answer(bhttp::status::switching_protocols, 11);
  for (const auto& field : fields) answer.insert(View(field.name), View(field.value));
  answer.set(bhttp::field::connection, "Upgrade");
  answer.set(bhttp::field::upgrade, View(protocol));
  std::ostringstream head;
  head << answer.base();
  auto conn = Hijack();
  if (!conn) return std::move(conn.error());
  HON_RETURN_IF_ERROR((*conn)->Write(head.str()).err);
  return (*conn)->BecomeEvented(sink);
}

Error Response::SetReadDeadline(TimePoint deadline) {
  stream_->SetReadDeadline(deadline);
  return {};
}

Error Response::SetWriteDeadline(TimePoint deadline) {
  stream_->SetWriteDeadline(deadline);
  return {};
}

Error Response::SetRequestDeadline(TimePoint deadline) {
  return deadline == kNever ? Error() : Error(http::ErrNotSupported);
}

// Sends the buffered bytes behind the head; more will follow.
Error Response::SendBuffered() {
  if (error_) return error_;
  if (!HeadSent()) Decide(false);
  Send({buffer_.data(), buffered_}, true);
  return error_;
}

void Response::Finish() {
  if (status_ == 0) Commit(http::StatusOK);
  if (!HeadSent()) Decide(true);
  if (!error_) Send({buffer_.data(), buffered_}, false);
  // Fewer bytes than declared: only the end of the connection shows that to the client.
  if (error_ || (length_ > written_ && !options_.head && AllowsBody())) options_.close = true;
}

// Adds the server's fields to the head (RFC 9112 §6.3).
void Response::Decide(bool complete) {
  if (AllowsBody() && length_ < 0) {
    if (complete) {
      length_ = static_cast<int64_t>(buffered_);
      if (!options_.head || buffered_ != 0) {
        message_.content_length(static_cast<uint64_t>(length_));
      }
    } else if (options_.http10) {
      options_.close = true;
    } else {
      message_.chunked(true);
    }
  }
  if (AllowsBody() && buffered_ != 0 && !header_.Has(http::HeaderId::kContentType) &&
      !header_.Suppressed(http::HeaderId::kContentType)) {
    message_.set(bhttp::field::content_type,
                 View(http::DetectContentType({buffer_.data(), buffered_})));
  }
  if (message_.count(bhttp::field::date) == 0 && !header_.Suppressed(http::HeaderId::kDate)) {
    const http::Time now(std::chrono::system_clock::now());
    message_.set(bhttp::field::date, http::FormatTime(now));
  }
  if (options_.close || options_.http10) message_.keep_alive(!options_.close);
  serializer_.emplace(message_);
}

void Response::Send(std::string_view data, bool more) {
  buffered_ = 0;
  bb::error_code problem;
  if (options_.head || !AllowsBody()) {
    if (!serializer_->is_header_done()) bhttp::write_header(*stream_, *serializer_, problem);
  } else {
    auto& body = message_.body();
    // The serializer only reads the data.
    body.data = const_cast<char*>(data.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
    body.size = data.size();
    body.more = more;
    if (data.empty() && more) {
      body.data = nullptr;
      if (!serializer_->is_header_done()) bhttp::write_header(*stream_, *serializer_, problem);
    } else if (!serializer_->is_done()) {
      if (data.empty()) body.data = nullptr;
      bhttp::write(*stream_, *serializer_, problem);
    }
    if (problem == bhttp::error::need_buffer) problem = {};
  }
  if (problem) error_ = ToError(problem);
}

}  // namespace hon::beast
