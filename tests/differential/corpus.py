"""The requests that both servers are asked: each line of the contract that shows on the wire, in
its variants, and mutations of all of them."""

import random
import sys
import pathlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from bad_requests import BAD_BODIES, BAD_HEADS, GOOD_REQUESTS

HOST = b"Host: example.com\r\n"


class Case:
    """`patient`: nothing more is sent, and the connection not half closed, before the answer has
    come, since a client that seems to leave would be the subject otherwise."""

    def __init__(self, name, wire, patient=False):
        self.name = name
        self.wire = wire
        self.patient = patient


def request(method=b"GET", target=b"/", fields=b"", body=b"", version=b"1.1", host=HOST):
    return method + b" " + target + b" HTTP/" + version + b"\r\n" + host + fields + b"\r\n" + body


def field(name, value):
    return name + b": " + value + b"\r\n"


def sized(body):
    return field(b"Content-Length", b"%d" % len(body))


def chunked(*parts, trailers=b""):
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n" + trailers + b"\r\n"


def endpoints():
    """Every endpoint, asked in every way that HTTP has."""
    targets = [b"/", b"/echo", b"/headers", b"/status/200", b"/status/204", b"/status/304", b"/status/404",
               b"/status/299", b"/status/205", b"/status/199", b"/status/x", b"/sleep/1", b"/sleep/x",
               b"/chunked/0", b"/chunked/1", b"/chunked/3", b"/length/0", b"/length/5", b"/length/2048",
               b"/length/5000", b"/stream/0", b"/stream/1", b"/stream/2048", b"/stream/2049",
               b"/stream/10000", b"/trailers", b"/noread", b"/early-hints", b"/echo-marker", b"/redirect",
               b"/nowhere", b"/files/", b"/file", b"/discard", b"/panic"]
    for target in targets:
        for method in (b"GET", b"HEAD", b"POST", b"OPTIONS"):
            yield Case(f"{method.decode()} {target.decode()}", request(method, target))
        for connection in (b"", b"keep-alive", b"close"):
            fields = field(b"Connection", connection) if connection else b""
            yield Case(f"1.0 {connection.decode()} {target.decode()}",
                       request(target=target, fields=fields, version=b"1.0"))
        yield Case(f"close {target.decode()}", request(target=target, fields=field(b"Connection", b"close")))


def bodies():
    """Framing of bodies, read and unread, section 2.4 to 2.7."""
    for target in (b"/echo", b"/noread", b"/trailers", b"/status/204", b"/nowhere", b"/discard"):
        for size in (0, 1, 511, 513, 2048, 2049, 5000, 70_000):
            body = b"abcdefgh"[:8] * (size // 8) + b"x" * (size % 8)
            yield Case(f"{size} to {target.decode()}", request(b"POST", target, sized(body), body))
            parts = [body[i:i + 1000] for i in range(0, size, 1000)]
            yield Case(f"{size} chunked to {target.decode()}",
                       request(b"POST", target, field(b"Transfer-Encoding", b"chunked"), chunked(*parts)))
        yield Case(f"trailers to {target.decode()}", request(
            b"POST", target, field(b"Transfer-Encoding", b"chunked") + field(b"Trailer", b"X-A, X-B"),
            chunked(b"abc", trailers=field(b"X-A", b"1") + field(b"X-B", b"2") + field(b"X-C", b"3"))))
        for expectation in (b"100-continue", b"100-Continue", b"nothing", b""):
            yield Case(f"Expect {expectation.decode()} to {target.decode()}", request(
                b"POST", target, field(b"Expect", expectation) + sized(b"abc"), b"abc"))
    for trailer in (b"Content-Length", b"Transfer-Encoding", b"Trailer", b"Host", b"X"):
        yield Case(f"announcing {trailer.decode()}", request(
            b"POST", b"/trailers", field(b"Transfer-Encoding", b"chunked") + field(b"Trailer", trailer),
            chunked(b"abc", trailers=field(trailer, b"1"))))
    for length in (b"0", b"3", b"0003", b"+3", b"-3", b"3 ", b"3,3", b"3, 3", b"", b"0x3", b"1e1",
                   b"9223372036854775807", b"9223372036854775808", b"99999999999999999999"):
        yield Case(f"Content-Length {length.decode()}",
                   request(b"POST", b"/echo", field(b"Content-Length", length), b"abc"))
        yield Case(f"chunked and Content-Length {length.decode()}", request(
            b"POST", b"/echo", field(b"Content-Length", length) + field(b"Transfer-Encoding", b"chunked"),
            chunked(b"abc")))
    for coding in (b"chunked", b"Chunked", b" chunked ", b"chunked,", b",chunked", b"gzip, chunked", b"x",
                   b"identity", b""):
        for version in (b"1.0", b"1.1"):
            yield Case(f"{version.decode()} Transfer-Encoding {coding.decode()}", request(
                b"POST", b"/echo", field(b"Transfer-Encoding", coding), chunked(b"abc"), version))


def heads():
    """Request lines, hosts and fields, section 2.2 and 2.3, and the connection's future, 2.6."""
    for version in (b"1.0", b"1.1", b"1.2", b"1.9", b"1.10", b"2.0", b"0.9", b"1", b"1.", b"11.1", b"x"):
        yield Case(f"version {version.decode()}", request(version=version))
    for method in (b"get", b"G", b"FOO-BAR", b"GE T", b"G(T", b"G\xc3T", b"CONNECT", b"TRACE", b"PATCH"):
        yield Case(f"method {method!r}", request(method))
    for target in (b"*", b"foo", b"", b"?", b"//a", b"/a//b", b"/./", b"/../", b"/%2e%2e/", b"/%2F", b"/%zz",
                   b"/?%zz", b"/\xff", b"http://other/", b"http://other", b"http://other/headers",
                   b"https://other/", b"mailto:x", b"ftp://other/", b"http:///x", b"http://other:80/",
                   b"/a;b", b"/;", b"/?a;b", b"/ ", b"/\t", b"example.com:80", b"/headers?x=1"):
        for method in (b"GET", b"OPTIONS"):
            yield Case(f"{method.decode()} target {target!r}", request(method, target))
    yield Case("CONNECT host", request(b"CONNECT", b"example.com:80"))
    for host in (b"", b"Host:\r\n", b"Host: a\r\nHost: a\r\n", b"Host: a b\r\n", b"Host: a:80\r\n",
                 b"Host: [::1]\r\n", b"Host: [::1]:80\r\n", b"Host: a:x\r\n", b"Host: a/b\r\n",
                 b"Host: a@b\r\n", b"Host: a?b\r\n", b"Host: a#b\r\n", b"Host: \xc3\xa9\r\n",
                 b"Host: a,b\r\n", b"Host: a%20b\r\n", b"Host: A\r\n", b"hOsT: a\r\n"):
        for version in (b"1.0", b"1.1"):
            yield Case(f"{version.decode()} {host!r}", request(target=b"/headers", host=host, version=version))
    for raw in (b"X:y", b"X: y", b"X:\ty\t", b"X:", b"X", b": y", b"X : y", b"X Y: z", b"X\xc3: y",
                b"X: \xc3\xa9", b"X: a\tb", b"x-a-B_c: 1", b"X: 1\r\nX: 2", b"X: 1\r\nx: 2", b" X: y",
                b"X: y\r\n z", b"X: y\r\n\tz", b"TE: trailers", b"Trailer: X", b"Pragma: no-cache",
                b"Pragma: no-cache\r\nCache-Control: x", b"Upgrade: h2c", b"Cookie: a=b; c=d",
                b"Authorization: Basic YTpi", b"Accept-Encoding: gzip", b"Proxy: x", b"X!#$%&'*+-.^_`|~: y",
                b"X(: y", b"X\x00: y", b"X: \x00", b"X: \x7f", b"X: \x1b[0m"):
        yield Case(f"field {raw!r}", request(target=b"/headers", fields=raw + b"\r\n"))
    for connection in (b"close", b"Close", b"keep-alive", b"Keep-Alive", b"keep-alive, close", b"x, close",
                       b"upgrade", b"", b",", b"close\r\nConnection: keep-alive",
                       b"keep-alive\r\nConnection: close"):
        for version in (b"1.0", b"1.1"):
            for target in (b"/", b"/stream/5000", b"/status/204"):
                yield Case(f"{version.decode()} Connection {connection!r} {target.decode()}", request(
                    target=target, fields=field(b"Connection", connection), version=version))
    for before in (b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\r\n\r\n\r\n", b" "):
        yield Case(f"{before!r} before", before + request())
        yield Case(f"{before!r} behind a POST",
                   request(b"POST", b"/echo", sized(b"abc"), b"abc") + before + request())


def routing():
    """ServeMux, section 3."""
    for target in (b"/echo/", b"/echo//", b"//echo", b"/./echo", b"/a/../echo", b"/status", b"/status/",
                   b"/status/200/", b"/status//200", b"/status/%32%30%30", b"/status/2%2F0", b"/%65cho",
                   b"/ECHO", b"/files", b"/files/../echo", b"/files/.", b"/files//a.txt", b"/length",
                   b"/length/", b"/length/5/6", b"/..", b"/../..", b"/echo?x=//", b"/echo/?x", b"/echo/..",
                   b"/files?x=1", b"/%2e/echo", b"/length/%35"):
        for method in (b"GET", b"HEAD", b"POST", b"PUT", b"CONNECT"):
            yield Case(f"{method.decode()} {target.decode()}", request(method, target))


def files(modified):
    """ServeFile and FileServer, section 4. `modified` is the Last-Modified of every file."""
    later = b"Fri, 01 Jan 2038 00:00:00 GMT"
    earlier = b"Thu, 01 Jan 1998 00:00:00 GMT"
    for target in (b"/files/", b"/files/index.html", b"/files/a.txt", b"/files/a.txt/", b"/files/empty",
                   b"/files/sub", b"/files/sub/", b"/files/sub/b.html", b"/files/none", b"/files/.hidden",
                   b"/files/%61.txt", b"/files/a.txt%00", b"/files/..%2fa.txt", b"/files/sub/%2e%2e/a.txt",
                   b"/files/data", b"/files/a.txt?x", b"/files/sub?x", b"/files/c.json", b"/files/listed/",
                   b"/files/listed", b"/file", b"/file?x", b"/files/page.HTML", b"/files/no.such-ext"):
        for method in (b"GET", b"HEAD", b"POST"):
            yield Case(f"{method.decode()} {target.decode()}", request(method, target))
    ranges = (b"bytes=0-0", b"bytes=0-4", b"bytes=5-", b"bytes=-5", b"bytes=-500000", b"bytes=0-500000",
              b"bytes=500000-", b"bytes=5-4", b"bytes=", b"bytes=,", b"bytes=a-b", b"bytes 0-1", b"byte=0-1",
              b"Bytes=0-1", b"bytes=0-1,3-4", b"bytes=0-1,500000-", b"bytes=0-99999,0-99999", b"bytes= 0 - 1 ",
              b"bytes=+1-2", b"bytes=0-1,", b"bytes=-", b"bytes=1", b"bytes=0x1-2", b"lines=0-1",
              b"bytes=99999999999999999999-", b"bytes=-0")
    for value in ranges:
        for target in (b"/file", b"/files/empty"):
            for method in (b"GET", b"HEAD", b"POST"):
                yield Case(f"{method.decode()} {target.decode()} Range {value.decode()}",
                           request(method, target, field(b"Range", value)))
    for name in (b"If-Modified-Since", b"If-Unmodified-Since", b"If-Range"):
        for value in (modified, later, earlier, b"x", b""):
            fields = field(name, value) + (field(b"Range", b"bytes=0-1") if name == b"If-Range" else b"")
            for method in (b"GET", b"HEAD", b"POST"):
                yield Case(f"{method.decode()} {name.decode()} {value.decode()}",
                           request(method, b"/file", fields))
    for name in (b"If-Match", b"If-None-Match"):
        for value in (b"*", b'"x"', b'W/"x"', b'"x", "y"', b"x", b""):
            for method in (b"GET", b"POST"):
                yield Case(f"{method.decode()} {name.decode()} {value.decode()}",
                           request(method, b"/file", field(name, value)))


def part(disposition, data, fields=b""):
    return b"--B\r\nContent-Disposition: " + disposition + b"\r\n" + fields + b"\r\n" + data + b"\r\n"


def forms():
    """Forms, cookies and TimeoutHandler, section 2.15 and 1.3."""
    urlencoded = field(b"Content-Type", b"application/x-www-form-urlencoded")
    for query in (b"", b"a=1", b"a=1&a=2&b=3", b"a", b"a=", b"=1", b"&&", b"a=1;b=2", b"a=%zz&b=1", b"a=%41+b",
                  b"a=b=c", b"%61=1", b"a=%C3%A9", b"a=1&a", b"a%3Db=1"):
        yield Case(f"GET form {query!r}", request(target=b"/form?" + query))
        for method in (b"POST", b"PUT", b"PATCH", b"DELETE", b"GET"):
            yield Case(f"{method.decode()} form {query!r}",
                       request(method, b"/form?q=1&a=q", urlencoded + sized(query), query))
    for kind in (b"", b"text/plain", b"application/x-www-form-urlencoded; charset=x", b"bad/type; =",
                 b"APPLICATION/X-WWW-FORM-URLENCODED", b"multipart/form-data", b"multipart/form-data; boundary=B"):
        for target in (b"/form?q=1", b"/multipart?q=1"):
            yield Case(f"{kind!r} {target.decode()}",
                       request(b"POST", target, field(b"Content-Type", kind) + sized(b"a=1"), b"a=1"))
    multipart = field(b"Content-Type", b"multipart/form-data; boundary=B")
    parts = {
        "value": part(b'form-data; name="a"', b"1"),
        "two values": part(b'form-data; name="a"', b"1") + part(b'form-data; name="a"', b"2"),
        "file": part(b'form-data; name="f"; filename="x.txt"', b"data", field(b"Content-Type", b"text/plain")),
        "large file": part(b'form-data; name="f"; filename="x"', b"0123456789" * 20_000),
        "path": part(b'form-data; name="f"; filename="../a/b.txt"', b"data"),
        "backslashes": part(b'form-data; name="f"; filename="C:\\\\dir\\\\b.txt"', b"data"),
        "no name": part(b"form-data", b"data"),
        "empty name": part(b'form-data; name=""', b"data"),
        "empty filename": part(b'form-data; name="f"; filename=""', b"data"),
        "no disposition": b"--B\r\n\r\ndata\r\n",
        "attachment": part(b'attachment; name="a"', b"data"),
        "unquoted": part(b"form-data; name=a", b"data"),
        "quoted-printable": part(b'form-data; name="a"', b"=41=\r\nb",
                                 field(b"Content-Transfer-Encoding", b"quoted-printable")),
        "filename*": part(b"form-data; name=f; filename*=UTF-8''%C3%A9.txt", b"data"),
        "empty part": part(b'form-data; name="a"', b""),
        "boundary inside": part(b'form-data; name="a"', b"x--B y\r\n-B"),
        "bad part header": b"--B\r\nno colon\r\n\r\ndata\r\n",
    }
    for name, data in parts.items():
        for end in (b"--B--\r\n", b"--B--", b"", b"--B\r\n"):
            yield Case(f"multipart {name} {end!r}",
                       request(b"POST", b"/multipart?q=1", multipart + sized(data + end), data + end))
        yield Case(f"multipart {name} with LF", request(
            b"POST", b"/multipart", multipart + sized((data + b"--B--\r\n").replace(b"\r\n", b"\n")),
            (data + b"--B--\r\n").replace(b"\r\n", b"\n")))
    yield Case("multipart empty", request(b"POST", b"/multipart", multipart + sized(b"--B--\r\n"), b"--B--\r\n"))
    yield Case("multipart preamble", request(
        b"POST", b"/multipart", multipart + sized(b"hi\r\n" + parts["value"] + b"--B--\r\nbye"),
        b"hi\r\n" + parts["value"] + b"--B--\r\nbye"))
    for cookie in (b"a=b", b"a=b; c=d", b"a=b;c=d", b"a", b"a=", b"=b", b'a="b c"', b"a=b,c", b"a=b c", b"a=b; a=c",
                   b"a b=c", b";;", b"a=\xc3\xa9", b' a = b ', b'a="b', b"a=b\r\nCookie: c=d", b"$Version=1; a=b",
                   b'a=b"c', b"a=b\\c"):
        yield Case(f"cookie {cookie!r}", request(target=b"/cookies", fields=field(b"Cookie", cookie)))
    for method in (b"GET", b"HEAD"):
        yield Case(f"{method.decode()} in time", request(method, b"/timeout/0"), patient=True)
        yield Case(f"{method.decode()} too late", request(method, b"/timeout/400"), patient=True)


def tables():
    for name, _, wire, _ in BAD_HEADS + BAD_BODIES + GOOD_REQUESTS:
        yield Case("table: " + name, wire)


INSERTS = [b" ", b"\t", b"\r", b"\n", b"\r\n", b"\0", b"\x80", b"\x7f", b":", b",", b";", b"/", b"%", b"0", b"1",
           b"a", b"-", b"+", b"\x0b", b"chunked", b"\r\n\r\n", b"Content-Length: 1\r\n",
           b"Transfer-Encoding: chunked\r\n", b"Host: b\r\n"]


def mutations(cases, count, seed):
    """`count` of the cases, each damaged in one to three places."""
    dice = random.Random(seed)
    small = [case for case in cases if len(case.wire) < 600 and not case.patient]
    for i in range(count):
        case = dice.choice(small)
        wire = bytearray(case.wire)
        for _ in range(dice.choice((1, 1, 2, 3))):
            at = dice.randrange(len(wire))
            what = dice.randrange(5)
            if what == 0:
                del wire[at]
            elif what == 1:
                wire[at:at] = dice.choice(INSERTS)
            elif what == 2:
                wire[at] = dice.choice(INSERTS)[0]
            elif what == 3:  # a line twice
                lines = bytes(wire).split(b"\r\n")
                line = dice.randrange(len(lines))
                lines.insert(line, lines[line])
                wire = bytearray(b"\r\n".join(lines))
            else:  # a line less
                lines = bytes(wire).split(b"\r\n")
                del lines[dice.randrange(len(lines))]
                wire = bytearray(b"\r\n".join(lines)) or bytearray(b"x")
            if not wire:
                wire = bytearray(b"x")
        yield Case(f"mutation {i} of {case.name}", bytes(wire))


def all_cases(modified, mutated, seed):
    plain = [*endpoints(), *bodies(), *heads(), *routing(), *files(modified), *forms(), *tables()]
    return plain + list(mutations(plain, mutated, seed))
