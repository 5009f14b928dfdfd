"""Hostile requests: names that lead elsewhere, texts that would end a head early, and everything at
its limit and one past it."""

from case import Case, HOST, chunked, field, post, request, sized, CHUNKED

FORM = field(b"Content-Type", b"multipart/form-data; boundary=B")


def hostile_targets():
    for to in (b"/x%0d%0aX-Evil:%201", b"/x%00y", b"%5C%5Cother.test/x", b"/%09/other.test", b"%0d%0a%0d%0ax", b"javascript:x",
               b"//other.test", b"x%7Fy", b"%C3%A9%22%3E"):
        yield Case(f"redirected to {to!r}", request(target=b"/redirect-to?code=302&to=" + to))
    for target in (b"//other.test/..", b"/\\other.test/..", b"//other.test/%2e%2e", b"//other.test//x", b"/files//other.test/..",
                   b"/files//sub", b"/files/\\\\other.test\\..", b"/strip/../files/a.txt", b"/./echo-marker", b"/;/echo-marker"):
        yield Case(f"GET {target!r}", request(target=target))
    for target in (b"/" * 20_000, b"/.." * 8_000, b"/a" * 10_000, b"/%2e" * 5_000, b"/" + b"a" * 60_000):
        yield Case(f"GET {target[:12]!r} {len(target)}", request(target=target), whole=True)
    for value in (b"v%0d%0aX:1", b"v;Path=/evil", b"%00", b"%22x", b"x,y"):
        yield Case(f"Set-Cookie {value!r}", request(target=b"/set-cookie?name=n&path=/%0d%0aY:2;x&domain=a%0d%0a&value=" + value))
    yield Case("an upgrade to HTTP/2", request(target=b"/echo-marker", fields=field(b"Connection", b"Upgrade, HTTP2-Settings")
                                               + field(b"Upgrade", b"h2c") + field(b"HTTP2-Settings", b"AAMAAABkAARAAAAA")))
    yield Case("a TLS hello", b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + b"x" * 200)
    yield Case("a long method", request(b"A" * 5000, b"/echo-marker"), whole=True)


def hostile_paths():
    for path in (b"../outside", b"%2e%2e/outside", b"%2e%2e%2foutside", b"..%2foutside", b"%252e%252e/outside", b"..%5coutside",
                 b"..\\outside", b"sub/../../outside", b"..;/outside", b"%c0%ae%c0%ae/outside", b"a.txt%00.html", b"%00", b"a.txt/x",
                 b"a.txt/..", b"sub/.", b"...", b"C:%5cx", b"\xff\xfe", b"sub%2fb.html", b"a.txt%20", b"a.txt.", b"a.txt::$DATA"):
        yield Case(f"/files/{path!r}", request(target=b"/files/" + path))


def hostile_fields():
    """Long lists in one field, each of which costs somebody a walk."""
    for target, name, value in (
            (b"/files/a.txt", b"Range", b"bytes=" + b"0-0," * 10_000 + b"0-0"),
            (b"/files/a.txt", b"Range", b"bytes=" + b" ,\t" * 10_000 + b"0-0"),
            (b"/files/a.txt", b"Range", b"bytes=99999999999999999999-1"),
            (b"/files/a.txt", b"Range", b"bytes=--5"),
            (b"/files/a.txt", b"Range", b"bytes=0-18446744073709551615"),
            (b"/files/a.txt", b"Range", b"bytes=9223372036854775807-9223372036854775807"),
            (b"/files/a.txt", b"If-None-Match", b'"a",' * 10_000),
            (b"/files/a.txt", b"If-Match", b'W/"' + b"a" * 40_000),
            (b"/cookies", b"Cookie", b";" * 40_000),
            (b"/cookies", b"Cookie", b'a="' * 10_000),
            (b"/echo-marker", b"Connection", b"x," * 20_000 + b"close"),
            (b"/echo-marker", b"Connection", b"content-length, host, close, close"),
            (b"/request", b"Authorization", b"Basic " + b"A" * 40_000)):
        yield Case(f"{name.decode()} {value[:16]!r} {len(value)}", request(target=target, fields=field(name, value)), whole=True)
    yield Case("1.0, kept alive by its second line", request(
        target=b"/echo-marker", version=b"1.0", fields=field(b"Connection", b"x") + field(b"Connection", b"keep-alive")))
    for count in (498, 499):
        yield Case(f"{count} fields", request(target=b"/echo-marker", fields=b"".join(b"X%d: y\r\n" % i for i in range(count))))


def part(name, value, more=b""):
    return b'--B\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (name, more, value)


def hostile_forms():
    def multipart(name, body):
        return Case(name, post(b"/multipart", body, FORM), whole=True)

    yield Case("ampersands", post(b"/form", b"&" * 50_000, field(b"Content-Type", b"application/x-www-form-urlencoded")), whole=True)
    yield Case("percent signs", post(b"/form", b"%" * 50_000, field(b"Content-Type", b"application/x-www-form-urlencoded")), whole=True)
    for count in (1000, 1001):
        yield multipart(f"{count} parts", part(b"k", b"v") * count + b"--B--\r\n")
    for count in (9_999, 10_001):
        yield multipart(f"{count} fields of a part", b'--B\r\nContent-Disposition: form-data; name="a"\r\n'
                        + b"X: y\r\n" * count + b"\r\nv\r\n--B--\r\n")
    yield multipart("a part in a part", b'--B\r\nContent-Disposition: form-data; name="a"\r\n'
                    b"Content-Type: multipart/mixed; boundary=C\r\n\r\n" + b"--C\r\n\r\nx\r\n" * 500 + b"--C--\r\n--B--\r\n")
    yield multipart("no boundary ever", b"x" * 100_000)
    yield multipart("empty lines before", b"\r\n" * 20_000 + b"--B--\r\n")
    yield multipart("almost boundaries", b"--B\r\n\r\n" + b"\r\n--" * 20_000)
    yield multipart("a file that stops", part(b"n", b"v" * 300_000, b"; filename=x"))
    yield multipart("a long file name", part(b"n", b"v", b'; filename="%s"' % (b"f" * 50_000)) + b"--B--\r\n")
    yield multipart("soft line ends", b"--B\r\nContent-Disposition: form-data; name=a\r\n"
                    b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=\r\n" * 20_000 + b"\r\n--B--\r\n")
    for name in (b'"../../etc/passwd"', b'".."', b'"/"', b'"a\x00b"', b'""', b'"a/"', b'"./x"'):
        yield multipart(f"a file called {name!r}", part(b"n", b"v", b"; filename=" + name) + b"--B--\r\n")
    yield multipart("an encoded file name", part(b"n", b"v", b"; filename*=UTF-8''..%2f..%2fx") + b"--B--\r\n")
    yield multipart("1,001 parameters", b"--B\r\nContent-Disposition: form-data"
                    + b"".join(b"; name*%d=x" % i for i in range(1001)) + b"\r\n\r\nv\r\n--B--\r\n")
    for fields in (b"multipart/form-data; boundary=", b"multipart/form-data; boundary=" + b"B" * 71, b"multipart/form-data;" * 500):
        yield Case(f"a body of {fields[:40]!r} {len(fields)}", post(b"/multipart", b"x", field(b"Content-Type", fields)))


def hostile_bodies():
    for target in (b"/noread", b"/status/204", b"/nowhere", b"/echo-marker", b"/files/a.txt"):
        hidden = b"GET /echo-hidden HTTP/1.1\r\n" + HOST + b"\r\n"
        for method in (b"GET", b"HEAD", b"OPTIONS", b"DELETE"):
            yield Case(f"{method.decode()} {target.decode()}, a request in its body", request(method, target, sized(hidden), hidden))
    for trailers in (b"Content-Length: 3\r\n", b"Host: b\r\n", b"Transfer-Encoding: chunked\r\n", b"X: y\r\n" * 500, b"X: y\r\n" * 3000):
        yield Case(f"a trailer {trailers[:20]!r} {len(trailers)}", request(
            b"POST", b"/echo", CHUNKED, chunked(b"abc", trailers=trailers)), whole=True)
    yield Case("a chunk for each byte", request(b"POST", b"/discard", CHUNKED, b"1\r\nx\r\n" * 20_000 + b"0\r\n\r\n"), whole=True)
    yield Case("raw bytes behind a hijack", request(target=b"/hijack") + b"xyz" * 1000)


GROUPS = [hostile_targets, hostile_paths, hostile_fields, hostile_forms, hostile_bodies]
