// Boost.Beast's side of the comparison: echo at /echo, broadcast at /broadcast, one thread. A
// broadcast shares the payload and queues it for each member, as in Beast's chat example.

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <charconv>
#include <cstring>
#include <deque>
#include <memory>
#include <set>
#include <string>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using Tcp = asio::ip::tcp;
using Stream = beast::websocket::stream<beast::tcp_stream>;
using Code = beast::error_code;

class Session : public std::enable_shared_from_this<Session> {
 public:
  using Room = std::set<Session*>;
  Session(Tcp::socket socket, Room& room) : stream_(std::move(socket)), room_(&room) {}
  ~Session() { room_->erase(this); }

  void Start() {
    stream_.next_layer().socket().set_option(Tcp::no_delay(true));
    beast::http::async_read(stream_.next_layer(), buffer_, request_,
                            [self = shared_from_this()](Code code, size_t) {
                              if (!code) self->Accept();
                            });
  }

 private:
  void Accept() {
    beast::websocket::permessage_deflate deflate;
    deflate.server_enable = true;
    deflate.server_no_context_takeover = true;
    deflate.client_no_context_takeover = true;
    deflate.compLevel = 1;
    stream_.set_option(deflate);
    stream_.read_message_max(size_t{16} << 20);
    broadcast_ = request_.target() == "/broadcast";
    stream_.async_accept(request_, [self = shared_from_this()](Code code) {
      if (code) return;
      if (self->broadcast_) self->room_->insert(self.get());
      self->Read();
    });
  }

  void Read() {
    stream_.async_read(buffer_, [self = shared_from_this()](Code code, size_t) {
      if (!code) self->OnMessage();
    });
  }

  void OnMessage() {
    stream_.text(stream_.got_text());
    if (!broadcast_) {
      stream_.async_write(buffer_.data(), [self = shared_from_this()](Code code, size_t) {
        self->buffer_.consume(self->buffer_.size());
        if (!code) self->Read();
      });
      return;
    }
    const auto message =
        std::make_shared<const std::string>(beast::buffers_to_string(buffer_.data()));
    buffer_.consume(buffer_.size());
    for (Session* member : *room_) member->Send(message);
    Read();
  }

  void Send(std::shared_ptr<const std::string> message) {
    queue_.push_back(std::move(message));
    if (queue_.size() == 1) Write();
  }

  void Write() {
    stream_.text(true);
    stream_.async_write(asio::buffer(*queue_.front()),
                        [self = shared_from_this()](Code code, size_t) {
                          if (code) return;
                          self->queue_.pop_front();
                          if (!self->queue_.empty()) self->Write();
                        });
  }

  Stream stream_;
  Room* room_;
  beast::flat_buffer buffer_;
  beast::http::request<beast::http::empty_body> request_;
  std::deque<std::shared_ptr<const std::string>> queue_;
  bool broadcast_ = false;
};

void Listen(Tcp::acceptor& acceptor, Session::Room& room) {
  acceptor.async_accept([&](Code code, Tcp::socket socket) {
    if (!code) std::make_shared<Session>(std::move(socket), room)->Start();
    Listen(acceptor, room);
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  uint16_t port = 0;
  std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), port);
  Session::Room room;
  asio::io_context context(1);
  Tcp::acceptor acceptor(context, {asio::ip::make_address("127.0.0.1"), port});
  acceptor.listen(4096);
  Listen(acceptor, room);
  context.run();
  return 0;
}
