// Handshake fields from any peer: the answer of an accepting server is valid for the client that
// offered; the head of an answer is read or refused.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "http/websocket_key.h"
#include "websocket/handshake.h"

namespace {

using namespace hon::websocket;  // NOLINT(google-build-using-namespace)

void Require(bool true_here) {
  if (!true_here) std::abort();
}

void Extensions(std::string_view field, const DeflateOptions& options) {
  std::vector<internal::Extension> offers;
  if (!internal::ParseExtensions(field, offers)) return;
  Require(offers.size() <= internal::kExtensionsMax);
  const internal::DeflateTerms terms = internal::AcceptDeflate(offers, options);
  if (!terms.enabled) return;
  Require(terms.send.window_bits >= 9 && terms.send.window_bits <= options.send_window_bits);
  Require(terms.receive.window_bits >= 8 && terms.receive.window_bits <= 15);
  std::vector<internal::Extension> answer;
  Require(internal::ParseExtensions(terms.field, answer) && answer.size() == 1);
  const DeflateOptions client = {.enabled = true, .send_takeover = true, .receive_takeover = true};
  const auto read = internal::ReadDeflateAnswer(answer, client);
  if (!read) {
    Require(terms.receive.window_bits == 8);  // zlib cannot send with such a window
    return;
  }
  Require(read->receive.takeover == terms.send.takeover);
  Require(read->send.takeover == terms.receive.takeover);
  Require(read->receive.window_bits == terms.send.window_bits);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const DeflateOptions options = {.enabled = true,
                                  .send_window_bits = 9 + data[0] % 7,
                                  .receive_window_bits = 9 + data[1] % 7,
                                  .send_takeover = (data[0] & 128) != 0,
                                  .receive_takeover = (data[1] & 128) != 0};
  Extensions(text, options);

  hon::http::Header header;
  header.Add("Sec-WebSocket-Protocol", text);
  const std::string chosen = internal::SelectSubprotocol(header, {"chat", "v2"});
  Require(chosen.empty() || text.find(chosen) != std::string_view::npos);

  const std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";
  hon::io::StringReader reader(text);
  const auto answer = internal::ReadAnswer(reader, key, {"chat"}, options);
  if (answer)
    Require(text.find(hon::http::internal::WebSocketAccept(key)) != std::string_view::npos);
  return 0;
}
