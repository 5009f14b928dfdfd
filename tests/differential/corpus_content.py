"""Requests for files, and requests with forms, cookies and URLs."""

from urllib.parse import urlencode

from case import CHUNKED, Case, chunked, field, post, request, sized


LATER = b"Fri, 01 Jan 2038 00:00:00 GMT"
EARLIER = b"Thu, 01 Jan 1998 00:00:00 GMT"


def files():
    for target in (b"/files/", b"/files/index.html", b"/files/a.txt", b"/files/a.txt/", b"/files/empty",
                   b"/files/sub", b"/files/sub/", b"/files/sub/b.html", b"/files/none", b"/files/.hidden",
                   b"/files/%61.txt", b"/files/a.txt%00", b"/files/..%2fa.txt", b"/files/sub/%2e%2e/a.txt", b"/files/sub/.%2e/a.txt", b"/files/%2e/a.txt",
                   b"/files/data", b"/files/a.txt?x", b"/files/sub?x", b"/files/c.json", b"/files/listed/",
                   b"/files/listed", b"/file", b"/file?x", b"/files/page.HTML", b"/files/no.such-ext",
                   b"/files/indexed/", b"/files/indexed/index.html", b"/files/odd%FF"):
        for method in (b"GET", b"HEAD", b"POST", b"DELETE"):
            yield Case(f"{method.decode()} {target.decode()}", request(method, target))


def copied_files():
    """ReadFrom of a file."""
    for name in (b"empty", b"a.txt", b"data", b"file.txt", b"none"):
        for method in (b"GET", b"HEAD", b"POST"):
            yield Case(f"{method.decode()} {name.decode()}", request(method, b"/copied-file/" + name))
        yield Case(f"1.0 {name.decode()}", request(target=b"/copied-file/" + name, version=b"1.0"))


def ranges():
    values = (b"bytes=0-0", b"bytes=0-4", b"bytes=5-", b"bytes=-5", b"bytes=-500000", b"bytes=0-500000",
              b"bytes=500000-", b"bytes=5-4", b"bytes=", b"bytes=,", b"bytes=a-b", b"bytes 0-1", b"byte=0-1",
              b"Bytes=0-1", b"bytes=0-1,3-4", b"bytes=0-1,500000-", b"bytes=0-99999,0-99999", b"bytes= 0 - 1 ",
              b"bytes=+1-2", b"bytes=1-+2", b"bytes=-+2", b"x=", b"bytes=0-1,", b"bytes=-", b"bytes=1", b"bytes=0x1-2", b"lines=0-1",
              b"bytes=99999999999999999999-", b"bytes=-0", b"bytes=0-0,1-1,2-2", b"bytes=5-6,0-1",
              b"bytes=0-31999", b"bytes=31999-", b"bytes=32000-", b"bytes=31999-32000", b"bytes=0-0,32000-32001",
              b"bytes=-1,-2", b"bytes=0-,0-", b"bytes=1-0,0-1", b"bytes=0-1;", b"bytes=0-1 , 3-4", b"bytes=\t0-1")
    for value in values:
        for target in (b"/file", b"/files/empty"):
            for method in (b"GET", b"HEAD", b"POST"):
                yield Case(f"{method.decode()} {target.decode()} Range {value.decode()}",
                           request(method, target, field(b"Range", value)))


def conditions(modified):
    """In the order of RFC 9110 section 13.2.2."""
    for name in (b"If-Modified-Since", b"If-Unmodified-Since", b"If-Range"):
        for value in (modified, LATER, EARLIER, b"x", b"", b'"x"', b'W/"x"', b"Tuesday, 14-Nov-23 22:13:20 GMT",
                      b"Tue Nov 14 22:13:20 2023", b"Tue, 14 Nov 2023 22:13:19 GMT"):
            fields = field(name, value) + (field(b"Range", b"bytes=0-1") if name == b"If-Range" else b"")
            for method in (b"GET", b"HEAD", b"POST"):
                yield Case(f"{method.decode()} {name.decode()} {value.decode()}",
                           request(method, b"/file", fields))
    for name in (b"If-Match", b"If-None-Match"):
        for value in (b"*", b'"x"', b'W/"x"', b'"x", "y"', b"x", b""):
            for method in (b"GET", b"POST"):
                yield Case(f"{method.decode()} {name.decode()} {value.decode()}",
                           request(method, b"/file", field(name, value)))
    for name, first, second in ((b"If-Match", b'"x"', b"*"), (b"If-None-Match", b'"x"', b"*"), (b"If-None-Match", b'"x"', b'"y"'),
                                (b"If-Modified-Since", LATER, LATER), (b"If-Unmodified-Since", EARLIER, EARLIER),
                                (b"Range", b"bytes=0-1", b"bytes=0-1")):
        yield Case(f"two lines of {name.decode()}: {first!r} {second!r}",
                   request(target=b"/file", fields=field(name, first) + field(name, second)))
    for first in (field(b"If-Match", b"*"), field(b"If-Match", b'"x"'), field(b"If-Unmodified-Since", EARLIER)):
        for second in (field(b"If-None-Match", b"*"), field(b"If-None-Match", b'"x"'), field(b"If-Modified-Since", LATER)):
            for third in (b"", field(b"Range", b"bytes=0-1"), field(b"Range", b"bytes=99999-")):
                for method in (b"GET", b"POST"):
                    yield Case(f"{method.decode()} {first!r} {second!r} {third!r}",
                               request(method, b"/file", first + second + third))
    for target in (b"/files/listed/", b"/files/", b"/files/empty"):
        for value in (LATER, EARLIER):
            yield Case(f"{target.decode()} {value!r}", request(target=target, fields=field(b"If-Modified-Since", value)))


MULTIPART = field(b"Content-Type", b"multipart/form-data; boundary=B")


def part(disposition, data, fields=b""):
    return b"--B\r\nContent-Disposition: " + disposition + b"\r\n" + fields + b"\r\n" + data + b"\r\n"


URLENCODED = field(b"Content-Type", b"application/x-www-form-urlencoded")


def urlencoded_forms():
    for query in (b"", b"a=1", b"a=1&a=2&b=3", b"a", b"a=", b"=1", b"&&", b"a=1;b=2", b"a=%zz&b=1", b"a=%41+b",
                  b"a=b=c", b"%61=1", b"a=%C3%A9", b"a=1&a", b"a%3Db=1"):
        yield Case(f"GET form {query!r}", request(target=b"/form?" + query))
        for method in (b"POST", b"PUT", b"PATCH", b"DELETE", b"GET"):
            yield Case(f"{method.decode()} form {query!r}",
                       request(method, b"/form?q=1&a=q", URLENCODED + sized(query), query))
    for count in (9_999, 10_000, 10_001):
        yield Case(f"{count} pairs", post(b"/form", b"&".join([b"a"] * count), URLENCODED), whole=True)
    for size in (10 << 20, (10 << 20) + 1):
        yield Case(f"{size} bytes", post(b"/form", b"a=" + b"x" * (size - 2), URLENCODED), whole=True)
    yield Case("a body that stops", request(b"POST", b"/form", URLENCODED + field(b"Content-Length", b"1000"), b"a=1&b=2"))
    yield Case("chunked", request(b"POST", b"/form", URLENCODED + CHUNKED, chunked(b"a=", b"1&b")))


def form_types():
    for kind in (b"", b"text/plain", b"application/x-www-form-urlencoded; charset=x", b"bad/type; =",
                 b"APPLICATION/X-WWW-FORM-URLENCODED", b"multipart/form-data", b"multipart/form-data; boundary=B"):
        for target in (b"/form?q=1", b"/multipart?q=1"):
            yield Case(f"{kind!r} {target.decode()}",
                       request(b"POST", target, field(b"Content-Type", kind) + sized(b"a=1"), b"a=1"))


def form_values():
    for body, fields in ((b"a=1&a=2", URLENCODED), (b"a=1", b""), (part(b'form-data; name="a"', b"1") + b"--B--\r\n", MULTIPART),
                         (b"a=1;a=2", URLENCODED), (b"bad", MULTIPART)):
        for query in (b"", b"?a=q"):
            yield Case(f"{body[:20]!r} {query!r}", post(b"/form-value" + query, body, fields))
    yield Case("GET", request(target=b"/form-value?a=q"))


def multipart_forms():
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
        "blank before a colon": b'--B\r\nContent-Disposition : form-data; name="a"\r\n\r\ndata\r\n',
        "blank in a name": b'--B\r\nContent-Dis position: form-data; name="a"\r\n\r\ndata\r\n',
        "bad part header": b"--B\r\nno colon\r\n\r\ndata\r\n",
    }
    for name, data in parts.items():
        for end in (b"--B--\r\n", b"--B--", b"", b"--B\r\n"):
            yield Case(f"multipart {name} {end!r}",
                       request(b"POST", b"/multipart?q=1", MULTIPART + sized(data + end), data + end))
        yield Case(f"multipart {name} with LF", request(
            b"POST", b"/multipart", MULTIPART + sized((data + b"--B--\r\n").replace(b"\r\n", b"\n")),
            (data + b"--B--\r\n").replace(b"\r\n", b"\n")))
    yield Case("multipart empty", request(b"POST", b"/multipart", MULTIPART + sized(b"--B--\r\n"), b"--B--\r\n"))
    yield Case("multipart preamble", request(
        b"POST", b"/multipart", MULTIPART + sized(b"hi\r\n" + parts["value"] + b"--B--\r\nbye"),
        b"hi\r\n" + parts["value"] + b"--B--\r\nbye"))
    for kind in (b'multipart/form-data; boundary="B"', b"multipart/mixed; boundary=B", b"multipart/form-data; boundary=",
                 b"MULTIPART/form-data; BOUNDARY=B", b"multipart/form-data; boundary=B; boundary=C", b"multipart/form-data; x=B",
                 b"multipart/form-data; boundary=" + b"x" * 80):
        yield Case(repr(kind), post(b"/multipart", parts["value"] + b"--B--\r\n", field(b"Content-Type", kind)))
    for count in (1000, 1001):
        yield Case(f"{count} parts", post(b"/multipart", parts["value"] * count + b"--B--\r\n", MULTIPART), whole=True)
    yield Case("a body that stops", request(
        b"POST", b"/multipart", MULTIPART + field(b"Content-Length", b"100000"), parts["file"] + parts["value"]))


def cookies():
    for cookie in (b"a=b", b"a=b; c=d", b"a=b;c=d", b"a", b"a=", b"=b", b'a="b c"', b"a=b,c", b"a=b c", b"a=b; a=c",
                   b"a b=c", b";;", b"a=\xc3\xa9", b' a = b ', b'a="b', b"a=b\r\nCookie: c=d", b"$Version=1; a=b",
                   b'a=b"c', b"a=b\\c"):
        yield Case(f"cookie {cookie!r}", request(target=b"/cookies", fields=field(b"Cookie", cookie)))


def many_cookies():
    for count in (3000, 3001):
        yield Case(str(count), request(target=b"/cookies", fields=field(b"Cookie", b"; ".join([b"a=b"] * count))), whole=True)


def set_cookies():
    """Every attribute, and every value that Go corrects or leaves out."""
    sets = [("name", ["a", "", "a b", "a=b", "é", "a;", "$x"]),
            ("value", ["", "b", "a b", "a,b", "a;b", 'a"b', "é", "a\\b", '"b"', "a\nb", " b", "b "]),
            ("path", ["/", "/a;b", "/é", "x", "/a b", "/\n"]),
            ("domain", ["example.com", ".example.com", "a..b", "127.0.0.1", "::1", "-a.com", "a_b.com", "a" * 64 + ".com", "."]),
            ("max-age", ["1", "-1", "0", "99999999999"]),
            ("expires", ["0", "1700000000", "-1", "-11644473600", "-11644473601", "253402300799", "99999999999999"]),
            ("same-site", ["0", "1", "2", "3", "4"]), ("secure", [""]), ("http-only", [""]), ("quoted", [""]),
            ("partitioned", [""])]
    for name, values in sets:
        for value in values:
            query = {"name": "n", "value": "v"} | {name: value}
            yield Case(f"{name} {value!r}", request(target=b"/set-cookie?" + urlencode(query).encode()))
            yield Case(f"{name} {value!r} quoted", request(target=b"/set-cookie?" + urlencode(query | {"quoted": ""}).encode()))
    everything = {name: values[0] for name, values in sets}
    yield Case("everything", request(target=b"/set-cookie?" + urlencode(everything | {"partitioned": "", "secure": ""}).encode()))


URLS = (
    "http://a/b?c#d", "/a/b", "a/b", "", "?q", "#f", "//host/p", "http://u:p@h:80/", "http://u@h/", "http://:p@h/", "mailto:x@y",
    "http://[::1]:80/a", "http://[fe80::1%25en0]/", "http://[fe80::1%en0]/", "http://h:/", "http://h:x/", "http://a b/", "a:b",
    ":a", "1a:b", "/a%2Fb", "/a%zz", "/a b", "/é", "http://é/", "http://h/%41%7E?%41#%41", "http://h?q", "http://h#f",
    "HTTP://H/", "http://h/a;b=c?d;e", "http://h/?a=1&b=2&a=3", "http://h/../a/./b", "*", "http:///p", "http:/p", "http:p",
    "http://u%40:p%2F@h/", "http://h/#a%zz", "http://h/?a=%zz", "http://h/a?b?c#d#e", "file:///etc", "//u@/p", "http://h/%",
    "a%3Ab", "./a:b", "http://h/\x00", "http://h/a[b]", "http://h/!$&'()*+,;=:@", "http://192.0.2.1:8080/", "urn:a:b?c#d")


def urls():
    for url in URLS:
        yield Case(f"{url!r}", post(b"/url?ref=%2E%2E%2Fx%3Fy%23z", url.encode()))
    for ref in ("", ".", "..", "../", "../..", "a", "/a", "//h2/a", "?q", "#f", "http://h2", "a/../b", "./a", "a:b", "g;x=1/../y",
                "é b", "a%2Fb", "/a//b/", "../../../a", "a?b=c/../d"):
        for url in ("http://h/a/b/c?q#f", "/x/y/", "http://h", "mailto:x", "a"):
            yield Case(f"{ref!r} from {url!r}", post(b"/url?" + urlencode({"ref": ref}).encode(), url.encode()))


GROUPS = [files, copied_files, ranges, conditions, urlencoded_forms, form_types, form_values, multipart_forms, cookies, many_cookies,
          set_cookies, urls]
