#pragma once

// Go's net/url: parsing by RFC 3986, with Go's leniencies and its fields. Independent of HTTP.
// Escaping alone is in escape.h, queries alone in values.h. Functions take time and memory in
// proportion to their input. The input has no limit here; a server limits the head of a request.
// Functions, and the const methods of one object, may be called from any thread.

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "hon/base/error.h"
#include "hon/base/result.h"
#include "hon/url/escape.h"
#include "hon/url/values.h"

namespace hon::url {

/// The errors of Parse, ParseRequestURI and ParseRequestTarget, in addition to ErrEscape, in this
/// order: a byte below 0x20 or 0x7F; an empty text; a leading ":"; a target that is neither a URL
/// nor a path; a first path segment with ":" that is no scheme; a host, a port (more than digits)
/// or a userinfo (RFC 3986 §3.2) with a byte that is not allowed there.
inline constexpr Sentinel ErrControlByte{"net/url: invalid control character in URL"};
inline constexpr Sentinel ErrEmpty{"empty url"};
inline constexpr Sentinel ErrMissingScheme{"missing protocol scheme"};
inline constexpr Sentinel ErrRequestURI{"invalid URI for request"};
inline constexpr Sentinel ErrFirstSegmentColon{"first path segment in URL cannot contain colon"};
inline constexpr Sentinel ErrHost{"invalid host"};
inline constexpr Sentinel ErrPort{"invalid port"};
inline constexpr Sentinel ErrUserinfo{"net/url: invalid userinfo"};

/// A username and perhaps a password (RFC 3986 §3.2.1), decoded; never changes.
class Userinfo {
 public:
  explicit Userinfo(std::string_view username) : username_(username) {}
  Userinfo(std::string_view username, std::string_view password)
      : username_(username), password_(password), has_password_(true) {}

  [[nodiscard]] const std::string& Username() const { return username_; }
  /// "" when there is none.
  [[nodiscard]] const std::string& Password() const { return password_; }
  [[nodiscard]] bool HasPassword() const { return has_password_; }
  /// "username[:password]", escaped.
  [[nodiscard]] std::string String() const;

  bool operator==(const Userinfo&) const = default;

 private:
  std::string username_;
  std::string password_;
  bool has_password_ = false;
};

/// Null when a URL has no userinfo. Copies of a URL share it.
using UserinfoPtr = std::shared_ptr<const Userinfo>;
/// A username, and one with a password, for URL::User.
[[nodiscard]] UserinfoPtr User(std::string_view username);
[[nodiscard]] UserinfoPtr UserPassword(std::string_view username, std::string_view password);

/// A parsed URI reference (RFC 3986 §4.1): [scheme:][//[userinfo@]host][/]path[?query][#fragment],
/// or scheme:opaque[?query][#fragment]. The URL owns its text; strings keep their capacity when
/// assigned.
struct URL {
  std::string Scheme;  // lower case
  std::string Opaque;  // encoded
  UserinfoPtr User;
  std::string Host;         // "host" or "host:port", IPv6 in brackets
  std::string Path;         // decoded: "%2F" and "/" look alike here, see EscapedPath
  std::string RawPath;      // the encoded path, only when encoding Path would not give it
  std::string RawQuery;     // encoded, without "?"
  std::string Fragment;     // decoded, without "#"
  std::string RawFragment;  // as RawPath
  bool ForceQuery = false;  // String writes "?" though RawQuery is empty
  bool OmitHost = false;    // String writes no "//" for an empty host

  bool operator==(const URL& other) const;

  /// The URI reference (RFC 3986 §5.3), escaped as needed: Parse gives this URL again.
  [[nodiscard]] std::string String() const;
  /// As String, with "xxxxx" for a password.
  [[nodiscard]] std::string Redacted() const;
  /// Has a scheme.
  [[nodiscard]] bool IsAbs() const { return !Scheme.empty(); }

  /// RawPath when it is an encoding of Path, else the default encoding of Path.
  [[nodiscard]] std::string EscapedPath() const;
  /// Likewise of Fragment and RawFragment.
  [[nodiscard]] std::string EscapedFragment() const;
  /// As EscapedPath without a copy where none is needed: a view of Path or RawPath, or of
  /// `scratch` once it had to be encoded there.
  [[nodiscard]] std::string_view EscapedPathView(std::string& scratch) const;

  /// The pairs of RawQuery, decoded. Malformed pairs are dropped; all are dropped when there are
  /// more than kQueryParametersMax (ParseQuery returns the error).
  [[nodiscard]] Values Query() const;
  /// Path and query (or opaque and query) as a request line has them.
  [[nodiscard]] std::string RequestURI() const;
  /// Host without port and brackets (RFC 3986 §3.2.2); a view of Host.
  [[nodiscard]] std::string_view Hostname() const;
  /// The digits after the host's last ":", "" when there are none; a view of Host.
  [[nodiscard]] std::string_view Port() const;

  /// Sets Path to the decoded text and, where needed, RawPath. Fails with ErrEscape and then
  /// changes nothing. `escaped` must not be a view of this URL.
  Error SetEscapedPath(std::string_view escaped);

  /// `reference` resolved against this URL (RFC 3986 §5.2).
  [[nodiscard]] URL ResolveReference(const URL& reference) const;
  /// Parses `reference`, then resolves it. Fails as url::Parse does.
  [[nodiscard]] Result<URL> Parse(std::string_view reference) const;
  /// Appends escaped path elements and cleans the result of ".", ".." and "//". An element with a
  /// bad escape leaves the path as it was.
  [[nodiscard]] URL JoinPath(std::initializer_list<std::string_view> elements) const;

  /// Empties every field; capacity stays.
  void Clear();
};

/// Parses a URL or a relative reference (RFC 3986 §4.1). The URL owns its text.
/// Errors: the sentinels above and ErrEscape, with `parse "...": ` before their text.
[[nodiscard]] Result<URL> Parse(std::string_view text);
/// Parses what a request line may hold (RFC 9112 §3.2): an absolute URL, an absolute path, or "*".
/// A "#" is part of the path. Fails as Parse, and with ErrRequestURI for anything else.
[[nodiscard]] Result<URL> ParseRequestURI(std::string_view text);

/// ParseRequestURI for servers: fills `into`, whose old capacity is used again, so that a warm one
/// takes no memory. With `connect`, a target that does not begin with "/" is taken for the
/// authority form, "host:port" (RFC 9112 §3.2.3). On an error `into` is unspecified.
Error ParseRequestTarget(std::string_view target, bool connect, URL& into);
/// The first step of ParseRequestTarget: reads the origin form (RFC 9112 §3.2.1) with a path that
/// needs no decoding, as most targets are. Returns false for other targets; `into` is then empty.
[[nodiscard]] bool ParsePlainTarget(std::string_view target, URL& into);

/// Whether `text` is a host that is not empty, with or without a port, by the letter of RFC 3986:
/// an IPv6 address or an IPvFuture in brackets, an IPv4 address or a registered name (§3.2.2), then
/// nothing, or ":" and any number of digits (§3.2.3). No userinfo and no zone. Parse is more
/// lenient.
[[nodiscard]] bool IsHostAndPort(std::string_view text);

/// Parses `base` and appends elements to its path, as URL::JoinPath. Fails as Parse does.
[[nodiscard]] Result<std::string> JoinPath(std::string_view base,
                                           std::initializer_list<std::string_view> elements);

}  // namespace hon::url
