#pragma once

// Code shared by the floor programs: the fixed answer, and the command line.

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace hon::floor {

inline constexpr std::string_view kAnswer =
    "HTTP/1.1 200 OK\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 13\r\n"
    "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
    "\r\n"
    "Hello, World!";

/// Ends of request heads in `input`. An end mark that is cut by the end of the input is not found;
/// load generators send whole requests.
inline size_t CountHeads(std::string_view input) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  if (input.size() >= kEnd.size() && input.find(kEnd) == input.size() - kEnd.size()) return 1;
  size_t heads = 0;
  for (size_t at = input.find(kEnd); at != std::string_view::npos;
       at = input.find(kEnd, at + kEnd.size())) {
    ++heads;
  }
  return heads;
}

/// The answer of a floor: a fixed text for each head, or the last `echo_bytes` bytes of the input,
/// which are a request's body, behind a fixed head.
class Answers {
 public:
  explicit Answers(size_t echo_bytes) : echo_bytes_(echo_bytes) {
    if (echo_bytes == 0) return;
    text_ =
        "HTTP/1.1 200 OK\r\n"
        "Content-Type: application/octet-stream\r\n"
        "Content-Length: " +
        std::to_string(echo_bytes) +
        "\r\n"
        "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
        "\r\n";
    head_bytes_ = text_.size();
    text_.resize(head_bytes_ + echo_bytes);
  }

  /// The answer to `input`; empty while no request is complete. Lives until the next call.
  std::string_view To(std::string_view input) {
    if (echo_bytes_ != 0) {
      if (input.size() < echo_bytes_) return {};
      std::memcpy(text_.data() + head_bytes_, input.data() + input.size() - echo_bytes_,
                  echo_bytes_);
      return text_;
    }
    const size_t bytes = CountHeads(input) * kAnswer.size();
    while (text_.size() < bytes) text_ += kAnswer;
    return std::string_view(text_).substr(0, bytes);
  }

 private:
  size_t echo_bytes_;
  size_t head_bytes_ = 0;
  std::string text_;  // grows to the largest answer seen
};

/// The value behind `name`, or `otherwise`.
inline std::string_view TextArgument(int argc, char** argv, std::string_view name,
                                     std::string_view otherwise) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (argv[i] == name) return argv[i + 1];
  }
  return otherwise;
}

/// The port of `PROGRAM ... [--port] N`, 8080 by default.
inline int PortArgument(int argc, char** argv) {
  const std::string_view named = TextArgument(argc, argv, "--port", "");
  if (!named.empty()) return std::atoi(named.data());
  return argc > 1 && argc % 2 == 0 ? std::atoi(argv[argc - 1]) : 8080;
}

/// The BYTES of `--echo BYTES`; 0 without the option.
inline size_t EchoArgument(int argc, char** argv) {
  return static_cast<size_t>(std::atoi(TextArgument(argc, argv, "--echo", "0").data()));
}

}  // namespace hon::floor
