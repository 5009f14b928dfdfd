#pragma once

#include <string>
#include <string_view>

namespace hon::url {

/// Puts the shortest form of `path` into `into`, whose capacity is used again: rooted at "/",
/// without ".", ".." (RFC 3986 §5.2.4) and "//", a slash at the end kept. The result is never
/// longer than `path` and a "/" before it. Escapes are not decoded, so clean the escaped form of a
/// path. `path` must not be a view of `into`. Any thread.
void CleanPath(std::string_view path, std::string& into);
/// The same as a text of its own.
[[nodiscard]] std::string CleanPath(std::string_view path);

}  // namespace hon::url
