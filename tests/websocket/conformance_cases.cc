#include "websocket/conformance_cases.h"

#include <utility>

#include "websocket/frames.h"

namespace hon::websocket::test {
namespace {

class Cases {
 public:
  void Add(std::string name, std::string section, std::string wire, std::vector<std::string> want,
           bool deflate = false) {
    cases.push_back(
        {std::move(name), std::move(section), std::move(wire), std::move(want), deflate});
  }
  std::vector<Case> cases;
};

const std::string kNormal = Close(1000);

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char byte : bytes) {
    hex += "0123456789ABCDEF"[static_cast<unsigned char>(byte) >> 4];
    hex += "0123456789ABCDEF"[static_cast<unsigned char>(byte) & 15];
  }
  return hex;
}

void Lengths(Cases& to) {
  for (const size_t size : {0UL, 1UL, 124UL, 125UL, 126UL, 127UL, 128UL, 255UL, 65535UL, 65536UL,
                            kCaseMessageBytesMax}) {
    const std::string payload(size, '*');
    const std::string name = std::to_string(size) + " bytes";
    to.Add("text of " + name, "6455 5.2", Text(payload) + kNormal,
           {"text:" + payload, "close:1000"});
    to.Add("binary of " + name, "6455 5.2", Binary(payload) + kNormal,
           {"binary:" + payload, "close:1000"});
  }
  for (const int form : {2, 8}) {
    for (const size_t size : {0UL, 1UL, 125UL, 126UL, 65535UL, 65536UL}) {
      const bool minimal = form == 2 ? size >= 126 : size >= 65536;
      if (minimal || (form == 2 && size > 65535)) continue;
      to.Add(std::to_string(size) + " in " + std::to_string(form) + " bytes", "6455 5.2",
             Frame(std::string(size, 'x'), {.length_bytes = form}), {"close:1002"});
    }
  }
  to.Add("length with the highest bit", "6455 5.2", Header(uint64_t{1} << 63, {.length_bytes = 8}),
         {"close:1002"});
  to.Add("length of all bits", "6455 5.2", Header(~uint64_t{0}, {.length_bytes = 8}),
         {"close:1002"});
}

void HeaderBits(Cases& to) {
  const std::vector<std::pair<unsigned, std::string>> opcodes = {
      {0, "continuation"}, {1, "text"}, {2, "binary"}, {8, "close"}, {9, "ping"}, {10, "pong"}};
  for (const auto& [opcode, name] : opcodes) {
    for (unsigned rsv = 1; rsv < 8; ++rsv) {
      to.Add(name + " with reserved bits " + std::to_string(rsv), "6455 5.2",
             Text("before") + Frame("", {.opcode = opcode, .rsv = rsv}),
             {"text:before", "close:1002"});
      if (rsv == 4 && (opcode == 1 || opcode == 2)) continue;
      to.Add(name + " with reserved bits " + std::to_string(rsv) + ", deflate agreed", "7692 6",
             Frame("", {.opcode = opcode, .rsv = rsv}), {"close:1002"}, true);
    }
    to.Add(name + " without a mask", "6455 5.1", Frame("ab", {.opcode = opcode, .masked = false}),
           {"close:1002"});
  }
  for (const unsigned opcode : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U}) {
    for (const bool final : {true, false}) {
      to.Add("opcode " + std::to_string(opcode) + (final ? "" : ", not final"), "6455 5.2",
             Text("before") + Frame("x", {.opcode = opcode, .final = final}) + Ping("p"),
             {"text:before", "close:1002"});
    }
  }
}

void ControlFrames(Cases& to) {
  for (const size_t size : {0UL, 1UL, 5UL, 124UL, 125UL}) {
    const std::string payload(size, '\xFE');
    to.Add("ping of " + std::to_string(size), "6455 5.5.2", Ping(payload) + kNormal,
           {"pong:" + payload, "close:1000"});
    to.Add("pong of " + std::to_string(size), "6455 5.5.3", Pong(payload) + kNormal,
           {"close:1000"});
  }
  const std::string much(126, 'p');
  for (const unsigned opcode : {8U, 9U, 10U}) {
    const std::string name = "control " + std::to_string(opcode);
    to.Add(name + " of 126", "6455 5.5", Frame(much, {.opcode = opcode}), {"close:1002"});
    to.Add(name + " of 65536", "6455 5.5", Header(65536, {.opcode = opcode}), {"close:1002"});
    to.Add(name + " in fragments", "6455 5.5", Frame("ab", {.opcode = opcode, .final = false}),
           {"close:1002"});
  }
  std::string ten;
  std::vector<std::string> pongs;
  for (int i = 0; i < 10; ++i) {
    ten += Ping("payload-" + std::to_string(i));
    pongs.push_back("pong:payload-" + std::to_string(i));
  }
  pongs.push_back("close:1000");
  to.Add("ten pings", "6455 5.5.2", ten + kNormal, pongs);
  to.Add("pong then ping", "6455 5.5.3", Pong("unasked") + Ping("p") + kNormal,
         {"pong:p", "close:1000"});
}

void Fragments(Cases& to) {
  to.Add("two fragments", "6455 5.4", Text("frag1", false) + More("frag2", true) + kNormal,
         {"text:frag1frag2", "close:1000"});
  to.Add("three binary fragments", "6455 5.4",
         Binary("1", false) + More("2", false) + More("3", true) + kNormal,
         {"binary:123", "close:1000"});
  to.Add("empty fragments", "6455 5.4",
         Text("", false) + More("", false) + More("", true) + kNormal, {"text:", "close:1000"});
  to.Add("empty around one", "6455 5.4",
         Text("", false) + More("middle", false) + More("", true) + kNormal,
         {"text:middle", "close:1000"});
  to.Add("ping between", "6455 5.4",
         Text("frag1", false) + Ping("p") + More("frag2", true) + kNormal,
         {"pong:p", "text:frag1frag2", "close:1000"});
  to.Add("pings and pongs between", "6455 5.4",
         Text("1", false) + Ping("a") + Pong("b") + More("2", false) + Ping("c") + More("3", true) +
             kNormal,
         {"pong:a", "pong:c", "text:123", "close:1000"});
  to.Add("close between", "6455 5.4", Text("1", false) + kNormal + More("2", true), {"close:1000"});
  for (const bool final : {true, false}) {
    const std::string how = final ? "" : ", not final";
    to.Add("continuation of nothing" + how, "6455 5.4", More("x", final), {"close:1002"});
    to.Add("continuation behind a message" + how, "6455 5.4", Text("one") + More("x", final),
           {"text:one", "close:1002"});
    to.Add("text within a message" + how, "6455 5.4", Text("1", false) + Text("2", final),
           {"close:1002"});
    to.Add("binary within a message" + how, "6455 5.4", Text("1", false) + Binary("2", final),
           {"close:1002"});
    to.Add("text within a continued message" + how, "6455 5.4",
           Text("1", false) + More("2", false) + Text("3", final), {"close:1002"});
  }
  to.Add("messages one after the other", "6455 5.4",
         Text("1", false) + More("2", true) + Binary("3") + Text("4", false) + More("5", true) +
             kNormal,
         {"text:12", "binary:3", "text:45", "close:1000"});
  std::string bytewise;
  const std::string much(300, 'b');
  for (size_t i = 0; i < much.size(); ++i) {
    bytewise += i == 0 ? Binary("b", false) : More("b", i + 1 == much.size());
  }
  to.Add("a fragment for each byte", "6455 5.4", bytewise + kNormal,
         {"binary:" + much, "close:1000"});
}

void Utf8(Cases& to) {
  const std::vector<std::string> valid = {
      "Hello-\xC2\xB5@\xC3\x9F\xC3\xB6\xC3\xA4\xC3\xBC\xC3\xA0\xC3\xA1-UTF-8!!",
      "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5",
      "\xC2\x80",
      "\xDF\xBF",
      "\xE0\xA0\x80",
      "\xEF\xBF\xBF",
      "\xED\x9F\xBF",
      "\xEE\x80\x80",
      "\xEF\xBF\xBD",
      "\xF0\x90\x80\x80",
      "\xF4\x8F\xBF\xBF",
      "\xEF\xBF\xBE",
      "\xF0\x9F\xBF\xBE",
      "\x7F",
      std::string(1, '\0'),
      "a\xF0\x9D\x84\x9E"
      "b",
      std::string(31, 'a') + "\xE2\x82\xAC" + std::string(40, 'z')};
  for (const std::string& text : valid) {
    to.Add("utf-8 " + Hex(text), "3629 4", Text(text) + kNormal, {"text:" + text, "close:1000"});
    std::string pieces = Text("", false);
    for (const char byte : text) pieces += More({&byte, 1}, false);
    to.Add("utf-8 in pieces " + Hex(text), "6455 8.1", pieces + More("", true) + kNormal,
           {"text:" + text, "close:1000"});
  }
  const std::vector<std::string> invalid = {
      "\x80",
      "\xBF",
      "\x80\xBF",
      "\x80\xBF\x80\xBF\x80\xBF",
      "\xC0",
      "\xC1",
      "\xC2",
      "\xDF",
      "\xE0\xA0",
      "\xE0",
      "\xEF\xBF",
      "\xF0\x90\x80",
      "\xF0\x90",
      "\xF4",
      "\xF5",
      "\xF8\x88\x80\x80\x80",
      "\xFC\x84\x80\x80\x80\x80",
      "\xFE",
      "\xFF",
      "\xFE\xFE\xFF\xFF",
      "\xC0\xAF",
      "\xE0\x80\xAF",
      "\xF0\x80\x80\xAF",
      "\xC1\xBF",
      "\xE0\x9F\xBF",
      "\xF0\x8F\xBF\xBF",
      "\xC0\x80",
      "\xE0\x80\x80",
      "\xED\xA0\x80",
      "\xED\xAD\xBF",
      "\xED\xBF\xBF",
      "\xED\xA0\x80\xED\xB0\x80",
      "\xF4\x90\x80\x80",
      "\xF7\xBF\xBF\xBF",
      "\xC2 ",
      "\xE2\x28\xA1",
      "\xE2\x82\x28",
      "\xF0\x28\x8C\xBC",
      "\xF0\x90\x28\xBC",
      "\xF0\x28\x8C\x28",
      "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5\xED\xA0\x80"
      "edited"};
  for (const std::string& text : invalid) {
    to.Add("not utf-8 " + Hex(text), "6455 8.1", Text("ok") + Text(text),
           {"text:ok", "close:1007"});
    std::string pieces = Text("", false);
    for (const char byte : text) pieces += More({&byte, 1}, false);
    to.Add("not utf-8 in pieces " + Hex(text), "6455 8.1", pieces + More("", true), {"close:1007"});
    to.Add("the same as binary " + Hex(text), "6455 5.6", Binary(text) + kNormal,
           {"binary:" + text, "close:1000"});
  }
  to.Add("not utf-8, seen before the message ends", "6455 8.1", Text("\xCE\xBA\xF4\x90", false),
         {"close:1007"});
  to.Add("not utf-8, seen before the frame ends", "6455 8.1", Header(1000, {}) + Masked("ab\xFF"),
         {"close:1007"});
}

void Closing(Cases& to) {
  to.Add("close without a code", "6455 5.5.1", Frame("", {.opcode = 8}), {"close:"});
  to.Add("close of one byte", "6455 5.5.1", Frame("\x03", {.opcode = 8}), {"close:1002"});
  to.Add("close with a reason", "6455 5.5.1", Close(1000, "Hello World!"), {"close:1000"});
  to.Add("close with the longest reason", "6455 5.5.1", Close(1000, std::string(123, 'r')),
         {"close:1000"});
  to.Add("close with too long a reason", "6455 5.5.1", Close(1000, std::string(124, 'r')),
         {"close:1002"});
  to.Add("close with a reason that is not utf-8", "6455 5.5.1", Close(1000, "\xCE\xBA\xED\xA0\x80"),
         {"close:1007"});
  to.Add("close with a reason cut in a character", "6455 5.5.1", Close(1000, "\xE2\x82"),
         {"close:1007"});
  to.Add("text behind a close", "6455 5.5.1", kNormal + Text("late"), {"close:1000"});
  to.Add("ping behind a close", "6455 5.5.1", kNormal + Ping("late"), {"close:1000"});
  to.Add("two closes", "6455 5.5.1", kNormal + Close(1001), {"close:1000"});
  for (const unsigned code : {1000U, 1001U, 1002U, 1003U, 1007U, 1008U, 1009U, 1010U, 1011U, 1012U,
                              1013U, 1014U, 3000U, 3999U, 4000U, 4999U}) {
    to.Add("close code " + std::to_string(code), "6455 7.4", Text("x") + Close(code),
           {"text:x", "close:" + std::to_string(code)});
  }
  for (const unsigned code :
       {0U, 1U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 1100U, 2000U, 2999U, 5000U, 65535U}) {
    to.Add("close code " + std::to_string(code), "6455 7.4", Close(code), {"close:1002"});
  }
}

void Limits(Cases& to) {
  const std::string full(kCaseMessageBytesMax, 'f');
  const std::string half = full.substr(0, kCaseMessageBytesMax / 2);
  to.Add("fragments up to the limit", "6455 7.4.1",
         Binary(half, false) + More(half, true) + kNormal, {"binary:" + half + half, "close:1000"});
  to.Add("one byte past the limit", "6455 7.4.1", Header(kCaseMessageBytesMax + 1, {.opcode = 2}),
         {"close:1009"});
  to.Add("past the limit in fragments", "6455 7.4.1",
         Binary(half, false) + More(half, false) + More("x", true), {"close:1009"});
  to.Add("far past the limit", "6455 7.4.1", Header(uint64_t{1} << 62, {.opcode = 2}),
         {"close:1009"});
  to.Add("two messages at the limit", "6455 7.4.1", Binary(full) + Binary(full) + kNormal,
         {"binary:" + full, "binary:" + full, "close:1000"});
  to.Add("inflates to the limit", "7692 8",
         Frame(Deflated(full), {.opcode = 2, .rsv = 4}) + kNormal, {"binary:" + full, "close:1000"},
         true);
  to.Add("inflates past the limit", "7692 8", Frame(Deflated(full + "x"), {.opcode = 2, .rsv = 4}),
         {"close:1009"}, true);
  const std::string bomb(8 << 20, '\0');
  to.Add("inflates far past the limit", "7692 8", Frame(Deflated(bomb, 9), {.opcode = 2, .rsv = 4}),
         {"close:1009"}, true);
}

void Compression(Cases& to) {
  const auto compressed = [](std::string_view payload, unsigned opcode = 1, bool final = true) {
    return Frame(payload, {.opcode = opcode, .final = final, .rsv = 4});
  };
  std::string prose;
  for (int i = 0; prose.size() < 20'000; ++i) prose += "line " + std::to_string(i * 7919) + "\n";
  // The examples of RFC 7692 §7.2.3.
  to.Add("hello in one block", "7692 7.2.3.1",
         compressed("\xF2\x48\xCD\xC9\xC9\x07" + std::string(1, '\0')) + kNormal,
         {"text:Hello", "close:1000"}, true);
  to.Add("hello in fragments", "7692 7.2.3.1",
         compressed("\xF2\x48\xCD", 1, false) + More("\xC9\xC9\x07" + std::string(1, '\0'), true) +
             kNormal,
         {"text:Hello", "close:1000"}, true);
  to.Add("hello stored", "7692 7.2.3.3",
         compressed(std::string("\x00\x05\x00\xFA\xFF\x48\x65\x6C\x6C\x6F\x00", 11)) + kNormal,
         {"text:Hello", "close:1000"}, true);
  to.Add("hello in a final block", "7692 7.2.3.4",
         compressed(std::string("\xF3\x48\xCD\xC9\xC9\x07\x00\x00", 8)) + kNormal,
         {"text:Hello", "close:1000"}, true);
  to.Add(
      "hello in two blocks", "7692 7.2.3.5",
      compressed(std::string("\xF2\x48\x05\x00\x00\x00\xFF\xFF\xCA\xC9\xC9\x07\x00", 13)) + kNormal,
      {"text:Hello", "close:1000"}, true);
  to.Add("nothing, compressed", "7692 7.2.3.6", compressed(std::string(1, '\0')) + kNormal,
         {"text:", "close:1000"}, true);
  to.Add("nothing at all, compressed", "7692 7.2.2", compressed("") + kNormal,
         {"text:", "close:1000"}, true);
  to.Add("an uncompressed message", "7692 6",
         Text("plain") + compressed(Deflated("packed")) + kNormal,
         {"text:plain", "text:packed", "close:1000"}, true);
  for (const size_t size : {1UL, 100UL, 125UL, 126UL, 1000UL, 16384UL, 16385UL, 20000UL}) {
    const std::string text = prose.substr(0, size);
    for (const int level : {0, 1, 9}) {
      to.Add("compressed " + std::to_string(size) + " at level " + std::to_string(level),
             "7692 6.2", compressed(Deflated(text, level)) + kNormal,
             {"text:" + text, "close:1000"}, true);
    }
    to.Add("compressed " + std::to_string(size) + " as binary, with a small window", "7692 7.1.2",
           compressed(Deflated(text, 6, 9), 2) + kNormal, {"binary:" + text, "close:1000"}, true);
    to.Add("compressed " + std::to_string(size) + " with fixed codes", "7692 7.2.1",
           compressed(Deflated(text, 6, 15, Z_FIXED)) + kNormal, {"text:" + text, "close:1000"},
           true);
    to.Add("compressed " + std::to_string(size) + " with a final block", "7692 7.2.3.4",
           compressed(DeflatedFinal(text)) + kNormal, {"text:" + text, "close:1000"}, true);
  }
  const std::string packed = Deflated(prose);
  std::string pieces = compressed(packed.substr(0, 1), 1, false);
  for (size_t at = 1; at < packed.size(); at += 997) {
    pieces += More(packed.substr(at, 997), at + 997 >= packed.size()) + (at == 1 ? Ping("p") : "");
  }
  to.Add("compressed in many fragments, ping between", "7692 6.1", pieces + kNormal,
         {"pong:p", "text:" + prose, "close:1000"}, true);
  to.Add("compressed, an empty last fragment", "7692 6.1",
         compressed(packed, 1, false) + More("", true) + kNormal, {"text:" + prose, "close:1000"},
         true);
  to.Add("each message stands alone", "7692 7.1.1.1",
         compressed(packed) + compressed(packed) + kNormal,
         {"text:" + prose, "text:" + prose, "close:1000"}, true);
  to.Add("not deflate", "7692 7.2.2", compressed("\xFF\xFF\xFF\xFF"), {"close:1007"}, true);
  to.Add("a stored block of the wrong length", "7692 7.2.2",
         compressed(std::string("\x00\x05\x00\x00\x00Hello", 10)), {"close:1007"}, true);
  to.Add("a distance before the start", "7692 7.2.2", compressed(std::string("\x02\x83\x00", 3)),
         {"close:1007"}, true);
  to.Add("inflates to what is not utf-8", "6455 8.1", compressed(Deflated("ok\xC0\xAF")),
         {"close:1007"}, true);
  to.Add("inflates to half a character", "6455 8.1", compressed(Deflated("ok\xE2\x82")),
         {"close:1007"}, true);
  to.Add("inflates to a character cut by fragments", "6455 8.1",
         compressed(Deflated("\xE2\x82\xAC").substr(0, 2), 1, false) +
             More(Deflated("\xE2\x82\xAC").substr(2), true) + kNormal,
         {"text:\xE2\x82\xAC", "close:1000"}, true);
  to.Add("continuation that says compressed", "7692 6.1",
         compressed("\xF2\x48", 1, false) + Frame("\xCD", {.opcode = 0, .rsv = 4}), {"close:1002"},
         true);
  for (const size_t less : {4UL, 10UL, packed.size() / 2, packed.size() - 1}) {
    const std::string part = packed.substr(0, packed.size() - less);
    const std::string name = "compressed, without its last " + std::to_string(less) + " bytes";
    to.Add(name, "7692 7.2.2", compressed(part, 2), {"close:1007"}, true);
    to.Add(name + ", in two fragments", "7692 7.2.2", compressed(part, 2, false) + More("", true),
           {"close:1007"}, true);
  }
  // The end of the last block may be missing: the receiver knows that the message has ended.
  const std::string final_only("\xF3\x48\xCD\xC9\xC9\x07\x00", 7);
  to.Add("a final block, and nothing behind it", "7692 7.2.3.4", compressed(final_only) + kNormal,
         {"text:Hello", "close:1000"}, true);
  to.Add("a final block, and an empty fragment behind it", "7692 7.2.3.4",
         compressed(final_only, 1, false) + More("", true) + kNormal, {"text:Hello", "close:1000"},
         true);
  to.Add("with the four bytes that are to be taken away", "7692 7.2.1",
         compressed(packed + std::string("\0\0\xFF\xFF", 4)) + kNormal,
         {"text:" + prose, "close:1000"}, true);
  std::string finals;
  for (int i = 0; i < 2000; ++i) finals += std::string("\x03\x00", 2);
  to.Add("final blocks without end", "7692 7.2.3.4", compressed(finals), {"close:1007"}, true);
}

}  // namespace

const std::vector<Case>& ConformanceCases() {
  static const std::vector<Case> cases = [] {
    Cases all;
    Lengths(all);
    HeaderBits(all);
    ControlFrames(all);
    Fragments(all);
    Utf8(all);
    Closing(all);
    Limits(all);
    Compression(all);
    return std::move(all.cases);
  }();
  return cases;
}

}  // namespace hon::websocket::test
