#include "hon/http/server_context.h"

#include <any>

namespace hon::http {

appcontext::Context ShutdownContext(const appcontext::Context& request) {
  const std::any* value = request.Value(&ShutdownContextKey);
  const auto* shutdown = value == nullptr ? nullptr : std::any_cast<appcontext::Context>(value);
  return shutdown == nullptr ? appcontext::Background() : *shutdown;
}

}  // namespace hon::http
