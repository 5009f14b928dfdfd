"""How answers are written: what the endpoints and the handlers of "/answer/" do with a writer."""

import pathlib
import re

from case import Case, field, post, request

HERE = pathlib.Path(__file__).resolve().parent


def endpoints():
    """Every endpoint, asked in every way that HTTP has."""
    for target in (b"/", b"/echo", b"/headers", b"/status/200", b"/status/204", b"/status/304", b"/status/404",
                   b"/status/299", b"/status/205", b"/status/199", b"/status/x", b"/sleep/1", b"/sleep/x", b"/block/1",
                   b"/spin/1", b"/chunked/0", b"/chunked/1", b"/chunked/3", b"/length/0", b"/length/5", b"/length/2048",
                   b"/length/5000", b"/stream/0", b"/stream/1", b"/stream/2048", b"/stream/2049",
                   b"/stream/10000", b"/trailers", b"/noread", b"/early-hints", b"/echo-marker", b"/echo-hidden",
                   b"/redirect", b"/nowhere", b"/files/", b"/file", b"/discard", b"/panic"):
        for method in (b"GET", b"HEAD", b"POST", b"OPTIONS"):
            yield Case(f"{method.decode()} {target.decode()}", request(method, target))
        for connection in (b"", b"keep-alive", b"close"):
            fields = field(b"Connection", connection) if connection else b""
            yield Case(f"1.0 {connection.decode()} {target.decode()}",
                       request(target=target, fields=fields, version=b"1.0"))
        yield Case(f"close {target.decode()}", request(target=target, fields=field(b"Connection", b"close")))


def statuses():
    for code in [*range(200, 230), *range(300, 310), *range(400, 455), *range(500, 515), 599, 600, 999]:
        yield Case(str(code), request(target=b"/status/%d" % code))


def writers():
    """Each handler of "/answer/", asked in every way."""
    names = re.findall(r'^\t"([\w-]+)":', (HERE / "goserver/answers.go").read_text(), re.M)
    for name in names:
        target = b"/answer/" + name.encode()
        for method in (b"GET", b"HEAD", b"POST", b"CONNECT"):
            yield Case(f"{method.decode()} {name}", request(method, target))
        yield Case(f"1.0 {name}", request(target=target, version=b"1.0"))
        yield Case(f"1.0 keep-alive {name}",
                   request(target=target, version=b"1.0", fields=field(b"Connection", b"keep-alive")))
        yield Case(f"close {name}", request(target=target, fields=field(b"Connection", b"close")))


SNIFFED = (
    b"", b"a", b"text\r\n\t", b"<!DOCTYPE HTML>", b"<!doctype html ", b"<!DOCTYPE HTMLx", b"<HTML>", b"  \n<html>", b"<HtMl x",
    b"<HEAD>", b"<SCRIPT>", b"<IFRAME>", b"<H1>", b"<DIV>", b"<FONT>", b"<TABLE>", b"<A>", b"<STYLE>", b"<TITLE>", b"<B>",
    b"<BODY>", b"<BR>", b"<P>", b"<!--", b"<!-- ", b"<h2>", b"<html", b"<?xml", b" <?xml", b"<?XML", b"%PDF-", b"%PDF",
    b"%!PS-Adobe-", b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\xfe\xffab", b"\xff\xfeab", b"\xef\xbb\xbfab",
    b"\x00\x00\x01\x00", b"\x00\x00\x02\x00", b"BM", b"GIF87a", b"GIF89a", b"RIFF\0\0\0\0WEBPVP", b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff", b"FORM\0\0\0\0AIFF", b"ID3", b"OggS\0", b"MThd\0\0\0\x06", b"RIFF\0\0\0\0AVI ", b"RIFF\0\0\0\0WAVE",
    b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", b"\0\0\0\x0cftypmp42", b"\x1a\x45\xdf\xa3", b"\0" * 34 + b"LP",
    b"\0\1\0\0", b"OTTO", b"ttcf", b"wOFF", b"wOF2", b"\x1f\x8b\x08", b"PK\3\4", b"Rar!\x1a\7\0", b"Rar!\x1a\7\1\0",
    b"\0asm", b"\0", b"abc\x01", b"abc\x1b", b"abc\x08", b"\x0b", b"\x1a", b"\x80\xff", b"x" * 511 + b"\0", b"x" * 512 + b"\0",
    b" " * 600 + b"<html>", b"\x0c<html>")


def sniffing():
    for data in SNIFFED:
        yield Case(f"{data[:20]!r} {len(data)}", post(b"/answer/sniff", data))


def timeouts():
    for method in (b"GET", b"HEAD"):
        yield Case(f"{method.decode()} in time", request(method, b"/timeout/0"), patient=True)
        yield Case(f"{method.decode()} too late", request(method, b"/timeout/400"), patient=True)


GROUPS = [endpoints, statuses, writers, sniffing, timeouts]
