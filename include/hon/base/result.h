#pragma once

#include <tl/expected.hpp>
#include <utility>

#include "hon/base/error.h"

namespace hon {

/// A value, or the Error that prevented it. Test it like a pointer, read it with `*`.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result() = default;
  // Implicit: the monadic calls of an expected return one.
  Result(tl::expected<T, Error> other)  // NOLINT(google-explicit-constructor)
      : tl::expected<T, Error>(std::move(other)) {}
};

/// Returns `error` from a function whose result is a Result<T>.
inline tl::unexpected<Error> Fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace hon

#define HON_CONCAT_INNER(a, b) a##b
#define HON_CONCAT(a, b) HON_CONCAT_INNER(a, b)

/// `HON_TRY(auto loop, Loop::Create(options));` declares loop, or returns the error.
#define HON_TRY(declaration, expression) \
  HON_TRY_INNER(HON_CONCAT(hon_try_, __LINE__), declaration, expression)
#define HON_TRY_INNER(result, declaration, expression)            \
  auto result = (expression);                                     \
  if (!(result)) return ::hon::Fail(std::move((result).error())); \
  declaration = std::move(*(result))

/// Returns the Error of `expression`, if it gives one, from a function that returns Error.
#define HON_RETURN_IF_ERROR(expression) \
  if (::hon::Error hon_error = (expression)) return hon_error
