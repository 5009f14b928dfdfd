#include "hon/http/time.h"

#include <algorithm>
#include <cstring>

#include "http/time_layout.h"

namespace hon::http {
namespace {

constexpr int64_t kDaySeconds = 86'400;

constexpr std::string_view kWeekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                          "Thursday", "Friday", "Saturday"};
constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr size_t kShortName = 3;

constexpr int64_t DivideDown(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// Days since 1970 of a date in the Gregorian calendar, counted in years that begin in March, so
// that the leap day comes last.
constexpr int64_t DaysOf(int64_t year, int month, int day) {
  const int64_t y = month <= 2 ? year - 1 : year;
  const int64_t era = DivideDown(y, 400);
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719'468;
}
static_assert(DaysOf(1970, 1, 1) == 0 && DaysOf(1, 1, 1) * kDaySeconds == -62'135'596'800);

constexpr Time::Date DateOf(int64_t days) {
  const int64_t shifted = days + 719'468;
  const int64_t era = DivideDown(shifted, 146'097);
  const int64_t day_of_era = shifted - era * 146'097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t march_month = (5 * day_of_year + 2) / 153;
  const int day = static_cast<int>(day_of_year - (153 * march_month + 2) / 5 + 1);
  const int month = static_cast<int>(march_month < 10 ? march_month + 3 : march_month - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

int DaysIn(int64_t year, int month) {
  const int64_t next = month == 12 ? DaysOf(year + 1, 1, 1) : DaysOf(year, month + 1, 1);
  return static_cast<int>(next - DaysOf(year, month, 1));
}

void PutDigits(char* into, int64_t value, size_t width) {
  for (size_t i = width; i-- > 0; value /= 10) into[i] = static_cast<char>('0' + value % 10);
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

char ToLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool StartsWithFold(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), text.begin(),
                    [](char a, char b) { return ToLower(a) == ToLower(b); });
}

size_t CountWhile(std::string_view text, bool (*in)(char)) {
  return static_cast<size_t>(std::find_if_not(text.begin(), text.end(), in) - text.begin());
}

// Reads a text by a layout. `ok` becomes false at the first mismatch.
struct Scanner {
  std::string_view text;
  bool ok = true;

  [[nodiscard]] bool At(char c) const { return !text.empty() && text.front() == c; }

  void Literal(char c) {
    ok = ok && At(c);
    if (ok) text.remove_prefix(1);
  }

  void Blanks() {
    ok = ok && (text.empty() || At(' '));
    while (At(' ')) text.remove_prefix(1);
  }

  // `least` to `most` digits.
  int Number(size_t least, size_t most) {
    const size_t n = std::min(most, CountWhile(text, IsDigit));
    if (n < least) ok = false;
    if (!ok) return 0;
    int value = 0;
    for (size_t i = 0; i < n; ++i) value = value * 10 + (text[i] - '0');
    text.remove_prefix(n);
    return value;
  }

  // The index of the name that comes next, of which the first `length` letters count.
  template <size_t n>
  int Name(const std::string_view (&names)[n], size_t length) {
    for (size_t i = 0; i < n && ok; ++i) {
      const std::string_view name = names[i].substr(0, length);
      if (!StartsWithFold(text, name)) continue;
      text.remove_prefix(name.size());
      return static_cast<int>(i);
    }
    ok = false;
    return 0;
  }

  void Fraction() {
    if (text.size() < 2 || (text[0] != '.' && text[0] != ',') || !IsDigit(text[1])) return;
    text.remove_prefix(1);
    text.remove_prefix(CountWhile(text, IsDigit));
  }

  // Takes "+h", of at most 23 hours; takes nothing when the text does not match.
  void SignedHours() {
    if (!At('+') && !At('-')) return;
    constexpr size_t kDigitsMax = 8;
    const size_t digits = CountWhile(text.substr(1), IsDigit);
    if (digits == 0 || digits > kDigitsMax) return;
    Scanner number{text.substr(1)};
    if (number.Number(1, kDigitsMax) <= 23) text = number.text;
  }

  // An abbreviation of 3 to 5 capitals, or an offset. Neither changes the time: abbreviations of
  // zones are ambiguous, and dates in HTTP are in GMT.
  void Zone() {
    if (text.starts_with("GMT")) {
      text.remove_prefix(3);
      return SignedHours();
    }
    const size_t before = text.size();
    SignedHours();
    if (text.size() != before) return;
    size_t n = CountWhile(text, [](char c) { return c >= 'A' && c <= 'Z'; });
    const bool mixed = text.starts_with("ChST") || text.starts_with("MeST");
    if (mixed) n = 4;
    const bool known = n == 3 || (n == 4 && (text[3] == 'T' || text.starts_with("WITA"))) ||
                       (n == 5 && text[4] == 'T');
    ok = ok && known;
    if (ok) text.remove_prefix(n);
  }
};

struct Fields {
  int64_t year = 0;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
};

void Take(char what, Scanner& in, Fields& out) {
  switch (what) {
    case ' ':
      return in.Blanks();
    case 'a':
      in.Name(kWeekdays, kShortName);
      return;
    case 'A':
      in.Name(kWeekdays, std::string_view::npos);
      return;
    case 'b':
      out.month = in.Name(kMonths, kShortName) + 1;
      return;
    case 'd':
      out.day = in.Number(2, 2);
      return;
    case 'e':
      out.day = in.Number(1, 2);
      return;
    case 'Y':
      out.year = in.Number(4, 4);
      return;
    case 'y':
      out.year = in.Number(2, 2);
      out.year += out.year >= 69 ? 1900 : 2000;
      return;
    case 'H':
      out.hour = in.Number(1, 2);
      return;
    case 'M':
      out.minute = in.Number(2, 2);
      return;
    case 'S':
      out.second = in.Number(2, 2);
      return in.Fraction();
    case 'Z':
      in.Zone();
      return;
    default:
      return in.Literal(what);
  }
}

}  // namespace

Time::Date Time::CalendarDate() const noexcept { return DateOf(DivideDown(seconds_, kDaySeconds)); }

void FormatTime(Time time, std::span<char, kTimeBytes> into) noexcept {
  constexpr int64_t kEarliest = DaysOf(0, 1, 1) * kDaySeconds;
  constexpr int64_t kLatest = DaysOf(10'000, 1, 1) * kDaySeconds - 1;
  const int64_t seconds = std::clamp(time.Unix(), kEarliest, kLatest);
  const int64_t days = DivideDown(seconds, kDaySeconds);
  const int64_t of_day = seconds - days * kDaySeconds;
  const Time::Date date = DateOf(days);
  const auto weekday = static_cast<size_t>((days % 7 + 11) % 7);  // 1970 began on a Thursday
  std::memcpy(into.data(), "Www, dd Mmm yyyy hh:mm:ss GMT", kTimeBytes);
  std::memcpy(&into[0], kWeekdays[weekday].data(), kShortName);
  PutDigits(&into[5], date.day, 2);
  std::memcpy(&into[8], kMonths[date.month - 1].data(), kShortName);
  PutDigits(&into[12], date.year, 4);
  PutDigits(&into[17], of_day / 3600, 2);
  PutDigits(&into[20], of_day / 60 % 60, 2);
  PutDigits(&into[23], of_day % 60, 2);
}

std::string FormatTime(Time time) {
  std::string text(kTimeBytes, '\0');
  FormatTime(time, std::span<char, kTimeBytes>(text.data(), kTimeBytes));
  return text;
}

Result<Time> internal::ParseTimeLayout(std::string_view layout, std::string_view text) {
  Scanner in{text};
  Fields out;
  for (size_t i = 0; i < layout.size() && in.ok; ++i) {
    if (layout[i] == '\'') {
      in.Literal(layout[++i]);
    } else {
      Take(layout[i], in, out);
    }
  }
  const bool whole = in.ok && in.text.empty();
  if (!whole || out.hour > 23 || out.minute > 59 || out.second > 59) return Fail(ErrInvalidTime);
  if (out.day < 1 || out.day > DaysIn(out.year, out.month)) return Fail(ErrInvalidTime);
  return Time::FromUnix(DaysOf(out.year, out.month, out.day) * kDaySeconds + out.hour * 3600 +
                        out.minute * 60 + out.second);
}

Result<Time> ParseTime(std::string_view text) {
  for (const std::string_view layout :
       {"a, d b Y H:M:S 'G'M'T", "A, d-b-y H:M:S Z", "a b e H:M:S Y"}) {
    if (Result<Time> time = internal::ParseTimeLayout(layout, text)) return time;
  }
  return Fail(ErrInvalidTime);
}

}  // namespace hon::http
