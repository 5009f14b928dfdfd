#include "http/accept_encoding.h"

#include <algorithm>

#include "http/list.h"
#include "http/token.h"

namespace hon::http::internal {
namespace {

// Weights in thousandths.
constexpr int kUnnamed = -1;
constexpr int kFull = 1000;

// "0", "0.5", "1.000" (RFC 9110 §12.4.2); anything else is 0.
int ParseWeight(std::string_view text) {
  constexpr size_t kLongest = 5;
  if (text.empty() || text.size() > kLongest || (text[0] != '0' && text[0] != '1')) return 0;
  if (text.size() > 1 && text[1] != '.') return 0;
  int weight = (text[0] - '0') * kFull;
  int unit = kFull / 10;
  for (const char c : text.substr(std::min<size_t>(2, text.size()))) {
    if (c < '0' || c > '9') return 0;
    weight += (c - '0') * unit;
    unit /= 10;
  }
  return weight <= kFull ? weight : 0;
}

// The weight among the parameters ";q=0.5".
int WeightIn(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view one = TrimBlanks(parameters.substr(0, parameters.find(';')));
    const size_t taken = parameters.find(';');
    parameters.remove_prefix(taken == parameters.npos ? parameters.size() : taken + 1);
    if (one.size() >= 2 && ToLower(one[0]) == 'q' && one[1] == '=')
      return ParseWeight(one.substr(2));
  }
  return kFull;
}

struct Weights {
  std::array<int, kCodings.size()> of = {kUnnamed, kUnnamed, kUnnamed};
  int identity = kUnnamed;
  int any = kUnnamed;

  void Set(std::string_view name, int weight) {
    if (name == "*") any = weight;
    if (EqualFold(name, "identity")) identity = weight;
    for (size_t i = 0; i < kCodings.size(); ++i) {
      const bool alias = kCodings[i].name == "gzip" && EqualFold(name, "x-gzip");
      if (alias || EqualFold(name, kCodings[i].name)) of[i] = weight;
    }
  }
};

void ParseWeights(std::string_view field, Weights& weights) {
  while (!field.empty()) {
    const size_t comma = std::min(field.find(','), field.size());
    const std::string_view item = field.substr(0, comma);
    field.remove_prefix(std::min(comma + 1, field.size()));
    const size_t semicolon = std::min(item.find(';'), item.size());
    const std::string_view rest = item.substr(std::min(semicolon + 1, item.size()));
    weights.Set(TrimBlanks(item.substr(0, semicolon)), WeightIn(rest));
  }
}

}  // namespace

AcceptedCodings ParseAcceptEncoding(const Header& header) {
  Weights weights;
  if (header.Has(HeaderId::kAcceptEncoding)) {
    for (const Header::Field& field : header) {
      if (field.id == HeaderId::kAcceptEncoding) ParseWeights(field.value, weights);
    }
  }
  AcceptedCodings accepted;
  std::array<int, kCodings.size()> kept = {};
  for (size_t i = 0; i < kCodings.size(); ++i) {
    const int weight = weights.of[i] == kUnnamed ? weights.any : weights.of[i];
    if (weight <= 0 || weight < weights.identity) continue;
    size_t at = accepted.count++;
    for (; at > 0 && kept[at - 1] < weight; --at) {
      accepted.list[at] = accepted.list[at - 1];
      kept[at] = kept[at - 1];
    }
    accepted.list[at] = &kCodings[i];
    kept[at] = weight;
  }
  return accepted;
}

}  // namespace hon::http::internal
