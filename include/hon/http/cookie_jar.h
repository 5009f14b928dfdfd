#pragma once

// Go's net/http/cookiejar: the cookies that a client keeps between its requests (RFC 6265 §5.3,
// §5.4).

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hon/http/cookie.h"
#include "hon/http/round_tripper.h"
#include "hon/http/time.h"
#include "hon/url/url.h"

namespace hon::cookiejar {

/// Cookies in one jar. One more removes the least recently used cookie.
inline constexpr size_t kJarCookiesMax = 3000;
/// Cookies of one site: of a registrable domain with all its hosts, or of one host where the jar
/// has no public suffixes. One more removes the site's least recently used cookie.
inline constexpr size_t kSiteCookiesMax = 50;
/// Bytes of a cookie's name and value together. A longer cookie is ignored.
inline constexpr size_t kJarCookieBytesMax = 4096;
/// Bytes of a Domain or Path attribute. A cookie with a longer one is ignored.
inline constexpr size_t kJarAttributeBytesMax = 1024;

/// Knows the domains below which anybody may register a name: "com", "co.uk". Called by any number
/// of threads at once.
class PublicSuffixList {
 public:
  virtual ~PublicSuffixList() = default;
  /// The public suffix of `domain`, which is in lower case, without a final dot, and in punycode:
  /// `domain` itself or its last labels. "" when `domain` has none.
  [[nodiscard]] virtual std::string_view PublicSuffix(std::string_view domain) const = 0;
};

/// The system's list of libpsl (https://publicsuffix.org). Null when this library was built without
/// libpsl.
[[nodiscard]] std::shared_ptr<const PublicSuffixList> SystemPublicSuffixes();

struct Options {
  /// Null: any parent domain may be a public suffix, so that no cookie is shared between hosts. A
  /// cookie with a Domain attribute is then sent only to the host that has set it.
  std::shared_ptr<const cookiejar::PublicSuffixList> PublicSuffixList = SystemPublicSuffixes();
  /// Wall time, for the end of cookies. Null: the system's.
  std::function<http::Time()> Now{};
};

/// A jar in memory. Rules: RFC 6265 §5.3 and §5.4. Of the RFC's revision
/// (draft-ietf-httpbis-rfc6265bis §5.7): no http URL sets or overlays a Secure cookie, and the
/// prefixes "__Secure-" and "__Host-" are enforced. http URLs of localhost and of loopback
/// addresses count as secure. Thread-safe; no call waits, but for the jar's lock.
class Jar final : public http::CookieJar {
 public:
  explicit Jar(Options options = {});

  void SetCookies(const url::URL& url, const std::vector<http::Cookie>& cookies) override;
  /// Name, Value and Quoted of the cookies, longer paths first, then older cookies first. None for
  /// a URL that is neither http nor https.
  std::vector<http::Cookie> Cookies(const url::URL& url) override;

  /// Number of kept cookies, including expired ones that are not removed yet.
  [[nodiscard]] size_t Len() const;

 private:
  struct Entry {
    std::string name;
    std::string value;
    std::string site;
    std::string domain;  // or host, when host_only
    std::string path;
    http::Time expires;     // zero: as long as the jar
    uint64_t sequence = 0;  // order of creation
    bool quoted = false;
    bool secure = false;
    bool host_only = false;
  };
  using Entries = std::list<Entry>;
  using Site = std::vector<Entries::iterator>;
  struct Origin;

  [[nodiscard]] http::Time Now() const;
  [[nodiscard]] std::string SiteOf(std::string_view host) const;
  [[nodiscard]] bool SetDomain(Entry& entry, std::string_view host, std::string_view domain) const;
  [[nodiscard]] static bool MayStore(const Entry& entry, const Origin& origin, const Site* site);
  void SetCookie(const Origin& origin, const http::Cookie& cookie, http::Time now);
  void Store(Entry entry, http::Time now);
  void RemoveExpired(http::Time now);
  void RemoveExcess(Site& site, http::Time now);
  void Remove(Entries::iterator entry);

  const Options options_;
  mutable std::mutex mutex_;  // guards the members below
  Entries entries_;           // least recently used first
  std::unordered_map<std::string, Site> sites_;
  uint64_t sequence_ = 0;
};

}  // namespace hon::cookiejar
