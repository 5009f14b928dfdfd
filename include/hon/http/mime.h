#pragma once

// Go's mime: media types with their parameters, and the type that a file name's extension means.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hon/base/result.h"

namespace hon::mime {

/// The errors of ParseMediaType: no type/subtype; a malformed parameter, or too many of them; a
/// repeated parameter.
inline constexpr Sentinel ErrInvalidMediaType{"mime: no valid media type"};
inline constexpr Sentinel ErrInvalidMediaParameter{"mime: invalid media parameter"};
inline constexpr Sentinel ErrDuplicateParameter{"mime: duplicate parameter name"};

/// More parameters in one value than this are refused (ErrInvalidMediaParameter).
inline constexpr size_t kMediaParametersMax = 1000;

/// Parameter names in lower case, and their values with quotes and escapes undone.
using Parameters = std::map<std::string, std::string, std::less<>>;

/// A Content-Type or Content-Disposition value.
struct MediaType {
  std::string type{};  // lower case, without parameters
  Parameters params{};

  /// The parameter `name` (lower case), or "".
  [[nodiscard]] std::string_view Get(std::string_view name) const;
};

/// Reads a media type (RFC 9110 §8.3.1) or a disposition (RFC 2183), with continued and encoded
/// parameters (RFC 2231; UTF-8 and US-ASCII).
[[nodiscard]] Result<MediaType> ParseMediaType(std::string_view text);

/// The reverse of ParseMediaType, parameters sorted by name, values quoted or encoded where needed.
/// "" when the type or a name is no token.
[[nodiscard]] std::string FormatMediaType(std::string_view type, const Parameters& params);

/// A table of media types by the extension of a file name. Const calls may run in parallel.
class Types {
 public:
  /// The built-in table.
  Types();
  /// The built-in table and the system's MIME files, which are read on the first call.
  static const Types& System();

  /// The type for `extension` (".html"), "" when unknown. An entry of the same case comes first.
  /// text/ types carry a charset. The view ends with the next change of this table.
  [[nodiscard]] std::string_view TypeByExtension(std::string_view extension) const;
  /// All extensions known for `type`, sorted.
  [[nodiscard]] std::vector<std::string> ExtensionsByType(std::string_view type) const;

  /// Maps `extension`, which begins with a dot, to `type`.
  Error AddExtensionType(std::string_view extension, std::string_view type);
  /// Adds the entries of a shared-mime-info file ("weight:type:glob") that this table lacks, plain
  /// "*.ext" globs only. Returns false when the file cannot be read.
  bool LoadGlobs(const std::string& path);
  /// Adds a file of the form "type ext ext..."; its entries replace older ones.
  bool LoadMimeTypes(const std::string& path);

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Table = std::unordered_map<std::string, std::string, Hash, std::equal_to<>>;

  Table exact_;
  Table lower_;
};

/// Types::System().TypeByExtension(extension).
[[nodiscard]] std::string_view TypeByExtension(std::string_view extension);

/// The extension of the last element of `path`, with its dot; "" when there is none.
[[nodiscard]] std::string_view Extension(std::string_view path);

}  // namespace hon::mime
