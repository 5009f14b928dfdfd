#pragma once

// Frames for tests, valid and invalid.

#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace hon::websocket::test {

struct FrameShape {
  unsigned opcode = 1;
  bool final = true;
  unsigned rsv = 0;  // three bits
  bool masked = true;
  int length_bytes = -1;  // 0, 2 or 8 to force a form
};

inline constexpr std::string_view kKey = "\x11\xA2\x33\xC4";

inline std::string Masked(std::string_view payload) {
  std::string masked(payload);
  for (size_t i = 0; i < masked.size(); ++i) masked[i] = static_cast<char>(masked[i] ^ kKey[i % 4]);
  return masked;
}

inline std::string Header(uint64_t length, const FrameShape& shape) {
  std::string bytes(1,
                    static_cast<char>((shape.final ? 0x80U : 0U) | shape.rsv << 4 | shape.opcode));
  int form = shape.length_bytes;
  if (form < 0) form = length <= 125 ? 0 : length <= 0xFFFF ? 2 : 8;
  const unsigned short_length = form == 0 ? static_cast<unsigned>(length) : form == 2 ? 126 : 127;
  bytes += static_cast<char>(short_length | (shape.masked ? 0x80U : 0U));
  for (int i = form - 1; i >= 0; --i) bytes += static_cast<char>(length >> (8 * i));
  if (shape.masked) bytes += kKey;
  return bytes;
}

inline std::string Frame(std::string_view payload, const FrameShape& shape = {}) {
  return Header(payload.size(), shape) + (shape.masked ? Masked(payload) : std::string(payload));
}

inline std::string Text(std::string_view payload, bool final = true) {
  return Frame(payload, {.opcode = 1, .final = final});
}
inline std::string Binary(std::string_view payload, bool final = true) {
  return Frame(payload, {.opcode = 2, .final = final});
}
inline std::string More(std::string_view payload, bool final) {
  return Frame(payload, {.opcode = 0, .final = final});
}
inline std::string Ping(std::string_view payload) { return Frame(payload, {.opcode = 9}); }
inline std::string Pong(std::string_view payload) { return Frame(payload, {.opcode = 10}); }
inline std::string CloseBody(unsigned code, std::string_view reason = {}) {
  std::string body = {static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  return body.append(reason);
}
inline std::string Close(unsigned code, std::string_view reason = {}) {
  return Frame(CloseBody(code, reason), {.opcode = 8});
}

/// `data` compressed by zlib, flushed, without the four omitted bytes; as a separate message.
inline std::string Deflated(std::string_view data, int level = 6, int bits = 15,
                            int strategy = Z_DEFAULT_STRATEGY) {
  z_stream stream = {};
  deflateInit2(&stream, level, Z_DEFLATED, -bits, 8, strategy);
  std::string out(data.size() + data.size() / 100 + 1024, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_SYNC_FLUSH);
  out.resize(out.size() - stream.avail_out - 4);
  deflateEnd(&stream);
  return out;
}

/// Deflated as a stream that ends, behind which a byte begins the next block (RFC 7692 §7.2.3.4).
inline std::string DeflatedFinal(std::string_view data) {
  z_stream stream = {};
  deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
  std::string out(data.size() + 1024, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out + '\0';
}

}  // namespace hon::websocket::test
