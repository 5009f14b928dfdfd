#include "tls/client_hello.h"

#include <algorithm>
#include <array>

namespace hon::tls {
namespace {

constexpr size_t kRecordHeaderBytes = 5;
constexpr size_t kRecordBytesMax = 16 * 1024;
constexpr size_t kMessageHeaderBytes = 4;
constexpr uint8_t kHandshakeRecord = 22;
constexpr uint8_t kClientHelloMessage = 1;
constexpr size_t kRandomBytes = 32;
constexpr size_t kSessionIdBytesMax = 32;
constexpr size_t kNameBytesMax = 255;

constexpr uint16_t kServerNameExtension = 0;
constexpr uint16_t kGroupsExtension = 10;
constexpr uint16_t kSchemesExtension = 13;
constexpr uint16_t kProtocolsExtension = 16;
constexpr uint16_t kVersionsExtension = 43;

constexpr HelloResult kIncompleteHello = {};
constexpr HelloResult kCompleteHello = {HelloStatus::kComplete, Alert::kDecodeError, {}};

constexpr HelloResult Bad(Alert alert, std::string_view why) {
  return {HelloStatus::kBad, alert, why};
}
constexpr HelloResult Malformed(std::string_view why) { return Bad(Alert::kDecodeError, why); }

uint8_t Octet(std::string_view bytes, size_t at) { return static_cast<uint8_t>(bytes[at]); }

/// Takes fields from the front; after a missing field every call fails.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] bool Empty() const { return bytes_.empty(); }
  bool Number(size_t octets, size_t* value) {
    if (bytes_.size() < octets) return false;
    *value = 0;
    for (size_t i = 0; i < octets; ++i) *value = *value << 8U | Octet(bytes_, i);
    bytes_.remove_prefix(octets);
    return true;
  }
  bool Take(size_t size, std::string_view* into) {
    if (bytes_.size() < size) return false;
    *into = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return true;
  }
  /// A vector preceded by its length in `octets` (RFC 8446 §3.4).
  bool Vector(size_t octets, std::string_view* into) {
    size_t size = 0;
    return Number(octets, &size) && Take(size, into);
  }

 private:
  std::string_view bytes_;
};

// Host names as in certificates: a name is compared with those, and appears in logs.
bool IsHostName(std::string_view name) {
  if (name.empty() || name.size() > kNameBytesMax || name.front() == '.') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
}

// RFC 6066 §3: at most one name of each type, and host_name (0) is the only type.
HelloResult ReadServerName(std::string_view extension, ClientHello& hello) {
  Cursor outer(extension);
  std::string_view list;
  if (!outer.Vector(2, &list) || !outer.Empty() || list.empty()) {
    return Malformed("malformed server_name");
  }
  Cursor names(list);
  while (!names.Empty()) {
    size_t type = 0;
    std::string_view name;
    if (!names.Number(1, &type) || !names.Vector(2, &name)) {
      return Malformed("malformed server_name");
    }
    if (type != 0) continue;
    if (!hello.server_name.empty()) {
      return Bad(Alert::kIllegalParameter, "more than one host name in server_name");
    }
    if (name.size() > 1 && name.back() == '.') name.remove_suffix(1);
    if (!IsHostName(name)) return Bad(Alert::kIllegalParameter, "server_name is not a host name");
    hello.server_name = name;
  }
  return kCompleteHello;
}

// RFC 7301 §3.1.
HelloResult ReadProtocols(std::string_view extension, ClientHello& hello) {
  Cursor outer(extension);
  if (!outer.Vector(2, &hello.protocols) || !outer.Empty() || hello.protocols.empty()) {
    return Malformed("malformed ALPN");
  }
  Cursor list(hello.protocols);
  while (!list.Empty()) {
    std::string_view protocol;
    if (!list.Vector(1, &protocol) || protocol.empty()) return Malformed("malformed ALPN");
  }
  hello.has_protocols = true;
  return kCompleteHello;
}

// RFC 8446 §4.2.1.
HelloResult ReadVersions(std::string_view extension, ClientHello& hello) {
  Cursor outer(extension);
  std::string_view list;
  if (!outer.Vector(1, &list) || !outer.Empty() || list.empty() || list.size() % 2 != 0) {
    return Malformed("malformed supported_versions");
  }
  hello.offers_tls12 = hello.offers_tls13 = false;
  Cursor versions(list);
  size_t version = 0;
  while (versions.Number(2, &version)) {
    hello.offers_tls12 |= version == kTls12;
    hello.offers_tls13 |= version == kTls13;
  }
  return kCompleteHello;
}

// A list of numbers of two octets each, after its length.
HelloResult ReadList(std::string_view extension, std::string_view* list, std::string_view why) {
  Cursor outer(extension);
  if (!outer.Vector(2, list) || !outer.Empty() || list->empty() || list->size() % 2 != 0) {
    return Malformed(why);
  }
  return kCompleteHello;
}

HelloResult ReadGroups(std::string_view extension, ClientHello& hello) {
  return ReadList(extension, &hello.groups, "malformed supported_groups");
}

HelloResult ReadSchemes(std::string_view extension, ClientHello& hello) {
  return ReadList(extension, &hello.schemes, "malformed signature_algorithms");
}

HelloResult ReadExtensions(std::string_view extensions, ClientHello& hello) {
  using Reader = HelloResult (*)(std::string_view, ClientHello&);
  struct Known {
    uint16_t type;
    Reader read;
  };
  constexpr std::array<Known, 5> kKnown = {{{kServerNameExtension, ReadServerName},
                                            {kGroupsExtension, ReadGroups},
                                            {kSchemesExtension, ReadSchemes},
                                            {kProtocolsExtension, ReadProtocols},
                                            {kVersionsExtension, ReadVersions}}};
  std::array<bool, kKnown.size()> seen{};
  Cursor list(extensions);
  while (!list.Empty()) {
    size_t type = 0;
    std::string_view extension;
    if (!list.Number(2, &type) || !list.Vector(2, &extension)) {
      return Malformed("malformed extensions");
    }
    for (size_t i = 0; i < kKnown.size(); ++i) {
      if (kKnown[i].type != type) continue;
      if (seen[i]) return Bad(Alert::kIllegalParameter, "repeated extension");
      seen[i] = true;
      const HelloResult result = kKnown[i].read(extension, hello);
      if (result.status != HelloStatus::kComplete) return result;
    }
  }
  return kCompleteHello;
}

// The beginnings of a request line. Go detects plaintext HTTP by the same five methods.
constexpr std::array<std::string_view, 5> kHttpStarts = {"GET /", "HEAD ", "POST ", "PUT /",
                                                         "OPTIO"};

bool LooksLikeHttp(std::string_view stream) {
  return std::any_of(kHttpStarts.begin(), kHttpStarts.end(),
                     [&](std::string_view start) { return stream.starts_with(start); });
}

bool MayBecomeHttp(std::string_view stream) {
  return !stream.empty() &&
         std::any_of(kHttpStarts.begin(), kHttpStarts.end(),
                     [&](std::string_view start) { return start.starts_with(stream); });
}

}  // namespace

bool Contains(std::string_view list, uint16_t value) {
  for (size_t at = 0; at + 1 < list.size(); at += 2) {
    if ((Octet(list, at) << 8U | Octet(list, at + 1)) == value) return true;
  }
  return false;
}

std::vector<uint16_t> Numbers(std::string_view list) {
  std::vector<uint16_t> all;
  for (size_t at = 0; at + 1 < list.size(); at += 2) {
    all.push_back(static_cast<uint16_t>(Octet(list, at) << 8U | Octet(list, at + 1)));
  }
  return all;
}

bool ClientHello::Offers(std::string_view protocol) const {
  Cursor list(protocols);
  std::string_view offered;
  while (list.Vector(1, &offered)) {
    if (offered == protocol) return true;
  }
  return false;
}

std::vector<std::string> ClientHello::Protocols() const {
  std::vector<std::string> all;
  Cursor list(protocols);
  std::string_view offered;
  while (list.Vector(1, &offered)) all.emplace_back(offered);
  return all;
}

std::string ClientHello::ProtocolsText() const {
  std::string text;
  Cursor list(protocols);
  std::string_view offered;
  while (list.Vector(1, &offered)) {
    text += text.empty() ? "\"" : " \"";
    for (const char c : offered) text += c > ' ' && c < 0x7F && c != '"' ? c : '?';
    text += '"';
  }
  return text;
}

HelloResult ParseClientHello(std::string_view message, ClientHello& hello) {
  Cursor outer(message);
  size_t type = 0;
  std::string_view body;
  if (!outer.Number(1, &type)) return kIncompleteHello;
  if (type != kClientHelloMessage) {
    return Bad(Alert::kUnexpectedMessage, "the first message is not a ClientHello");
  }
  if (!outer.Vector(3, &body) || !outer.Empty()) return Malformed("malformed ClientHello");
  Cursor fields(body);
  size_t version = 0;
  std::string_view random;
  std::string_view session_id;
  std::string_view suites;
  std::string_view compressions;
  if (!fields.Number(2, &version) || !fields.Take(kRandomBytes, &random) ||
      !fields.Vector(1, &session_id) || session_id.size() > kSessionIdBytesMax ||
      !fields.Vector(2, &suites) || suites.empty() || suites.size() % 2 != 0 ||
      !fields.Vector(1, &compressions) || compressions.empty()) {
    return Malformed("malformed ClientHello");
  }
  hello = {};
  hello.suites = suites;
  // The highest version of a hello without supported_versions.
  hello.offers_tls12 = version >= kTls12;
  if (fields.Empty()) return kCompleteHello;
  std::string_view extensions;
  if (!fields.Vector(2, &extensions) || !fields.Empty()) {
    return Malformed("malformed ClientHello");
  }
  return ReadExtensions(extensions, hello);
}

HelloResult ReadClientHello(std::string_view stream, std::string& joined, ClientHello& hello) {
  if (LooksLikeHttp(stream)) return {HelloStatus::kHttp, Alert::kUnexpectedMessage, {}};
  if (MayBecomeHttp(stream)) return kIncompleteHello;
  joined.clear();
  std::string_view message;
  for (size_t records = 0;; ++records) {
    if (records == kClientHelloRecordsMax) {
      return Bad(Alert::kUnexpectedMessage, "the ClientHello is spread over too many records");
    }
    // Each octet is judged when it arrives: noise does not wait for a whole record.
    if (!stream.empty() && Octet(stream, 0) != kHandshakeRecord) {
      return Bad(Alert::kUnexpectedMessage, "the first record does not look like a TLS handshake");
    }
    if (stream.size() > 1 && Octet(stream, 1) != 3) {
      return Bad(Alert::kProtocolVersion, "the first record does not look like a TLS handshake");
    }
    if (stream.size() < kRecordHeaderBytes) return kIncompleteHello;
    const size_t size = static_cast<size_t>(Octet(stream, 3)) << 8U | Octet(stream, 4);
    if (size == 0) return Bad(Alert::kUnexpectedMessage, "an empty handshake record");
    if (size > kRecordBytesMax) return Bad(Alert::kRecordOverflow, "oversized record received");
    const std::string_view part = stream.substr(kRecordHeaderBytes, size);
    stream.remove_prefix(kRecordHeaderBytes + part.size());
    if (records == 0) {
      message = part;
    } else {
      if (records == 1) joined.assign(message);
      joined.append(part);
      message = joined;
    }
    if (!message.empty() && Octet(message, 0) != kClientHelloMessage) {
      return Bad(Alert::kUnexpectedMessage, "the first message is not a ClientHello");
    }
    if (message.size() >= kMessageHeaderBytes) {
      const size_t body = static_cast<size_t>(Octet(message, 1)) << 16U |
                          static_cast<size_t>(Octet(message, 2)) << 8U | Octet(message, 3);
      if (body > kClientHelloBytesMax) {
        return Bad(Alert::kIllegalParameter, "the ClientHello is too long");
      }
      if (message.size() >= kMessageHeaderBytes + body) {
        return ParseClientHello(message.substr(0, kMessageHeaderBytes + body), hello);
      }
    }
    if (part.size() < size) return kIncompleteHello;
  }
}

}  // namespace hon::tls
