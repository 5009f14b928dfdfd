// A peer of bench/tls: Boost.Beast over asio's TLS streams, asynchronous, one thread. "/" answers
// "hello", "/files/NAME" is a file of FOLDER.
// usage: beast PORT CERTIFICATE KEY FOLDER

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
#include <utility>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, asio::ssl::context& context, const std::string& folder)
      : stream_(std::move(socket), context), folder_(folder) {}

  void Run() {
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [self = shared_from_this()](beast::error_code problem) {
                              if (!problem) self->Read();
                            });
  }

 private:
  void Read() {
    request_ = {};
    http::async_read(stream_, buffer_, request_,
                     beast::bind_front_handler(&Session::OnRead, shared_from_this()));
  }

  void OnRead(beast::error_code problem, size_t) {
    if (problem) return Close();
    constexpr std::string_view kFiles = "/files/";
    const std::string_view target(request_.target().data(), request_.target().size());
    if (target.starts_with(kFiles)) return SendFile(std::string(target.substr(kFiles.size())));
    text_.emplace(http::status::ok, request_.version());
    text_->set(http::field::content_type, "text/plain; charset=utf-8");
    text_->body() = "hello";
    Send(*text_);
  }

  void SendFile(const std::string& name) {
    beast::error_code problem = beast::errc::make_error_code(beast::errc::permission_denied);
    http::file_body::value_type body;
    if (name.find('/') == std::string::npos && !name.starts_with('.')) {
      body.open((folder_ + "/" + name).c_str(), beast::file_mode::scan, problem);
    }
    if (problem) return Close();
    file_.emplace(http::status::ok, request_.version());
    file_->set(http::field::content_type, "application/octet-stream");
    file_->body() = std::move(body);
    Send(*file_);
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
    stream_.async_shutdown([self = shared_from_this()](beast::error_code) {});
  }

  beast::ssl_stream<beast::tcp_stream> stream_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  std::optional<http::response<http::string_body>> text_;
  std::optional<http::response<http::file_body>> file_;
  const std::string& folder_;
};

void Accept(tcp::acceptor& acceptor, asio::ssl::context& context, const std::string& folder) {
  acceptor.async_accept([&](beast::error_code problem, tcp::socket socket) {
    if (!problem) {
      socket.set_option(tcp::no_delay(true), problem);
      std::make_shared<Session>(std::move(socket), context, folder)->Run();
    }
    Accept(acceptor, context, folder);
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: beast PORT CERTIFICATE KEY FOLDER\n");
    return 2;
  }
  asio::ssl::context tls(asio::ssl::context::tls_server);
  tls.use_certificate_chain_file(argv[2]);
  tls.use_private_key_file(argv[3], asio::ssl::context::pem);
  const std::string folder = argv[4];
  asio::io_context context(1);
  tcp::acceptor acceptor(context, {asio::ip::make_address("127.0.0.1"),
                                   static_cast<unsigned short>(std::atoi(argv[1]))});
  Accept(acceptor, tls, folder);
  context.run();
  return 0;
}
