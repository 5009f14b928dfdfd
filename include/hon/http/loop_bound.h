#pragma once

#include "hon/http/handler.h"

namespace hon::http {

/// Base of handlers that only wait, and never block or compute for long: they run on the loop of
/// their connection, wherever other handlers are placed. ServeMux, its Mount, and StripPrefix
/// respect that; other handlers around one take it along to where they run.
struct LoopBound {
  /// For the Resolve of a handler around `inner`: `self` runs where `inner` does.
  [[nodiscard]] static Target Around(Handler& self, const Handler& inner) {
    Target target{&self, nullptr};
    target.delegates = dynamic_cast<const LoopBound*>(&inner) != nullptr;
    return target;
  }
};

}  // namespace hon::http
