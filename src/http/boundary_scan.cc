#include "http/boundary_scan.h"

#include <algorithm>

namespace hon::multipart::internal {
namespace {

enum class Match : uint8_t { kNo, kUnknown, kYes };

// Whether the boundary that `text` begins with, `length` bytes, is a whole one: blanks, a line end
// or "--" must follow.
Match IsWhole(std::string_view text, size_t length, bool source_ended) {
  const std::string_view after = text.substr(length);
  if (after.empty()) return source_ended ? Match::kYes : Match::kUnknown;
  if (std::string_view(" \t\r\n").find(after[0]) != std::string_view::npos) return Match::kYes;
  if (after[0] != '-') return Match::kNo;
  if (after.size() == 1) return source_ended ? Match::kNo : Match::kUnknown;
  return after[1] == '-' ? Match::kYes : Match::kNo;
}

// `at` is the start of what seems to be a boundary of `length` bytes.
Scan AtBoundary(std::string_view window, size_t at, size_t length, bool source_ended) {
  switch (IsWhole(window.substr(at), length, source_ended)) {
    case Match::kYes:
      return {at, Scan::Next::kBoundary};
    case Match::kUnknown:
      return {at, Scan::Next::kUnknown};
    case Match::kNo:
      break;
  }
  return {at + length, Scan::Next::kUnknown};
}

std::string_view SkipBlanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text;
}

}  // namespace

bool Boundary::IsDelimiter(std::string_view line, bool first) {
  if (!line.starts_with(Dash())) return false;
  const std::string_view rest = SkipBlanks(line.substr(Dash().size()));
  // RFC 2046 §4.1.1 demands CRLF; some clients end lines with a bare LF.
  if (first && rest == "\n") lf_only = true;
  return rest == Newline();
}

bool Boundary::IsFinal(std::string_view line) const {
  if (!line.starts_with(DashDash())) return false;
  const std::string_view rest = SkipBlanks(line.substr(DashDash().size()));
  return rest.empty() || rest == Newline();
}

Scan ScanContent(std::string_view window, const Boundary& boundary, bool at_start,
                 bool source_ended) {
  const Scan::Next at_end = source_ended ? Scan::Next::kSourceEnd : Scan::Next::kUnknown;
  if (at_start) {
    const std::string_view dash = boundary.Dash();
    if (window.starts_with(dash)) return AtBoundary(window, 0, dash.size(), source_ended);
    if (dash.starts_with(window)) return {0, at_end};
  }
  const std::string_view mark = boundary.NewlineDash();
  if (const size_t at = window.find(mark); at != window.npos) {
    return AtBoundary(window, at, mark.size(), source_ended);
  }
  // All of the window is content, but for an end that may begin a boundary.
  const size_t last = window.rfind(mark[0]);
  if (last != window.npos && mark.starts_with(window.substr(last))) {
    return {last, last == 0 ? at_end : Scan::Next::kUnknown};
  }
  return {window.size(), at_end};
}

}  // namespace hon::multipart::internal
