#pragma once

// The answers of an echoing server to a client's bytes, case by case, like the Autobahn test suite.
// The expected answers come from RFC 6455, RFC 7692 and RFC 3629.

#include <string>
#include <vector>

namespace hon::websocket::test {

/// The limit on messages that the cases assume.
inline constexpr size_t kCaseMessageBytesMax = 66'000;

struct Case {
  std::string name;
  std::string section;
  std::string wire;  // behind the handshake
  /// The expected answers: "text:PAYLOAD", "binary:PAYLOAD", "pong:PAYLOAD", "close:CODE"; nothing
  /// after a close.
  std::vector<std::string> want;
  bool deflate = false;  // permessage-deflate was agreed on, without takeover
};

[[nodiscard]] const std::vector<Case>& ConformanceCases();

}  // namespace hon::websocket::test
