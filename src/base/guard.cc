#include "hon/base/guard.h"

#include <exception>
#include <string>

#include "hon/base/log.h"
#include "hon/base/quote.h"

namespace hon {
namespace {

constexpr Sentinel kUnknownType{"exception of unknown type"};
constexpr Sentinel kUnreadable{"exception whose text could not be copied"};

}  // namespace

Error ThrownError() noexcept {
  try {
    throw;
  } catch (const std::exception& exception) {
    try {
      return Error::New(exception.what());
    } catch (...) {  // no memory for the text
      return kUnreadable;
    }
  } catch (...) {
    return kUnknownType;
  }
}

std::string DescribeThrown(std::string_view callback, const Error& why) {
  return std::string(callback) + " threw: " + why.Message();
}

void LogThrown(std::string_view callback, const Error& why) noexcept {
  if (!AdmitLogLine(LogKind::kCallback)) return;
  try {
    const std::string quoted = Quote(why.Message());
    std::string line("http: ");
    line.append(callback).append(" threw: ").append(quoted).append("\n");
    LogLine(LogKind::kCallback, line);
  } catch (...) {  // no memory for the line
    LogLine(LogKind::kCallback, "http: a callback threw\n");
  }
}

}  // namespace hon
