#pragma once

// The static table of HPACK (RFC 7541 Appendix A).

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hon/h2/field_line.h"
#include "hon/http/known_headers.h"

namespace hon::h2::internal {

struct StaticEntry {
  std::string_view name;
  std::string_view value;
  http::HeaderId id = http::HeaderId::kUnknown;
  PseudoField pseudo = PseudoField::kNone;
};

using http::HeaderId;

// The first entry has index 1. An entry whose name has no HeaderId has kUnknown.
inline constexpr std::array kStaticTable = {
    StaticEntry{":authority", "", HeaderId::kUnknown, PseudoField::kAuthority},
    StaticEntry{":method", "GET", HeaderId::kUnknown, PseudoField::kMethod},
    StaticEntry{":method", "POST", HeaderId::kUnknown, PseudoField::kMethod},
    StaticEntry{":path", "/", HeaderId::kUnknown, PseudoField::kPath},
    StaticEntry{":path", "/index.html", HeaderId::kUnknown, PseudoField::kPath},
    StaticEntry{":scheme", "http", HeaderId::kUnknown, PseudoField::kScheme},
    StaticEntry{":scheme", "https", HeaderId::kUnknown, PseudoField::kScheme},
    StaticEntry{":status", "200", HeaderId::kUnknown, PseudoField::kStatus},
    StaticEntry{":status", "204", HeaderId::kUnknown, PseudoField::kStatus},
    StaticEntry{":status", "206", HeaderId::kUnknown, PseudoField::kStatus},
    StaticEntry{":status", "304", HeaderId::kUnknown, PseudoField::kStatus},
    StaticEntry{":status", "400", HeaderId::kUnknown, PseudoField::kStatus},
    StaticEntry{":status", "404", HeaderId::kUnknown, PseudoField::kStatus},
    StaticEntry{":status", "500", HeaderId::kUnknown, PseudoField::kStatus},
    StaticEntry{"accept-charset", "", HeaderId::kAcceptCharset},
    StaticEntry{"accept-encoding", "gzip, deflate", HeaderId::kAcceptEncoding},
    StaticEntry{"accept-language", "", HeaderId::kAcceptLanguage},
    StaticEntry{"accept-ranges", "", HeaderId::kAcceptRanges},
    StaticEntry{"accept", "", HeaderId::kAccept},
    StaticEntry{"access-control-allow-origin", ""},
    StaticEntry{"age", "", HeaderId::kAge},
    StaticEntry{"allow", "", HeaderId::kAllow},
    StaticEntry{"authorization", "", HeaderId::kAuthorization},
    StaticEntry{"cache-control", "", HeaderId::kCacheControl},
    StaticEntry{"content-disposition", "", HeaderId::kContentDisposition},
    StaticEntry{"content-encoding", "", HeaderId::kContentEncoding},
    StaticEntry{"content-language", "", HeaderId::kContentLanguage},
    StaticEntry{"content-length", "", HeaderId::kContentLength},
    StaticEntry{"content-location", "", HeaderId::kContentLocation},
    StaticEntry{"content-range", "", HeaderId::kContentRange},
    StaticEntry{"content-type", "", HeaderId::kContentType},
    StaticEntry{"cookie", "", HeaderId::kCookie},
    StaticEntry{"date", "", HeaderId::kDate},
    StaticEntry{"etag", "", HeaderId::kETag},
    StaticEntry{"expect", "", HeaderId::kExpect},
    StaticEntry{"expires", "", HeaderId::kExpires},
    StaticEntry{"from", ""},
    StaticEntry{"host", "", HeaderId::kHost},
    StaticEntry{"if-match", "", HeaderId::kIfMatch},
    StaticEntry{"if-modified-since", "", HeaderId::kIfModifiedSince},
    StaticEntry{"if-none-match", "", HeaderId::kIfNoneMatch},
    StaticEntry{"if-range", "", HeaderId::kIfRange},
    StaticEntry{"if-unmodified-since", "", HeaderId::kIfUnmodifiedSince},
    StaticEntry{"last-modified", "", HeaderId::kLastModified},
    StaticEntry{"link", "", HeaderId::kLink},
    StaticEntry{"location", "", HeaderId::kLocation},
    StaticEntry{"max-forwards", ""},
    StaticEntry{"proxy-authenticate", ""},
    StaticEntry{"proxy-authorization", "", HeaderId::kProxyAuthorization},
    StaticEntry{"range", "", HeaderId::kRange},
    StaticEntry{"referer", "", HeaderId::kReferer},
    StaticEntry{"refresh", ""},
    StaticEntry{"retry-after", "", HeaderId::kRetryAfter},
    StaticEntry{"server", "", HeaderId::kServer},
    StaticEntry{"set-cookie", "", HeaderId::kSetCookie},
    StaticEntry{"strict-transport-security", ""},
    StaticEntry{"transfer-encoding", "", HeaderId::kTransferEncoding},
    StaticEntry{"user-agent", "", HeaderId::kUserAgent},
    StaticEntry{"vary", "", HeaderId::kVary},
    StaticEntry{"via", "", HeaderId::kVia},
    StaticEntry{"www-authenticate", "", HeaderId::kWWWAuthenticate},
};
static_assert(kStaticTable.size() == 61);

/// By HeaderId: the first index of the static table with that name, or 0.
constexpr std::array<uint8_t, static_cast<size_t>(HeaderId::kCount)> MakeStaticIndexes() {
  std::array<uint8_t, static_cast<size_t>(HeaderId::kCount)> indexes{};
  for (size_t i = kStaticTable.size(); i > 0; --i) {
    const HeaderId id = kStaticTable[i - 1].id;
    if (id != HeaderId::kUnknown) indexes[static_cast<size_t>(id)] = static_cast<uint8_t>(i);
  }
  return indexes;
}
inline constexpr auto kStaticIndexes = MakeStaticIndexes();

}  // namespace hon::h2::internal
