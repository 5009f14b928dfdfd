"""Requests that a server must turn away, and requests close to them that it must not.

Each row: a name, where it is written (RFC section, or a line of net/http's contract), the bytes,
and the status. `BAD_HEADS` are refused before a handler runs; `BAD_BODIES` go to /echo, whose
reading of the body must fail. After either the connection ends.
"""

HOST = b"Host: a\r\n"
GOOD = b"GET /echo-marker HTTP/1.1\r\n" + HOST + b"\r\n"
HIDDEN = b"GET /echo-hidden HTTP/1.1\r\n" + HOST + b"\r\n"


def line(request_line):
    return request_line + b"\r\n" + HOST + b"\r\n"


def field(raw, method=b"GET"):
    return method + b" /echo HTTP/1.1\r\n" + HOST + raw + b"\r\n\r\n"


def length(value, body=b"abc"):
    return field(b"Content-Length:" + value, b"POST") + body


def coding(raw, body=b"3\r\nabc\r\n0\r\n\r\n", version=b"1.1"):
    return b"POST /echo HTTP/" + version + b"\r\n" + HOST + raw + b"\r\n\r\n" + body


def chunks(body):
    return coding(b"Transfer-Encoding: chunked", body)


BAD_HEADS = [
    # The request line, RFC 9112 section 3.
    ("two blanks", "9112 §3", line(b"GET  / HTTP/1.1"), 400),
    ("a blank behind", "9112 §3", line(b"GET / HTTP/1.1 "), 400),
    ("a blank before", "9112 §3", line(b" GET / HTTP/1.1"), 400),
    ("a tab between", "W11", line(b"GET\t/ HTTP/1.1"), 400),
    ("no version", "9112 §2.3", line(b"GET /"), 400),
    ("four parts", "9112 §3", line(b"GET / x HTTP/1.1"), 400),
    ("no method", "9112 §3.1", line(b" / HTTP/1.1"), 400),
    ("a method that is no token", "9110 §9.1", line(b"G(T / HTTP/1.1"), 400),
    ("a version in lower case", "W13", line(b"GET / http/1.1"), 400),
    ("a version without minor", "W13", line(b"GET / HTTP/1"), 400),
    ("a version of two digits", "W13", line(b"GET / HTTP/1.10"), 400),
    ("another protocol", "W13", line(b"GET / FTP/1.1"), 400),
    ("HTTP/2.0", "W13", line(b"GET / HTTP/2.0"), 505),
    ("HTTP/3.0", "W13", line(b"GET / HTTP/3.0"), 505),
    ("HTTP/0.9", "W13", line(b"GET / HTTP/0.9"), 505),
    # The target.
    ("neither path nor URI", "W16", line(b"GET foo HTTP/1.1"), 400),
    ("a control byte", "W16", line(b"GET /\x01 HTTP/1.1"), 400),
    ("DEL", "W16", line(b"GET /\x7f HTTP/1.1"), 400),
    ("NUL", "W16", line(b"GET /\0 HTTP/1.1"), 400),
    ("a bad escape", "W16", line(b"GET /%zz HTTP/1.1"), 400),
    ("a fragment", "9112 §3.2", line(b"GET /#x HTTP/1.1"), 400),
    ("userinfo", "9110 §4.2.4", line(b"GET http://u:p@a/ HTTP/1.1"), 400),
    ("* with GET", "9112 §3.2.4", line(b"GET * HTTP/1.1"), 400),
    # Ends of lines, RFC 9112 section 2.2.
    ("a bare LF behind the request line", "9112 §2.2", b"GET / HTTP/1.1\n" + HOST + b"\r\n", 400),
    ("a bare LF behind a field", "9112 §2.2", b"GET / HTTP/1.1\r\nHost: a\n\r\n", 400),
    ("a bare LF at the end", "9112 §2.2", b"GET / HTTP/1.1\r\nHost: a\r\n\n", 400),
    ("a bare CR in the request line", "9112 §2.2", line(b"GET /\r HTTP/1.1"), 400),
    ("a bare CR in a value", "9112 §2.2", field(b"X: a\rb"), 400),
    # Host, RFC 9112 section 3.2.
    ("no Host", "9112 §3.2", b"GET / HTTP/1.1\r\n\r\n", 400),
    ("two Hosts", "9112 §3.2", field(b"Host: b"), 400),
    ("two equal Hosts", "9112 §3.2", field(b"Host: a"), 400),
    ("a Host with a slash", "W19", b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    ("a Host with a blank", "W19", b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    ("an empty Host", "9110 §4.2.1", b"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
    ("a Host with userinfo", "9112 §3.2", b"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400),
    # Fields, RFC 9112 section 5.
    ("no colon", "9112 §5", field(b"X"), 400),
    ("an empty name", "9112 §5", field(b": x"), 400),
    ("a blank before the colon", "9112 §5.1", field(b"X : y"), 400),
    ("a tab before the colon", "9112 §5.1", field(b"X\t: y"), 400),
    ("a blank in the name", "9112 §5.1", field(b"X Y: z"), 400),
    ("a name that is no token", "9110 §5.1", field(b"X(: y"), 400),
    ("a name of bytes above ASCII", "9110 §5.1", field(b"X\xff: y"), 400),
    ("a blank before the first field", "9112 §2.2", b"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
    ("a folded line", "9112 §5.2", field(b"X: y\r\n z"), 400),
    ("NUL in a value", "9110 §5.5", field(b"X: a\0b"), 400),
    ("a control byte in a value", "9110 §5.5", field(b"X: a\x01b"), 400),
    ("DEL in a value", "9110 §5.5", field(b"X: a\x7fb"), 400),
    # Content-Length, RFC 9112 section 6.3.
    ("a sign", "W33", length(b" +3"), 400),
    ("negative", "W33", length(b" -3"), 400),
    ("hexadecimal", "W33", length(b" 0x3"), 400),
    ("a list", "W33", length(b" 3, 3"), 400),
    ("empty", "W33", length(b""), 400),
    ("an underscore", "W33", length(b" 1_0"), 400),
    ("two numbers", "W33", length(b" 3 4"), 400),
    ("2^63", "W33", length(b" 9223372036854775808"), 400),
    ("2^64 + 3", "W33", length(b" 18446744073709551619"), 400),
    ("two lengths", "9112 §6.3", length(b" 3\r\nContent-Length: 4"), 400),
    # Transfer-Encoding, RFC 9112 section 6.1.
    ("gzip", "W28", coding(b"Transfer-Encoding: gzip"), 501),
    ("identity", "W28", coding(b"Transfer-Encoding: identity"), 501),
    ("chunked twice", "9112 §6.3", coding(b"Transfer-Encoding: chunked, chunked"), 400),
    ("chunked not last", "9112 §6.3", coding(b"Transfer-Encoding: chunked, gzip"), 400),
    ("chunked behind another", "9112 §6.3", coding(b"Transfer-Encoding: gzip, chunked"), 400),
    ("two fields", "9112 §6.3", coding(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), 400),
    ("xchunked", "W28", coding(b"Transfer-Encoding: xchunked"), 501),
    ("a parameter", "W28", coding(b"Transfer-Encoding: chunked;a=b"), 501),
    ("empty", "W28", coding(b"Transfer-Encoding:"), 501),
    ("quoted", "W28", coding(b'Transfer-Encoding: "chunked"'), 501),
    ("a vertical tab behind", "9110 §5.5", coding(b"Transfer-Encoding: chunked\v"), 400),
    ("with a length", "9112 §6.1", coding(b"Transfer-Encoding: chunked\r\nContent-Length: 3"), 400),
    ("with a length before", "9112 §6.1", coding(b"Content-Length: 3\r\nTransfer-Encoding: chunked"), 400),
    ("in HTTP/1.0", "9112 §6.1", coding(b"Transfer-Encoding: chunked", version=b"1.0"), 400),
    # Expect, RFC 9110 section 10.1.1.
    ("an unknown expectation", "W7", field(b"Expect: a-miracle"), 417),
]

BAD_BODIES = [
    # RFC 9112 section 7.1.
    ("a size that is none", "9112 §7.1", chunks(b"g\r\n"), 400),
    ("an empty size", "9112 §7.1", chunks(b"\r\nabc\r\n0\r\n\r\n"), 400),
    ("a sign", "9112 §7.1", chunks(b"+3\r\nabc\r\n0\r\n\r\n"), 400),
    ("0x", "9112 §7.1", chunks(b"0x3\r\nabc\r\n0\r\n\r\n"), 400),
    ("an underscore", "9112 §7.1", chunks(b"0_3\r\nabc\r\n0\r\n\r\n"), 400),
    ("a blank before", "9112 §7.1", chunks(b" 3\r\nabc\r\n0\r\n\r\n"), 400),
    ("17 digits", "W36", chunks(b"00000000000000003\r\nabc\r\n0\r\n\r\n"), 400),
    ("2^64", "W36", chunks(b"10000000000000000\r\n"), 400),
    ("2^63", "9112 §7.1", chunks(b"8000000000000000\r\n"), 400),
    ("a bare LF behind the size", "CVE-2025-22871", chunks(b"3\nabc\r\n0\r\n\r\n"), 400),
    ("a bare CR behind the size", "9112 §7.1", chunks(b"3\rabc\r\n0\r\n\r\n"), 400),
    ("a bare LF in an extension", "CVE-2025-55315", chunks(b"3;a\nb\r\nabc\r\n0\r\n\r\n"), 400),
    ("a bare CR in an extension", "9112 §7.1.1", chunks(b"3;a\rb\r\nabc\r\n0\r\n\r\n"), 400),
    ("no CRLF behind the data", "9112 §7.1", chunks(b"3\r\nabcd\r\n0\r\n\r\n"), 400),
    ("only LF behind the data", "9112 §7.1", chunks(b"3\r\nabc\n0\r\n\r\n"), 400),
    ("a chunk shorter than its size", "9112 §7.1", chunks(b"5\r\nabc\r\n0\r\n\r\n"), 400),
    ("a size line of 5,000 bytes", "W36", chunks(b"3;" + b"x" * 5000 + b"\r\nabc\r\n0\r\n\r\n"), 400),
    ("extensions without end", "CVE-2023-39326",
     chunks((b"1;" + b"x" * 2000 + b"\r\na\r\n") * 40 + b"0\r\n\r\n"), 400),
    ("a bare LF behind a trailer", "9112 §7.1.2", chunks(b"3\r\nabc\r\n0\r\nX: y\n\r\n"), 400),
    ("a trailer without colon", "9112 §7.1.2", chunks(b"3\r\nabc\r\n0\r\nX\r\n\r\n"), 400),
    ("a trailer of 5,000 bytes", "W38", chunks(b"3\r\nabc\r\n0\r\nX: " + b"y" * 5000 + b"\r\n\r\n"), 400),
]

# Answered 200 and followed by the next request on the same connection; the body to expect.
GOOD_REQUESTS = [
    ("plain", "9112 §3", GOOD, b"MARKER"),
    ("another minor version", "W13", b"GET /echo-marker HTTP/1.9\r\n" + HOST + b"\r\n", b"MARKER"),
    ("absolute form", "W17", line(b"GET http://a/echo-marker HTTP/1.1"), b"MARKER"),
    ("an unknown method", "W12", b"BREW /echo-marker HTTP/1.1\r\n" + HOST + b"\r\n", b"MARKER"),
    ("a query with a bad escape", "W16", line(b"GET /echo-marker?%zz HTTP/1.1"), b"MARKER"),
    ("blanks around a value", "W22", field(b"X:  \t y \t"), b""),
    ("an empty value", "9110 §5.5", field(b"X:"), b""),
    ("bytes above ASCII in a value", "W22", field(b"X: \xc3\xa9"), b""),
    ("a body with GET", "W35", field(b"Content-Length: 3") + b"abc", b"abc"),
    ("zeros before a length", "W24", length(b" 0003"), b"abc"),
    ("the same length twice", "W32", length(b" 3\r\nContent-Length: 3"), b"abc"),
    ("no length", "W34", field(b"X: y", b"POST"), b""),
    ("chunked", "9112 §7.1", chunks(b"3\r\nabc\r\n0\r\n\r\n"), b"abc"),
    ("chunked in another case", "W27", coding(b"transfer-encoding: CHUNKED"), b"abc"),
    ("chunks in capitals", "9112 §7.1", chunks(b"0A\r\n0123456789\r\n0\r\n\r\n"), b"0123456789"),
    ("16 digits", "W36", chunks(b"0000000000000003\r\nabc\r\n0\r\n\r\n"), b"abc"),
    ("an extension", "9112 §7.1.1", chunks(b"3;a=b\r\nabc\r\n0;c\r\n\r\n"), b"abc"),
    ("a quoted extension", "9112 §7.1.1", chunks(b'3;a="b;c"\r\nabc\r\n0\r\n\r\n'), b"abc"),
    ("trailers", "9112 §7.1.2", chunks(b"3\r\nabc\r\n0\r\nX-A: 1\r\nX-B: 2\r\n\r\n"), b"abc"),
    ("an Expect in another case", "W39", field(b"Expect: 100-Continue"), b""),
]
