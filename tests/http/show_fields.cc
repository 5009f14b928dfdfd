#include "http/show_fields.h"

#include <algorithm>
#include <regex>

namespace hon::http {
namespace {

std::string Replace(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> ReadFields(std::string_view text) {
  std::string dated = Replace(std::string(text), "@AT", "Sun, 13 Sep 2020 12:26:40 GMT");
  dated = Replace(dated, "@BEFORE", "Sun, 13 Sep 2020 12:26:39 GMT");
  dated = Replace(dated, "@AFTER", "Sun, 13 Sep 2020 12:26:41 GMT");
  std::vector<std::pair<std::string, std::string>> fields;
  std::string_view rest = dated;
  while (!rest.empty()) {
    const std::string_view field = rest.substr(0, rest.find('|'));
    rest.remove_prefix(std::min(field.size() + 1, rest.size()));
    const size_t colon = field.find(": ");
    fields.emplace_back(field.substr(0, colon), field.substr(colon + 2));
  }
  return fields;
}

std::string Shorten(std::string text) {
  text = std::regex_replace(text, std::regex("[0-9a-f]{60}"), "B");
  text = Replace(text, "Content-Type: text/plain; charset=utf-8", "TP");
  text = Replace(text, "Content-Range: bytes ", "CR ");
  text = Replace(text, "Content-Length: ", "CL ");
  text = Replace(text, "Accept-Ranges: bytes", "AR");
  text = Replace(text, "Last-Modified: Sun, 13 Sep 2020 12:26:40 GMT", "LM");
  text = Replace(text, "X-Content-Type-Options: nosniff", "NS");
  return Replace(text, "\r\n", "~");
}

std::string ShowFields(const Header& header) {
  std::vector<std::string> lines;
  for (const Header::Field& field : header) {
    lines.push_back(Shorten(std::string(field.name) + ": " + std::string(field.value)));
  }
  std::sort(lines.begin(), lines.end());
  std::string shown;
  for (const std::string& line : lines) shown += (shown.empty() ? "" : "|") + line;
  return shown;
}

}  // namespace hon::http
