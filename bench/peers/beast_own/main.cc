// Boost.Beast in its own style: asynchronous, one thread, with the endpoints of the benchmark.
// usage: beast PORT FILE

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = boost::asio::ip::tcp;

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, const char* file) : stream_(std::move(socket)), file_(file) {}

  void Read() {
    request_ = {};
    stream_.expires_after(std::chrono::seconds(30));
    http::async_read(stream_, buffer_, request_,
                     beast::bind_front_handler(&Session::OnRead, shared_from_this()));
  }

 private:
  void OnRead(beast::error_code problem, size_t) {
    if (problem) return Close();
    if (request_.target() == "/file") return SendFile();
    http::status status = http::status::ok;
    const char* type = "text/plain; charset=utf-8";
    std::string body;
    if (request_.target() == "/") {
      body = "Welcome! Try /sse endpoint.";
    } else if (request_.target() == "/echo" && request_.method() == http::verb::post) {
      type = "application/octet-stream";
      body = std::move(request_.body());
    } else {
      status = http::status::not_found;
    }
    text_.emplace(status, request_.version());
    text_->set(http::field::content_type, type);
    text_->body() = std::move(body);
    Send(*text_);
  }

  void SendFile() {
    beast::error_code problem;
    http::file_body::value_type body;
    body.open(file_, beast::file_mode::scan, problem);
    if (problem) return Close();
    file_answer_.emplace(http::status::ok, request_.version());
    file_answer_->set(http::field::content_type, "application/octet-stream");
    file_answer_->body() = std::move(body);
    Send(*file_answer_);
  }

  template <class Message>
  void Send(Message& message) {
    message.keep_alive(request_.keep_alive());
    message.prepare_payload();
    const bool close = message.need_eof();
    http::async_write(stream_, message,
                      [self = shared_from_this(), close](beast::error_code problem, size_t) {
                        if (problem || close) return self->Close();
                        self->Read();
                      });
  }

  void Close() {
    beast::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    stream_.close();
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  std::optional<http::response<http::string_body>> text_;
  std::optional<http::response<http::file_body>> file_answer_;
  const char* file_;
};

void Accept(tcp::acceptor& acceptor, const char* file) {
  acceptor.async_accept([&acceptor, file](beast::error_code problem, tcp::socket socket) {
    if (!problem) {
      socket.set_option(tcp::no_delay(true), problem);
      std::make_shared<Session>(std::move(socket), file)->Read();
    }
    Accept(acceptor, file);
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: beast PORT FILE\n");
    return 2;
  }
  const auto port = static_cast<unsigned short>(std::atoi(argv[1]));
  boost::asio::io_context context(1);
  tcp::acceptor acceptor(context, {boost::asio::ip::make_address("127.0.0.1"), port});
  Accept(acceptor, argv[2]);
  context.run();
  return 0;
}
