"""Faults at every byte of an exchange: the server's answer, or the client's request, is cut, reset, delayed
or spoilt there; over HTTP/1.1 and HTTP/2, of hon_wire_client and of a ReverseProxy between. Never is a part
taken for the whole, never does a wait pass its deadline, and never does a connection stay behind."""

import contextlib
import hashlib
import itertools
import socket
import threading
import unittest

import h2client
import harness
from h2client import frame
from scripted import Script, run

BODY = b"0123456789" * 3
DIGEST = hashlib.sha256(BODY).hexdigest()
LENGTH = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
CHUNKS = (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n"
          b"a\r\n%s\r\n14;x=y\r\n%s\r\n0\r\nX-T: 1\r\n\r\n" % (BODY[:10], BODY[10:]))
LATER = 3  # the second stream of a connection: its answer is within that of the first
FAULTS = ("cut", "reset", "garbage")
GARBAGE = b"\x00\xffgarbage\r\n\r\n"
# Of requests that are answered, on a busy machine; and of those that wait for nothing.
PATIENT_MS, SHORT_MS = 30_000, 400


def literal(name, value):
    return b"\x10" + bytes([len(name)]) + name + bytes([len(value)]) + value


def http2_answer(stream):
    """SETTINGS on a new connection, a 103, the head, two DATA frames, and trailers (RFC 9113)."""
    settings = frame(4, 0, 0) + frame(4, 1, 0) if stream == 1 else b""
    return (settings + frame(1, 4, stream, literal(b":status", b"103") + literal(b"link", b"x"))
            + frame(1, 4, stream, b"\x88" + literal(b"content-length", b"%d" % len(BODY))) + frame(0, 0, stream, BODY[:10])
            + frame(0, 0, stream, BODY[10:]) + frame(1, 5, stream, literal(b"x-t", b"1")))


class Faulty(Script):
    """Answers /FAULT/AT with a fault behind the first AT bytes of `answer(stream)`, and any other path with
    all of them; counts the connections that are open."""

    def __init__(self, answer, http2=False):
        super().__init__(self.answer_one)
        self.make, self.http2 = answer, http2
        self.lock = threading.Lock()
        self.open = 0

    def answer_one(self, peer, _):
        with self.lock:
            self.open += 1
        try:
            while self.exchange(peer):
                pass
        finally:
            with self.lock:
                self.open -= 1

    def exchange(self, peer):
        stream, path = self.request_http2(peer) if self.http2 else (0, peer.request()[0].split(b" ")[1])
        whole = self.make(stream)
        fault, _, at = path.strip(b"/").partition(b"/")
        if not at:
            peer.send(whole)
            return True
        peer.send(whole[:int(at)])
        if fault == b"reset":
            peer.reset()
        elif fault == b"garbage":
            peer.send(GARBAGE)
        elif fault == b"silence":
            peer.closed()
        if fault != b"reset":
            peer.conn.shutdown(socket.SHUT_WR)
            peer.closed()
        return False

    @staticmethod
    def request_http2(peer):
        """(stream, path) of the next request."""
        if peer.decoder is None:
            peer.decoder = h2client.hpack.Decoder()
            peer.exactly(24)  # the preface
        while True:
            head = peer.exactly(9)
            payload = peer.exactly(int.from_bytes(head[:3], "big"))
            if head[3] == h2client.HEADERS:
                return int.from_bytes(head[5:9], "big"), dict(peer.decoder.decode(payload))[":path"].encode()


class Faults(unittest.TestCase):
    def paths(self, whole, faults=FAULTS, probes=True):
        for fault, at in itertools.product(faults, range(len(whole))):
            yield f"/{fault}/{at}"
            if probes:
                yield "/probe"


class ClientFaults(Faults):
    KINDS = (("length", lambda _: LENGTH, False), ("chunks", lambda _: CHUNKS, False), ("HTTP/2", http2_answer, True))

    def ask(self, script, paths, *flags):
        return run(*[script.url(path) for path in paths], "--no-env-proxy", *flags, *(("--h2c",) if script.http2 else ()), expect=1, timeout=120)

    def check(self, script, line):
        """A success is whole, and there is none but where garbage may stand for content."""
        path = line["url"].partition(str(script.port))[2]
        if path == "/probe":
            self.assertEqual((line["status"], line["body_sha256"], line["error"]), (200, DIGEST, None), line)
        elif line["error"] is None:
            self.assertTrue(path.startswith("/garbage/"), line)
            self.assertEqual((line["status"], line["body_length"]), (200, len(BODY)), line)

    def test_every_byte(self):
        """Each fault, and a request behind it that could meet what the fault has left."""
        for name, answer, http2 in self.KINDS:
            with self.subTest(name), Faulty(answer, http2) as script:
                paths = list(self.paths(answer(LATER)))
                lines = self.ask(script, paths, "--timeout", PATIENT_MS)
                self.assertEqual(len(lines), len(paths))
                for line in lines:
                    self.check(script, line)
                    self.assertNotEqual(line["error_kind"], "timeout", line)
                self.assertTrue(harness.wait_until(lambda script=script: script.open == 0), script.open)

    def test_silence_at_every_byte(self):
        for name, answer, http2 in self.KINDS:
            with self.subTest(name), Faulty(answer, http2) as script:
                paths = list(self.paths(answer(LATER), ("silence",), probes=False))
                # Each on a connection of its own; 32 wait at a time.
                lines = self.ask(script, paths, "--timeout", SHORT_MS, "--concurrency", 32, "--no-keep-alive")
                self.assertEqual(len(lines), len(paths))
                for line in lines:
                    self.assertEqual(line["error_kind"], "timeout", line)
                self.assertTrue(harness.wait_until(lambda script=script: script.open == 0), script.open)


class ProxyFaults(Faults):
    KINDS = (("length", lambda _: LENGTH, False), ("chunks", lambda _: CHUNKS, False), ("h2c", http2_answer, True))

    @contextlib.contextmanager
    def before(self, answer, http2):
        with Faulty(answer, http2) as script:
            url = script.url("").replace("http:", "h2c:" if http2 else "http:")
            with harness.Server("--upstream", url, "--upstream-at", "/") as front:
                yield front, script
            self.assertTrue(harness.wait_until(lambda: script.open == 0), script.open)

    def test_answers(self):
        for name, answer, http2 in self.KINDS:
            with self.subTest(name), self.before(answer, http2) as (front, script):
                self.probe(front)
                descriptors = front.descriptors()
                for path in self.paths(answer(LATER), probes=False):
                    self.check(front, path)
                    self.probe(front)
                # Connections to the server may be kept, one for each loop.
                self.assertTrue(harness.wait_until(lambda: front.descriptors() <= descriptors + front.loops),
                                front.descriptors())
                self.assertTrue(harness.wait_until(lambda script=script: script.open <= front.loops), script.open)

    def check(self, front, path):
        with front.connect(timeout=30) as wire:
            wire.send(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            try:
                got = wire.answer()
            except (harness.WireError, harness.Closed):
                return  # broken off: the client can tell
            if got.status != 502:
                self.assertTrue(path.startswith("/garbage/"), (path, got))
                self.assertEqual((got.status, len(got.body)), (200, len(BODY)), path)

    def probe(self, front):
        got = front.ask(b"GET /probe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        self.assertEqual((got.status, got.body), (200, BODY))

    def test_requests(self):
        """A request that ends at any byte reaches no server as a whole one."""
        received = []

        def serve(peer, _):
            with contextlib.suppress(ValueError, AssertionError):  # what was cut
                while True:
                    head, body = peer.request()
                    received.append((head.split(b" ")[1], body))
                    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        length = b"POST /cut HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
        chunks = b"POST /cut HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\na\r\n%s\r\n14\r\n%s\r\n0\r\nX-T: 1\r\n\r\n" % (BODY[:10], BODY[10:])
        with Script(serve) as script, harness.Server("--upstream", script.url(""), "--upstream-at", "/") as front:
            front.ask(b"GET /probe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            descriptors = front.descriptors()
            for whole in (length, chunks):
                for at in range(len(whole)):
                    for how in ("close", "reset", "garbage"):
                        with front.connect(timeout=30) as wire:
                            wire.send(whole[:at])
                            if how == "garbage" and at < whole.index(b"\r\n\r\n"):
                                wire.send(b"\x00\xff")
                            getattr(wire, "reset" if how == "reset" else "close")()
            answer = front.ask(b"GET /probe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            self.assertEqual(answer.status, 200)
            self.assertTrue(harness.wait_until(lambda: front.descriptors() <= descriptors + front.loops), front.descriptors())
        self.assertEqual([one for one in received if one[0] == b"/cut" and one[1] != BODY], [])


if __name__ == "__main__":
    harness.main()
