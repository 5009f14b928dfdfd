#include "http/html.h"

namespace hon::http::internal {

void AppendHtmlEscaped(std::string& into, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        into += "&amp;";
        break;
      case '<':
        into += "&lt;";
        break;
      case '>':
        into += "&gt;";
        break;
      case '"':
        into += "&#34;";
        break;
      case '\'':
        into += "&#39;";
        break;
      default:
        into += c;
    }
  }
}

}  // namespace hon::http::internal
