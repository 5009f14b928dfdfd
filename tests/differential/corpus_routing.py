"""Requests for the choice of the handler: ServeMux, redirects, and handlers that wrap handlers."""

from urllib.parse import quote

from case import Case, chunked, CHUNKED, field, post, request


def main_mux():
    for target in (b"/echo/", b"/echo//", b"//echo", b"/./echo", b"/a/../echo", b"/status", b"/status/",
                   b"/status/200/", b"/status//200", b"/status/%32%30%30", b"/status/2%2F0", b"/%65cho",
                   b"/ECHO", b"/files", b"/files/../echo", b"/files/.", b"/files//a.txt", b"/length",
                   b"/length/", b"/length/5/6", b"/..", b"/../..", b"/echo?x=//", b"/echo/?x", b"/echo/..",
                   b"/files?x=1", b"/%2e/echo", b"/length/%35", b"/a//b%3Ac", b"/a/../b%20c"):
        for method in (b"GET", b"HEAD", b"POST", b"PUT", b"CONNECT"):
            yield Case(f"{method.decode()} {target.decode()}", request(method, target))


MUX_TARGETS = (
    b"/", b"/a", b"/a/", b"/b", b"/b/", b"/b/x", b"/b/x/y", b"/c", b"/c/", b"/c/1", b"/c/1/", b"/c/1/d", b"/c/lit/d",
    b"/c/a%2Fb", b"/c/a%2fb/d", b"/c/%6cit/d", b"/r", b"/r/", b"/r/1/2", b"/r/1%2F2/3", b"/r//1", b"/e/1/2/z", b"/e/1//z",
    b"/head", b"/put", b"/put/", b"/put/x", b"/get", b"/get/x", b"/lit/a%2Fb", b"/lit/a/b", b"/lit/a%20b", b"/lit/a+b",
    b"/Case", b"/case", b"/x/1", b"/deep/1/x", b"/deep/1/x/", b"/deep/1/x/2/3", b"/hosted", b"/custom", b"/slash/1",
    b"/slash/1/", b"/slash/1/2", b"/back/z/y", b"/back/z/1/w", b"/back/q/y", b"/back/z/y/w", b"/c/../a", b"/./b", b"/b/../b/x/.",
    b"/c/%zz", b"/c/.", b"/c/..", b"/c/%2e", b"/c/%2e%2e/d", b"/%C3%A9/1", b"/\xc3\xa9/%C3%BC", b"/nothing", b"//a", b"/b?x=1",
    b"/c/1?y=%zz", b"/b//x?q", b"/put?x", b"/c/1;2", b"/c/1/d/", b"*")


def patterns():
    """A mux without a catch-all, for every method that matters."""
    host = b"Host: mux.test\r\n"
    for target in MUX_TARGETS:
        for method in (b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"CUSTOM"):
            yield Case(f"{method.decode()} {target!r}", request(method, target, host=host))
    for value in (b"mux.test:80", b"MUX.test", b"mux.test.", b"xmux.test", b"[::1]", b"other.test"):
        yield Case(f"host {value!r}", request(target=b"/hosted", host=field(b"Host", value)))


def catch_all():
    host = b"Host: all.test\r\n"
    for target in (b"/", b"/a", b"/b", b"/b/", b"/b/x", b"/c/1", b"/c", b"/x/y", b"/b/../x", b"/c/"):
        for method in (b"GET", b"HEAD", b"POST", b"OPTIONS"):
            yield Case(f"{method.decode()} {target!r}", request(method, target, host=host))


def connect():
    """CONNECT paths are not cleaned."""
    for target in (b"/b", b"/b/", b"/b//x", b"/c/1", b"/c/../a", b"/a", b"/r/", b"mux.test:80", b"/slash/1"):
        yield Case(repr(target), request(b"CONNECT", target, host=b"Host: mux.test\r\n"))


def redirects():
    for to in (b"", b"/", b"x", b"../x", b"./", b"?q=1", b"/a/../b?x=..", b"//host/x", b"http://other/../x", b"#f", b"/x#f",
               "/é".encode(), b"/a b", b'/"<>', b"a//b", b"/x/", b"x/..", b"mailto:a", b"/%zz", b"http://other", b"/\r\nX: y",
               b"/a\\b", b"..", b"/a:b", b"a:b"):
        for method in (b"GET", b"HEAD", b"POST"):
            yield Case(f"{method.decode()} {to!r}", request(method, b"/redirect-to?to=" + quote(to).encode()))
    for code in (301, 302, 303, 307, 308, 300, 304, 200, 299):
        yield Case(str(code), request(target=b"/redirect-to?to=/x&code=%d" % code))


def stripped():
    for target in (b"/strip/", b"/strip/a", b"/strip/a%2Fb", b"/strip/a/../b", b"/strip", b"/strip?x", b"/%73trip/a",
                   b"/strip//a", b"/strip%2Fa", b"/strip/%73trip"):
        yield Case(repr(target), request(target=target))


def semicolons():
    for query in (b"a=1;b=2", b"a=1&b=2", b";", b"a=%3B;b", b""):
        yield Case(repr(query), request(target=b"/semicolons?" + query))


def body_limits():
    for size in (0, 9, 10, 11, 5000, 300_000):
        yield Case(f"{size}", post(b"/max-bytes", b"x" * size), whole=True)
        yield Case(f"{size} chunked", request(b"POST", b"/max-bytes", CHUNKED, chunked(*([b"x" * size] if size else []))),
                   whole=True)


def cross_origin():
    for method in (b"GET", b"HEAD", b"OPTIONS", b"POST", b"PUT", b"DELETE", b"X"):
        for fields in (b"", field(b"Sec-Fetch-Site", b"same-origin"), field(b"Sec-Fetch-Site", b"none"),
                       field(b"Sec-Fetch-Site", b"cross-site"), field(b"Sec-Fetch-Site", b"same-site"),
                       field(b"Sec-Fetch-Site", b""), field(b"Origin", b"http://example.com"),
                       field(b"Origin", b"https://example.com"), field(b"Origin", b"http://other"),
                       field(b"Origin", b"null"), field(b"Origin", b"https://trusted.example"),
                       field(b"Origin", b"https://trusted.example") + field(b"Sec-Fetch-Site", b"cross-site"),
                       field(b"Origin", b"http://example.com:80")):
            for path in (b"x", b"open") if fields else (b"x",):
                yield Case(f"{method.decode()} {fields!r} {path.decode()}",
                           request(method, b"/cross-origin/" + path, fields))


GROUPS = [main_mux, patterns, catch_all, connect, redirects, stripped, semicolons, body_limits, cross_origin]
