// Boost.Beast in its own style: asynchronous, one thread, with the endpoints of the benchmarks. "/"
// is a text, "/echo" answers with the body, "/file" is FILE, "/files/NAME" a file beside it. Over
// TLS with CERTIFICATE and KEY.
// usage: beast_own PORT FILE [CERTIFICATE KEY]

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

using Plain = beast::tcp_stream;
using Secure = beast::ssl_stream<beast::tcp_stream>;

template <class Stream>
class Session : public std::enable_shared_from_this<Session<Stream>> {
 public:
  /// `tls`: the context of a Secure stream.
  template <class... Tls>
  Session(const std::string& file, tcp::socket socket, Tls&... tls)
      : stream_(std::move(socket), tls...), file_(file) {}

  void Run() {
    if constexpr (std::is_same_v<Stream, Secure>) {
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](beast::error_code problem) {
                                if (!problem) self->Read();
                              });
    } else {
      Read();
    }
  }

 private:
  void Read() {
    request_ = {};
    beast::get_lowest_layer(stream_).expires_after(std::chrono::seconds(30));
    http::async_read(stream_, buffer_, request_,
                     beast::bind_front_handler(&Session::OnRead, this->shared_from_this()));
  }

  void OnRead(beast::error_code problem, size_t) {
    if (problem) return Close();
    constexpr std::string_view kFiles = "/files/";
    const std::string_view target(request_.target().data(), request_.target().size());
    if (target == "/file") return SendFile(file_);
    if (target.starts_with(kFiles)) return SendBeside(std::string(target.substr(kFiles.size())));
    http::status status = http::status::ok;
    const char* type = "text/plain; charset=utf-8";
    std::string body;
    if (target == "/") {
      body = "Welcome! Try /sse endpoint.";
    } else if (target == "/echo" && request_.method() == http::verb::post) {
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

  void SendBeside(const std::string& name) {
    if (name.find('/') != std::string::npos || name.starts_with('.')) return Close();
    SendFile(file_.substr(0, file_.rfind('/') + 1) + name);
  }

  void SendFile(const std::string& path) {
    beast::error_code problem;
    http::file_body::value_type body;
    body.open(path.c_str(), beast::file_mode::scan, problem);
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
                      [self = this->shared_from_this(), close](beast::error_code problem, size_t) {
                        if (problem || close) return self->Close();
                        self->Read();
                      });
  }

  void Close() {
    if constexpr (std::is_same_v<Stream, Secure>) {
      stream_.async_shutdown([self = this->shared_from_this()](beast::error_code) {});
    } else {
      beast::error_code ignored;
      stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
      stream_.close();
    }
  }

  Stream stream_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  std::optional<http::response<http::string_body>> text_;
  std::optional<http::response<http::file_body>> file_answer_;
  const std::string& file_;
};

template <class Stream, class... Tls>
void Accept(tcp::acceptor& acceptor, const std::string& file, Tls&... tls) {
  acceptor.async_accept([&](beast::error_code problem, tcp::socket socket) {
    if (!problem) {
      socket.set_option(tcp::no_delay(true), problem);
      std::make_shared<Session<Stream>>(file, std::move(socket), tls...)->Run();
    }
    Accept<Stream>(acceptor, file, tls...);
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 5) {
    std::fprintf(stderr, "usage: beast_own PORT FILE [CERTIFICATE KEY]\n");
    return 2;
  }
  const auto port = static_cast<unsigned short>(std::atoi(argv[1]));
  const std::string file = argv[2];
  asio::io_context context(1);
  tcp::acceptor acceptor(context, {asio::ip::make_address("127.0.0.1"), port});
  asio::ssl::context tls(asio::ssl::context::tls_server);
  if (argc == 5) {
    tls.use_certificate_chain_file(argv[3]);
    tls.use_private_key_file(argv[4], asio::ssl::context::pem);
    Accept<Secure>(acceptor, file, tls);
  } else {
    Accept<Plain>(acceptor, file);
  }
  context.run();
  return 0;
}
