#include "http/coded_tag.h"

#include <utility>

namespace hon::http::internal {
namespace {

// Before the closing quote.
constexpr std::string_view kSuffix = "--gzip";
constexpr std::string_view kSuffixAtEnd = "--gzip\"";

bool HasCodedTag(const Header& header, HeaderId id) {
  if (!header.Has(id)) return false;
  for (const Header::Field& field : header) {
    if (field.id == id && field.value.find(kSuffixAtEnd) != field.value.npos) return true;
  }
  return false;
}

// `list`, and behind it the handler's own tag for each compressed tag in the list.
std::string WithPlainTags(std::string_view list) {
  std::string longer(list);
  for (size_t at = list.find(kSuffixAtEnd); at != list.npos; at = list.find(kSuffixAtEnd, at + 1)) {
    const size_t quote = list.substr(0, at).rfind('"');
    const bool strong = quote != list.npos && (quote == 0 || list[quote - 1] != '/');
    if (strong) longer.append(", ").append(list.substr(quote, at - quote)).append("\"");
  }
  return longer;
}

}  // namespace

std::string CodedTag(std::string_view tag) {
  std::string coded(tag);
  const bool strong = tag.size() >= 2 && tag.front() == '"' && tag.back() == '"';
  return strong ? coded.insert(coded.size() - 1, kSuffix) : coded;
}

bool ListsTag(const Header& header, std::string_view tag) {
  if (!header.Has(HeaderId::kIfNoneMatch)) return false;
  for (const Header::Field& field : header) {
    if (field.id == HeaderId::kIfNoneMatch && field.value.find(tag) != field.value.npos)
      return true;
  }
  return false;
}

PlainTagScope::PlainTagScope(Request& r, bool compressible) : r_(r) {
  const bool match = HasCodedTag(r.Header, HeaderId::kIfMatch);
  const bool none_match = compressible && HasCodedTag(r.Header, HeaderId::kIfNoneMatch);
  if (!match && !none_match) return;
  Header longer;
  for (const Header::Field& field : r.Header) {
    const bool has_tags = (match && field.id == HeaderId::kIfMatch) ||
                          (none_match && field.id == HeaderId::kIfNoneMatch);
    if (has_tags) {
      longer.Add(field.id, WithPlainTags(field.value));
    } else {
      longer.AddView(field.name, field.value, field.id);
    }
  }
  original_ = std::exchange(r.Header, std::move(longer));
  changed_ = true;
}

PlainTagScope::~PlainTagScope() {
  if (changed_) r_.Header = std::move(original_);
}

}  // namespace hon::http::internal
