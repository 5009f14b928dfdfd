#include "report.h"

#include <openssl/evp.h>

#include <array>
#include <map>

#include "hon/base/utf8.h"
#include "hon/http/base64.h"
#include "hon/http/client_error.h"

namespace hon::wire {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

std::string Json(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const char c = text.front();
    const auto byte = static_cast<unsigned char>(c);
    const size_t size = Utf8CharacterBytes(text);
    if (size == 0) {
      out += "\\ufffd";
      text.remove_prefix(1);
      continue;
    }
    if (c == '"' || c == '\\') {
      out.append(1, '\\').append(1, c);
    } else if (byte < ' ') {
      out.append("\\u00").append(1, kHexDigits[byte >> 4]).append(1, kHexDigits[byte & 15]);
    } else {
      out.append(text.substr(0, size));
    }
    text.remove_prefix(size);
  }
  return out + "\"";
}

template <class List, class Show>
std::string JsonList(const List& list, Show show) {
  std::string out = "[";
  for (const auto& one : list) {
    if (out.size() > 1) out += ", ";
    out += show(one);
  }
  return out + "]";
}

std::string JsonFields(const http::Header& header) {
  std::map<std::string, std::vector<std::string>> by_name;
  for (const auto& field : header) {
    by_name[http::CanonicalHeaderKey(field.name)].emplace_back(field.value);
  }
  std::string out = "{";
  for (const auto& [name, values] : by_name) {
    if (out.size() > 1) out += ", ";
    out += Json(name) + ": " + JsonList(values, [](const std::string& one) { return Json(one); });
  }
  return out + "}";
}

std::string_view Bool(bool value) { return value ? "true" : "false"; }

}  // namespace

std::string JsonLine(const Report& report) {
  std::string out = "{\"url\": " + Json(report.url);
  out += ", \"status\": " + std::to_string(report.status);
  out += ", \"proto\": " + Json(report.proto);
  out += ", \"header\": " + JsonFields(report.header);
  out += ", \"trailer\": " + JsonFields(report.trailer);
  out += ", \"body_length\": " + std::to_string(report.body_length);
  out += ", \"body_sha256\": " + Json(report.body_sha256);
  const http::ErrorKind kind = http::KindOf(report.error);
  out += ", \"error\": " + (report.error ? Json(report.error.Message()) : "null");
  out += ", \"error_kind\": " + (report.error ? Json(http::KindName(kind)) : "null");
  out.append(", \"reused\": ").append(Bool(report.reused));
  out += ", \"informational\": " +
         JsonList(report.informational, [](int one) { return std::to_string(one); });
  out += ", \"redirects\": " +
         JsonList(report.redirects, [](const std::string& one) { return Json(one); });
  out += ", \"remote\": " + Json(report.remote);
  if (report.wire) {
    out += ", \"wire\": " + Json(base64::StdEncoding.EncodeToString(*report.wire));
  }
  return out + "}\n";
}

Digest::Digest() : context_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_), EVP_sha256(), nullptr);
}

Digest::~Digest() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_)); }

void Digest::Add(std::string_view bytes) {
  EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_), bytes.data(), bytes.size());
}

std::string Digest::Hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
  unsigned size = 0;
  EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_), raw.data(), &size);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex.append(1, kHexDigits[raw[i] >> 4]).append(1, kHexDigits[raw[i] & 15]);
  }
  return hex;
}

}  // namespace hon::wire
