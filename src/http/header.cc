#include "hon/http/header.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "hon/base/eight_bytes.h"
#include "http/token.h"

namespace hon::http {
namespace {

using internal::EqualFold;
using internal::IsToken;

constexpr size_t kNone = static_cast<size_t>(-1);
// A value that replaces another gets new memory, so that a view of the old value stays valid. Past
// this many replaced bytes their memory is used again, so that setting one field in a loop takes a
// bounded amount.
constexpr size_t kReplacedBytesMax = 16 * 1024;

constexpr bool IsControl(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
}
constexpr bool IsBlank(char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; }

[[gnu::noinline]] std::string_view TrimBlanks(std::string_view value) {
  while (!value.empty() && IsBlank(value.front())) value.remove_prefix(1);
  while (!value.empty() && IsBlank(value.back())) value.remove_suffix(1);
  return value;
}

// `value` without the blanks around it, and without the control bytes there, which would become
// blanks.
inline std::string_view Trim(std::string_view value) {
  if (value.empty() || (!IsBlank(value.front()) && !IsBlank(value.back()))) [[likely]]
    return value;
  return TrimBlanks(value);
}

// Copies eight bytes, and returns their ControlBits.
uint64_t CopyEight(const char* from, char* to) {
  uint64_t word;
  std::memcpy(&word, from, sizeof word);
  std::memcpy(to, &word, sizeof word);
  return ControlBits(word);
}

[[gnu::noinline]] void BlankControls(char* text, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    if (IsControl(text[i])) text[i] = ' ';
  }
}

using Bytes = uint8_t __attribute__((vector_size(16)));

// As CopyEight, for 16 bytes: sets the bytes of the result that may be control bytes.
Bytes CopySixteen(const char* from, char* to) {
  Bytes bytes;
  std::memcpy(&bytes, from, sizeof bytes);
  std::memcpy(to, &bytes, sizeof bytes);
  return reinterpret_cast<Bytes>((bytes < 0x20) | (bytes == 0x7F));
}

bool Any(Bytes bytes) {
  uint64_t words[2];
  std::memcpy(words, &bytes, sizeof words);
  return (words[0] | words[1]) != 0;
}

// Copies `value` to memory that does not overlap it, with blanks for control bytes.
[[gnu::always_inline]] inline void CopyBlanked(std::string_view value, char* to) {
  const size_t size = value.size();
  if (size < 8) {
    for (size_t i = 0; i < size; ++i) to[i] = IsControl(value[i]) ? ' ' : value[i];
    return;
  }
  if (size >= 16) {
    Bytes found = CopySixteen(value.data() + size - 16, to + size - 16);
    for (size_t i = 0; i + 16 < size; i += 16) found |= CopySixteen(value.data() + i, to + i);
    if (Any(found)) [[unlikely]]
      BlankControls(to, size);
    return;
  }
  uint64_t found = CopyEight(value.data() + size - 8, to + size - 8);
  for (size_t i = 0; i + 8 < size; i += 8) found |= CopyEight(value.data() + i, to + i);
  if ((found & kEachHighBit) != 0) BlankControls(to, size);
}

// Copies `name` to `into` in the canonical spelling.
void Canonicalise(std::string_view name, char* into) {
  bool upper = true;
  for (const char c : name) {
    *into++ = upper ? internal::ToUpper(c) : internal::ToLower(c);
    upper = c == '-';
  }
}

// Whether `name` is a field name, or a trailer's name (TrailerPrefix). The ":" in the latter keeps
// it from being sent as a field by mistake.
bool IsStorable(std::string_view name) {
  return IsToken(name.starts_with(TrailerPrefix) ? name.substr(TrailerPrefix.size()) : name);
}

std::string_view CanonicalCopy(Arena& arena, std::string_view name) {
  if (name.starts_with(TrailerPrefix)) return arena.Copy(name);
  char* copy = static_cast<char*>(arena.Allocate(name.size()));
  Canonicalise(name, copy);
  return {copy, name.size()};
}

}  // namespace

std::string CanonicalHeaderKey(std::string_view name) {
  std::string key(name);
  if (IsToken(name)) Canonicalise(name, key.data());
  return key;
}

Header::Header(Header&& other) noexcept
    : fields_(std::move(other.fields_)),
      arena_(std::move(other.arena_)),
      known_(std::exchange(other.known_, 0)),
      suppressed_(std::exchange(other.suppressed_, 0)),
      replaced_bytes_(std::exchange(other.replaced_bytes_, 0)) {
  other.fields_.clear();
}

Header& Header::operator=(Header&& other) noexcept {
  if (this == &other) return *this;
  fields_ = std::move(other.fields_);
  other.fields_.clear();
  arena_ = std::move(other.arena_);
  known_ = std::exchange(other.known_, 0);
  suppressed_ = std::exchange(other.suppressed_, 0);
  replaced_bytes_ = std::exchange(other.replaced_bytes_, 0);
  return *this;
}

Header Header::Clone() const {
  Header clone;
  clone.fields_.reserve(fields_.size());
  for (const Field& field : fields_) {
    const std::string_view name =
        field.id == HeaderId::kUnknown || field.name != HeaderName(field.id)
            ? clone.arena_.Copy(field.name)
            : HeaderName(field.id);
    const std::string_view value = clone.arena_.Copy(field.value);
    clone.fields_.push_back({name, value, field.id, static_cast<uint32_t>(value.size())});
  }
  clone.known_ = known_;
  clone.suppressed_ = suppressed_;
  return clone;
}

Header Header::Alias() const {
  Header alias;
  alias.fields_ = fields_;
  for (Field& field : alias.fields_) field.room = 0;
  alias.known_ = known_;
  alias.suppressed_ = suppressed_;
  return alias;
}

size_t Header::Find(std::string_view name, HeaderId id) const {
  if (id != HeaderId::kUnknown && !Has(id)) return kNone;
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].id != id) continue;
    if (id != HeaderId::kUnknown || EqualFold(fields_[i].name, name)) return i;
  }
  return kNone;
}

std::string_view Header::GetPresent(HeaderId id) const { return fields_[Find({}, id)].value; }

std::string_view Header::Get(std::string_view name) const& {
  const size_t at = Find(name, FindHeaderId(name));
  return at == kNone ? std::string_view() : fields_[at].value;
}

std::vector<std::string_view> Header::Values(std::string_view name) const& {
  std::vector<std::string_view> values;
  const size_t first = Find(name, FindHeaderId(name));
  for (size_t i = first; i < fields_.size(); ++i) {
    if (EqualFold(fields_[i].name, name)) values.push_back(fields_[i].value);
  }
  return values;
}

bool Header::Has(std::string_view name) const { return Find(name, FindHeaderId(name)) != kNone; }

// Gives `field` a copy of `value`, which may be a view of this Header.
void Header::Store(Field& field, std::string_view value) {
  value = Trim(value);
  if (value.empty()) {
    field.value = field.value.substr(0, 0);  // keeps the place for a later value
    return;
  }
  if (replaced_bytes_ >= kReplacedBytesMax) [[unlikely]]
    return StoreAgain(field, value);
  replaced_bytes_ += field.room;
  char* place = static_cast<char*>(arena_.Allocate(value.size()));
  CopyBlanked(value, place);
  field.value = {place, value.size()};
  field.room = static_cast<uint32_t>(value.size());
}

// As Store past kReplacedBytesMax: into the old memory if it suffices, else into new memory with
// spare room; without it, a value that grows by a byte each time would never fit.
[[gnu::noinline]] void Header::StoreAgain(Field& field, std::string_view value) {
  char* place = const_cast<char*>(field.value.data());
  if (field.room < value.size()) {
    replaced_bytes_ += field.room;
    place = static_cast<char*>(arena_.Allocate(2 * value.size()));
    field.room = static_cast<uint32_t>(2 * value.size());
  }
  std::memmove(place, value.data(), value.size());
  BlankControls(place, value.size());
  field.value = {place, value.size()};
}

bool Header::Append(std::string_view name, std::string_view value, HeaderId id) {
  value = Trim(value);
  char* place = nullptr;
  if (!value.empty()) {
    place = static_cast<char*>(arena_.Allocate(value.size()));
    CopyBlanked(value, place);
  }
  fields_.push_back({name, {place, value.size()}, id, static_cast<uint32_t>(value.size())});
  known_ |= uint64_t{1} << static_cast<unsigned>(id);
  suppressed_ &= ~Bit(id);
  return true;
}

// Puts `value` into fields_[first] and removes the later fields of that name.
[[gnu::noinline]] void Header::Replace(size_t first, std::string_view value) {
  Store(fields_[first], value);
  const Field kept = fields_[first];
  const auto same = [&kept](const Field& field) {
    return field.id == kept.id &&
           (kept.id != HeaderId::kUnknown || EqualFold(field.name, kept.name));
  };
  const auto rest = fields_.begin() + static_cast<std::ptrdiff_t>(first) + 1;
  fields_.erase(std::remove_if(rest, fields_.end(), same), fields_.end());
}

// Removes fields_[first] and the later fields of that name.
void Header::Remove(size_t first) {
  Replace(first, {});
  known_ &= ~Bit(fields_[first].id);
  replaced_bytes_ += fields_[first].room;
  fields_.erase(fields_.begin() + static_cast<std::ptrdiff_t>(first));
}

bool Header::Set(HeaderId id, std::string_view value) {
  if (id == HeaderId::kUnknown) return false;
  if (Has(id)) [[unlikely]]
    return SetAgain(id, value);
  return Append(HeaderName(id), value, id);
}

bool Header::SetAgain(HeaderId id, std::string_view value) {
  const size_t first = Find({}, id);
  fields_[first].name = HeaderName(id);
  Replace(first, value);
  return true;
}

bool Header::Set(std::string_view name, std::string_view value) {
  const HeaderId id = FindHeaderId(name);
  if (id != HeaderId::kUnknown) return Set(id, value);
  const size_t first = Find(name, id);
  if (first == kNone) return Add(name, value);
  if (fields_[first].room == 0) fields_[first].name = CanonicalCopy(arena_, name);
  Replace(first, value);
  return true;
}

bool Header::Add(HeaderId id, std::string_view value) {
  return id != HeaderId::kUnknown && Append(HeaderName(id), value, id);
}

bool Header::Add(std::string_view name, std::string_view value) {
  const HeaderId id = FindHeaderId(name);
  if (id != HeaderId::kUnknown) return Add(id, value);
  return IsStorable(name) && Append(CanonicalCopy(arena_, name), value, id);
}

bool Header::AddExact(std::string_view name, std::string_view value) {
  return IsStorable(name) && Append(arena_.Copy(name), value, FindHeaderId(name));
}

void Header::AddAll(const Header& from) {
  for (const Field& field : from.fields_) {
    const std::string_view usual = HeaderName(field.id);
    const std::string_view name = field.name == usual ? usual : arena_.Copy(field.name);
    const std::string_view value = arena_.Copy(field.value);
    fields_.push_back({name, value, field.id, static_cast<uint32_t>(value.size())});
  }
  known_ |= from.known_;
  suppressed_ &= ~from.known_;
}

void Header::Del(HeaderId id) {
  suppressed_ &= ~Bit(id);
  if (Has(id)) Remove(Find({}, id));
}

void Header::Del(std::string_view name) {
  const HeaderId id = FindHeaderId(name);
  if (id != HeaderId::kUnknown) return Del(id);
  const size_t first = Find(name, id);
  if (first != kNone) Remove(first);
}

void Header::Suppress(std::string_view name) {
  const HeaderId id = FindHeaderId(name);
  id == HeaderId::kUnknown ? Del(name) : Suppress(id);
}

void Header::Suppress(HeaderId id) {
  Del(id);
  suppressed_ |= Bit(id);
}

Error Header::Write(io::Writer& to, std::initializer_list<std::string_view> except) const {
  std::vector<const Field*> sorted;
  for (const Field& field : fields_) {
    const bool left_out = std::any_of(except.begin(), except.end(), [&](std::string_view name) {
      return EqualFold(name, field.name);
    });
    if (!left_out) sorted.push_back(&field);
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Field* a, const Field* b) { return a->name < b->name; });
  for (const Field* field : sorted) {
    std::string line(field->name);
    line.append(": ").append(field->value).append("\r\n");
    if (Error err = to.Write(line).err) return err;
  }
  return {};
}

void Header::FreeFields() { std::vector<Field>().swap(fields_); }

}  // namespace hon::http
