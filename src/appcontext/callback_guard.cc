#include "hon/appcontext/callback_guard.h"

#include <any>
#include <utility>

namespace hon::appcontext {
namespace {

constexpr char kReporterKey = 0;  // its address is the key

}  // namespace

Context WithThrowReporter(const Context& parent, std::weak_ptr<ThrowReporter> reporter) {
  return WithValue(parent, &kReporterKey, std::move(reporter));
}

CallbackGuard CallbackGuard::Of(const Context& context) {
  CallbackGuard guard;
  const std::any* value = context.Value(&kReporterKey);
  const auto* reporter = std::any_cast<std::weak_ptr<ThrowReporter>>(value);
  if (reporter != nullptr) guard.reporter_ = *reporter;
  return guard;
}

void CallbackGuard::Report(std::string_view name, const Error& why) const noexcept {
  if (const std::shared_ptr<ThrowReporter> reporter = reporter_.lock()) {
    return reporter->OnThrown(name, why);
  }
  LogThrown(name, why);
}

}  // namespace hon::appcontext
