#include "websocket.h"

#include "hon/fiber/fiber.h"
#include "hon/netpoll/loop.h"
#include "hon/websocket/dial.h"

namespace hon::wire {
namespace {

Error Exchange(const std::string& url, const ClientFlags& flags,
               const std::shared_ptr<client::Transport>& transport, std::string_view message,
               Report& report) {
  websocket::DialOptions options{.transport = transport};
  options.conn.message_bytes_max = size_t{16} << 20;
  if (flags.timeout != 0) options.timeout = std::chrono::milliseconds(flags.timeout);
  for (const std::string& pair : flags.header) options.header.push_back(SplitPair(pair));
  Result<websocket::Conn> conn = websocket::Dial(url, options);
  if (!conn) return std::move(conn.error());
  report.remote = conn->RemoteAddr();
  HON_RETURN_IF_ERROR(conn->WriteBinary(message));
  const Result<websocket::Message> echo = conn->ReadMessage();
  if (!echo) return echo.error();
  Digest digest;
  digest.Add(echo->data);
  report.body_length = static_cast<int64_t>(echo->data.size());
  report.body_sha256 = digest.Hex();
  HON_RETURN_IF_ERROR(conn->Close(websocket::kCloseNormal, ""));
  return conn->Wait();
}

}  // namespace

bool IsWebSocketUrl(std::string_view url) {
  return url.starts_with("ws://") || url.starts_with("wss://");
}

Error ExchangeMessages(const std::string& url, const ClientFlags& flags,
                       const std::shared_ptr<client::Transport>& transport,
                       std::string_view message, Report& report) {
  if (!flags.threads) return Exchange(url, flags, transport, message, report);
  Result<std::unique_ptr<netpoll::Loop>> loop = netpoll::Loop::Create({.backend = flags.backend});
  if (!loop) return std::move(loop.error());
  fiber::Scheduler scheduler(**loop);
  Error err;
  fiber::Go(
      [&] {
        err = Exchange(url, flags, transport, message, report);
        (*loop)->Stop();
      },
      {.scheduler = &scheduler});
  (*loop)->Run();
  while (scheduler.Live() != 0) (*loop)->Turn(std::chrono::milliseconds(1));
  return err;
}

}  // namespace hon::wire
