#pragma once

// Request heads with what RFC 9112, RFC 9110 and Go's net/http say about them. Names in capitals
// are those of Http11Probe.

#include <cstddef>
#include <string_view>

#include "hon/adaptor/refusal.h"

namespace hon::adaptor::test {

struct HeadCase {
  std::string_view name;
  std::string_view section;
  std::string_view wire;
  Refusal refusal = Refusal::kNone;
  std::string_view summary = {};  // of an accepted head, see Summarise in head_parser_test.cc
};

using enum Refusal;

/// A literal that may hold NUL.
template <size_t kSize>
constexpr std::string_view Bytes(const char (&text)[kSize]) {
  return {text, kSize - 1};
}

#define HON_GET "GET / HTTP/1.1\r\n"
#define HON_POST "POST / HTTP/1.1\r\nHost: a\r\n"
#define HON_HOST "Host: a\r\n"

inline constexpr HeadCase kHeadCases[] = {
    // Request line.
    {"plain", "9112 §3", HON_GET HON_HOST "\r\n", kNone, "GET / 1.1 host=a"},
    {"HTTP/1.0 without Host", "9112 §3.2", "GET / HTTP/1.0\r\n\r\n", kNone,
     "GET / 1.0 host= close"},
    {"any token is a method", "9110 §9.1", "FOO-bar!#$ /x HTTP/1.1\r\nHost: a\r\n\r\n", kNone,
     "FOO-bar!#$ /x 1.1 host=a"},
    {"lower-case method passes", "9110 §9.1", "get / HTTP/1.1\r\nHost: a\r\n\r\n", kNone,
     "get / 1.1 host=a"},
    {"HTTP/1.2 is 1.1", "9110 §2.5", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", kNone,
     "GET / 1.2 host=a"},
    {"HTTP/1.9", "W13", "GET / HTTP/1.9\r\nHost: a\r\n\r\n", kNone, "GET / 1.9 host=a"},
    {"target with bytes past ASCII", "W16", "GET /\xc3\xa9?\xff HTTP/1.1\r\nHost: a\r\n\r\n", kNone,
     "GET /\xc3\xa9?\xff 1.1 host=a"},
    {"method with a bad byte", "9112 §3.1", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", kBadRequest},
    {"no method", "9112 §3.1", " / HTTP/1.1\r\nHost: a\r\n\r\n", kBadRequest},
    {"MISSING-TARGET", "9112 §3", "GET HTTP/1.1\r\nHost: a\r\n\r\n", kBadRequest},
    {"empty target", "9112 §3", "GET  HTTP/1.1\r\nHost: a\r\n\r\n", kBadRequest},
    {"MULTI-SP-REQUEST-LINE", "9112 §3", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", kBadRequest},
    {"two spaces before the version", "9112 §3", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", kBadRequest},
    {"trailing space", "9112 §3", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", kBadRequest},
    {"REQUEST-LINE-TAB", "9112 §3", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", kBadRequest},
    {"tab before the version", "9112 §3", "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", kBadRequest},
    {"HTTP09-REQUEST", "9112 §2.3", "GET /\r\n\r\n", kBadRequest},
    {"INVALID-VERSION", "9112 §2.3", "GET / HTTP/9.9\r\nHost: a\r\n\r\n", kUnsupportedVersion},
    {"HTTP/2.0", "W13", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", kUnsupportedVersion},
    {"HTTP/0.9", "W13", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", kUnsupportedVersion},
    {"H2-PREFACE", "9113 §3.4", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", kUnsupportedVersion},
    {"VERSION-MISSING-MINOR", "9112 §2.3", "GET / HTTP/1\r\nHost: a\r\n\r\n", kBadRequest},
    {"two minor digits", "9112 §2.3", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", kBadRequest},
    {"VERSION-LEADING-ZEROS", "9112 §2.3", "GET / HTTP/01.1\r\nHost: a\r\n\r\n", kBadRequest},
    {"VERSION-WHITESPACE", "9112 §2.3", "GET / HTTP/ 1.1\r\nHost: a\r\n\r\n", kBadRequest},
    {"lower-case version", "9112 §2.3", "GET / http/1.1\r\nHost: a\r\n\r\n", kBadRequest},
    {"other protocol", "9112 §2.3", "GET / HTTX/1.1\r\nHost: a\r\n\r\n", kBadRequest},
    {"FRAGMENT-IN-TARGET", "9112 §3.2", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", kBadRequest},
    {"NUL-IN-URL", "9112 §3.2", Bytes("GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n"), kBadRequest},
    {"DEL in the target", "W16", "GET /a\x7f HTTP/1.1\r\nHost: a\r\n\r\n", kBadRequest},
    {"control byte in the target", "W16", "GET /a\x01 HTTP/1.1\r\nHost: a\r\n\r\n", kBadRequest},
    {"CR in the target", "9112 §2.2", "GET /a\rb HTTP/1.1\r\nHost: a\r\n\r\n", kBadRequest},

    // Line ends.
    {"LEADING-CRLF", "9112 §2.2", "\r\n" HON_GET HON_HOST "\r\n", kNone, "GET / 1.1 host=a"},
    {"two leading empty lines", "9112 §2.2", "\r\n\r\n" HON_GET HON_HOST "\r\n", kNone,
     "GET / 1.1 host=a"},
    {"three leading empty lines", "kLeadingEmptyLinesMax", "\r\n\r\n\r\n" HON_GET HON_HOST "\r\n",
     kBadRequest},
    {"leading bare LF", "9112 §2.2", "\n" HON_GET HON_HOST "\r\n", kBadRequest},
    {"leading bare CR", "9112 §2.2", "\r" HON_GET HON_HOST "\r\n", kBadRequest},
    {"WHITESPACE-ONLY-LINE", "9112 §2.2", "   \r\n\r\n", kBadRequest},
    {"BARE-LF-REQUEST-LINE", "9112 §2.2", "GET / HTTP/1.1\nHost: a\r\n\r\n", kBadRequest},
    {"BARE-LF-HEADER", "9112 §2.2", "GET / HTTP/1.1\r\nHost: a\n\r\n", kBadRequest},
    {"bare LF at the end", "9112 §2.2", "GET / HTTP/1.1\r\nHost: a\r\n\n", kBadRequest},
    {"bare LF everywhere", "9112 §2.2", "GET / HTTP/1.1\nHost: a\n\n", kBadRequest},
    {"CR-ONLY-LINE-ENDING", "9112 §2.2", "GET / HTTP/1.1\rHost: a\r\r\n\r\n", kBadRequest},
    {"BARE-CR-HEADER-VALUE", "9112 §2.2", HON_GET "Host: a\r\nX: a\rb\r\n\r\n", kBadRequest},
    {"two CR", "9112 §2.2", HON_GET "Host: a\r\r\n\r\n", kBadRequest},
    {"CR before a name", "9112 §2.2", HON_GET "Host: a\r\n\rX: a\r\n\r\n", kBadRequest},
    {"CR in a name", "9112 §2.2", HON_GET "Host: a\r\nX\r: a\r\n\r\n", kBadRequest},

    // Fields.
    {"blanks around a value", "9112 §5.1", HON_GET "Host: \t a \t \r\nX:b\r\nY:\r\nZ: \r\n\r\n",
     kNone, "GET / 1.1 host=a|X=b|Y=|Z="},
    {"blanks and commas inside a value", "9110 §5.5", HON_GET HON_HOST "X: a\tb, c  d\r\n\r\n",
     kNone, "GET / 1.1 host=a|X=a\tb, c  d"},
    {"value with bytes past ASCII", "9110 §5.5", HON_GET HON_HOST "X: \x80\xff\r\n\r\n", kNone,
     "GET / 1.1 host=a|X=\x80\xff"},
    {"every token byte in a name", "9110 §5.6.2",
     HON_GET HON_HOST "!#$%&'*+-.^_`|~09azAZ: 1\r\n\r\n", kNone,
     "GET / 1.1 host=a|!#$%&'*+-.^_`|~09azAZ=1"},
    {"order and spelling stay", "9110 §5.3", HON_GET "b: 1\r\nHOST: a\r\nA: 2\r\nB: 3\r\n\r\n",
     kNone, "GET / 1.1 host=a|b=1|A=2|B=3"},
    {"EMPTY-HEADER-NAME", "9112 §5", HON_GET HON_HOST ": x\r\n\r\n", kBadRequest},
    {"INVALID-HEADER-NAME", "9112 §5", HON_GET HON_HOST "X[a]: x\r\n\r\n", kBadRequest},
    {"HEADER-NO-COLON", "9112 §5", HON_GET HON_HOST "Xabc\r\n\r\n", kBadRequest},
    {"no colon, a space", "9112 §5", HON_GET HON_HOST "X abc\r\n\r\n", kBadRequest},
    {"SP-BEFORE-COLON", "9112 §5.1", HON_GET HON_HOST "X : a\r\n\r\n", kInvalidHeaderName},
    {"space in a name", "W21", HON_GET HON_HOST "X y: a\r\n\r\n", kInvalidHeaderName},
    {"space and bad byte in a name", "W21", HON_GET HON_HOST "X y(: a\r\n\r\n", kBadRequest},
    {"TAB-IN-NAME", "9112 §5.1", HON_GET HON_HOST "X\t: a\r\n\r\n", kBadRequest},
    {"NON-ASCII-HEADER-NAME", "9112 §5", HON_GET HON_HOST "X\xc3\xa9: a\r\n\r\n", kBadRequest},
    {"WHITESPACE-BEFORE-HEADERS", "9112 §2.2", HON_GET " Host: a\r\n\r\n", kBadRequest},
    {"OBS-FOLD", "9112 §5.2", HON_GET HON_HOST "X: a\r\n b\r\n\r\n", kBadRequest},
    {"obs-fold by tab", "9112 §5.2", HON_GET HON_HOST "X: a\r\n\tb\r\n\r\n", kBadRequest},
    {"NUL-IN-HEADER-VALUE", "9110 §5.5", Bytes("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"),
     kBadRequest},
    {"CONTROL-CHARS-HEADER", "9110 §5.5", HON_GET HON_HOST "X: a\x07\r\n\r\n", kBadRequest},
    {"DEL in a value", "W22", HON_GET HON_HOST "X: a\x7f\r\n\r\n", kBadRequest},

    // Host.
    {"MISSING-HOST", "9112 §3.2", HON_GET "X: a\r\n\r\n", kMissingHost},
    {"no fields at all", "9112 §3.2", HON_GET "\r\n", kMissingHost},
    {"CONNECT needs none", "W18", "CONNECT a:1 HTTP/1.1\r\n\r\n", kNone, "CONNECT a:1 1.1 host="},
    {"absolute target needs one", "W17", "GET http://a/ HTTP/1.1\r\n\r\n", kMissingHost},
    {"DUPLICATE-HOST", "9112 §3.2", HON_GET "Host: a\r\nHost: b\r\n\r\n", kBadRequest},
    {"DUPLICATE-HOST-SAME", "9112 §3.2", HON_GET "Host: a\r\nhost: a\r\n\r\n", kBadRequest},
    {"duplicate in HTTP/1.0", "9112 §3.2", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n",
     kBadRequest},
    {"HOST-EMPTY-VALUE", "9110 §4.2.1", HON_GET "Host: \r\n\r\n", kMalformedHost},
    {"empty Host in HTTP/1.0", "W19", "GET / HTTP/1.0\r\nHost:\r\n\r\n", kNone,
     "GET / 1.0 host= close"},
    {"HOST-WITH-USERINFO", "9112 §3.2", HON_GET "Host: u@a\r\n\r\n", kMalformedHost},
    {"HOST-WITH-PATH", "9112 §3.2", HON_GET "Host: a/b\r\n\r\n", kMalformedHost},
    {"MULTIPLE-HOST-COMMA", "9110 §7.2", HON_GET "Host: a:80, b\r\n\r\n", kMalformedHost},
    {"space in Host", "W19", HON_GET "Host: a b\r\n\r\n", kMalformedHost},
    {"Host past ASCII", "W19", HON_GET "Host: \xc3\xa9\r\n\r\n", kMalformedHost},
    {"IPv6 with port", "9110 §7.2", HON_GET "Host: [::1]:8080\r\n\r\n", kNone,
     "GET / 1.1 host=[::1]:8080"},
    {"every byte of a Host", "W19", HON_GET "Host: az09!$%&()*+,-.:;=[]'_~\r\n\r\n", kNone,
     "GET / 1.1 host=az09!$%&()*+,-.:;=[]'_~"},

    // Content-Length.
    {"length", "9112 §6.3", HON_POST "Content-Length: 5\r\n\r\nhello", kNone,
     "POST / 1.1 host=a length=5|Content-Length=5"},
    {"length 0", "9112 §6.3", HON_POST "Content-Length: 0\r\n\r\n", kNone,
     "POST / 1.1 host=a|Content-Length=0"},
    {"length with GET", "W35", HON_GET HON_HOST "Content-Length: 2\r\n\r\n", kNone,
     "GET / 1.1 host=a length=2|Content-Length=2"},
    {"CL-LEADING-ZEROS", "W24", HON_POST "Content-Length: 0003\r\n\r\n", kNone,
     "POST / 1.1 host=a length=3|Content-Length=0003"},
    {"CL-TRAILING-SPACE", "9110 §5.5", HON_POST "Content-Length: 5 \r\n\r\n", kNone,
     "POST / 1.1 host=a length=5|Content-Length=5"},
    {"CL-TAB-BEFORE-VALUE", "9110 §5.6.3", HON_POST "Content-Length:\t5\r\n\r\n", kNone,
     "POST / 1.1 host=a length=5|Content-Length=5"},
    {"2^63 - 1", "9110 §8.6", HON_POST "Content-Length: 9223372036854775807\r\n\r\n", kNone,
     "POST / 1.1 host=a length=9223372036854775807|Content-Length=9223372036854775807"},
    {"equal repeats", "W32", HON_POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", kNone,
     "POST / 1.1 host=a length=5|Content-Length=5"},
    {"DUPLICATE-CL", "9112 §6.3", HON_POST "Content-Length: 5\r\nContent-Length: 10\r\n\r\n",
     kBadRequest},
    {"equal in value, not in text", "9112 §6.3",
     HON_POST "Content-Length: 5\r\nContent-Length: 05\r\n\r\n", kBadRequest},
    {"2^63", "9110 §8.6", HON_POST "Content-Length: 9223372036854775808\r\n\r\n", kBadRequest},
    {"MAL-CL-OVERFLOW", "9110 §8.6", HON_POST "Content-Length: 99999999999999999999999\r\n\r\n",
     kBadRequest},
    {"2^64 + 5", "9110 §8.6", HON_POST "Content-Length: 18446744073709551621\r\n\r\n", kBadRequest},
    {"CL-COMMA-SAME", "W33", HON_POST "Content-Length: 3, 3\r\n\r\n", kBadRequest},
    {"CL-COMMA-DIFFERENT", "9112 §6.3", HON_POST "Content-Length: 3, 4\r\n\r\n", kBadRequest},
    {"CL-PLUS-SIGN", "9110 §8.6", HON_POST "Content-Length: +3\r\n\r\n", kBadRequest},
    {"CL-NEGATIVE", "9110 §8.6", HON_POST "Content-Length: -3\r\n\r\n", kBadRequest},
    {"CL-NEGATIVE-ZERO", "9110 §8.6", HON_POST "Content-Length: -0\r\n\r\n", kBadRequest},
    {"CL-EMPTY", "9110 §8.6", HON_POST "Content-Length:\r\n\r\n", kBadRequest},
    {"CL-UNDERSCORE", "9110 §8.6", HON_POST "Content-Length: 1_0\r\n\r\n", kBadRequest},
    {"CL-OCTAL", "9110 §8.6", HON_POST "Content-Length: 0o5\r\n\r\n", kBadRequest},
    {"CL-HEX-PREFIX", "9110 §8.6", HON_POST "Content-Length: 0x5\r\n\r\n", kBadRequest},
    {"CL-INTERNAL-SPACE", "9110 §8.6", HON_POST "Content-Length: 1 0\r\n\r\n", kBadRequest},
    {"CL-NON-NUMERIC", "9110 §8.6", HON_POST "Content-Length: abc\r\n\r\n", kBadRequest},
    {"SP-BEFORE-COLON-CL", "9112 §5.1", HON_POST "Content-Length : 5\r\n\r\n", kInvalidHeaderName},
    {"UNDERSCORE-CL is another field", "9110 §5.1", HON_POST "Content_Length: 5\r\n\r\n", kNone,
     "POST / 1.1 host=a|Content_Length=5"},

    // Transfer-Encoding.
    {"chunked", "9112 §6.1", HON_POST "Transfer-Encoding: chunked\r\n\r\n", kNone,
     "POST / 1.1 host=a chunked"},
    {"TE-CASE-MISMATCH", "9112 §7", HON_POST "TRANSFER-ENCODING: ChunkeD\r\n\r\n", kNone,
     "POST / 1.1 host=a chunked"},
    {"TE-TAB-BEFORE-VALUE", "9110 §5.5", HON_POST "Transfer-Encoding:\tchunked\r\n\r\n", kNone,
     "POST / 1.1 host=a chunked"},
    {"CL-TE-BOTH", "9112 §6.3", HON_POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
     kBadRequest},
    {"TE before CL", "9112 §6.3",
     HON_POST "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", kBadRequest},
    {"TE-IDENTITY with CL", "9112 §6.3",
     HON_POST "Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\n", kBadRequest},
    {"TE-EMPTY-VALUE with CL", "9112 §6.3",
     HON_POST "Transfer-Encoding: \r\nContent-Length: 5\r\n\r\n", kBadRequest},
    {"TE-XCHUNKED with CL", "9112 §6.3",
     HON_POST "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n", kBadRequest},
    {"TE-HTTP10", "9112 §6.1", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
     kBadRequest},
    {"UNKNOWN-TE-501", "9112 §6.1", HON_POST "Transfer-Encoding: gzip\r\n\r\n",
     kUnsupportedTransferEncoding},
    {"xchunked", "9112 §6.1", HON_POST "Transfer-Encoding: xchunked\r\n\r\n",
     kUnsupportedTransferEncoding},
    {"identity", "9112 §7", HON_POST "Transfer-Encoding: identity\r\n\r\n",
     kUnsupportedTransferEncoding},
    {"empty", "W28", HON_POST "Transfer-Encoding:\r\n\r\n", kUnsupportedTransferEncoding},
    {"CHUNKED-WITH-PARAMS", "9112 §7", HON_POST "Transfer-Encoding: chunked;a=b\r\n\r\n",
     kUnsupportedTransferEncoding},
    {"TE-NOT-FINAL-CHUNKED", "9112 §6.3", HON_POST "Transfer-Encoding: chunked, gzip\r\n\r\n",
     kBadRequest},
    {"final, after another", "9112 §6.3", HON_POST "Transfer-Encoding: gzip, chunked\r\n\r\n",
     kBadRequest},
    {"TE-DOUBLE-CHUNKED", "9112 §6.1", HON_POST "Transfer-Encoding: chunked, chunked\r\n\r\n",
     kBadRequest},
    {"TE-TRAILING-COMMA", "9112 §6.1", HON_POST "Transfer-Encoding: chunked,\r\n\r\n", kBadRequest},
    {"TE-LEADING-COMMA", "9112 §6.1", HON_POST "Transfer-Encoding: , chunked\r\n\r\n", kBadRequest},
    {"TE-DUPLICATE-HEADERS", "9112 §6.1",
     HON_POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", kBadRequest},
    {"TE-SP-BEFORE-COLON", "9112 §5.1", HON_POST "Transfer-Encoding : chunked\r\n\r\n",
     kInvalidHeaderName},
    {"TE-OBS-FOLD", "9112 §5.2", HON_POST "Transfer-Encoding:\r\n chunked\r\n\r\n", kBadRequest},
    {"TE-VTAB", "9112 §6.1",
     HON_POST "Transfer-Encoding: \x0b"
              "chunked\r\n\r\n",
     kBadRequest},
    {"TE-FORMFEED", "9112 §6.1",
     HON_POST "Transfer-Encoding: \x0c"
              "chunked\r\n\r\n",
     kBadRequest},
    {"TE-NULL", "9112 §6.1",
     Bytes("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\0\r\n\r\n"), kBadRequest},
    {"UNDERSCORE-TE is another field", "9110 §5.1", HON_POST "Transfer_Encoding: chunked\r\n\r\n",
     kNone, "POST / 1.1 host=a|Transfer_Encoding=chunked"},

    // Connection and Expect.
    {"close", "9112 §9.6", HON_GET HON_HOST "Connection: close\r\n\r\n", kNone,
     "GET / 1.1 host=a close|Connection=close"},
    {"close in a list, any case", "W43", HON_GET HON_HOST "Connection: foo ,\tClOsE\r\n\r\n", kNone,
     "GET / 1.1 host=a close|Connection=foo ,\tClOsE"},
    {"close in a second line", "W43",
     HON_GET HON_HOST "Connection: foo\r\nConnection: close\r\n\r\n", kNone,
     "GET / 1.1 host=a close|Connection=foo|Connection=close"},
    {"closed is not close", "W43", HON_GET HON_HOST "Connection: closed\r\n\r\n", kNone,
     "GET / 1.1 host=a|Connection=closed"},
    {"1.0 with keep-alive", "W44", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", kNone,
     "GET / 1.0 host=|Connection=Keep-Alive"},
    {"1.0 with both", "9112 §9.3", "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", kNone,
     "GET / 1.0 host= close|Connection=keep-alive, close"},
    {"Expect", "9110 §10.1.1", HON_POST "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n", kNone,
     "POST / 1.1 host=a length=5 expect|Content-Length=5|Expect=100-continue"},
    {"Expect in a list, any case", "W39",
     HON_POST "Content-Length: 5\r\nExpect: a, 100-Continue\r\n\r\n", kNone,
     "POST / 1.1 host=a length=5 expect|Content-Length=5|Expect=a, 100-Continue"},
    {"Expect without a body", "W39", HON_GET HON_HOST "Expect: 100-continue\r\n\r\n", kNone,
     "GET / 1.1 host=a|Expect=100-continue"},
    {"Expect in 1.0", "W39", "POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
     kNone, "POST / 1.0 host= length=5 close|Content-Length=5|Expect=100-continue"},
    {"EXPECT-UNKNOWN", "9110 §10.1.1", HON_GET HON_HOST "Expect: 200-ok\r\n\r\n",
     kExpectationFailed},
    {"empty Expect", "W7", HON_GET HON_HOST "Expect:\r\n\r\n", kNone, "GET / 1.1 host=a|Expect="},

    // What else comes.
    {"BINARY-GARBAGE", "9112 §3", Bytes("\x16\x03\x01\x02\x00\x01\n\x00"), kBadRequest},
    {"a body behind", "9112 §6", HON_GET HON_HOST "\r\nGET / HTTP/9", kNone, "GET / 1.1 host=a"},
};

#undef HON_GET
#undef HON_POST
#undef HON_HOST

}  // namespace hon::adaptor::test
