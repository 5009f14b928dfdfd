#include "tls/openssl.h"

namespace hon::tls {

std::string TakeReason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return {};
  const char* reason = ERR_reason_error_string(code);
  return reason == nullptr ? "error " + std::to_string(ERR_GET_REASON(code)) : reason;
}

Error TakeError(std::string_view context) {
  std::string reason = TakeReason();
  std::string text = "tls: " + std::string(context);
  if (!reason.empty()) text += ": " + reason;
  return Error::New(std::move(text));
}

}  // namespace hon::tls
