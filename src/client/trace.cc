#include "hon/client/trace.h"

#include <any>
#include <utility>

namespace hon::client {
namespace {

using TracePtr = std::shared_ptr<const ClientTrace>;

// The address of this object is the key of the context's value.
constexpr char kTraceKey = 0;

}  // namespace

appcontext::Context WithClientTrace(const appcontext::Context& parent, TracePtr trace) {
  return appcontext::WithValue(parent, &kTraceKey, std::move(trace));
}

TracePtr ContextClientTrace(const appcontext::Context& context) {
  const std::any* const value = context.Value(&kTraceKey);
  return value == nullptr ? nullptr : std::any_cast<TracePtr>(*value);
}

}  // namespace hon::client
