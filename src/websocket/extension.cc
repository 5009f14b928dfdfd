#include "websocket/extension.h"

#include <algorithm>
#include <stdexcept>

#include "http/token.h"

namespace hon::websocket::internal {
namespace {

using http::internal::EqualFold;
using http::internal::IsToken;
using http::internal::kTokenBytes;

constexpr std::string_view kDeflate = "permessage-deflate";
constexpr std::string_view kServerNoTakeover = "server_no_context_takeover";
constexpr std::string_view kClientNoTakeover = "client_no_context_takeover";
constexpr std::string_view kServerBits = "server_max_window_bits";
constexpr std::string_view kClientBits = "client_max_window_bits";

// zlib cannot make a raw stream with a window of 256 bytes, though it reads one.
constexpr int kSendBitsMin = 9;
constexpr int kBitsMin = 8;
constexpr int kBitsMax = 15;

class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}
  [[nodiscard]] bool AtEnd() {
    SkipBlanks();
    return rest_.empty();
  }
  [[nodiscard]] bool Take(char c) {
    SkipBlanks();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  [[nodiscard]] std::string_view TakeToken() {
    SkipBlanks();
    size_t size = 0;
    while (size < rest_.size() && kTokenBytes[static_cast<unsigned char>(rest_[size])]) ++size;
    const std::string_view token = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return token;
  }
  // The content of a quoted string, after its first quote; must be a token.
  [[nodiscard]] std::optional<std::string> TakeQuoted() {
    std::string text;
    while (!rest_.empty()) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return IsToken(text) ? std::optional(text) : std::nullopt;
      if (c == '\\') {
        if (rest_.empty()) return std::nullopt;
        c = rest_.front();
        rest_.remove_prefix(1);
      }
      text += c;
    }
    return std::nullopt;
  }

 private:
  void SkipBlanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t'))
      rest_.remove_prefix(1);
  }
  std::string_view rest_;
};

bool TakeParam(Cursor& cursor, Extension& extension) {
  const std::string_view name = cursor.TakeToken();
  if (name.empty() || extension.params.size() == kExtensionParamsMax) return false;
  Extension::Param& param = extension.params.emplace_back();
  param.name = name;
  if (!cursor.Take('=')) return true;
  if (cursor.Take('"')) {
    param.value = cursor.TakeQuoted();
    return param.value.has_value();
  }
  param.value = cursor.TakeToken();
  return !param.value->empty();
}

std::optional<int> Bits(const std::string& text) {
  if (text.empty() || text.size() > 2 || text.front() == '0') return std::nullopt;
  int bits = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    bits = bits * 10 + (c - '0');
  }
  if (bits < kBitsMin || bits > kBitsMax) return std::nullopt;
  return bits;
}

// The four parameters, once each and well-formed.
struct Params {
  bool server_no_takeover = false;
  bool client_no_takeover = false;
  std::optional<int> server_bits;
  bool client_bits_named = false;  // an offer may have it without a value
  std::optional<int> client_bits;

  [[nodiscard]] bool Read(const Extension& extension) {
    return std::all_of(extension.params.begin(), extension.params.end(),
                       [this](const Extension::Param& param) { return ReadOne(param); });
  }

 private:
  [[nodiscard]] bool ReadOne(const Extension::Param& param) {
    if (EqualFold(param.name, kServerNoTakeover)) return Flag(param, server_no_takeover);
    if (EqualFold(param.name, kClientNoTakeover)) return Flag(param, client_no_takeover);
    if (EqualFold(param.name, kServerBits)) {
      if (server_bits || !param.value) return false;
      server_bits = Bits(*param.value);
      return server_bits.has_value();
    }
    if (!EqualFold(param.name, kClientBits) || client_bits_named) return false;
    client_bits_named = true;
    if (!param.value) return true;
    client_bits = Bits(*param.value);
    return client_bits.has_value();
  }
  static bool Flag(const Extension::Param& param, bool& flag) {
    if (flag || param.value) return false;
    flag = true;
    return true;
  }
};

void AddBits(std::string& field, std::string_view name, int bits) {
  field += "; ";
  field += name;
  field += '=';
  field += std::to_string(bits);
}

void AddFlag(std::string& field, std::string_view name) {
  field += "; ";
  field += name;
}

}  // namespace

void CheckDeflate(const DeflateOptions& options) {
  const auto bits = [](int value) { return value >= kSendBitsMin && value <= kBitsMax; };
  if (!bits(options.send_window_bits) || !bits(options.receive_window_bits) || options.level < 1 ||
      options.level > 9) {
    throw std::invalid_argument("websocket: DeflateOptions out of range");
  }
}

bool ParseExtensions(std::string_view value, std::vector<Extension>& to) {
  Cursor cursor(value);
  for (;;) {
    while (cursor.Take(',')) {  // an element may be empty (RFC 9110 §5.6.1)
    }
    if (cursor.AtEnd()) return true;
    const std::string_view name = cursor.TakeToken();
    if (name.empty() || to.size() == kExtensionsMax) return false;
    Extension& extension = to.emplace_back();
    extension.name = name;
    while (cursor.Take(';')) {
      if (!TakeParam(cursor, extension)) return false;
    }
    if (cursor.AtEnd()) return true;
    if (!cursor.Take(',')) return false;
  }
}

DeflateTerms AcceptDeflate(const std::vector<Extension>& offers, const DeflateOptions& options) {
  DeflateTerms terms;
  if (!options.enabled) return terms;
  for (const Extension& offer : offers) {
    Params params;
    if (!EqualFold(offer.name, kDeflate) || !params.Read(offer)) continue;
    const int send_bits = std::min(options.send_window_bits, params.server_bits.value_or(kBitsMax));
    if (send_bits < kSendBitsMin) continue;
    terms.enabled = true;
    terms.send = {.window_bits = send_bits,
                  .takeover = options.send_takeover && !params.server_no_takeover};
    terms.receive = {.window_bits = kBitsMax,
                     .takeover = options.receive_takeover && !params.client_no_takeover};
    if (params.client_bits_named) {
      terms.receive.window_bits =
          std::min(options.receive_window_bits, params.client_bits.value_or(kBitsMax));
    }
    terms.field = kDeflate;
    if (!terms.send.takeover) AddFlag(terms.field, kServerNoTakeover);
    if (!terms.receive.takeover) AddFlag(terms.field, kClientNoTakeover);
    if (params.server_bits || send_bits < kBitsMax) AddBits(terms.field, kServerBits, send_bits);
    if (terms.receive.window_bits < kBitsMax) {
      AddBits(terms.field, kClientBits, terms.receive.window_bits);
    }
    return terms;
  }
  return terms;
}

std::string OfferDeflate(const DeflateOptions& options) {
  std::string field(kDeflate);
  if (!options.receive_takeover) AddFlag(field, kServerNoTakeover);
  if (!options.send_takeover) AddFlag(field, kClientNoTakeover);
  if (options.receive_window_bits < kBitsMax) {
    AddBits(field, kServerBits, options.receive_window_bits);
  }
  if (options.send_window_bits < kBitsMax) {
    AddBits(field, kClientBits, options.send_window_bits);
  } else {
    AddFlag(field, kClientBits);
  }
  return field;
}

std::optional<DeflateTerms> ReadDeflateAnswer(const std::vector<Extension>& answer,
                                              const DeflateOptions& options) {
  DeflateTerms terms;
  if (answer.empty()) return terms;
  Params params;
  if (!options.enabled || answer.size() != 1 || !EqualFold(answer.front().name, kDeflate) ||
      !params.Read(answer.front())) {
    return std::nullopt;
  }
  if (params.client_bits_named && !params.client_bits) return std::nullopt;
  const int receive_bits = params.server_bits.value_or(kBitsMax);
  const int send_bits = std::min(options.send_window_bits, params.client_bits.value_or(kBitsMax));
  if (receive_bits > options.receive_window_bits || send_bits < kSendBitsMin) return std::nullopt;
  if (!options.receive_takeover && !params.server_no_takeover) return std::nullopt;
  terms.enabled = true;
  terms.send = {.window_bits = send_bits,
                .takeover = options.send_takeover && !params.client_no_takeover};
  terms.receive = {.window_bits = receive_bits, .takeover = !params.server_no_takeover};
  return terms;
}

}  // namespace hon::websocket::internal
