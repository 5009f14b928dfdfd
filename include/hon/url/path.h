#pragma once

#include <string>
#include <string_view>

namespace hon::url {

/// Puts the shortest form of `path` into `into`: rooted at "/", without ".", ".." and "//", a slash
/// at the end kept. Escapes are left alone, so clean the escaped form of a path.
/// `path` is no view of `into`.
void CleanPath(std::string_view path, std::string& into);
/// The same as a text of its own.
[[nodiscard]] std::string CleanPath(std::string_view path);

}  // namespace hon::url
