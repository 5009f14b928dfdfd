#include "hon/engine/events.h"

#include <algorithm>
#include <ctime>
#include <string>

#include "hon/base/log.h"

namespace hon::engine {
namespace {

// Texts of peers and handlers may hold line breaks or terminal escapes.
void AppendEscaped(std::string& line, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      line += c;
    } else {
      line += "\\x";
      line += kHex[byte >> 4];
      line += kHex[byte & 15];
    }
  }
}

LogKind KindOf(Event::Kind kind) {
  switch (kind) {
    case Event::Kind::kPanic:
      return LogKind::kPanic;
    case Event::Kind::kBadRequest:
      return LogKind::kBadRequest;
    case Event::Kind::kHandler:
      return LogKind::kHandler;
    case Event::Kind::kAccept:
      return LogKind::kAccept;
    case Event::Kind::kListener:
    case Event::Kind::kCertificate:
      return LogKind::kListener;
    case Event::Kind::kHandshake:
    case Event::Kind::kFlood:
      return LogKind::kHandshake;
    case Event::Kind::kStall:
      return LogKind::kStall;
    case Event::Kind::kCallback:
      return LogKind::kCallback;
    case Event::Kind::kProtocol:
      return LogKind::kProtocol;
  }
  return LogKind::kOther;
}

}  // namespace

void LogToStderr(const Event& event) {
  const LogKind kind = KindOf(event.kind);
  if (!AdmitLogLine(kind)) return;
  const std::time_t now = std::time(nullptr);
  std::tm parts = {};
  localtime_r(&now, &parts);
  char stamp[32];
  std::string line(stamp, std::strftime(stamp, sizeof stamp, "%Y/%m/%d %H:%M:%S ", &parts));
  if (event.kind == Event::Kind::kPanic) line += "http: panic serving ";
  if (event.kind == Event::Kind::kBadRequest) line += "http: refused request from ";
  AppendEscaped(line, event.peer);
  if (!event.pattern.empty()) {
    line += " (";
    AppendEscaped(line, event.pattern);
    line += ')';
  }
  if (!event.peer.empty()) line += ": ";
  if (event.peer.empty() && !event.pattern.empty()) line += ' ';
  AppendEscaped(line, event.detail);
  line += '\n';
  for (std::string_view rest = event.stack; !rest.empty();) {
    const std::string_view frame = rest.substr(0, rest.find('\n'));
    line += "    ";
    AppendEscaped(line, frame);
    line += '\n';
    rest.remove_prefix(std::min(frame.size() + 1, rest.size()));
  }
  LogLine(kind, line);
}

}  // namespace hon::engine
