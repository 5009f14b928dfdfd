#include "hon/base/guard.h"

#include <cstdio>
#include <exception>
#include <string>

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
  try {
    const std::string quoted = Quote(why.Message());
    std::string line("http: ");
    line.append(callback).append(" threw: ").append(quoted).append("\n");
    std::fwrite(line.data(), 1, line.size(), stderr);  // one call, so that lines do not mix
  } catch (...) {                                      // no memory for the line
    static constexpr std::string_view kShort = "http: a callback threw\n";
    std::fwrite(kShort.data(), 1, kShort.size(), stderr);
  }
}

}  // namespace hon
