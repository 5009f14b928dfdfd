#pragma once

// What a server that echoes messages answers to a client's bytes, case by case, in the manner of
// the Autobahn test suite. The wants come from RFC 6455, RFC 7692 and RFC 3629.

#include <string>
#include <vector>

namespace hon::websocket::test {

/// Limit of a message that the cases are made for.
inline constexpr size_t kCaseMessageBytesMax = 66'000;

struct Case {
  std::string name;
  std::string section;
  std::string wire;  // behind the handshake
  /// What comes back: "text:PAYLOAD", "binary:PAYLOAD", "pong:PAYLOAD", "close:CODE"; behind a
  /// close nothing.
  std::vector<std::string> want;
  bool deflate = false;  // permessage-deflate was agreed on, without takeover
};

[[nodiscard]] const std::vector<Case>& ConformanceCases();

}  // namespace hon::websocket::test
