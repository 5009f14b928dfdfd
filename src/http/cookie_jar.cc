#include "hon/http/cookie_jar.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <utility>

#include "http/host_name.h"
#include "http/ip_address.h"
#include "http/token.h"

namespace hon::cookiejar {
namespace {

using http::internal::CanonicalHostName;
using http::internal::EqualFold;
using http::internal::IsLoopbackHost;
using http::internal::IsSubdomain;
using http::internal::ParseIpAddress;

// Whether `host` equals or is below `domain` (RFC 6265 §5.1.3, for names).
bool InDomain(std::string_view host, std::string_view domain) {
  return host == domain || IsSubdomain(host, domain);
}

// RFC 6265 §5.1.4.
std::string_view DefaultPath(std::string_view path) {
  if (!path.starts_with('/')) return "/";
  const size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

// RFC 6265 §5.1.4.
bool PathMatches(std::string_view path, std::string_view cookie_path) {
  if (!path.starts_with(cookie_path)) return false;
  return path.size() == cookie_path.size() || cookie_path.ends_with('/') ||
         path[cookie_path.size()] == '/';
}

bool StartsWithFold(std::string_view text, std::string_view start) {
  return EqualFold(text.substr(0, start.size()), start);
}

http::Time After(http::Time now, int64_t seconds) {
  const int64_t room = std::numeric_limits<int64_t>::max() - now.Unix();
  return http::Time::FromUnix(now.Unix() + std::min(seconds, room), now.Nanosecond());
}

// Whether the cookie's attributes mean that it has expired.
bool IsOver(const http::Cookie& cookie, http::Time now) {
  if (cookie.MaxAge != 0) return cookie.MaxAge < 0;
  return !cookie.Expires.IsZero() && cookie.Expires <= now;
}

// Whether the cookie satisfies the prefix of its name (RFC 6265bis §4.1.3).
bool KeepsPromise(const http::Cookie& cookie) {
  if (StartsWithFold(cookie.Name, "__Secure-")) return cookie.Secure;
  if (!StartsWithFold(cookie.Name, "__Host-")) return true;
  return cookie.Secure && cookie.Domain.empty() && cookie.Path == "/";
}

bool FitsLimits(const http::Cookie& cookie) {
  return cookie.Name.size() + cookie.Value.size() <= kJarCookieBytesMax &&
         cookie.Domain.size() <= kJarAttributeBytesMax &&
         cookie.Path.size() <= kJarAttributeBytesMax;
}

}  // namespace

// The part of a URL that decides about cookies.
struct Jar::Origin {
  std::string host;  // canonical, without a dot at its end
  std::string path;
  std::string site;
  bool secure = false;

  static std::optional<Origin> Of(const url::URL& url, const Jar& jar) {
    const bool https = EqualFold(url.Scheme, "https");
    if (!https && !EqualFold(url.Scheme, "http")) return std::nullopt;
    std::string_view host = url.Hostname();
    if (host.ends_with('.')) host.remove_suffix(1);
    std::optional<std::string> name = CanonicalHostName(host);
    if (!name) return std::nullopt;
    Origin origin;
    origin.host = *std::move(name);
    origin.path = url.Path.empty() ? "/" : url.Path;
    origin.site = jar.SiteOf(origin.host);
    origin.secure = https || IsLoopbackHost(origin.host);
    return origin;
  }
};

Jar::Jar(Options options) : options_(std::move(options)) {}

http::Time Jar::Now() const {
  return options_.Now ? options_.Now() : http::Time(std::chrono::system_clock::now());
}

size_t Jar::Len() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

// The registrable domain of `host`; all of `host` when it has none, or is unknown.
std::string Jar::SiteOf(std::string_view host) const {
  if (options_.PublicSuffixList == nullptr || ParseIpAddress(host)) return std::string(host);
  const std::string_view suffix = options_.PublicSuffixList->PublicSuffix(host);
  if (suffix.empty() || !IsSubdomain(host, suffix)) return std::string(host);
  const std::string_view before = host.substr(0, host.size() - suffix.size() - 1);
  const size_t dot = before.rfind('.');
  return std::string(dot == before.npos ? host : host.substr(dot + 1));
}

// Sets the entry's domain from a Domain attribute (RFC 6265 §5.3, steps 4 to 6). Returns false when
// `host` may not set a cookie for that domain.
bool Jar::SetDomain(Entry& entry, std::string_view host, std::string_view domain) const {
  entry.domain = host;
  entry.host_only = true;
  if (domain.empty()) return true;
  if (ParseIpAddress(host)) {
    if (domain.starts_with('[') && domain.ends_with(']')) {
      domain = domain.substr(1, domain.size() - 2);
    }
    return ParseIpAddress(domain) == ParseIpAddress(host);
  }
  if (domain.starts_with('.')) domain.remove_prefix(1);
  if (domain.starts_with('.') || domain.ends_with('.')) return false;
  const std::optional<std::string> name = CanonicalHostName(domain);
  if (!name || name->size() != domain.size() || !InDomain(host, *name)) return false;
  if (options_.PublicSuffixList == nullptr) return true;
  const std::string_view suffix = options_.PublicSuffixList->PublicSuffix(*name);
  if (!suffix.empty() && !IsSubdomain(*name, suffix)) return host == *name;
  // A parent of a public suffix need not be one itself.
  if (!InDomain(*name, entry.site)) return false;
  entry.domain = *name;
  entry.host_only = false;
  return true;
}

// Whether the entry may be stored: a secure origin sets it, or neither it nor the cookie that it
// overlays is Secure (RFC 6265bis §5.7).
bool Jar::MayStore(const Entry& entry, const Origin& origin, const Site* site) {
  if (origin.secure) return true;
  if (entry.secure) return false;
  if (site == nullptr) return true;
  return std::none_of(site->begin(), site->end(), [&entry](const Entries::iterator& old) {
    return old->secure && old->name == entry.name &&
           (InDomain(old->domain, entry.domain) || InDomain(entry.domain, old->domain)) &&
           PathMatches(entry.path, old->path);
  });
}

void Jar::SetCookies(const url::URL& url, const std::vector<http::Cookie>& cookies) {
  if (cookies.empty()) return;
  const std::optional<Origin> origin = Origin::Of(url, *this);
  if (!origin) return;
  const http::Time now = Now();
  const std::lock_guard lock(mutex_);
  for (const http::Cookie& cookie : cookies) SetCookie(*origin, cookie, now);
}

void Jar::SetCookie(const Origin& origin, const http::Cookie& cookie, http::Time now) {
  if (!FitsLimits(cookie) || !KeepsPromise(cookie)) return;
  Entry entry;
  entry.site = origin.site;
  if (!SetDomain(entry, origin.host, cookie.Domain)) return;
  entry.name = cookie.Name;
  entry.path =
      cookie.Path.starts_with('/') ? std::string_view(cookie.Path) : DefaultPath(origin.path);
  if (entry.path.size() > kJarAttributeBytesMax) return;
  entry.secure = cookie.Secure;
  const auto found = sites_.find(origin.site);
  Site* const site = found == sites_.end() ? nullptr : &found->second;
  if (!MayStore(entry, origin, site)) return;
  if (site != nullptr) {
    const auto same =
        std::find_if(site->begin(), site->end(), [&entry](const Entries::iterator& old) {
          return old->name == entry.name && old->domain == entry.domain && old->path == entry.path;
        });
    if (same != site->end()) {
      entry.sequence = (*same)->sequence;
      Remove(*same);
    }
  }
  if (IsOver(cookie, now)) return;
  entry.value = cookie.Value;
  entry.quoted = cookie.Quoted;
  entry.expires = cookie.MaxAge > 0 ? After(now, cookie.MaxAge) : cookie.Expires;
  Store(std::move(entry), now);
}

void Jar::Store(Entry entry, http::Time now) {
  if (entries_.size() >= kJarCookiesMax) RemoveExpired(now);
  while (entries_.size() >= kJarCookiesMax) Remove(entries_.begin());
  if (entry.sequence == 0) entry.sequence = ++sequence_;
  Site& site = sites_[entry.site];
  entries_.push_back(std::move(entry));
  site.push_back(std::prev(entries_.end()));
  if (site.size() > kSiteCookiesMax) RemoveExcess(site, now);
}

void Jar::RemoveExpired(http::Time now) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    if (!entry->expires.IsZero() && entry->expires <= now) Remove(entry);
    entry = next;
  }
}

// Removes one cookie of a site with one too many: an expired one, else one that is not Secure, else
// any; of these the least recently used.
void Jar::RemoveExcess(Site& site, http::Time now) {
  const auto rank = [now](const Entry& entry) {
    if (!entry.expires.IsZero() && entry.expires <= now) return 0;
    return entry.secure ? 2 : 1;
  };
  // The entries of a site are in the order of their last use, the new one last.
  const auto worst =
      std::min_element(site.begin(), std::prev(site.end()),
                       [&rank](const Entries::iterator& a, const Entries::iterator& b) {
                         return rank(*a) < rank(*b);
                       });
  Remove(*worst);
}

void Jar::Remove(Entries::iterator entry) {
  const auto found = sites_.find(entry->site);
  Site& site = found->second;
  site.erase(std::find(site.begin(), site.end(), entry));
  if (site.empty()) sites_.erase(found);
  entries_.erase(entry);
}

std::vector<http::Cookie> Jar::Cookies(const url::URL& url) {
  std::vector<http::Cookie> cookies;
  const std::optional<Origin> origin = Origin::Of(url, *this);
  if (!origin) return cookies;
  const http::Time now = Now();
  const std::lock_guard lock(mutex_);
  const auto found = sites_.find(origin->site);
  if (found == sites_.end()) return cookies;
  Site chosen;
  Site ended;
  for (const Entries::iterator& entry : found->second) {
    if (!entry->expires.IsZero() && entry->expires <= now) {
      ended.push_back(entry);
    } else if ((entry->host_only ? entry->domain == origin->host
                                 : InDomain(origin->host, entry->domain)) &&
               PathMatches(origin->path, entry->path) && (origin->secure || !entry->secure)) {
      chosen.push_back(entry);
    }
  }
  for (const Entries::iterator& entry : chosen) {  // the most recently used from now on
    entries_.splice(entries_.end(), entries_, entry);
    const auto at = std::find(found->second.begin(), found->second.end(), entry);
    std::rotate(at, std::next(at), found->second.end());
  }
  for (const Entries::iterator& entry : ended) Remove(entry);
  std::sort(chosen.begin(), chosen.end(),
            [](const Entries::iterator& a, const Entries::iterator& b) {
              if (a->path.size() != b->path.size()) return a->path.size() > b->path.size();
              return a->sequence < b->sequence;
            });
  for (const Entries::iterator& entry : chosen) {
    cookies.push_back({.Name = entry->name, .Value = entry->value, .Quoted = entry->quoted});
  }
  return cookies;
}

}  // namespace hon::cookiejar
