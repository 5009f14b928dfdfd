#include "hon/base/error.h"

#include <atomic>
#include <memory>
#include <new>
#include <system_error>

namespace hon {

struct Error::Rep {
  std::atomic<uint32_t> refs{1};
  int system_code = 0;
  const Sentinel* sentinel = nullptr;
  std::string text;
  Error cause;
};

namespace {

// The error when there is no memory for a better one.
constexpr Sentinel kNoMemory{"out of memory"};

/// Returns the result of `make`, or `otherwise` when `make` finds no memory. Never throws.
template <class Make>
Error OrElse(const Error& otherwise, Make make) noexcept {
  try {
    return make();
  } catch (const std::bad_alloc&) {
    return otherwise;
  }
}

}  // namespace

Error Error::New(std::string text) {
  return OrElse(kNoMemory, [&] {
    auto rep = std::make_unique<Rep>();
    rep->text = std::move(text);
    return Error(rep.release());
  });
}

Error Error::Of(const Sentinel& sentinel, std::string text) {
  return OrElse(sentinel, [&] {
    auto rep = std::make_unique<Rep>();
    rep->sentinel = &sentinel;
    rep->text = std::move(text);
    return Error(rep.release());
  });
}

Error Error::Wrap(std::string_view context, Error cause) {
  if (!cause) return cause;
  return OrElse(cause, [&] {
    auto rep = std::make_unique<Rep>();
    rep->text.assign(context);
    rep->cause = cause;
    return Error(rep.release());
  });
}

Error Error::System(int errno_value, std::string_view context) {
  return OrElse(kNoMemory, [&] {
    auto rep = std::make_unique<Rep>();
    rep->system_code = errno_value;
    rep->text.assign(context);
    rep->text += ": ";
    rep->text += std::generic_category().message(errno_value);
    return Error(rep.release());
  });
}

bool Error::Is(const Sentinel& sentinel) const noexcept {
  const Error* error = this;
  while (error->bits_ != 0) {
    if (const Sentinel* own = error->AsSentinel()) return own == &sentinel;
    const Rep* rep = error->AsRep();
    if (rep->sentinel == &sentinel) return true;
    error = &rep->cause;
  }
  return false;
}

std::string Error::Message() const {
  if (bits_ == 0) return {};
  if (const Sentinel* own = AsSentinel()) return std::string(own->text);
  const Rep* rep = AsRep();
  if (!rep->cause) return rep->text;
  return rep->text + ": " + rep->cause.Message();
}

int Error::SystemCode() const noexcept {
  const Error* error = this;
  while (const Rep* rep = error->AsRep()) {
    if (rep->system_code != 0) return rep->system_code;
    error = &rep->cause;
  }
  return 0;
}

void Error::RetainRep() const noexcept { AsRep()->refs.fetch_add(1, std::memory_order_relaxed); }

void Error::ReleaseRep() noexcept {
  Rep* rep = AsRep();
  if (rep->refs.fetch_sub(1, std::memory_order_acq_rel) == 1) delete rep;
}

}  // namespace hon
