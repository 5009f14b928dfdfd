#pragma once

#if __cplusplus < 202002L
// A header that is not there ends the compilation with one line; hundreds would follow an #error.
#include <hon needs C++20: compile with -std=c++20>
#endif

// Functions that can fail return an Error or a Result<T>. An Error is one word, true in a condition
// when there is an error (Go's `err != nil`), and compares with sentinels through Is().

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace hon {

/// A named error that callers compare with: `inline constexpr Sentinel ErrServerClosed{"..."}`.
/// Identity is the address, so a Sentinel is neither copied nor moved.
struct Sentinel {
  constexpr explicit Sentinel(std::string_view message) : text(message) {}
  Sentinel(const Sentinel&) = delete;
  Sentinel& operator=(const Sentinel&) = delete;

  std::string_view text;
};

/// An error value, or none. Cheap to copy (a counted pointer; sentinels allocate nothing) and
/// safe to hand between threads.
class [[nodiscard]] Error {
 public:
  /// No error.
  constexpr Error() noexcept = default;
  /// The named error itself.
  Error(const Sentinel& sentinel) noexcept  // NOLINT(google-explicit-constructor)
      : bits_(reinterpret_cast<uintptr_t>(&sentinel) | kSentinelBit) {}

  Error(const Error& other) noexcept : bits_(other.bits_) { Retain(); }
  Error(Error&& other) noexcept : bits_(std::exchange(other.bits_, 0)) {}
  Error& operator=(Error other) noexcept {
    std::swap(bits_, other.bits_);
    return *this;
  }
  ~Error() { Release(); }

  /// An error known by its text alone.
  static Error New(std::string text);
  /// `sentinel` with a more telling text; Is(sentinel) holds.
  static Error Of(const Sentinel& sentinel, std::string text);
  /// `context + ": " + cause`; Is() looks through to the cause.
  static Error Wrap(std::string_view context, Error cause);
  /// `context + ": " + strerror(errno_value)`.
  static Error System(int errno_value, std::string_view context);

  /// True when there is an error.
  explicit operator bool() const noexcept { return bits_ != 0; }

  /// Whether this error, or one that it wraps, is `sentinel`.
  [[nodiscard]] bool Is(const Sentinel& sentinel) const noexcept;

  /// The text for a person; "" when there is no error.
  [[nodiscard]] std::string Message() const;

  /// The errno of the system call that failed, looked up through wrapping; 0 when none did.
  [[nodiscard]] int SystemCode() const noexcept;

 private:
  struct Rep;
  static constexpr uintptr_t kSentinelBit = 1;

  explicit Error(Rep* rep) noexcept : bits_(reinterpret_cast<uintptr_t>(rep)) {}
  [[nodiscard]] const Sentinel* AsSentinel() const noexcept {
    return (bits_ & kSentinelBit) != 0 ? reinterpret_cast<const Sentinel*>(bits_ & ~kSentinelBit)
                                       : nullptr;
  }
  [[nodiscard]] Rep* AsRep() const noexcept {
    return (bits_ & kSentinelBit) == 0 ? reinterpret_cast<Rep*>(bits_) : nullptr;
  }
  void Retain() const noexcept {
    if (bits_ != 0 && (bits_ & kSentinelBit) == 0) RetainRep();
  }
  void Release() noexcept {
    if (bits_ != 0 && (bits_ & kSentinelBit) == 0) ReleaseRep();
  }
  void RetainRep() const noexcept;
  void ReleaseRep() noexcept;

  uintptr_t bits_ = 0;
};

}  // namespace hon
