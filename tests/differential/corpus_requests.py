"""How requests are read: their heads, their bodies, and what becomes of the connection."""

from case import CHUNKED, HOST, Case, chunked, field, post, request, sized


def request_lines():
    for version in (b"1.0", b"1.1", b"1.2", b"1.9", b"1.10", b"2.0", b"0.9", b"3.0", b"1", b"1.", b"11.1", b"x"):
        yield Case(version.decode(), request(version=version))
    for method in (b"get", b"G", b"FOO-BAR", b"GE T", b"G(T", b"G\xc3T", b"CONNECT", b"TRACE", b"PATCH", b""):
        yield Case(repr(method), request(method))
    for line in (b"GET  / HTTP/1.1", b"GET / HTTP/1.1 ", b" GET / HTTP/1.1", b"GET\t/ HTTP/1.1", b"GET /",
                 b"GET / x HTTP/1.1", b"GET / http/1.1", b"GET / FTP/1.1", b"GET / HTTP/1,1", b"GET", b"x" * 3000):
        yield Case(repr(line[:20]), line + b"\r\n" + HOST + b"\r\n")
    for line in (b"G(T / HTTP/3.0", b"GET foo HTTP/3.0", b"GET / HTTP/1.1\r\nX Y: z\r\nX(: y"):
        yield Case(f"two faults {line!r}", line + b"\r\n" + HOST + b"\r\n")
    yield Case("no Host and a coding", b"POST / HTTP/1.1\r\nTransfer-Encoding: x\r\n\r\n")
    yield Case("no Host and a length", b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n")
    yield Case("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")


def targets():
    for target in (b"*", b"foo", b"", b"?", b"//a", b"/a//b", b"/./", b"/../", b"/%2e%2e/", b"/%2F", b"/%zz",
                   b"/?%zz", b"/\xff", b"http://other/", b"http://other", b"http://other/headers",
                   b"https://other/", b"mailto:x", b"ftp://other/", b"http:///x", b"http://other:80/",
                   b"/a;b", b"/;", b"/?a;b", b"/ ", b"/\t", b"/\x01", b"/\x7f", b"/#x", b"/?#x", b"http://u:p@a/",
                   b"example.com:80", b"/headers?x=1", b"HTTP://other/", b"http://[::1]/", b"http://[::1", b"a:b", b"http://\x80/",
                   b"example.com:443", b"s:x", b"s:/x", b"s:///x", b"s://other/headers", b"http://other:x/", b"http://other:1:2/",
                   b"s://other:1:2/", b"http://:80/", b"http://a<b>/"):
        for method in (b"GET", b"OPTIONS"):
            yield Case(f"{method.decode()} {target!r}", request(method, target))
    for target in (b"example.com:80", b"/x", b"x", b"[::1]:80", b"http://other/", b""):
        yield Case(f"CONNECT {target!r}", request(b"CONNECT", target))
        yield Case(f"CONNECT {target!r} without Host", request(b"CONNECT", target, host=b""))
    for body in (b"", b"abc", b"x" * 5000):
        yield Case(f"OPTIONS * with {len(body)}", request(b"OPTIONS", b"*", sized(body) if body else b"", body))


def hosts():
    for host in (b"", b"Host:\r\n", b"Host: a\r\nHost: a\r\n", b"Host: a\r\nHost: b\r\n", b"Host: a b\r\n",
                 b"Host: a:80\r\n", b"Host: [::1]\r\n", b"Host: [::1]:80\r\n", b"Host: a:x\r\n", b"Host: a/b\r\n",
                 b"Host: a@b\r\n", b"Host: a?b\r\n", b"Host: a#b\r\n", b"Host: \xc3\xa9\r\n", b"Host: a\\b\r\n",
                 b"Host: a,b\r\n", b"Host: a%20b\r\n", b"Host: A\r\n", b"hOsT: a\r\n", b"Host: a!$&'()*+;=_~\r\n",
                 b'Host: a"b\r\n', b"Host: a<b>\r\n", b"Host:\ta\t\r\n",
                 b"Host: a:80:80\r\n", b"Host: a:\r\n", b"Host: :80\r\n", b"Host: [::1\r\n", b"Host: ::1\r\n",
                 b"Host: [a]\r\n", b"Host: [::1]a\r\n", b"Host: [v1.a]\r\n", b"Host: a%2\r\n", b"Host: [::1%25e]\r\n"):
        for version in (b"1.0", b"1.1"):
            yield Case(f"{version.decode()} {host!r}", request(target=b"/headers", host=host, version=version))


def fields():
    for raw in (b"X:y", b"X: y", b"X:\ty\t", b"X:", b"X", b": y", b"X : y", b"X\t: y", b"X Y: z", b"X\xc3: y",
                b"X: \xc3\xa9", b"X: a\tb", b"x-a-B_c: 1", b"X: 1\r\nX: 2", b"X: 1\r\nx: 2", b" X: y",
                b"X: y\r\n z", b"X: y\r\n\tz", b"TE: trailers", b"Trailer: X", b"Pragma: no-cache",
                b"Pragma: no-cache\r\nCache-Control: x", b"Upgrade: h2c", b"Cookie: a=b; c=d",
                b"Authorization: Basic YTpi", b"Accept-Encoding: gzip", b"Proxy: x", b"X!#$%&'*+-.^_`|~: y",
                b"X(: y", b"X\x00: y", b"X: \x00", b"X: \x7f", b"X: \x1b[0m", b"X: a  b", b"Expect: 100-continue",
                b"Content-Length: 0003", b"Pragma: x", b"Pragma: NO-CACHE",
                b"Pragma: x\r\nPragma: no-cache", b"Pragma: x, no-cache", b"Expect:\r\nExpect: nothing",
                b"Expect: nothing\r\nExpect: 100-continue"):
        body = b"abc" if raw.startswith(b"Content-Length") else b""
        yield Case(repr(raw), request(target=b"/headers", fields=raw + b"\r\n", body=body))
    yield Case("a hundred", request(target=b"/headers", fields=b"".join(field(b"X-%d" % i, b"v") for i in range(100))))
    yield Case("a long one", request(target=b"/headers", fields=field(b"X", b"y" * 20_000)))


def line_ends():
    whole = request(target=b"/headers", fields=field(b"X", b"y"))
    lines = whole.split(b"\r\n")
    for i in range(len(lines) - 1):
        for end in (b"\n", b"\r", b"\r\r\n", b"\n\r\n", b"\r\n\r"):
            yield Case(f"{end!r} behind line {i}", b"\r\n".join(lines[:i + 1]) + end + b"\r\n".join(lines[i + 1:]))
    for before in (b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\r\n\r\n\r\n", b" "):
        yield Case(f"{before!r} before", before + request())
        yield Case(f"{before!r} behind a POST", post(b"/echo", b"abc") + before + request())


def head_sizes():
    """1 MiB and 4,096 bytes of slack, and one more."""
    for size in ((1 << 20) + 4096, (1 << 20) + 4097):
        empty = request(target=b"/noread", fields=field(b"X", b""))
        yield Case(f"{size} bytes", request(target=b"/noread", fields=field(b"X", b"y" * (size - len(empty)))), whole=True)


def seen_by_handlers():
    """Request's own fields and methods."""
    for target in (b"/request", b"/request?a=1&b=%20", b"/request/a/b/c", b"/request/a%2Fb/c%2fd/", b"/request/%C3%A9/",
                   b"/request/a+b/c%20d", b"/request?", b"http://other/request?x", b"//request", b"/request/a/b?c#d",
                   b"/request/a/;x=1", b"/request/%41/%7e~", b"/request/a/b%", b"/request/\xc3\xa9/x", b"/request/a/*!'()"):
        for method in (b"GET", b"POST", b"X-Y"):
            yield Case(f"{method.decode()} {target!r}", request(method, target))
        yield Case(f"1.0 {target!r}", request(target=target, version=b"1.0"))
    for more in (b"User-Agent: a b\r\nReferer: /x\r\n", b"Connection: close\r\n", b"Connection: keep-alive\r\n",
                 CHUNKED + b"Trailer: X-A, x-b\r\nTrailer: X-C\r\n"):
        body = chunked(b"abc") if more.startswith(b"Transfer") else b""
        yield Case(repr(more), request(b"POST", b"/request", more, body))
        yield Case(f"1.0 {more!r}", request(b"POST", b"/request", more, body, version=b"1.0"))
    yield Case("a length", post(b"/request", b"abc"))


def dumps():
    for fields, body in ((b"", b""), (b"x-b: 2\r\nX-A: 1\r\nx-b: 1\r\n", b""), (sized(b"abc"), b"abc"),
                         (CHUNKED + b"Trailer: X\r\n", chunked(b"abc", trailers=b"X: 1\r\n")), (CHUNKED, chunked()),
                         (b"Connection: close\r\n", b""), (field(b"Content-Length", b"100"), b"abc")):
        for target in (b"/dump?a=%20", b"http://other/dump"):
            yield Case(f"{fields!r} {target!r}", request(b"POST", target, fields, body))


def basic_auth():
    for value in (b"Basic YTpi", b"basic YTpi", b"BASIC YTpi", b"Basic YQ==", b"Basic YTo=", b"Basic OmI=", b"Basic YTpi ",
                  b"Basic  YTpi", b"Basic", b"Basic YTpi=", b"Basic YTpiOmM=", b"Bearer YTpi", b"BasicYTpi", b"Basic YTp_",
                  b"Basic Og==", b"Basic Oh==", b"", b"Basic YTpi\r\nAuthorization: Basic Yjph"):
        yield Case(repr(value), request(target=b"/request", fields=field(b"Authorization", value)))


def content_lengths():
    for length in (b"0", b"3", b"0003", b"+3", b"-3", b"3 ", b"3,3", b"3, 3", b"", b"0x3", b"1e1", b"1_0", b"3 4",
                   b"9223372036854775807", b"9223372036854775808", b"99999999999999999999"):
        yield Case(length.decode(), request(b"POST", b"/echo", field(b"Content-Length", length), b"abc"))
        yield Case(f"GET {length.decode()}", request(b"GET", b"/echo", field(b"Content-Length", length), b"abc"))
        yield Case(f"chunked and {length.decode()}", request(
            b"POST", b"/echo", field(b"Content-Length", length) + CHUNKED, chunked(b"abc")))
    for first, second in ((b"3", b"3"), (b"3", b"4"), (b"3", b"03"), (b"3", b""), (b"x", b"x")):
        yield Case(f"{first!r} and {second!r}", request(
            b"POST", b"/echo", field(b"Content-Length", first) + field(b"Content-Length", second), b"abc"))
    for method in (b"GET", b"POST", b"PUT", b"DELETE", b"PATCH", b"OPTIONS"):
        yield Case(f"{method.decode()} without", request(method, b"/echo"))
    yield Case("a body that stops", request(b"POST", b"/echo", field(b"Content-Length", b"1000"), b"abc"))
    yield Case("a body that stops, seen", request(b"POST", b"/answer/body-error", field(b"Content-Length", b"1000"), b"abc"))


def transfer_codings():
    for coding in (b"chunked", b"Chunked", b" chunked ", b"chunked,", b",chunked", b"gzip, chunked", b"chunked, gzip",
                   b"chunked, chunked", b"x", b"identity", b"", b"chunked;a=b", b'"chunked"', b"xchunked",
                   b"chunked\r\nTransfer-Encoding: chunked", b"chunked\r\nTransfer-Encoding: x"):
        for version in (b"1.0", b"1.1"):
            yield Case(f"{version.decode()} {coding!r}", request(
                b"POST", b"/echo", field(b"Transfer-Encoding", coding), chunked(b"abc"), version))
    yield Case("1.0 and a length", request(b"POST", b"/echo", CHUNKED + sized(b"abc"), b"abc", b"1.0"))


def chunks():
    """The chunked coding; errors show as those of reading the body, and the answer still goes out."""
    end = b"\r\n0\r\n\r\n"
    for body in (b"3\r\nabc" + end, b"03\r\nabc" + end, b"0000000000000003\r\nabc" + end, b"00000000000000003\r\nabc" + end,
                 b"3 \r\nabc" + end, b"3\t\r\nabc" + end, b" 3\r\nabc" + end, b"3;x\r\nabc" + end, b"3;x=y\r\nabc" + end, b"3;\r\nabc" + end,
                 b'3;x="y;z"\r\nabc' + end, b"3 ;x\r\nabc" + end, b"3; x\r\nabc" + end, b"0x3\r\nabc" + end, b"+3\r\nabc" + end,
                 b"-3\r\nabc" + end, b"g\r\n" + end, b"\r\n" + end, b"3\nabc" + end, b"3\rabc" + end, b"3\r\nabcd" + end,
                 b"3\r\nab" + end, b"3\r\nabc\n0\r\n\r\n", b"3;a\nb\r\nabc" + end, b"3;a\rb\r\nabc" + end, b"A\r\n0123456789" + end,
                 b"a\r\n0123456789" + end, b"0\r\n\r\n", b"000\r\n\r\n", b"0;x\r\n\r\n", b"ffffffffffffffff\r\n", b"3\r\nabc",
                 b"3\r\nabc\r\n", b"3\r\nabc\r\n0\r\n", b"3\r\n", b"3;" + b"x" * 4088 + b"\r\nabc" + end,
                 b"3;" + b"x" * 4092 + b"\r\nabc" + end, b"3;" + b"x" * 4093 + b"\r\nabc" + end,
                 (b"1;" + b"x" * 2000 + b"\r\na\r\n") * 8 + b"0\r\n\r\n", (b"1;" + b"x" * 2000 + b"\r\na\r\n") * 12 + b"0\r\n\r\n",
                 b"1\r\na\r\n" * 3000 + b"0\r\n\r\n"):
        for target in (b"/echo", b"/answer/body-error"):
            yield Case(f"{target.decode()} {body[:40]!r} {len(body)}", request(b"POST", target, CHUNKED, body))


def request_trailers():
    for names, sent in ((b"X-A, X-B", b"X-A: 1\r\nX-B: 2\r\nX-C: 3\r\n"), (b"X-A", b""), (b"x-a", b"X-A: 1\r\nX-A: 2\r\n"),
                        (b"", b"X-A: 1\r\n"), (b"X-A", b"X-A:\r\n"), (b"X-A", b"X-A\r\n"), (b"X-A", b"X-A : 1\r\n"),
                        (b"X-A", b"X-A: 1\r\n y\r\n"), (b"X-A", b"X-A: " + b"y" * 3000 + b"\r\n"),
                        (b"X-A", b"X-A: " + b"y" * 5000 + b"\r\n"), (b"X-A", b"X-A: 1\nX-B: 2\r\n")):
        for target in (b"/trailers", b"/noread", b"/discard"):
            yield Case(f"{target.decode()} {names!r} {sent[:30]!r}", request(
                b"POST", target, CHUNKED + field(b"Trailer", names), chunked(b"abc", trailers=sent)))
    for name in (b"Content-Length", b"Transfer-Encoding", b"Trailer", b"Host", b"X", b"Authorization", b"content-length",
                 b"Content-Type", b"Content-Encoding", b"Content-Range", b"Cache-Control", b"Set-Cookie", b"If-Match", b"ETag"):
        yield Case(f"announcing {name.decode()}", request(
            b"POST", b"/trailers", CHUNKED + field(b"Trailer", name), chunked(b"abc", trailers=field(name, b"1"))))
        yield Case(f"sending {name.decode()}", request(
            b"POST", b"/trailers", CHUNKED, chunked(b"abc", trailers=field(name, b"1"))))


def expectations():
    for target in (b"/echo", b"/noread", b"/trailers", b"/status/204", b"/nowhere", b"/discard", b"/early-hints"):
        for expectation in (b"100-continue", b"100-Continue", b"nothing", b"", b"x, 100-continue", b"100-continue, x",
                            b"100-continue x"):
            for version in (b"1.0", b"1.1"):
                yield Case(f"{version.decode()} {expectation.decode()} to {target.decode()}", request(
                    b"POST", target, field(b"Expect", expectation) + sized(b"abc"), b"abc", version))
        yield Case(f"without a body to {target.decode()}", request(target=target, fields=field(b"Expect", b"100-continue")))
        yield Case(f"chunked to {target.decode()}", request(
            b"POST", target, field(b"Expect", b"100-continue") + CHUNKED, chunked(b"abc")))


def bodies():
    """Read and unread, at the sizes where something changes."""
    for target in (b"/echo", b"/noread", b"/trailers", b"/status/204", b"/nowhere", b"/discard"):
        for size in (0, 1, 511, 513, 2048, 2049, 5000, 70_000):
            body = b"abcdefgh" * (size // 8) + b"x" * (size % 8)
            yield Case(f"{size} to {target.decode()}", post(target, body))
            parts = [body[i:i + 1000] for i in range(0, size, 1000)]
            yield Case(f"{size} chunked to {target.decode()}", request(b"POST", target, CHUNKED, chunked(*parts)))
    for what in (b"read-behind-write", b"copy-body", b"body-closed", b"body-error", b"body-limit", b"body-part", b"sniff"):
        for size in (0, 2, 9, 10, 11, 600, 5000, 300_000):
            yield Case(f"{size} to {what.decode()}", post(b"/answer/" + what, b"x" * size))
            yield Case(f"{size} chunked to {what.decode()}", request(
                b"POST", b"/answer/" + what, CHUNKED, chunked(*([b"x" * size] if size else []))))

    yield Case("broken, to read-behind-write", request(
        b"POST", b"/answer/read-behind-write", CHUNKED, b"9\r\nxxxxxxxxx\r\n0\r\n"))


def unread_bodies():
    """Bodies whose unread rest decides whether the connection goes on."""
    for size in ((1 << 18) - 1, 1 << 18, (1 << 18) + 1):
        for target in (b"/noread", b"/answer/body-part", b"/status/204"):
            yield Case(f"{size} to {target.decode()}", post(target, b"x" * size))
            yield Case(f"{size} chunked to {target.decode()}", request(b"POST", target, CHUNKED, chunked(b"x" * size)))


def connections():
    for value in (b"close", b"Close", b"keep-alive", b"Keep-Alive", b"keep-alive, close", b"x, close",
                  b"upgrade", b"", b",", b"close\r\nConnection: keep-alive", b"keep-alive\r\nConnection: close", b"closex"):
        for version in (b"1.0", b"1.1"):
            for target in (b"/", b"/stream/5000", b"/status/204", b"/length/5"):
                yield Case(f"{version.decode()} {value!r} {target.decode()}", request(
                    target=target, fields=field(b"Connection", value), version=version))


def pipelines():
    """Strictly one at a time and in order."""
    parts = [request(target=b"/"), request(b"HEAD", b"/length/5"), post(b"/echo", b"abc"), request(target=b"/chunked/2"),
             request(b"POST", b"/echo", CHUNKED, chunked(b"abc")), request(target=b"/status/204"),
             request(target=b"/early-hints"), request(target=b"/nowhere"), post(b"/noread", b"abc")]
    for i, first in enumerate(parts):
        for j, second in enumerate(parts):
            if b"HEAD" not in first + second:
                yield Case(f"{i} and {j}", first + second)
    yield Case("all", b"".join(part for part in parts if not part.startswith(b"HEAD")))
    yield Case("up to a bad one", parts[0] + parts[2] + b"x\r\n\r\n" + parts[0])
    yield Case("up to a close", parts[0] + request(fields=field(b"Connection", b"close")) + parts[2])
    yield Case("fifty", parts[0] * 50, whole=True)


def hijacked():
    for body in (b"", b"buffered bytes", b"GET / HTTP/1.1\r\n\r\n", b"x" * 10_000):
        yield Case(f"{len(body)} bytes behind", request(target=b"/hijack") + body)
    yield Case("1.0", request(target=b"/hijack", version=b"1.0") + b"abc")


GROUPS = [request_lines, targets, hosts, fields, line_ends, head_sizes, seen_by_handlers, dumps, basic_auth, content_lengths,
          transfer_codings, chunks, request_trailers, expectations, bodies, unread_bodies, connections, pipelines, hijacked]
