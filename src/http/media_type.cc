#include "http/media_type.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "http/token.h"

namespace hon::mime {
namespace {

using http::internal::ToLower;

constexpr std::string_view kBlanks = " \t\n\v\f\r";
constexpr std::string_view kSpecials = "()<>@,;:\\\"/[]?=";

// The token bytes of RFC 2045 §5.1. Unlike HTTP's, they include "{" and "}".
constexpr std::array<bool, 256> TokenBytes() {
  std::array<bool, 256> allowed = {};
  for (size_t c = '!'; c <= '~'; ++c) {
    allowed[c] = kSpecials.find(static_cast<char>(c)) == std::string_view::npos;
  }
  return allowed;
}
constexpr std::array<bool, 256> kTokenBytes = TokenBytes();

bool IsTokenByte(char c) { return kTokenBytes[static_cast<uint8_t>(c)]; }

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenByte);
}

void TrimLeft(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
}

std::string_view Trim(std::string_view text) {
  TrimLeft(text);
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

bool Skip(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::string_view TakeToken(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), IsTokenByte);
  const std::string_view token = text.substr(0, static_cast<size_t>(end - text.begin()));
  text.remove_prefix(token.size());
  return token;
}

// A quoted-string whose opening quote is next. A backslash escapes only special characters: old
// browsers send the separators of a Windows path as they are.
std::optional<std::string> TakeQuoted(std::string_view& text) {
  std::string value;
  for (size_t i = 1; i < text.size(); ++i) {
    char c = text[i];
    if (c == '"') {
      text.remove_prefix(i + 1);
      return value;
    }
    if (c == '\r' || c == '\n') return std::nullopt;
    if (c == '\\' && i + 1 < text.size() && kSpecials.find(text[i + 1]) != kSpecials.npos) {
      c = text[++i];
    }
    value.push_back(c);
  }
  return std::nullopt;
}

// "; name=value". Leaves `text` alone when there is none.
std::optional<std::pair<std::string, std::string>> TakeParameter(std::string_view& text) {
  std::string_view rest = text;
  TrimLeft(rest);
  if (!Skip(rest, ';')) return std::nullopt;
  TrimLeft(rest);
  std::string name = ToLower(TakeToken(rest));
  TrimLeft(rest);
  if (name.empty() || !Skip(rest, '=')) return std::nullopt;
  TrimLeft(rest);
  std::string value;
  if (rest.starts_with('"')) {
    std::optional<std::string> quoted = TakeQuoted(rest);
    if (!quoted) return std::nullopt;
    value = *std::move(quoted);
  } else {
    value = TakeToken(rest);
    if (value.empty()) return std::nullopt;
  }
  text = rest;
  return std::pair(std::move(name), std::move(value));
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    decoded.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return decoded;
}

// "charset'language'text" (RFC 2231 §4); the language is ignored.
std::optional<std::string> DecodeExtended(std::string_view text) {
  const size_t first = text.find('\'');
  if (first == text.npos) return std::nullopt;
  const size_t second = text.find('\'', first + 1);
  if (second == text.npos) return std::nullopt;
  const std::string charset = ToLower(text.substr(0, first));
  if (charset != "utf-8" && charset != "us-ascii") return std::nullopt;
  return PercentDecode(text.substr(second + 1));
}

// Joins name*0, name*1*, ... (RFC 2231 §3).
std::optional<std::string> Join(const std::string& name, const Parameters& pieces) {
  std::optional<std::string> joined;
  for (size_t n = 0;; ++n) {
    const std::string plain = name + '*' + std::to_string(n);
    std::string_view piece;
    std::optional<std::string> decoded;
    if (const auto it = pieces.find(plain); it != pieces.end()) {
      piece = it->second;
    } else if (const auto starred = pieces.find(plain + '*'); starred != pieces.end()) {
      decoded = n == 0 ? DecodeExtended(starred->second) : PercentDecode(starred->second);
      if (decoded) piece = *decoded;
    } else {
      return joined;
    }
    if (!joined) joined.emplace();
    joined->append(piece);
  }
}

bool IsTypeOrDisposition(std::string_view text) {
  if (TakeToken(text).empty()) return false;
  return text.empty() || (Skip(text, '/') && IsToken(text));
}

// Whether FormatMediaType must encode `value`: no quoted-string of US-ASCII may hold it.
bool NeedsEncoding(std::string_view value) {
  return std::any_of(value.begin(), value.end(),
                     [](char c) { return (c < ' ' || c > '~') && c != '\t'; });
}

void AppendEncoded(std::string& out, std::string_view value) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  out += "utf-8''";
  for (const char c : value) {
    if (IsTokenByte(c) && c != '*' && c != '\'' && c != '%') {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<uint8_t>(c);
    out.push_back('%');
    out.push_back(kHex[byte >> 4]);
    out.push_back(kHex[byte & 15]);
  }
}

void AppendQuoted(std::string& out, std::string_view value) {
  out.push_back('"');
  for (const char c : value) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

}  // namespace

std::string_view MediaType::Get(std::string_view name) const {
  const auto it = params.find(name);
  return it == params.end() ? std::string_view() : it->second;
}

Error internal::ParseMediaTypeInto(std::string_view text, MediaType* into) {
  const size_t base_end = std::min(text.find(';'), text.size());
  into->type = ToLower(Trim(text.substr(0, base_end)));
  into->params.clear();
  if (!IsTypeOrDisposition(into->type)) {
    into->type.clear();
    return ErrInvalidMediaType;
  }
  text.remove_prefix(base_end);

  Parameters plain;
  std::map<std::string, Parameters> starred;  // by the part of the name before its first "*"
  for (size_t count = 0;; ++count) {
    TrimLeft(text);
    if (text.empty() || Trim(text) == ";") break;
    auto parameter = TakeParameter(text);
    if (!parameter || count >= kMediaParametersMax) return ErrInvalidMediaParameter;
    auto& [name, value] = *parameter;
    const size_t star = name.find('*');
    Parameters& where = star == name.npos ? plain : starred[name.substr(0, star)];
    const auto [it, is_new] = where.try_emplace(name, value);
    if (!is_new && it->second != value) {
      into->type.clear();
      return ErrDuplicateParameter;
    }
  }
  for (const auto& [name, pieces] : starred) {
    const auto whole = pieces.find(name + '*');
    std::optional<std::string> value =
        whole != pieces.end() ? DecodeExtended(whole->second) : Join(name, pieces);
    if (value) plain.insert_or_assign(name, *std::move(value));
  }
  into->params = std::move(plain);
  return {};
}

Result<MediaType> ParseMediaType(std::string_view text) {
  MediaType media;
  if (Error err = internal::ParseMediaTypeInto(text, &media)) return Fail(std::move(err));
  return media;
}

std::string FormatMediaType(std::string_view type, const Parameters& params) {
  std::string out = ToLower(type);
  if (!IsTypeOrDisposition(out)) return "";
  for (const auto& [name, value] : params) {
    if (!IsToken(name)) return "";
    out += "; " + ToLower(name);
    if (NeedsEncoding(value)) {
      out += "*=";
      AppendEncoded(out, value);
    } else if (IsToken(value)) {
      out += '=' + value;
    } else {
      out.push_back('=');
      AppendQuoted(out, value);
    }
  }
  return out;
}

}  // namespace hon::mime
