"""HTTP/2 over real sockets, without TLS and over it: what a handler sees and gives is as over HTTP/1."""

import hashlib
import subprocess
import threading
import time
import unittest

import h2client
import harness
from h2client import Client, Raw, WebSocketStream

LARGE = hashlib.shake_256(b"large").digest(3_000_000)
PROTOCOL_ERROR, INTERNAL_ERROR = 1, 2


class Http2(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certificates = harness.wire_certificates()
        cls.server = cls.enterClassContext(cls.start())

    @classmethod
    def start(cls, *flags):
        return harness.Server("--h2c", "--tls-addr", "127.0.0.1:0",
                              "--cert", cls.certificates.path("localhost.cert"),
                              "--key", cls.certificates.path("localhost.key"), *flags)

    def each(self, check):
        """`check(client)`, on a connection of each kind."""
        for tls in (False, True):
            with self.subTest(tls=tls), Client(self.server, tls) as client:
                check(client)

    def test_a_handler_sees_the_request(self):
        def check(client):
            answer = client.ask("/proto?q=1")
            lines = dict(line.split(": ", 1) for line in answer.body.decode().splitlines())
            self.assertEqual(lines | {"remote": ""},
                             {"proto": "HTTP/2.0", "method": "GET", "scheme": client.scheme, "host": "a",
                              "uri": "/proto?q=1", "remote": ""})
            self.assertTrue(lines["remote"].startswith("127.0.0.1:"))
            fields = [("cookie", "a=1"), ("x-a", "1"), ("cookie", "b=2"), ("x-a", "2")]
            shown = client.ask("/headers", fields=fields).body.decode()
            self.assertIn("Cookie: a=1; b=2\n", shown)
            self.assertIn("X-A: 1\nX-A: 2\n", shown)

        self.each(check)

    def test_bodies_go_both_ways(self):
        def check(client):
            for body in (b"", b"x", LARGE[:16384], LARGE[:65536], LARGE):
                answer = client.ask("/echo", "POST", [("content-type", "a/b")], body)
                self.assertEqual((answer.status, answer.body == body), (200, True))
            answer = client.ask("/chunked/4")
            self.assertEqual(answer.body, b"chunk 0\nchunk 1\nchunk 2\nchunk 3\n"[:len(answer.body)])
            self.assertIsNone(answer.get("transfer-encoding"))
            answer = client.ask("/length/100000")
            self.assertEqual((answer.get("content-length"), len(answer.body)), ("100000", 100000))

        self.each(check)

    def test_heads_trailers_and_interim_answers(self):
        def check(client):
            answer = client.ask("/length/100", "HEAD")
            self.assertEqual((answer.get("content-length"), answer.body), ("100", b""))
            answer = client.ask("/trailers", "POST", [("trailer", "x-sum")], b"abc")
            self.assertEqual(dict(answer.trailers), {"x-body-length": "3"})
            answer = client.ask("/early-hints")
            self.assertEqual([one[":status"] for one in answer.informational], ["103"])
            self.assertEqual(answer.body, b"hinted\n")
            stream = client.open("/echo", "POST", [("expect", "100-continue")], end=False)
            while not client.streams[stream].informational:
                self.assertTrue(client.pump())
            client.write(stream, b"now", end=True)
            self.assertEqual(client.wait(stream).body, b"now")
            # A server with HTTP/1.1 behind a proxy gives bytes that are no answer.
            self.assertIn(client.ask("/hijack").status, (501, 502) if harness.proxied() else (501,))

        self.each(check)

    def test_trailers_of_a_request(self):
        def check(client):
            stream = client.open("/trailers", "POST", [("trailer", "x-sum")], end=False)
            client.write(stream, b"abc")
            client.h2.send_headers(stream, [("x-sum", "5")], end_stream=True)
            client.flush()
            self.assertEqual(client.wait(stream).body, b"trailers:\nX-Sum: 5\n")

        self.each(check)

    def test_streams_run_beside_each_other(self):
        def check(client):
            slow = client.open("/sleep/300")
            streams = [client.open(f"/length/{n}") for n in range(1, 60)]
            client.wait(*streams)
            self.assertFalse(client.streams[slow].over())
            for n, stream in enumerate(streams, 1):
                self.assertEqual(len(client.streams[stream].body), n)
            self.assertEqual(client.wait(slow).status, 200)

        self.each(check)

    def test_an_upload_that_is_not_read_stalls_no_other(self):
        def check(client):
            stalled = client.open("/sleep/500", end=False)
            client.write(stalled, LARGE[:65535])  # its window
            self.assertEqual(client.ask("/echo", "POST", (), LARGE).body, LARGE)

        self.each(check)

    def test_websockets(self):
        """RFC 8441: several on one connection, beside requests; small and large, closed by either side."""
        def check(client):
            self.assertEqual(client.remote_settings.get(8), 1)  # ENABLE_CONNECT_PROTOCOL
            for path in ("/ws", "/ws-events"):
                sockets = [WebSocketStream(client, path) for _ in range(3)]
                for n, one in enumerate(sockets):
                    self.assertEqual(one.answer.status, 200)
                    self.assertIsNone(one.answer.get("sec-websocket-accept"))
                    one.send(b"hello %d" % n)
                for n, one in enumerate(sockets):
                    self.assertEqual(one.receive(), (1, b"hello %d" % n))
                self.assertEqual(client.ask("/").status, 200)
                sockets[0].send(LARGE[:200_000], 2)
                self.assertEqual(sockets[0].receive(), (2, LARGE[:200_000]))
                sockets[0].send(b"\x03\xe8", 8)
                self.assertEqual(sockets[0].receive(), (8, b"\x03\xe8"))
                client.wait(sockets[0].stream)
                self.assertTrue(sockets[0].answer.ended)
                client.h2.reset_stream(sockets[1].stream, 8)
                sockets[2].send(b"still")
                self.assertEqual(sockets[2].receive(), (1, b"still"))
            refused = client.open("/ws", "CONNECT", [(":protocol", "other")], end=False)
            self.assertEqual(client.wait(refused).status, 502 if harness.proxied() else 400)

        self.each(check)

    def test_a_shutdown_says_goodbye_to_websockets(self):
        with self.start() as server, Client(server) as client:
            one = WebSocketStream(client)
            one.send(b"x")
            self.assertEqual(one.receive(), (1, b"x"))
            server.terminate()
            opcode, payload = one.receive()
            self.assertEqual((opcode, payload[:2]), (8, b"\x03\xe9"))  # 1001: going away
            one.send(b"\x03\xe9", 8)
            self.assertEqual(server.stop(), 0)

    def test_events_are_sent_without_a_length(self):
        def check(client):
            stream = client.open("/sse")
            while b"event 0" not in client.streams[stream].body:
                self.assertTrue(client.pump())
            self.assertEqual(client.streams[stream].get("content-type"), "text/event-stream")
            client.h2.reset_stream(stream, 8)
            self.assertEqual(client.ask("/").status, 200)

        self.each(check)

    def test_answers_that_fail(self):
        def check(client):
            self.assertEqual(client.ask("/answer/panic-buffered").status, 500)
            self.assertEqual(client.ask("/answer/panic-flushed").reset, INTERNAL_ERROR)
            self.assertEqual(client.ask("/answer/length-underrun").reset, INTERNAL_ERROR)
            aborted = client.ask("/answer/abort")
            if harness.proxied():  # no answer of its server
                self.assertEqual(aborted.status, 502)
            else:
                self.assertEqual(aborted.reset, INTERNAL_ERROR)
            self.assertEqual(client.ask("/").status, 200)

        self.each(check)

    def test_no_http2_where_it_is_not_wanted(self):
        with self.start("--no-h2") as server, self.assertRaises((AssertionError, OSError)):
            Client(server, True)
        with harness.Server() as server, Raw(server) as raw:
            raw.socket.settimeout(5)
            self.assertTrue(raw.socket.recv(100).startswith(b"HTTP/1.1 505"))

    def test_http1_beside_it(self):
        with self.server.connect() as wire:
            for _ in range(3):
                wire.send(b"GET /proto HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertIn(b"proto: HTTP/1.1", wire.answer().body)

    def test_a_broken_peer_gets_goaway(self):
        for tls in (False, True):
            with self.subTest(tls=tls), Raw(self.server, tls) as raw:
                raw.send(h2client.frame(h2client.DATA, 0, 0, b"x"))
                self.assertEqual(raw.goaway(), PROTOCOL_ERROR)
                self.assertIsNone(raw.read())

    def test_a_shutdown_loses_nothing(self):
        """Clients ask on and on; each stream that the last GOAWAY covers is answered."""
        for tls in (False, True):
            with self.subTest(tls=tls), self.start() as server:
                failures = []
                started = threading.Barrier(5)

                def hammer(server=server, tls=tls, failures=failures, started=started):
                    try:
                        with Client(server, tls) as client:
                            client.ask("/")
                            started.wait()
                            asked = []
                            while not client.goaways:
                                asked.append(client.open("/sleep/20"))
                                asked.append(client.open("/echo"))
                                client.wait(asked[-1])
                            while client.pump():
                                pass
                            last = client.goaways[-1][0]
                            failures.extend((stream, client.streams[stream]) for stream in asked
                                            if stream <= last and not client.streams[stream].ended)
                    except Exception as error:
                        failures.append(error)

                threads = [threading.Thread(target=hammer) for _ in range(4)]
                for thread in threads:
                    thread.start()
                started.wait()
                time.sleep(0.2)
                server.terminate()
                for thread in threads:
                    thread.join()
                self.assertEqual(failures, [])
                self.assertEqual(server.stop(), 0)

    def test_curl(self):
        curl = harness.require_tool("curl")
        done = subprocess.run([curl, "-sS", "--max-time", "10", "--http2-prior-knowledge",
                               f"{self.server.url}/proto"], capture_output=True, text=True, check=True)
        self.assertIn("proto: HTTP/2.0", done.stdout)
        done = subprocess.run([curl, "-sS", "--max-time", "10",
                               "--cacert", self.certificates.path("localhost.cert"),
                               f"https://localhost:{self.server.tls_port}/tls"],
                              capture_output=True, text=True, check=True)
        self.assertIn("alpn: h2", done.stdout)


if __name__ == "__main__":
    harness.main()
