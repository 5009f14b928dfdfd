#include "hon/url/values.h"

#include <algorithm>
#include <utility>

#include "hon/url/escape.h"
#include "url/bytes.h"

namespace hon::url {

std::string_view Values::Get(std::string_view key) const& {
  const List& list = All(key);
  return list.empty() ? std::string_view() : list.front();
}

std::string Values::Get(std::string_view key) && {
  return std::string(std::as_const(*this).Get(key));
}

Values::List Values::All(std::string_view key) && { return std::as_const(*this).All(key); }

const Values::List& Values::All(std::string_view key) const& {
  static const List kNone;
  const auto found = map_.find(key);
  return found == map_.end() ? kNone : found->second;
}

bool Values::Has(std::string_view key) const { return map_.find(key) != map_.end(); }

void Values::Set(std::string_view key, std::string_view value) {
  List list;
  list.emplace_back(value);  // before the old list goes: `value` may be a view of it
  (*this)[key] = std::move(list);
}

void Values::Add(std::string_view key, std::string_view value) {
  std::string copy(value);
  (*this)[key].push_back(std::move(copy));
}

void Values::Del(std::string_view key) {
  const auto found = map_.find(key);
  if (found != map_.end()) map_.erase(found);
}

Values::List& Values::operator[](std::string_view key) {
  const auto place = map_.lower_bound(key);
  if (place != map_.end() && place->first == key) return place->second;
  return map_.emplace_hint(place, std::string(key), List())->second;
}

std::string Values::Encode() const {
  std::string encoded;
  for (const auto& [key, list] : map_) {
    for (const std::string& value : list) {
      if (!encoded.empty()) encoded += '&';
      internal::AppendEscaped(encoded, key, internal::kQueryComponent);
      encoded += '=';
      internal::AppendEscaped(encoded, value, internal::kQueryComponent);
    }
  }
  return encoded;
}

Error ParseQueryInto(std::string_view query, Values& into) {
  const auto ampersands = static_cast<size_t>(std::count(query.begin(), query.end(), '&'));
  if (ampersands >= kQueryParametersMax) return ErrTooManyParameters;
  Error first_error;
  std::string key;
  std::string value;
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view piece = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (piece.empty()) continue;
    if (piece.find(';') != std::string_view::npos) {
      first_error = ErrSemicolon;
      continue;
    }
    const size_t equals = std::min(piece.find('='), piece.size());
    key.clear();
    value.clear();
    Error err = internal::AppendUnescaped(key, piece.substr(0, equals), internal::kQueryComponent);
    if (!err && equals < piece.size()) {
      err = internal::AppendUnescaped(value, piece.substr(equals + 1), internal::kQueryComponent);
    }
    if (!err) {
      into[key].push_back(value);
    } else if (!first_error) {
      first_error = std::move(err);
    }
  }
  return first_error;
}

ParsedQuery ParseQuery(std::string_view query) {
  ParsedQuery parsed;
  parsed.err = ParseQueryInto(query, parsed.values);
  return parsed;
}

}  // namespace hon::url
