"""What scripted servers answer to the two clients: heads, framing, bodies and codings of HTTP/1.1, byte
for byte; frames of HTTP/2; where redirects point; which cookies are set."""

import gzip
import urllib.parse
import zlib

OK = b"HTTP/1.1 200 OK\r\n"


def answer(fields=b"", body=b"", line=OK):
    return line + fields + b"\r\n" + body


def sized(body, fields=b"", line=OK):
    return answer(fields + b"Content-Length: %d\r\n" % len(body), body, line)


def chunks(wire, fields=b"", line=OK):
    return answer(fields + b"Transfer-Encoding: chunked\r\n", wire, line)


def chunked(*parts, trailers=b"", fields=b""):
    wire = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    return chunks(wire + b"0\r\n" + trailers + b"\r\n", fields)


def status_lines():
    for text in (b"HTTP/1.1 200 OK", b"HTTP/1.1 200", b"HTTP/1.1 200 ", b"HTTP/1.0 200 OK", b"HTTP/1.1 201 Made",
                 b"HTTP/1.1 299 x", b"HTTP/1.1 404 Not Found", b"HTTP/1.1 500 a b c", b"HTTP/1.1 599 y",
                 b"HTTP/1.1 600 z", b"HTTP/1.1 999 z", b"HTTP/1.1 200 \xc3\xa4\xff", b"HTTP/1.1 200 O\tK",
                 b"HTTP/1.1  200 OK", b"HTTP/1.1 200  OK", b"HTTP/1.1\t200 OK", b" HTTP/1.1 200 OK",
                 b"HTTP/1.1 20 OK", b"HTTP/1.1 2000 OK", b"HTTP/1.1 +20 OK", b"HTTP/1.1 2x0 OK", b"HTTP/1.1 099 x",
                 b"HTTP/1.1 000 x", b"HTTP/1.1 -20 x", b"HTTP/1.1 0x2 x", b"HTTP/1.1 200OK", b"HTTP/1.1200 OK", b"HTTP/1.1", b"HTTP/1.1 ",
                 b"HTTP/2.0 200 OK", b"HTTP/3.0 200 OK", b"HTTP/0.9 200 OK", b"HTTP/1.2 200 OK", b"HTTP/1.9 200 OK",
                 b"HTTP/1.10 200 OK", b"HTTP/1 200 OK", b"HTTP/01.1 200 OK", b"http/1.1 200 OK", b"HTTP/1.1x 200 OK",
                 b"HTTPS/1.1 200 OK", b"ICY 200 OK", b"FTP/1.1 200 OK", b"200 OK", b"OK", b"", b"<html>", b"\x00\x01\x02",
                 b"HTTP/1.1 200 OK\r", b"HTTP/1.1 200 O\x00K", b"HTTP/1.1 200 O\x01K", b"HTTP/1.1 200 O\x7fK"):
        yield f"line {text!r}", text + b"\r\nContent-Length: 2\r\n\r\nok"
    for end in (b"\n", b"\r", b"\r\r\n"):
        yield f"the line ends in {end!r}", b"HTTP/1.1 200 OK" + end + b"Content-Length: 2\r\n\r\nok"
    yield "an empty line before", b"\r\n" + sized(b"ok")
    yield "two empty lines before", b"\r\n\r\n" + sized(b"ok")
    yield "a long reason", sized(b"ok", line=b"HTTP/1.1 200 " + b"r" * 5000 + b"\r\n")


def fields():
    names = (b"X-A: 1", b"X-A:1", b"X-A:  1  ", b"X-A:\t1\t", b"X-A:", b"X-A: ", b"x-a: 1", b"X-a-B: 1", b"X_A: 1", b"X.A: 1",
             b"X-A: 1\r\nX-A: 2", b"X-A: 1\r\nx-a: 2", b"X-A: 1, 2", b"X-A: \xc3\xa4", b"X-A: \xff", b"X-A: a\tb", b"X!#$%&'*+-.^_`|~: 1",
             b"X-A : 1", b"X-A\t: 1", b"X A: 1", b": 1", b"X-A", b"X-A 1", b"X(: 1", b"X\xff: 1", b"X\x00: 1", b"X-A: a\x00b",
             b"X-A: a\x01b", b"X-A: a\x7fb", b"X-A: a\rb", b"X-A: 1\n", b"X-A: 1\n b", b" X-A: 1", b"\tX-A: 1", b"X-A: 1\r\n 2",
             b"X-A: 1\r\n\t2", b"X-A: 1\r\n  ", b"Date: x", b"Set-Cookie: a=b\r\nSet-Cookie: c=d", b"Connection: close",
             b"Connection: keep-alive", b"Connection: X-B\r\nX-B: 1", b"Keep-Alive: timeout=5", b"Pragma: no-cache",
             b"Pragma: no-cache\r\nCache-Control: private", b"Trailer: X-T", b"Upgrade: foo", b"Content-Type: text/html; charset=x",
             b"Location: /elsewhere", b"Content-Encoding: gzip", b"Content-Encoding: br", b"Transfer-Encoding: identity",
             b"TE: trailers", b"Proxy-Authenticate: Basic", b"WWW-Authenticate: Basic realm=\"x\"")
    for one in names:
        yield f"field {one!r}", sized(b"ok", one + b"\r\n")
    for count in (10, 100, 400):
        yield f"{count} fields", sized(b"ok", b"".join(b"X-%d: %d\r\n" % (i, i) for i in range(count)))
    for size in (1000, 10_000, 100_000):
        yield f"a field of {size} bytes", sized(b"ok", b"X-A: " + b"v" * size + b"\r\n")
    yield "a head that ends in LF alone", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"
    yield "a last line that ends in LF", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\nok"


def framing():
    for value in (b"2", b" 2", b"2 ", b"02", b"002", b"0", b"+2", b"-2", b"0x2", b"2,2", b"2, 2", b"2, 3", b"", b"two", b"2 2", b"2;", b"1_0",
                  b"9223372036854775807", b"9223372036854775808", b"18446744073709551618", b"1e1", b"2.0", b"\x0b2"):
        yield f"Content-Length {value!r}", answer(b"Content-Length: " + value + b"\r\n", b"ok")
    yield "two equal lengths", answer(b"Content-Length: 2\r\nContent-Length: 2\r\n", b"ok")
    yield "two lengths", answer(b"Content-Length: 2\r\nContent-Length: 3\r\n", b"ok")
    yield "two lengths written in two ways", answer(b"Content-Length: 2\r\nContent-Length: 02\r\n", b"ok")
    for coding in (b"chunked", b"Chunked", b" chunked ", b"gzip", b"gzip, chunked", b"chunked, gzip", b"chunked, chunked", b"identity", b"",
                   b"chunked;x=y", b"xchunked", b"\"chunked\"", b"chunked,", b", chunked"):
        yield f"Transfer-Encoding {coding!r}", answer(b"Transfer-Encoding: " + coding + b"\r\n", b"2\r\nok\r\n0\r\n\r\n")
    yield "two codings", answer(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"2\r\nok\r\n0\r\n\r\n")
    yield "a length, and chunks", answer(b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", b"2\r\nok\r\n0\r\n\r\n")
    yield "a wrong length, and chunks", answer(b"Content-Length: x\r\nTransfer-Encoding: chunked\r\n", b"2\r\nok\r\n0\r\n\r\n")
    yield "chunks over HTTP/1.0", answer(b"Transfer-Encoding: chunked\r\n", b"2\r\nok\r\n0\r\n\r\n", b"HTTP/1.0 200 OK\r\n")
    yield "a length over HTTP/1.0", sized(b"ok", line=b"HTTP/1.0 200 OK\r\n")
    yield "up to the end", answer(b"", b"up to the end")
    yield "up to the end, empty", answer()
    yield "up to the end over HTTP/1.0", answer(b"", b"x" * 100_000, b"HTTP/1.0 200 OK\r\n")
    for status in (b"204 No Content", b"304 Not Modified", b"205 Reset Content", b"206 Partial Content", b"301 x", b"400 x", b"416 x"):
        line = b"HTTP/1.1 " + status + b"\r\n"
        yield f"{status!r} with a length", answer(b"Content-Length: 2\r\n", b"ok", line)
        yield f"{status!r} with length 0", answer(b"Content-Length: 0\r\n", b"", line)
        yield f"{status!r} without", answer(b"", b"", line)
        yield f"{status!r} with chunks", chunks(b"2\r\nok\r\n0\r\n\r\n", line=line)
    for size in (1, 4095, 4096, 4097, 65_536, 1_000_000):
        yield f"a body of {size}", sized(b"b" * size)
        yield f"a chunk of {size}", chunked(b"b" * size)
    for missing in (1, 5, 100):
        yield f"{missing} bytes missing", answer(b"Content-Length: %d\r\n" % (200 + missing), b"b" * 200)
    yield "a length, and nothing", answer(b"Content-Length: 5\r\n")
    yield "bytes behind the body", sized(b"ok") + b"surplus"
    yield "an answer behind the answer", sized(b"ok") + sized(b"evil")


def chunk_coding():
    good = (b"2\r\nok\r\n0\r\n\r\n", b"02\r\nok\r\n0\r\n\r\n", b"0000000000000002\r\nok\r\n0\r\n\r\n", b"2;x\r\nok\r\n0\r\n\r\n", b"2;x=y\r\nok\r\n0\r\n\r\n",
            b'2;x="y;z"\r\nok\r\n0\r\n\r\n', b"2 \r\nok\r\n0\r\n\r\n", b"2\t;x\r\nok\r\n0\r\n\r\n", b"A\r\n0123456789\r\n0\r\n\r\n", b"a\r\n0123456789\r\n00\r\n\r\n",
            b"0\r\n\r\n", b"1\r\no\r\n1\r\nk\r\n0\r\n\r\n", b"0;x\r\n\r\n")
    bad = (b"", b"2", b"2\r\n", b"2\r\no", b"2\r\nok", b"2\r\nok\r\n", b"2\r\nok\r\n0", b"2\r\nok\r\n0\r\n", b"2\r\nok\r\n0\r\n\r", b"\r\n", b"g\r\n",
           b"-2\r\nok\r\n0\r\n\r\n", b"+2\r\nok\r\n0\r\n\r\n", b"0x2\r\nok\r\n0\r\n\r\n", b" 2\r\nok\r\n0\r\n\r\n", b"2\nok\n0\n\n", b"2\r\nok\n0\r\n\r\n",
           b"2\r\nokk\r\n0\r\n\r\n", b"3\r\nok\r\n0\r\n\r\n", b"2\rok\r\n0\r\n\r\n", b"2\r\nok0\r\n\r\n", b"00000000000000002\r\nok\r\n0\r\n\r\n",
           b"ffffffffffffffff\r\nok", b"10000000000000000\r\nok", b"7fffffffffffffff\r\nok", b"8000000000000000\r\nok", b"2;\nok\r\n0\r\n\r\n", b"2;x\ny\r\nok\r\n0\r\n\r\n",
           b"2;x\ry\r\nok\r\n0\r\n\r\n", b"2; \r\nok\r\n0\r\n\r\n", b"2;=y\r\nok\r\n0\r\n\r\n", b"2,x\r\nok\r\n0\r\n\r\n", b"2 x\r\nok\r\n0\r\n\r\n", b"2\r\nok\r\n\r\n0\r\n\r\n",
           b"2;" + b"x" * 5000 + b"\r\nok\r\n0\r\n\r\n", b"1;" + b"x" * 4000 + b"\r\na\r\n" + b"0\r\n\r\n", (b"1;" + b"x" * 1000 + b"\r\na\r\n") * 40 + b"0\r\n\r\n")
    for wire in good + bad:
        yield f"chunks {wire[:60]!r}", chunks(wire)
    for trailers in (b"X-T: 1\r\n", b"X-T: 1\r\nX-U: 2\r\n", b"x-t: 1\r\n", b"X-T:\r\n", b"X-T: 1\r\nX-T: 2\r\n", b"Content-Length: 2\r\n", b"Transfer-Encoding: x\r\n",
                     b"Trailer: x\r\n", b"Host: x\r\n", b"Set-Cookie: a=b\r\n", b"X-T\r\n", b"X-T : 1\r\n", b": 1\r\n", b"X-T: 1\n", b"X-T: a\x00\r\n", b" X-T: 1\r\n",
                     b"X-T: 1\r\n 2\r\n", b"X-T: " + b"v" * 5000 + b"\r\n", b"X-T: " + b"v" * 3000 + b"\r\n"):
        yield f"trailers {trailers[:40]!r}", chunked(b"ok", trailers=trailers)
        yield f"announced trailers {trailers[:40]!r}", chunked(b"ok", trailers=trailers, fields=b"Trailer: X-T\r\n")
    for names in (b"X-T", b"X-T, X-U", b"Content-Length", b"Transfer-Encoding", b"Trailer", b"", b"x-t", b"X-T,,X-U"):
        yield f"announces {names!r}, sends none", chunked(b"ok", fields=b"Trailer: " + names + b"\r\n")
    yield "announces trailers with a length", sized(b"ok", b"Trailer: X-T\r\n")


def interim():
    for code in (100, 102, 103, 110, 199):
        yield f"{code} before", b"HTTP/1.1 %d x\r\nX-I: 1\r\n\r\n" % code + sized(b"ok")
    for count in (2, 5, 50):
        yield f"{count} of 103", b"HTTP/1.1 103 x\r\n\r\n" * count + sized(b"ok")
    yield "100 with a length", b"HTTP/1.1 100 x\r\nContent-Length: 2\r\n\r\n" + sized(b"ok")
    yield "103 alone", b"HTTP/1.1 103 x\r\n\r\n"
    yield "101 unasked", b"HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\nbytes"
    yield "101 without fields", b"HTTP/1.1 101 x\r\n\r\nbytes"
    yield "100 over HTTP/1.0", b"HTTP/1.0 100 x\r\n\r\n" + sized(b"ok")


def cuts():
    whole = sized(b"body", b"X-A: 1\r\n")
    for at in range(len(whole)):
        yield f"cut at {at}", whole[:at]
    whole = chunked(b"body", trailers=b"X-T: 1\r\n")
    for at in range(whole.index(b"\r\n\r\n") + 4, len(whole)):
        yield f"chunks cut at {at}", whole[:at]


def codings():
    """For a client that asks for gzip by itself."""
    text = b"some text " * 1000
    packed = gzip.compress(text, mtime=0)
    for name, body in (("whole", packed), ("cut", packed[:-5]), ("a wrong check sum", packed[:-8] + b"\0\0\0\0" + packed[-4:]), ("empty", b""),
                       ("two members", packed + packed), ("surplus", packed + b"surplus"), ("no gzip", b"no gzip"), ("zlib", zlib.compress(text)),
                       ("a head alone", packed[:10]), ("of nothing", gzip.compress(b"", mtime=0))):
        for coding in (b"gzip", b"GZIP", b"x-gzip", b"gzip, gzip", b"identity"):
            if coding == b"gzip" or name == "whole":
                yield f"{coding!r} {name}", sized(body, b"Content-Encoding: " + coding + b"\r\n")
                yield f"{coding!r} {name} in chunks", chunked(*filter(None, [body]), fields=b"Content-Encoding: " + coding + b"\r\n")
    yield "gzip with 204", answer(b"Content-Encoding: gzip\r\n", b"", b"HTTP/1.1 204 x\r\n")
    yield "gzip up to the end", answer(b"Content-Encoding: gzip\r\n", packed)


def redirect(code, location, fields=b""):
    """The path of a redirect: the server answers what the path says."""
    query = {"to": location} | ({"fields": fields} if fields else {})
    return f"/redirect/{code}?" + urllib.parse.urlencode(query, encoding="latin-1")


def redirects():
    """Paths to ask for; PORT is the server's own."""
    for code in (300, 301, 302, 303, 304, 305, 306, 307, 308, 399):
        yield redirect(code, "/echo")
    for location in ("/echo?q=1", "echo", "./echo", "../echo", "?q", "", "#frag", "/echo#frag", "//127.0.0.1:PORT/echo", "http://127.0.0.1:PORT/echo",
                     "HTTP://127.0.0.1:PORT/echo", "http://user:pw@127.0.0.1:PORT/echo", "/echo%20x", "/echo x", "/a/../echo", "/\xe4", "/%zz",
                     "ftp://127.0.0.1/", "mailto:x", "javascript:x", ":", "http://", "http:///echo", "http://127.0.0.1:PORT", "/echo\x7f", "http://[::1", "http:echo"):
        yield redirect(302, location)
    hop = "/echo"
    for _ in range(5):
        hop = redirect(302, hop)
    yield hop
    for _ in range(4):
        hop = redirect(302, hop)
    yield hop  # ten requests
    yield redirect(302, hop)  # eleven
    yield redirect(302, redirect(307, "/echo"))
    yield redirect(307, redirect(302, "/echo"))
    yield redirect(308, redirect(303, redirect(307, "/echo")))
    yield redirect(302, "http://localhost:PORT/echo")
    yield "/loop"
    yield "/no-location/302"


def set_cookies(*lines):
    return "/set?" + urllib.parse.urlencode([("c", line) for line in lines])


def cookies():
    """Paths to ask for in this order, with one jar."""
    for line in ("a=1", "b=2; Path=/show", "c=3; Path=/other", "d=4; Path=/show/deep", "e=5; Max-Age=100", "f=6; Max-Age=0", "g=7; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
                 "h=8; Expires=Fri, 01 Jan 2100 00:00:00 GMT", "i=9; Secure", "j=10; HttpOnly", "k=11; SameSite=Strict", "l=a b", 'm="quoted"', "n=a,b", "o=", "=p", "q", "",
                 "r=1; Domain=127.0.0.1", "s=1; Domain=example.com", "t=1; Domain=.127.0.0.1", "u=1; Path=", "v=1; Path=show", "w=1; Unknown=x", "x=1; Max-Age=x", "y=1; Max-Age=-1",
                 "z=1; Expires=never", "A=1", "a=changed", "a=; Max-Age=0", "bad name=1", "bad=va\x01lue", "eq=a=b", "sp= padded ", "semi=a;b=c", "__Host-x=1; Path=/", "__Secure-y=1",
                 "uni=\xe4", "big=" + "v" * 3000, "Q=1; path=/SHOW", "R=1; PATH=/show", "T=1; max-age=100; expires=Thu, 01 Jan 1970 00:00:00 GMT", "U=1; Expires=Fri, 01-Jan-2100 00:00:00 GMT"):
        yield set_cookies(line)
        yield "/show"
    yield set_cookies("one=1", "two=2", "three=3")
    yield "/show/deep/er"
    yield "/showx"
    yield "/other"
    yield "/"


# ---- HTTP/2: frames (RFC 9113), with field lines that are never indexed. ----

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, END_HEADERS, PADDED = 1, 4, 8
ACK_FLAG = 1


def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def literal(text):
    size = len(text)
    if size < 127:
        return bytes([size]) + text
    out, size = b"\x7f", size - 127
    while size >= 128:
        out, size = out + bytes([size % 128 + 128]), size // 128
    return out + bytes([size]) + text


def block(*fields):
    return b"".join(b"\x10" + literal(name) + literal(value) for name, value in fields)


def http2():
    """(name, make): `make(stream)` is what the server sends to a request on that stream."""
    def head(*fields, status=b"200", flags=END_HEADERS):
        return lambda stream: frame(HEADERS, flags, stream, block((b":status", status), *fields))

    def data(content=b"ok", flags=END_STREAM):
        return lambda stream: frame(DATA, flags, stream, content)

    def trailers(*fields, flags=END_HEADERS | END_STREAM):
        return lambda stream: frame(HEADERS, flags, stream, block(*fields))

    def raw(kind, flags, payload=b"", on=None):
        return lambda stream: frame(kind, flags, stream if on is None else on, payload)

    ends = END_HEADERS | END_STREAM
    yield "whole", [head(), data()]
    yield "without content", [head(flags=ends)]
    yield "an empty frame at the end", [head(), data(flags=0), data(b"")]
    yield "many frames", [head(), *[data(b"part", 0)] * 20, data(b"")]
    yield "padded", [head(), raw(DATA, END_STREAM | PADDED, b"\x03ok\0\0\0")]
    yield "wrong padding", [head(), raw(DATA, END_STREAM | PADDED, b"\x09ok")]
    yield "fields", [head((b"x-a", b"1"), (b"x-a", b"2"), (b"x-b", b"")), data()]
    for length in (b"2", b"1", b"3", b"x", b"-1", b"+2"):
        yield f"content-length {length!r}", [head((b"content-length", length)), data()]
    yield "two equal lengths", [head((b"content-length", b"2"), (b"content-length", b"2")), data()]
    yield "two lengths", [head((b"content-length", b"2"), (b"content-length", b"3")), data()]
    for status in (b"200", b"204", b"304", b"404", b"500", b"599", b"999", b"099", b"20", b"2000", b"+20", b"x", b"", b"101"):
        yield f"status {status!r}", [head(status=status, flags=ends)]
    for name in (b"X-Upper", b"x y", b"", b"x:y", b":other", b"connection", b"transfer-encoding", b"keep-alive", b"upgrade", b"proxy-connection", b"te"):
        yield f"a field {name!r}", [head((name, b"1")), data()]
    for value in (b"a\x00b", b"a\nb", b"a\rb", b" a", b"a ", b"\xff", b"a\tb", b"a\x01b"):
        yield f"a value {value!r}", [head((b"x-a", value)), data()]
    yield "no status", [lambda stream: frame(HEADERS, END_HEADERS, stream, block((b"x-a", b"1"))), data()]
    yield "two statuses", [lambda stream: frame(HEADERS, END_HEADERS, stream, block((b":status", b"200"), (b":status", b"200"))), data()]
    yield "the status behind a field", [lambda stream: frame(HEADERS, END_HEADERS, stream, block((b"x-a", b"1"), (b":status", b"200"))), data()]
    yield "a request's pseudo field", [lambda stream: frame(HEADERS, END_HEADERS, stream, block((b":status", b"200"), (b":path", b"/"))), data()]
    yield "103", [head((b"link", b"x"), status=b"103"), head(), data()]
    yield "ten of 103", [*[head((b"link", b"x"), status=b"103")] * 10, head(), data()]
    yield "100", [head(status=b"100"), head(), data()]
    yield "103 that ends the stream", [head(status=b"103", flags=ends)]
    yield "trailers", [head(), data(flags=0), trailers((b"x-t", b"1"))]
    yield "announced trailers", [head((b"trailer", b"x-t")), data(flags=0), trailers((b"x-t", b"1"))]
    yield "trailers without content", [head(), trailers((b"x-t", b"1"))]
    yield "trailers that do not end", [head(), data(flags=0), trailers((b"x-t", b"1"), flags=END_HEADERS)]
    yield "trailers with a status", [head(), data(flags=0), trailers((b":status", b"200"))]
    yield "content before the head", [data(flags=0), head(flags=ends)]
    yield "a head behind the end", [head(flags=ends), head(flags=ends)]
    for code in (0, 1, 2, 8, 11, 13, 255):
        yield f"reset {code} before the head", [raw(RST_STREAM, 0, code.to_bytes(4, "big"))]
        yield f"reset {code} in the content", [head(), data(flags=0), raw(RST_STREAM, 0, code.to_bytes(4, "big"))]
    yield "in two pieces", [lambda stream: frame(HEADERS, 0, stream, block((b":status", b"200"))) + frame(CONTINUATION, END_HEADERS, stream, block((b"x-a", b"1"))), data()]
    yield "a frame between the pieces", [lambda stream: frame(HEADERS, 0, stream, block((b":status", b"200"))) + frame(PING, 0, 0, b"12345678")]
    yield "a ping before", [raw(PING, 0, b"12345678", on=0), head(), data()]
    yield "a ping of 7 bytes", [raw(PING, 0, b"1234567", on=0), head(), data()]
    yield "an unknown frame", [raw(77, 0, b"x", on=0), raw(78, 0, b"y"), head(), data()]
    yield "a push", [raw(PUSH_PROMISE, END_HEADERS, (2).to_bytes(4, "big") + block((b":method", b"GET")))]
    yield "settings of 5 bytes", [raw(SETTINGS, 0, b"12345", on=0)]
    yield "a window update of 0", [raw(WINDOW_UPDATE, 0, b"\0\0\0\0"), head(), data()]
    yield "a window update of 0 for the connection", [raw(WINDOW_UPDATE, 0, b"\0\0\0\0", on=0), head(), data()]
    yield "a window update", [raw(WINDOW_UPDATE, 0, b"\0\0\1\0"), head(), data()]
    yield "wrong HPACK", [raw(HEADERS, END_HEADERS, b"\xff\xff\xff\xff\xff")]
    yield "an index that is not there", [raw(HEADERS, END_HEADERS, b"\xfe")]
    yield "a stream that nobody opened", [raw(HEADERS, ends, block((b":status", b"200")), on=99)]
    yield "an even stream", [raw(HEADERS, ends, block((b":status", b"200")), on=2)]
    yield "a frame of 20,000 bytes", [head(), data(b"x" * 20_000)]
    yield "garbage", [lambda _: b"garbage garbage garbage"]
    yield "the end", [lambda _: None]
    yield "the end behind the head", [head(), lambda _: None]
    yield "the end in the content", [head((b"content-length", b"10")), data(flags=0), lambda _: None]
    yield "goaway, and the answer", [raw(GOAWAY, 0, b"\x7f\xff\xff\xff\0\0\0\0", on=0), head(), data()]
    yield "goaway behind the answer", [head(), data(), raw(GOAWAY, 0, b"\x7f\xff\xff\xff\0\0\0\0", on=0)]
