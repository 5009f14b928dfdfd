#include "hon/engine/engine.h"

namespace hon::engine {

Option WithRequestTimeout(Duration timeout) {
  return [timeout](Options& options) { options.request_timeout = timeout; };
}

Option WithEventHook(EventHook hook) {
  return [hook = std::move(hook)](Options& options) { options.on_event = hook; };
}

Option WithErrorReply(ErrorReplyHook hook) {
  return [hook = std::move(hook)](Options& options) { options.error_reply = hook; };
}

Option WithGeneralOptionsHandler(bool enabled) {
  return [enabled](Options& options) { options.general_options = enabled; };
}

}  // namespace hon::engine
