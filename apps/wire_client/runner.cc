#include "runner.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "hon/fiber/fiber.h"
#include "hon/http/cookie_jar.h"
#include "hon/http/proxy.h"
#include "hon/http/replay.h"
#include "tls.h"
#include "websocket.h"

namespace hon::wire {
namespace {

Duration TimeOf(int64_t milliseconds) {
  return milliseconds == 0 ? kUnlimited : Duration(std::chrono::milliseconds(milliseconds));
}

/// `--body-length` bytes "0123456789abcdef...".
class PatternReader final : public io::Reader {
 public:
  explicit PatternReader(int64_t bytes) : left_(bytes) {}
  io::IoResult Read(std::span<char> into) override {
    if (left_ == 0) return {0, io::ErrEof};
    const auto n = static_cast<size_t>(std::min<int64_t>(left_, static_cast<int64_t>(into.size())));
    for (size_t i = 0; i < n; ++i) into[i] = kPattern[at_++ % kPattern.size()];
    left_ -= static_cast<int64_t>(n);
    return {n, {}};
  }

 private:
  static constexpr std::string_view kPattern = "0123456789abcdef";
  int64_t left_;
  size_t at_ = 0;
};

void AddPairs(const std::vector<std::string>& pairs, http::Header& header) {
  for (const std::string& pair : pairs) {
    const auto [name, value] = SplitPair(pair);
    header.Add(name, value);
  }
}

}  // namespace

Error Runner::Prepare() {
  client::TransportOptions options;
  options.DialTimeout = TimeOf(flags_.dial_timeout);
  options.ResponseHeaderTimeout = TimeOf(flags_.header_timeout);
  options.ExpectContinueTimeout = Duration(std::chrono::milliseconds(flags_.expect_timeout));
  options.IdleConnTimeout = TimeOf(flags_.idle_timeout);
  options.MaxConnsPerHost = flags_.max_conns_per_host;
  options.MaxIdleConnsPerHost = flags_.max_idle_per_host;
  options.MaxResponseHeaderBytes = flags_.max_header_bytes;
  if (flags_.http1) options.Protocols.SetHTTP1(true);
  if (flags_.http2 || flags_.h2c) options.Protocols.SetHTTP2(true);
  if (flags_.h2c) options.Protocols.SetUnencryptedHTTP2(true);
  options.DisableKeepAlives = flags_.no_keep_alive;
  options.DisableCompression = flags_.no_decompress;
  if (!flags_.proxy.empty()) {
    Result<url::URL> proxy = url::Parse(flags_.proxy);
    if (!proxy) return std::move(proxy.error());
    options.Proxy = http::ProxyURL(std::move(*proxy));
  } else if (!flags_.no_env_proxy) {
    options.Proxy = http::ProxyFromEnvironment;
  }
  Result<std::shared_ptr<tls::ClientContext>> tls = ClientTls(flags_);
  if (!tls) return std::move(tls.error());
  options.TLS = std::move(*tls);
  transport_ = std::make_shared<client::Transport>(std::move(options));
  client_.Transport = transport_;
  if (flags_.cookies) client_.Jar = std::make_shared<cookiejar::Jar>();
  client_.Timeout = Duration(std::chrono::milliseconds(flags_.timeout));
  if (!flags_.body_file.empty()) {
    Result<http::Body> file = http::FileBody(flags_.body_file);
    if (!file) return std::move(file.error());
  }
  return {};
}

void Runner::Work() {
  const size_t all = flags_.urls.size() * flags_.repeat;
  for (;;) {
    const size_t number = next_.fetch_add(1);
    if (number >= all) return;
    if (number != 0 && flags_.sleep_between != 0) {
      static_cast<void>(fiber::Sleep(std::chrono::milliseconds(flags_.sleep_between)));
    }
    RunOne(flags_.urls[number % flags_.urls.size()]);
  }
}

void Runner::RunOne(const std::string& url) {
  Report report;
  report.url = url;
  auto trace = std::make_shared<client::ClientTrace>();
  trace->GotConn = [&report](const client::GotConnInfo& info) {
    report.reused = info.Reused;
    report.remote = info.RemoteAddr;
  };
  trace->Got1xxResponse = [&report](int status, const http::Header&) {
    report.informational.push_back(status);
    return Error();
  };
  if (flags_.dump) {
    trace->WroteHeaders = [&report](std::string_view head) { report.wire = head; };
  }
  report.error = Send(url, report, std::move(trace));
  if (report.error) failed_ = true;
  const std::string line = JsonLine(report);
  const std::lock_guard lock(output_);
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

Result<http::Body> Runner::MakeBody(int64_t& length) const {
  http::Body body;
  if (flags_.body) {
    body = http::Body::FromString(*flags_.body);
  } else if (!flags_.body_file.empty()) {
    HON_TRY(body, http::FileBody(flags_.body_file));
  } else if (flags_.body_length) {
    const int64_t bytes = *flags_.body_length;
    if (bytes == 0) return http::Body();
    body = http::ReaderBody(
        [bytes]() -> Result<std::shared_ptr<io::Reader>> {
          return std::make_shared<PatternReader>(bytes);
        },
        bytes);
  }
  length = flags_.chunked ? -1 : http::LengthOf(body);
  return body;
}

// Each URL of a redirect goes into the report.
void Runner::Follow(http::Client& client, Report& report) const {
  client.CheckRedirect = [this, &report](http::Request& next,
                                         std::span<http::Request* const> via) -> Error {
    if (flags_.no_redirects) return http::ErrUseLastResponse;
    if (via.size() >= flags_.max_redirects) {
      return Error::Of(http::ErrTooManyRedirects,
                       "stopped after " + std::to_string(flags_.max_redirects) + " redirects");
    }
    report.redirects.push_back(next.URL.String());
    report.url = report.redirects.back();
    return {};
  };
}

Error Runner::Send(const std::string& url, Report& report,
                   std::shared_ptr<client::ClientTrace> trace) {
  int64_t length = 0;
  Result<http::Body> body = MakeBody(length);
  if (!body) return std::move(body.error());
  if (IsWebSocketUrl(url)) {
    Result<std::string> message = body->ReadAll();
    if (!message) return std::move(message.error());
    return ExchangeMessages(url, flags_, transport_, *message, report);
  }
  const bool has_body = flags_.body || flags_.body_length || !flags_.body_file.empty();
  const std::string method = !flags_.method.empty() ? flags_.method : has_body ? "POST" : "GET";
  Result<http::Request> request = http::NewRequestWithContext(
      client::WithClientTrace({}, std::move(trace)), method, url, *body);
  if (!request) return std::move(request.error());
  request->ContentLength = length;
  request->Chunked = flags_.chunked && !body->IsNoBody();
  AddPairs(flags_.header, request->Header);
  AddPairs(flags_.trailer, request->Trailer);
  if (request->Header.Has("Host")) request->Host = request->Own(request->Header.Get("Host"));
  if (flags_.expect) request->Header.Set("Expect", "100-continue");
  http::Client client = client_;
  Follow(client, report);
  Result<http::Response> answer = client.Do(*request);
  if (!answer) return std::move(answer.error());
  report.status = answer->StatusCode;
  report.proto = answer->Proto;
  report.header = answer->Header.Clone();
  Digest digest;
  std::array<char, 16 * 1024> part;
  for (;;) {
    const io::IoResult got = answer->Body.Read(part);
    digest.Add({part.data(), got.n});
    report.body_length += static_cast<int64_t>(got.n);
    if (!got.err) continue;
    report.body_sha256 = digest.Hex();
    report.trailer = answer->Trailer.Clone();
    return got.err.Is(io::ErrEof) ? Error() : got.err;
  }
}

}  // namespace hon::wire
