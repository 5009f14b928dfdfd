#pragma once

// What the floor programs have in common: the fixed answer, and how they are called.

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

/// Ends of request heads in `input`. A mark that is cut by the end of the input is not found; load
/// generators send whole requests.
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

/// The answers for `heads` requests, from a text that grows to the largest number seen.
inline std::string_view Answers(size_t heads) {
  static thread_local std::string text;
  while (text.size() < heads * kAnswer.size()) text += kAnswer;
  return std::string_view(text).substr(0, heads * kAnswer.size());
}

/// The port of `PROGRAM [--port] N`, 8080 by default.
inline int PortArgument(int argc, char** argv) {
  int port = 8080;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--port") != 0) port = std::atoi(argv[i]);
  }
  return port;
}

/// The value behind `name`, or `otherwise`.
inline std::string_view TextArgument(int argc, char** argv, std::string_view name,
                                     std::string_view otherwise) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (argv[i] == name) return argv[i + 1];
  }
  return otherwise;
}

}  // namespace hon::floor
