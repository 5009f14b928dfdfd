#pragma once

#include "hon/http/handler.h"

namespace hon::http {

/// Base of handlers that only wait, and never block or compute for long. Such a handler runs on the
/// loop of its connection, whatever the placement of other handlers is. ServeMux, its Mount, and
/// StripPrefix keep that; any other handler around a LoopBound one decides for both.
struct LoopBound {
  /// For the Resolve of a handler around `inner`: `self` runs where `inner` runs.
  [[nodiscard]] static Target Around(Handler& self, const Handler& inner) {
    Target target{&self, nullptr};
    target.delegates = dynamic_cast<const LoopBound*>(&inner) != nullptr;
    return target;
  }
};

}  // namespace hon::http
