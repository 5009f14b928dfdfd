#include "hon/http/protocols.h"

namespace hon::http {

std::string Protocols::String() const {
  std::string text;
  const auto add = [&text](bool in, const char* name) {
    if (!in) return;
    text += text.empty() ? "" : ",";
    text += name;
  };
  add(HTTP1(), "HTTP1");
  add(HTTP2(), "HTTP2");
  add(UnencryptedHTTP2(), "UnencryptedHTTP2");
  return "{" + text + "}";
}

}  // namespace hon::http
