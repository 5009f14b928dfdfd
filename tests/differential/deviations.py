"""The intended differences from Go's server. Each id is a line of docs/DEVIATIONS.md; its function
decides whether the line explains the first difference between our answers to a request and Go's."""

import html
import re

from case import PROBE


class Difference:
    """One request whose answers differ; `ours` and `go` are the first that do, None past the end."""

    def __init__(self, wire, ours, go):
        pairs = list(zip(ours + [None] * len(go), go + [None] * len(ours)))
        self.wire = wire
        self.ours, self.go = next(pair for pair in pairs if pair[0] != pair[1])

    def status(self, answer):
        return answer[0] if answer else None

    def refused(self, status=400):
        return self.status(self.ours) == status and ("Connection", "close") in self.ours[2]

    def closes(self):
        return self.ours is not None and ("Connection", "close") in self.ours[2]

    def has(self, pattern):
        return re.search(pattern, self.wire, re.I | re.S) is not None


def smuggled_length(d):
    return d.refused() and d.has(rb"\ntransfer-encoding:") and d.has(rb"\ncontent-length:")


def behind_its_body(wire):
    """The bytes after the body of the length that a request declares."""
    head, _, body = wire.partition(b"\r\n\r\n")
    length = re.search(rb"\ncontent-length:[ \t]*(\d{1,9})[ \t]*(\r|$)", head, re.I)
    return body[int(length[1]):] if length else b""


def behind_bodies(wire):
    """The bytes after each body of a declared length, the probe's bytes included."""
    for head in re.finditer(rb"\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n(?:[^\r\n]+\r\n)*\r\n", wire + PROBE, re.I):
        yield (wire + PROBE)[head.end() + int(head[1]):]


def cut_short(wire):
    """Whether the length that a request states is more than comes, the probe behind it included."""
    head, _, body = (wire + PROBE).partition(b"\r\n\r\n")
    length = re.search(rb"\ncontent-length:[ \t]*(\d{1,9})[ \t]*(\r|$)", head, re.I)
    return length is not None and int(length[1]) > len(body)


def bare_line_end(d):
    if d.closes() and d.has(rb"\ntransfer-encoding:[ \t]*chunked.*\r\n\r\n.*(?<!\r)\n"):
        return True
    return d.refused() and (d.has(rb"(?<!\r)\n|\r(?!\n)")
                            or any(rest[:1] in (b"\n", b"\r") for rest in behind_bodies(d.wire)))


def folded(d):
    return d.refused() and d.has(rb"\r\n[ \t]")


def coding_in_1_0(d):
    return d.refused() and d.has(rb" HTTP/1\.0\r\n.*transfer-encoding:")


def codings(d):
    return d.refused() and d.status(d.go) == 501 and d.has(rb"transfer-encoding:[^\r]*chunked")


def fragment(d):
    return d.refused() and d.has(rb"^[^\r ]* [^\r ]*#")


def userinfo(d):
    return d.refused() and d.has(rb"^[^\r ]* [a-z]+://[^\r /]*@")


def asterisk(d):
    return d.refused() and d.status(d.go) == 400 and d.has(rb"^(?!OPTIONS)[^\r ]* \*[^\r ]* ")


def no_host(d):
    return d.refused() and d.has(rb"host:[ \t]*\r\n|^[^\r ]* https?:(?!//[^/])")


def body_limit(d):
    lengths = re.findall(rb"content-length:[ \t]*(\d+)", d.wire, re.I)
    return d.refused(413) and any(int(length) > 4 << 30 for length in lengths)


def empty_lines(d):
    if not d.has(rb"^\r\n|\r\n\r\n\r\n") and behind_its_body(d.wire)[:2] != b"\r\n":
        return False
    if d.ours is not None and d.go is not None and d.ours[1] == d.go[1] == "switched":
        return "400 Bad Request" in d.go[3]
    return d.ours is not None and d.ours[0] != 400 and d.status(d.go) == 400


def closing_1_0(d):
    return d.has(rb"^[^\r]* HTTP/1\.0\r\n") and d.has(rb"keep-alive") and d.has(rb"close")


def informational_1_0(d):
    return d.status(d.go) in (100, 102, 103) and d.has(rb" HTTP/1\.0\r\n")


def trailers_1_0(d):
    return d.has(rb"^\S* \S*/trailers[^\r]* HTTP/1\.0\r\n") and d.ours[:2] == d.go[:2] and d.go[4] == "close"


FORBIDDEN_TRAILERS = set(
    b"authorization cache-control connection content-encoding content-length content-range content-type cookie expect "
    b"host keep-alive max-forwards pragma proxy-authenticate proxy-authorization proxy-connection range realm set-cookie "
    b"te trailer transfer-encoding upgrade www-authenticate".split())


def forbidden_trailer(d):
    trailers = d.wire.partition(b"\r\n0\r\n")[2].partition(b"\r\n\r\n")[0]
    if not d.closes():
        return False
    return trailers.count(b"\n") > 64 or any(
        line.partition(b":")[0].lower() in FORBIDDEN_TRAILERS or line.lower().startswith(b"if-")
        for line in trailers.split(b"\n")) or d.has(
        rb"trailer:[ \t]*host|\r\n0\r\n.*( :|\n |\n[\w-]+[ \t]+[\w-]*:|[^\r]\n)")


def empty_suffix(d):
    return d.status(d.go) == 206 and d.status(d.ours) in (200, 416) and d.has(rb"\nrange:[^\r]*[=,][ \t]*-[ \t]*\d")


def slash_in_a_segment(d):
    return d.status(d.ours) == 404 and d.status(d.go) == 200 and d.has(rb"^\S* /%2f[? ]")


def dots_in_a_file_name(d):
    return d.status(d.ours) == 404 and (d.has(rb"^\S* /files/([^\r ?]*/)?(\.|%2e){1,2}[/? ]")
                                        or d.has(rb"^CONNECT /files/([^\r ?]*/)?/"))


def odd_range(d):
    """A unit other than "bytes", which is in another case or has another name, or a sign."""
    ranges = re.findall(rb"\nrange:[ \t]*([^\r]*)", d.wire, re.I)
    if any(re.search(rb"[=,-][ \t]*\+\d", value) for value in ranges):
        return d.status(d.ours) == 416
    return any(re.match(rb"[\w-]+=", value) and not value.startswith(b"bytes=") for value in ranges) and (
        d.status(d.go) == 416)


def conditions_in_lines(d):
    names = re.findall(rb"\n(if-[\w-]+|range):", d.wire.partition(b"\r\n\r\n")[0], re.I)
    return len({name.lower() for name in names}) < len(names)


def refused_head(d):
    """Behind the head of a refusal Go sends its text, which is no HTTP."""
    return d.ours is None and d.status(d.go) == 0 and "400 Bad Request" in d.go[3] and d.has(rb"^HEAD ")


def escaped_links(d):
    if d.ours is None or d.go is None or not d.has(rb"^\S* /files/"):
        return False
    if d.has(rb"^HEAD \S*/listed/"):  # only the lengths tell
        return d.status(d.ours) == d.status(d.go)
    return d.ours[3] != d.go[3] and re.sub(r'(?<=href=")[^"]*', lambda link: html.unescape(link[0]), d.ours[3]) == d.go[3]


def panic(d):
    return d.go is None and d.refused(500) and d.has(rb"^\S* /(panic|answer/code-|answer/panic-buffered|redirect-to)")


def another_fault(d):
    if d.status(d.ours) == 417 and d.status(d.go) in (400, 501, 505):
        return d.closes()
    framing = "none" if d.has(rb"^HEAD ") else "close"
    return d.ours is not None and d.go is not None and all(
        answer[0] in (400, 501, 505) and ("Connection", "close") in answer[2] and answer[4] == framing
        for answer in (d.ours, d.go))


def unannounced_close(d):
    close = ("Connection", "close")
    return d.ours is not None and d.go is not None and close not in d.ours[2] and close in d.go[2] and (
        d.ours[:2] == d.go[:2] and d.ours[3:] == d.go[3:]
        and d.ours[2] == [field for field in d.go[2] if field != close]
        and not d.has(rb"\nexpect:"))


def unfinished_multipart(d):
    body = d.wire.partition(b"\r\n\r\n")[2]
    body = body[:len(body) - len(behind_its_body(d.wire))]
    return d.status(d.ours) == 400 and d.status(d.go) == 200 and d.has(rb"^\S* /multipart") and b"--B--" not in body


def file_name_of_a_path(d):
    return d.has(rb'^\S* /multipart.*filename="([^"\r]*\\\\[^"\r]*|\.\.?|/+)"') and (
        d.status(d.ours) == d.status(d.go) and b"\\" not in d.ours[3].encode())


def preface(d):
    return d.refused(505) and d.has(rb"^PRI \* HTTP/2\.0\r\n")


def no_authority(d):
    return d.refused() and d.has(rb"^(?!CONNECT)[^\r ]* [a-z][a-z0-9+.-]*:(?!//[^/])")


def is_host(text):
    """A name or an address in brackets, neither empty, and perhaps one port."""
    name = rb"[a-z0-9._~!$&'()*+,;=%-]+"
    host = rb"(?:" + name + rb"|\[(?:[0-9a-f:]*:[0-9a-f:.]*|v[0-9a-f]+\.[a-z0-9:._~!$&'()*+,;=-]+)\])(?::\d*)?"
    return re.fullmatch(host, text, re.I) is not None and not re.search(rb"%(?![0-9a-f]{2})", text, re.I)


def malformed_host(d):
    found = re.search(rb"\nhost:([^\r]*)", d.wire, re.I)
    return d.refused() and found is not None and not is_host(found[1].strip(b" \t"))


def odd_host(d):
    found = re.search(rb"^\S* [a-z][a-z0-9+.-]*://([^/? ]*)", d.wire, re.I)
    return d.refused() and found is not None and not is_host(found[1])


def tunnel(d):
    """The same answer to CONNECT, but for what frames it and keeps the connection; the tunnel then ends."""
    def unframed(answer):
        return (answer[:2], [field for field in answer[2]
                             if field[0] not in ("Content-Length", "Transfer-Encoding", "Connection", "Trailer")])

    if not d.has(rb"^CONNECT "):
        return False
    if d.ours is None or d.go is None:
        return d.ours is None
    cut = d.go[0] == 0 and re.match(r"ended \d+ bytes early", d.go[3]) is not None  # of a length that we do not state
    return 200 <= d.ours[0] < 300 and (cut or unframed(d.ours) == unframed(d.go))


def connect_target(d):
    return d.refused() and d.has(rb"^CONNECT ([^/][^\r ]*)? HTTP/")


def blanks_behind_a_size(d):
    return d.closes() and d.has(rb"\r\n[0-9a-f]+[ \t]+\r\n")


def broken_body(d):
    """Behind the same answer, Go reads a next request out of what broke the body."""
    return d.ours is None and d.go is not None and d.has(rb"^\S* /answer/read-behind-write.*chunked")


def blanks_in_an_expectation(d):
    return d.status(d.ours) == 417 and d.has(rb"\nexpect:[^\r]*100-continue[ \t]+[^\r, \t]|\nexpect:[^\r]*[^\r:, \t][ \t]+100-continue")


def malformed_extension(d):
    token = rb"[!#$%&'*+\-.^_`|~0-9a-z]+"
    known = rb"(;[ \t]*" + token + rb"([ \t]*=[ \t]*(" + token + rb'|"[^"]*"))?[ \t]*)*'
    return d.closes() and any(not re.fullmatch(known, extension, re.I)
                              for extension in re.findall(rb"\r\n[0-9a-f]+(;[^\r\n]*)\r\n", d.wire, re.I))


def stray_bits(d):
    return d.has(rb"\nauthorization:[ \t]*basic [a-z0-9+/]+=") and d.ours is not None and d.go is not None and (
        "\nuser " not in d.ours[3] and "\nuser " in d.go[3])


def hidden_slash(d):
    return d.status(d.ours) == 404 and d.has(rb"^\S* /files/[^\r ]*%2f")


def control_bytes(d):
    def shown(answer):
        return (answer[0], [(name, re.sub(r"[\0-\x08\x0b\x0c\x0e-\x1f\x7f]", " ", value).strip(" "))
                            for name, value in answer[2]], answer[3:])

    if d.status(d.go) == 0:
        return d.has(rb"^\S* \S*%00") and "\\x00" in d.go[3]  # no client can read what Go sends
    return d.ours is not None and d.go is not None and d.ours[2] != d.go[2] and shown(d.ours) == shown(d.go)


def many_parameters(d):
    found = re.search(rb"\ncontent-disposition:([^\r]*)", d.wire, re.I)
    return found is not None and found[1].count(b";") > 1000 and d.status(d.ours) == d.status(d.go)


def several_lines(d):
    """Of Connection, Expect and Pragma all lines count, not only the first, and all elements of Pragma."""
    def behind_the_first(name):
        lines = re.findall(rb"\n" + name + rb":([^\r]*)", d.wire.partition(b"\r\n\r\n")[0], re.I)
        return b",".join(lines[1:]).lower()

    return (d.has(rb"^[^\r]* HTTP/1\.0\r\n") and b"keep-alive" in behind_the_first(b"connection")
            or behind_the_first(b"expect") != b"" or b"no-cache" in behind_the_first(b"pragma")
            or d.has(rb"\npragma:[^\r]*,[ \t]*no-cache"))


def host_in_capitals(d):
    return re.search(rb"(?i:\nhost:)[^\r]*[A-Z]|^\S* (?i:http)://[^/ ]*[A-Z]", d.wire) is not None and (
        d.status(d.ours) != d.status(d.go))


def blank_in_a_part(d):
    return d.status(d.ours) == 400 and d.status(d.go) == 200 and d.has(rb"^\S* /(multipart|form-value).*\n[\w-]+[ \t]+[\w \t-]*:")


def index_directory(d):
    return d.has(rb"^\S* /files/indexed/ ") and d.status(d.ours) == d.status(d.go) == 200


def odd_file_name(d):
    return d.status(d.ours) == 200 and d.status(d.go) == 404 and d.has(rb"^\S* /files/odd%ff ")


def said_connection(d):
    """The same answer, but for a close that Go does not announce or a keep-alive that it does not keep."""
    if d.ours is None or d.go is None or d.ours[:2] != d.go[:2] or d.ours[3:] != d.go[3:]:
        return False
    ours, go = ([field for field in answer[2] if field[0] != "Connection"] for answer in (d.ours, d.go))
    return ours == go and (d.closes() and (d.has(rb"overrun") or cut_short(d.wire))
                           or ("Connection", "keep-alive") in d.go[2] and d.has(rb"/answer/length-"))


def read_on(d):
    return d.has(rb"^POST /answer/copy-body") and d.go is not None and len(d.ours[3]) > len(d.go[3])


def copied_with_a_length(d):
    return d.has(rb"^\S* /copied-file/") and d.go is not None and d.ours[3] == d.go[3] and d.ours[4] in ("length", "none")


def invalid_length(d):
    return d.has(rb"/answer/length-n") and d.status(d.ours) == 200 and ("Content-Length", "3") in d.ours[2]


def foreign_coding(d):
    return d.has(rb"/answer/coding-gzip") and d.status(d.ours) == 200


def listed_close(d):
    return d.has(rb"/answer/connection-lines") or d.ours is None and d.has(rb"/answer/connection-(Close|x-close)")


def late_trailer(d):
    return d.has(rb"/answer/trailers-late-small") and d.status(d.ours) == 200 and ("Content-Length", "5") in d.go[2]


def far_expiry(d):
    return d.has(rb"/set-cookie.*expires=\d{12}") and "9999" in str(d.ours[2])


def kept_spelling(d):
    return d.has(rb"^\S* \S*/dump") and d.go is not None and (
        d.ours[3] != d.go[3] and d.ours[3].lower() == d.go[3].lower())


def kept_escapes(d):
    if d.ours is None or d.go is None or (d.ours[0], d.go[0]) != (307, 307):
        return False
    ours, go = (dict(answer[2])["Location"] for answer in (d.ours, d.go))
    return ours != go and "%" in ours and go.replace("%25", "%") == ours


DEVIATIONS = [
    ("D-001", smuggled_length),
    ("D-002", bare_line_end),
    ("D-003", folded),
    ("D-004", coding_in_1_0),
    ("D-005", codings),
    ("D-006", fragment),
    ("D-007", userinfo),
    ("D-008", asterisk),
    ("D-009", no_host),
    ("D-010", body_limit),
    ("D-011", empty_lines),
    ("D-012", closing_1_0),
    ("D-013", informational_1_0),
    ("D-014", trailers_1_0),
    ("D-015", forbidden_trailer),
    ("D-016", empty_suffix),
    ("D-017", slash_in_a_segment),
    ("D-018", dots_in_a_file_name),
    ("D-019", panic),
    ("D-020", another_fault),
    ("D-021", unannounced_close),
    ("D-027", unfinished_multipart),
    ("D-024", read_on),
    ("D-028", file_name_of_a_path),
    ("D-030", kept_escapes),
    ("D-037", preface),
    ("D-038", connect_target),
    ("D-071", no_authority),
    ("D-072", malformed_host),
    ("D-073", tunnel),
    ("D-039", blanks_behind_a_size),
    ("D-048", said_connection),
    ("D-049", copied_with_a_length),
    ("D-050", invalid_length),
    ("D-051", foreign_coding),
    ("D-052", listed_close),
    ("D-053", late_trailer),
    ("D-046", far_expiry),
    ("D-047", odd_host),
    ("D-059", kept_spelling),
    ("D-060", broken_body),
    ("D-061", blanks_in_an_expectation),
    ("D-062", stray_bits),
    ("D-063", malformed_extension),
    ("D-064", hidden_slash),
    ("D-065", control_bytes),
    ("D-066", many_parameters),
    ("D-067", several_lines),
    ("D-035", host_in_capitals),
    ("D-070", blank_in_a_part),
    ("D-080", odd_range),
    ("D-081", conditions_in_lines),
    ("D-083", refused_head),
    ("D-082", escaped_links),
    ("D-068", index_directory),
    ("D-069", odd_file_name),
]

# Shown or not as the bytes happen to arrive.
TIMED = {"D-021"}
