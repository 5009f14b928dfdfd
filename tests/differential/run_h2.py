"""Asks our server and Go's own the same requests over HTTP/2 without TLS, and compares the answers: statuses,
fields, bodies, trailers, informational answers and resets. The requests are those of run.py that HTTP/2 can
express. A difference is a bug, unless our server answers the same over HTTP/1, where run.py judges it, or the
difference has a name in KNOWN.

  run_h2.py --bin BUILD/bin --backend epoll [--only TEXT] [--verbose]
"""

import argparse
import concurrent.futures
import pathlib
import re
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import h2client
import harness
from corpus import all_groups
from run import ASKED_AT_ONCE, MODIFIED_TEXT, GoServer, build_go, make_files, plain
from run import ask as ask_http1
from tally import Tally

TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
OF_THE_CONNECTION = {b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade", b"te"}
SECONDS = 5
WIRE_BYTES_MAX = 100_000


class Request:
    def __init__(self, method, target, authority, fields, body):
        self.method, self.target, self.authority = method, target, authority
        self.fields, self.body = fields, body


def parse(wire):
    """The request that these bytes of HTTP/1.1 are, or None where HTTP/2 has no such one."""
    if len(wire) > WIRE_BYTES_MAX:
        return None  # the client's HPACK would take seconds
    head, end, rest = wire.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    first = re.fullmatch(rb"(" + TOKEN.pattern + rb") (/[\x21-\x22\x24-\x7e]*|\*) HTTP/1\.1", lines[0])
    if not end or not first:
        return None
    authority, fields, body, length, chunked = None, [], b"", None, False
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        value = value.strip(b" \t")
        if not colon or not TOKEN.fullmatch(name) or re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", value):
            return None
        name = name.lower()
        if name == b"host":
            if authority is not None or not re.fullmatch(rb"[\w.\-]+(:\d+)?", value):
                return None
            authority = value
        elif name == b"transfer-encoding":
            chunked = value == b"chunked"
            if not chunked:
                return None
        elif name in OF_THE_CONNECTION:
            return None
        else:
            if name == b"content-length":
                if length is not None or not re.fullmatch(rb"\d+", value):
                    return None
                length = int(value)
            fields.append((name, value))
    if authority is None or (chunked and length is not None):
        return None
    if chunked:
        while True:
            size, line_end, rest = rest.partition(b"\r\n")
            if not line_end or not re.fullmatch(rb"[0-9a-f]+", size):
                return None
            size = int(size, 16)
            if size == 0:
                return Request(first[1], first[2], authority, fields, body) if rest == b"\r\n" else None
            body, rest = body + rest[:size], rest[size + 2:]
    if len(rest) != (length or 0):
        return None
    return Request(first[1], first[2], authority, fields, rest if length is not None else None)


local = threading.local()


def client_of(server):
    """This thread's connection to `server`."""
    clients = local.__dict__.setdefault("clients", {})
    client = clients.get(server)
    if client is None or client.closed or client.goaways or client.broken:
        if client is not None:
            client.socket.close()
        client = clients[server] = h2client.Client(server, timeout=SECONDS)
        client.broken = False
    return client


def ask(server, request):
    """(status, fields, body, trailers, informational, reset)."""
    client = client_of(server)
    stream = client.h2.get_next_available_stream_id()
    answer = client.streams[stream] = h2client.Stream()
    latin = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.fields]
    try:
        client.h2.send_headers(stream, [(":method", request.method.decode()), (":scheme", "http"),
                                        (":authority", request.authority.decode()),
                                        (":path", request.target.decode("latin-1")), *latin],
                               end_stream=request.body is None)
        client.flush()
        if request.body is not None:
            client.write(stream, request.body, end=True)
        client.wait(stream, seconds=SECONDS)
    except (AssertionError, OSError, h2client.h2.exceptions.H2Error):
        client.broken = True
    client.broken |= not answer.ended or answer.reset is not None
    status = answer.get(":status")
    fields = sorted((name, "DATE" if name == "date" else plain(value)) for name, value in answer.fields or ()
                    if name != ":status")
    hints = [one[":status"] for one in answer.informational]
    # Behind a whole answer NO_ERROR only says that the rest of the request is not wanted.
    reset = None if answer.ended and answer.reset == 0 else answer.reset
    return (status, fields, plain(answer.body.decode("latin-1")), sorted(answer.trailers), hints, reset)


class Difference:
    def __init__(self, request, ours, go):
        self.request, self.ours, self.go = request, ours, go

    def only(self, *places):
        """Whether nothing else differs: places in the tuple of ask."""
        return all(mine == theirs or place in places
                   for place, (mine, theirs) in enumerate(zip(self.ours, self.go)))


INFORMATIONAL = 4
KNOWN = [
    # A path of * is for OPTIONS alone (RFC 9113 section 8.3.1): malformed. Go answers 400.
    ("* without OPTIONS", lambda one: one.request.target == b"*" and one.ours[5] == 1 and one.go[0] == "400"),
    # No 100 where there is no body to be sent.
    ("100 without a body", lambda one: one.only(INFORMATIONAL) and one.request.body is None),
    # The answer is not what its head says: reset. Go sends it as it is [W39].
    ("a wrong length is reset", lambda one: one.request.target.startswith(b"/answer/length-") and one.ours[5] == 2),
    # A request of length 0 has a body here, whose Read after Close fails as over HTTP/1.
    ("an empty body is one", lambda one: one.request.target == b"/answer/body-closed" and not one.request.body),
    # The first expectation counts, and is unknown: 417.
    ("two expectations", lambda one: one.ours[0] == "417" and [name for name, _ in one.request.fields] == [b"expect"] * 2),
    ("the text of a refused Hijack", lambda one: one.request.target == b"/hijack" and one.ours[0] == "501"),
]


def as_over_http1(server, case, ours):
    """Whether `server` answers the same over HTTP/1."""
    first = next((one for one in ask_http1(server, case) if one[0] >= 200), None)
    return first is not None and (str(first[0]), first[3].replace("HTTP/1.1 1 1", "HTTP/2.0 2 0")) == (ours[0], ours[2])


class Comparison:
    def __init__(self, ours, go, verbose):
        self.ours, self.go = ours, go
        self.tally = Tally(KNOWN, verbose)
        self.asked = 0

    def ask_both(self, request):
        return ask(self.ours, request), ask(self.go, request)

    def compare(self, name, case, request, answers):
        ours, go = answers
        self.asked += 1
        if ours == go:
            self.tally.same += 1
            return
        if self.tally.explains(Difference(request, ours, go), name):
            return
        if as_over_http1(self.ours, case, ours):
            self.tally.count("as over HTTP/1", name)
            return
        self.tally.failures += 1
        print(f"--- {name}: {request.method!r} {request.target!r} {request.fields!r:.300} {request.body!r:.100}")
        for mine, theirs in zip(ours, go):
            if mine != theirs:
                print(f"  ours {str(mine)[:500]}\n  Go   {str(theirs)[:500]}")

    def finish(self, everything):
        well = self.tally.finish(f"{self.asked} requests", everything, documented=False)
        return 0 if well and self.tally.same else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--backend", default="epoll")
    parser.add_argument("--only", default="", help="the cases whose group or name holds this text")
    parser.add_argument("--verbose", action="store_true")
    flags = parser.parse_args()
    harness.settings.bin, harness.settings.backend = flags.bin, flags.backend
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        program = build_go(folder)
        files = folder / "files"
        make_files(files)
        served = ("--files", files, "--file", files / "file.txt", "--h2c")
        cases = [(f"{group}: {case.name}", case, parse(case.wire)) for group, cases in all_groups(MODIFIED_TEXT, 0, 1)
                 for case in cases if flags.only in f"{group}: {case.name}"]
        cases = [one for one in cases if one[2] is not None]
        with harness.Server(*served) as ours, GoServer(program, *served) as go:
            comparison = Comparison(ours, go, flags.verbose)
            with concurrent.futures.ThreadPoolExecutor(ASKED_AT_ONCE) as threads:
                answers = threads.map(comparison.ask_both, [one[2] for one in cases])
                for one, answer in zip(cases, answers):
                    comparison.compare(*one, answer)
            return comparison.finish(everything=not flags.only)


if __name__ == "__main__":
    sys.exit(main())
