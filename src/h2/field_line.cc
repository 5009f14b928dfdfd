#include "hon/h2/field_line.h"

#include <array>
#include <cstdint>

#include "hon/base/eight_bytes.h"

namespace hon::h2 {
namespace {

constexpr std::array<bool, 256> MakeNameBytes() {
  std::array<bool, 256> bytes{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")) {
    bytes[static_cast<unsigned char>(c)] = true;
  }
  return bytes;
}
constexpr std::array<bool, 256> kNameBytes = MakeNameBytes();

constexpr bool IsBlank(char c) { return c == ' ' || c == '\t'; }

constexpr bool IsControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

[[gnu::noinline]] bool HasControl(std::string_view text) {
  bool control = false;
  for (const char c : text) control |= IsControl(c);
  return control;
}

// Whether `text` has a control byte, HTAB or a byte past ASCII.
bool MayHaveControl(std::string_view text) {
  return AnyWord(text, 'x', [](uint64_t word) { return (ControlBits(word) & kEachHighBit) != 0; });
}

}  // namespace

bool IsFieldName(std::string_view name) {
  if (!name.empty() && name.front() == ':') name.remove_prefix(1);
  for (const char c : name) {
    if (!kNameBytes[static_cast<unsigned char>(c)]) return false;
  }
  return !name.empty();
}

bool IsFieldValue(std::string_view value) {
  if (value.empty()) return true;
  if (IsBlank(value.front()) || IsBlank(value.back())) return false;
  return !MayHaveControl(value) || !HasControl(value);
}

PseudoField FindPseudoField(std::string_view name) {
  if (name.empty() || name.front() != ':') return PseudoField::kNone;
  name.remove_prefix(1);
  if (name == "authority") return PseudoField::kAuthority;
  if (name == "method") return PseudoField::kMethod;
  if (name == "path") return PseudoField::kPath;
  if (name == "scheme") return PseudoField::kScheme;
  if (name == "status") return PseudoField::kStatus;
  if (name == "protocol") return PseudoField::kProtocol;
  return PseudoField::kUnknown;
}

}  // namespace hon::h2
