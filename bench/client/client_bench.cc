// CPU of a client's requests: this library and libcurl, easy and multi, against any server.
// bench/client/run compares them.

#include <curl/curl.h>
#include <sys/resource.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hon/client/transport.h"
#include "hon/fiber/fiber.h"
#include "hon/http/client.h"
#include "hon/http/replay.h"
#include "hon/tls/context.h"

namespace {

using namespace hon;

struct Options {
  std::string_view client = "hon";  // or curl, curl-multi
  std::string url;
  size_t requests = 1000;
  size_t at_once = 1;
  uint64_t upload = 0;  // bytes of each request's body
  bool http2 = false;
  netpoll::BackendKind backend = netpoll::BackendKind::kAuto;
};

/// Counts the bytes that are received.
uint64_t received = 0;

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void Fatal(const std::string& why) {
  std::fprintf(stderr, "client_bench: %s\n", why.c_str());
  std::exit(1);
}

/// A body of `left` bytes.
class Filler final : public io::Reader {
 public:
  explicit Filler(uint64_t left) : left_(left) {}
  io::IoResult Read(std::span<char> into) override {
    if (left_ == 0) return {0, io::ErrEof};
    const auto n = static_cast<size_t>(std::min<uint64_t>(left_, into.size()));
    left_ -= n;
    return {n, {}};
  }

 private:
  uint64_t left_;
};

void AskByHon(http::Client& client, const Options& options, std::span<char> into) {
  http::Body body;
  if (options.upload != 0) {
    body = http::ReaderBody(std::make_shared<Filler>(options.upload),
                            static_cast<int64_t>(options.upload));
  }
  Result<http::Request> request =
      http::NewRequest(options.upload != 0 ? "PUT" : "GET", options.url, std::move(body));
  if (!request) Fatal(request.error().Message());
  Result<http::Response> answer = client.Do(*request);
  if (!answer) Fatal(answer.error().Message());
  for (;;) {
    const io::IoResult got = answer->Body.Read(into);
    received += got.n;
    if (got.err.Is(io::ErrEof)) return;
    if (got.err) Fatal(got.err.Message());
  }
}

std::shared_ptr<http::RoundTripper> NewHonTransport(const Options& options) {
  client::TransportOptions transport;
  transport.DisableCompression = true;
  tls::Config config;
  config.InsecureSkipVerify = true;
  config.NextProtos = {options.http2 ? "h2" : "http/1.1"};
  transport.TLS = *tls::ClientContext::Create(std::move(config));
  return std::make_shared<client::Transport>(std::move(transport));
}

void RunHon(const Options& options) {
  Result<std::unique_ptr<netpoll::Loop>> loop = netpoll::Loop::Create({.backend = options.backend});
  if (!loop) Fatal(loop.error().Message());
  fiber::Scheduler scheduler(**loop);
  http::Client client{.Transport = NewHonTransport(options)};
  size_t left = options.requests;
  size_t running = options.at_once;
  for (size_t i = 0; i < options.at_once; ++i) {
    fiber::Go(
        [&] {
          const auto into = std::make_unique<std::array<char, 64 * 1024>>();
          while (left != 0) {
            --left;
            AskByHon(client, options, *into);
          }
          if (--running == 0) (*loop)->Stop();
        },
        {.scheduler = &scheduler});
  }
  (*loop)->Run();
  client.CloseIdleConnections();
  while (scheduler.Live() != 0) (*loop)->Turn(std::chrono::milliseconds(1));
}

size_t OnCurlBytes(char*, size_t size, size_t count, void*) {
  received += size * count;
  return size * count;
}

struct CurlUpload {
  uint64_t left = 0;
};

size_t OnCurlRead(char*, size_t size, size_t count, void* user) {
  auto* const upload = static_cast<CurlUpload*>(user);
  const auto n = static_cast<size_t>(std::min<uint64_t>(upload->left, size * count));
  upload->left -= n;
  return n;
}

/// An easy handle with its upload.
struct CurlHandle {
  CURL* easy = curl_easy_init();
  CurlUpload upload;

  explicit CurlHandle(const Options& options) {
    curl_easy_setopt(easy, CURLOPT_URL, options.url.c_str());
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, OnCurlBytes);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 64L * 1024);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 64L * 1024);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                     options.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1);
    if (options.upload != 0) {
      curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
      curl_easy_setopt(easy, CURLOPT_READFUNCTION, OnCurlRead);
      curl_easy_setopt(easy, CURLOPT_READDATA, &upload);
      curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(options.upload));
    }
    upload.left = options.upload;
  }
  CurlHandle(const CurlHandle&) = delete;
  CurlHandle& operator=(const CurlHandle&) = delete;
  ~CurlHandle() { curl_easy_cleanup(easy); }
};

void RunCurl(const Options& options) {
  CurlHandle handle(options);
  for (size_t i = 0; i < options.requests; ++i) {
    handle.upload.left = options.upload;
    const CURLcode code = curl_easy_perform(handle.easy);
    if (code != CURLE_OK) Fatal(curl_easy_strerror(code));
  }
}

void RunCurlMulti(const Options& options) {
  CURLM* const multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  std::vector<std::unique_ptr<CurlHandle>> handles;
  size_t left = options.requests;
  size_t done = 0;
  for (size_t i = 0; i < options.at_once && left != 0; ++i, --left) {
    handles.push_back(std::make_unique<CurlHandle>(options));
    curl_easy_setopt(handles.back()->easy, CURLOPT_PRIVATE, handles.back().get());
    curl_multi_add_handle(multi, handles.back()->easy);
  }
  while (done != options.requests) {
    int running = 0;
    curl_multi_perform(multi, &running);
    int waiting = 0;
    while (CURLMsg* const message = curl_multi_info_read(multi, &waiting)) {
      if (message->msg != CURLMSG_DONE) continue;
      if (message->data.result != CURLE_OK) Fatal(curl_easy_strerror(message->data.result));
      ++done;
      CURL* const easy = message->easy_handle;
      curl_multi_remove_handle(multi, easy);
      if (left == 0) continue;
      --left;
      CurlHandle* handle = nullptr;
      curl_easy_getinfo(easy, CURLINFO_PRIVATE, &handle);
      handle->upload.left = options.upload;
      curl_multi_add_handle(multi, easy);
    }
    if (done != options.requests) curl_multi_poll(multi, nullptr, 0, 1000, nullptr);
  }
  handles.clear();
  curl_multi_cleanup(multi);
}

uint64_t NumberOf(std::string_view text) {
  uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size()) Fatal("not a number");
  return number;
}

Options ParseOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    const auto value = [&]() -> std::string_view {
      if (++i == argc) Fatal(std::string(flag) + " needs a value");
      return argv[i];
    };
    if (flag == "--client") {
      options.client = value();
    } else if (flag == "--url") {
      options.url = value();
    } else if (flag == "--requests") {
      options.requests = NumberOf(value());
    } else if (flag == "--at-once") {
      options.at_once = NumberOf(value());
    } else if (flag == "--upload") {
      options.upload = NumberOf(value());
    } else if (flag == "--backend") {
      const Result<netpoll::BackendKind> backend = netpoll::ParseBackend(value());
      if (!backend) Fatal(backend.error().Message());
      options.backend = *backend;
    } else if (flag == "--http2") {
      options.http2 = true;
    } else {
      Fatal("unknown flag " + std::string(flag));
    }
  }
  return options;
}

}  // namespace

// Prints the CPU microseconds of a request, without those of the first requests.
int main(int argc, char** argv) {
  const Options options = ParseOptions(argc, argv);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  const auto run = [&options](size_t requests) {
    Options own = options;
    own.requests = requests;
    if (own.client == "hon") return RunHon(own);
    if (own.client == "curl") return RunCurl(own);
    if (own.client == "curl-multi") return RunCurlMulti(own);
    Fatal("--client is hon, curl or curl-multi");
  };
  const double before = CpuSeconds();
  run(options.requests);
  const double spent = CpuSeconds() - before;
  std::printf("%.3f %llu\n", spent * 1e6 / static_cast<double>(options.requests),
              static_cast<unsigned long long>(received));
  return 0;
}
