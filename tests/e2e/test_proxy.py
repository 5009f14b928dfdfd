"""hon_wire_server --upstream: its ReverseProxy before another hon_wire_server, and before servers that
break HTTP."""

import contextlib
import hashlib
import os
import pathlib
import sys
import threading
import time
import unittest

import built
import harness
from scripted import Script

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from websocket import WebSocket  # noqa: E402

# Sent each way while the memory of the proxy is measured.
BIG_BYTES = 256 << 20
RSS_GROWTH_MAX = 48 << 20
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def get(path, fields=b""):
    return b"GET " + path + b" HTTP/1.1\r\nHost: front.test\r\n" + fields + b"\r\n"


@contextlib.contextmanager
def chain(*flags):
    """A proxy before a server: (proxy, server)."""
    with harness.Server() as back, harness.Server("--upstream", back.url, *flags) as front:
        yield front, back


@contextlib.contextmanager
def before(serve, *flags):
    """A proxy before a script: (proxy, script)."""
    with Script(serve) as script, harness.Server("--upstream", script.url(""), *flags) as front:
        yield front, script


class ProxyTest(unittest.TestCase):
    def test_the_prefix_is_stripped(self):
        def serve(peer, _):
            while True:
                peer.head()
                peer.send(OK)

        with before(serve) as (front, script), front.connect() as wire:
            for sent, seen in ((b"/proxy/", b"/"), (b"/proxy/a%2Fb?c=d", b"/a%2Fb?c=d"), (b"/proxy/x/", b"/x/")):
                wire.send(get(sent))
                self.assertEqual(wire.answer().body, b"ok")
                self.assertEqual(script.requests[-1].split(b" ")[1], seen)
            self.assertEqual(script.connections, 1)
            head = script.requests[-1].decode()
            self.assertIn("X-Forwarded-For: 127.0.0.1\r\n", head)
            self.assertIn("X-Forwarded-Host: front.test\r\n", head)
            self.assertIn("X-Forwarded-Proto: http\r\n", head)

    def test_bodies_come_through_whole_both_ways(self):
        with chain() as (front, _):
            for size in (0, 1, 15 << 10, 64 << 10, 1 << 20):
                data = os.urandom(size)
                length = front.ask(b"POST /proxy/echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                                   b"Content-Length: %d\r\n\r\n" % size + data, "POST")
                self.assertEqual(length.body, data)
                chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part)
                                  for part in (data[i:i + 5000] for i in range(0, size, 5000)))
                chunked = front.ask(b"POST /proxy/echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                                    b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n", "POST")
                self.assertEqual(chunked.body, data)

    def test_trailers_and_early_hints(self):
        with chain() as (front, _), front.connect() as wire:
            wire.send(b"POST /proxy/trailers HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTrailer: X-One\r\n"
                      b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-One: 1\r\nX-Two: 2\r\n\r\n")
            answer = wire.answer("POST")
            self.assertIn(b"X-One: 1\n", answer.body)
            self.assertEqual(answer.trailers, [("X-Body-Length", "3")])
            wire.send(get(b"/proxy/early-hints"))
            informational = []
            self.assertEqual(wire.answer(informational=informational).body, b"hinted\n")
            self.assertEqual([one.status for one in informational], [103])
            self.assertEqual(informational[0].get("Link"), "</style.css>; rel=preload; as=style")

    def test_events_come_at_once(self):
        with chain() as (front, _), front.connect() as wire:
            wire.send(get(b"/proxy/sse"))
            _, status, _, fields = wire.head()
            self.assertEqual(status, 200)
            self.assertIn(("Content-Type", "text/event-stream"), fields)
            self.assertIn(b"event 0", wire.chunk())  # by itself
            self.assertIn(b"event 1", wire.chunk())

    def test_a_websocket(self):
        with chain() as (front, _), WebSocket(front.host, front.port, "/proxy/ws") as ws:
            for text in (b"hello", b"x" * 100_000):
                ws.send(text.decode())
                self.assertEqual(ws.receive()[1], text)

    def test_bytes_behind_an_upgrade_are_not_lost(self):
        with chain() as (front, _), front.connect() as wire:
            wire.send(get(b"/proxy/hijack", b"Connection: Upgrade\r\nUpgrade: raw-echo\r\n") + b"first")
            self.assertEqual(wire.answer().status, 101)
            self.assertEqual(wire.exactly(5), b"first")
            wire.send(b"second")
            self.assertEqual(wire.exactly(6), b"second")
            wire.finish()
            self.assertFalse(wire._fill())

    def test_a_client_that_leaves_frees_the_server(self):
        with chain() as (front, back):
            for path in (b"/proxy/until-gone", b"/proxy/until-gone?write"):
                ended = back.gone()["ended"]
                with front.connect() as wire:
                    wire.send(get(path))
                    while back.gone()["waiting"] == 0:
                        time.sleep(0.01)
                    wire.reset()
                end = time.monotonic() + 20
                while back.gone()["ended"] == ended and time.monotonic() < end:
                    time.sleep(0.01)
                self.assertEqual(back.gone()["ended"], ended + 1, path)

    def test_bodies_take_constant_memory(self):
        size = BIG_BYTES // (8 if harness.sanitized() else 1)
        with chain("--read-timeout-ms", "0", "--write-timeout-ms", "0") as (front, _):
            with front.connect(timeout=60) as wire:
                wire.send(get(b"/proxy/length/1000000"))
                wire.answer()
                before_it = front.rss_bytes()
                wire.send(get(b"/proxy/stream/%d" % size))
                got = 0
                self.assertEqual(wire.head()[1], 200)
                while part := wire.chunk():
                    got += len(part)
                self.assertEqual(got, size)
                wire._fields()
                wire.send(b"POST /proxy/discard HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size)
                part = b"p" * (1 << 20)
                for _ in range(size // len(part)):
                    wire.socket.sendall(part)
                self.assertEqual(wire.answer("POST").status, 200)
                self.assertLess(front.rss_bytes() - before_it, RSS_GROWTH_MAX)

    def test_a_reader_that_stops_stops_the_server(self):
        sent = [0]

        def serve(peer, _):
            peer.head()
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            part = b"x" * 100_000
            with contextlib.suppress(OSError):
                for _ in range(10_000):
                    peer.send(part)
                    sent[0] += len(part)

        with before(serve) as (front, _), front.connect() as wire:
            wire.send(get(b"/proxy/"))
            wire.head()
            last = -1
            while sent[0] != last:  # until it rests
                last = sent[0]
                time.sleep(0.3)
            self.assertLess(last, 100_000_000)
            wire.reset()

    def test_a_body_that_cannot_be_read_is_the_clients_fault(self):
        head = b"POST /proxy/echo HTTP/1.1\r\nHost: a\r\n"
        chunked = head + b"Transfer-Encoding: chunked\r\n\r\n"
        for upstream in ("http:", "h2c:"):
            with self.subTest(upstream), harness.Server("--h2c") as back, \
                    harness.Server("--upstream", back.url.replace("http:", upstream), "--max-body-bytes", "1000",
                                   "--read-timeout-ms", "700") as front:
                for body, status in ((b"zz\r\n", 400), (b"3\r\nabcd", 400), (b"3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n", 413),
                                     (b"3\r\nabc\r\n", 408)):
                    with front.connect(timeout=30) as wire:
                        wire.send(chunked + body)
                        answer = wire.answer("POST")
                        self.assertEqual((answer.status, answer.get("Connection")), (status, "close"), body[:20])
                self.assertEqual(front.ask(head + b"Connection: close\r\nContent-Length: 2\r\n\r\nok", "POST").body, b"ok")

    def test_a_server_over_tls(self):
        built.require_tls()
        certificates = harness.Certificates()
        cert, key = certificates.make("localhost", "DNS:localhost", "IP:127.0.0.1", ca=True)
        with harness.Server("--tls-addr", "127.0.0.1:0", "--cert", cert, "--key", key) as back:
            url = f"https://127.0.0.1:{back.tls_port}"
            with harness.Server("--upstream", url, "--upstream-ca", cert) as front:
                answer = front.ask(get(b"/proxy/proto", b"Connection: close\r\n"))
                self.assertIn(b"scheme: https\n", answer.body)
                with WebSocket(front.host, front.port, "/proxy/ws") as ws:
                    ws.send("through TLS")
                    self.assertEqual(ws.receive()[1], b"through TLS")
            with harness.Server("--upstream", url) as front:  # which does not trust it
                self.assertEqual(front.ask(get(b"/proxy/proto", b"Connection: close\r\n")).status, 502)

    def test_a_proxy_before_a_proxy(self):
        with harness.Server() as back, harness.Server("--upstream", back.url) as middle, \
                harness.Server("--upstream", middle.url + "/proxy") as front:
            data = os.urandom(300_000)
            answer = front.ask(b"POST /proxy/echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                               b"Content-Length: %d\r\n\r\n" % len(data) + data, "POST")
            self.assertEqual(hashlib.sha256(answer.body).digest(), hashlib.sha256(data).digest())


class HostileServers(unittest.TestCase):
    """An answer that is none is 502; one that breaks off never looks whole."""

    NO_ANSWER = (
        b"", b"\r\n", b"HTTP", b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nA: b\r\n",
        b"nonsense\r\n\r\n", b"HTTP/1.1 20 OK\r\n\r\n", b"HTTP/1.1 2000 OK\r\n\r\n", b"HTTP/3.0 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nA b: c\r\n\r\n", b"HTTP/1.1 200 OK\r\n b\r\n\r\n", b"HTTP/1.1 200 OK\r\nA: \0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 200 + OK, b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 5000 + b"\r\n",
        b"\x15\x03\x01\x00\x02\x02\x28",
    )
    BROKEN_OFF = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n0\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npartial\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\npart",
    )

    def test_no_answer_is_502(self):
        served = []

        def serve(peer, _):
            head = peer.head()
            peer.send(self.NO_ANSWER[int(head.split(b" ")[1][1:])])
            served.append(head)

        with before(serve) as (front, _):
            for i, wrong in enumerate(self.NO_ANSWER):
                answer = front.ask(get(b"/proxy/%d" % i, b"Connection: close\r\n"))
                self.assertEqual(answer.status, 502, wrong[:80])
                self.assertEqual(answer.body, b"")
            self.assertTrue(harness.wait_until(lambda: len(served) >= len(self.NO_ANSWER)))

    def test_what_breaks_off_never_looks_whole(self):
        def serve(peer, _):
            peer.send(self.BROKEN_OFF[int(peer.head().split(b" ")[1][1:])])

        with before(serve) as (front, _):
            for i, broken in enumerate(self.BROKEN_OFF):
                with front.connect() as wire:
                    wire.send(get(b"/proxy/%d" % i))
                    with self.assertRaises((harness.WireError, harness.Closed), msg=broken):
                        wire.answer()
                with front.connect() as wire:  # nor to a client without chunks: only a reset shows that
                    wire.send(b"GET /proxy/%d HTTP/1.0\r\n\r\n" % i)
                    with self.assertRaises((ConnectionResetError, harness.WireError, harness.Closed), msg=broken):
                        wire.socket.settimeout(10)
                        data = b""
                        while part := wire.socket.recv(65536):
                            data += part
                        if b"Content-Length: 100" in data:
                            raise harness.WireError("shorter than it says")
                        if not data:
                            raise harness.Closed

    def test_surplus_bytes_reach_nobody(self):
        def serve(peer, _):
            while True:
                peer.head()
                peer.send(OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")

        with before(serve) as (front, _), front.connect() as wire:
            for _ in range(20):
                wire.send(get(b"/proxy/"))
                self.assertEqual(wire.answer().body, b"ok")

    def test_a_server_that_answers_before_the_body_has_come(self):
        def serve(peer, _):
            peer.head()
            peer.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
            peer.closed()

        with before(serve) as (front, _), front.connect() as wire:
            wire.send(b"POST /proxy/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\npart")
            answer = wire.answer("POST")
            self.assertEqual((answer.status, answer.body), (403, b"no"))

    def test_many_clients_at_once(self):
        failures = []

        def ask(front):
            try:
                with front.connect(timeout=30) as wire:
                    for i in range(30):
                        wire.send(get(b"/proxy/length/%d" % (i * 1000)))
                        if len(wire.answer().body) != i * 1000:
                            raise AssertionError(i)
            except Exception as error:
                failures.append(error)

        with chain() as (front, _):
            threads = [threading.Thread(target=ask, args=(front,)) for _ in range(20)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual(failures, [])


if __name__ == "__main__":
    harness.main()
