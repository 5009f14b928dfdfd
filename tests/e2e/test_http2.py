"""HTTP/2 over real sockets, without TLS and over it: what a handler sees and gives is as over HTTP/1."""

import hashlib
import subprocess
import threading
import time
import unittest
import zlib
from random import Random

import h2client
import harness
from h2client import Client, Raw, WebSocketStream

LARGE = hashlib.shake_256(b"large").digest(3_000_000)
PROTOCOL_ERROR, INTERNAL_ERROR = 1, 2
WEBSOCKET = [(":protocol", "websocket"), ("sec-websocket-version", "13")]
IDLE_STREAM_BYTES_MAX = 12 << 10  # less than a fiber with its stack


def settled(count):
    """count() once it stands still: connections of others have ended by then."""
    found, again = None, count()
    while found != again:
        time.sleep(0.2)
        found, again = again, count()
    return again


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
            slow = client.open("/echo", "POST", end=False)  # its handler waits
            streams = [client.open(f"/length/{n}") for n in range(1, 60)]
            client.wait(*streams)
            self.assertFalse(client.streams[slow].over())
            for n, stream in enumerate(streams, 1):
                self.assertEqual(len(client.streams[stream].body), n)
            client.write(slow, b"now", end=True)
            self.assertEqual(client.wait(slow).body, b"now")

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
            self.assertEqual(client.wait(refused).status, 426 if harness.settings.wire == "proxy" else 400)

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

    def test_hpack_of_python(self):
        """Python's hpack writes blocks that the server reads, and reads those of the server, while both sizes of
        the tables change."""
        random = Random(16)

        def check(client):
            for size in (4096, 0, 100, 4096, 1000, 65536, 64):
                client.h2.update_settings({1: size})  # HEADER_TABLE_SIZE: for the server's encoder
                client.h2.encoder.header_table_size = min(size, 4096)
                client.flush()
                for _ in range(8):
                    fields = [(f"x-{random.randrange(6)}-{n}", random.choice(("value", "v" * 200, "", str(random.random()))))
                              for n in range(random.randrange(1, 20))]
                    answer = client.ask("/headers", fields=fields)
                    self.assertEqual(answer.status, 200)
                    for name, value in fields:
                        self.assertIn(f"{'-'.join(part.capitalize() for part in name.split('-'))}: {value}\n",
                                      answer.body.decode())
                for path, status in (("/", 200), ("/redirect", 302), ("/set-cookie", 200), ("/length/5", 200),
                                     ("/early-hints", 200), ("/nowhere", 404), ("/trailers", 200)):
                    self.assertEqual(client.ask(path).status, status)

        self.each(check)

    def test_a_handler_that_is_late_and_a_body_that_is_long(self):
        def check(client):
            late, in_time = client.open("/timeout/5000"), client.open("/timeout/0")
            self.assertEqual((client.wait(late).status, client.streams[late].body), (503, b"too late\n"))
            self.assertEqual(client.wait(in_time).body, b"slept\n")
            self.assertEqual(client.ask("/max-bytes", "POST", (), b"0123456789").body, b"0123456789")
            self.assertEqual(client.ask("/max-bytes", "POST", (), b"0123456789a").status, 400)

        self.each(check)

    def test_full_duplex(self):
        """The answer begins before the body has come."""
        def check(client):
            stream = client.open("/answer/read-behind-write", "POST", end=False)
            while client.streams[stream].body != b"first ":
                self.assertTrue(client.pump())
            client.write(stream, b"01234", end=True)
            self.assertEqual(client.wait(stream).body, b"first 5 true\n")

        self.each(check)

    def test_deflated_websockets(self):
        offer = [("sec-websocket-extensions", "permessage-deflate")]
        text = b"the same again and again, " * 40

        def check(client):
            for path in ("/ws", "/ws-events"):
                one = WebSocketStream(client, path, offer)
                self.assertIn("permessage-deflate", one.answer.get("sec-websocket-extensions"))
                deflate, inflate = zlib.compressobj(wbits=-15), zlib.decompressobj(wbits=-15)
                for _ in range(3):  # with context takeover
                    one.send(deflate.compress(text) + deflate.flush(zlib.Z_SYNC_FLUSH)[:-4], 0x41)
                    opcode, payload = one.receive()
                    self.assertEqual((opcode, one.reserved), (1, 4))
                    self.assertLess(len(payload), 100)
                    self.assertEqual(inflate.decompress(payload + b"\0\0\xff\xff"), text)

        self.each(check)

    def test_hubs(self):
        def check(client):
            joined = [WebSocketStream(client, "/hub") for _ in range(20)]
            # A member joins behind its 200, and has joined when its own message comes back.
            for n, one in enumerate(joined):
                one.send(b"joined %d" % n)
                for other in joined[:n + 1]:
                    while other.receive() != (1, b"joined %d" % n):
                        pass
            for n, one in enumerate(joined[:5]):
                one.send(b"message %d" % n)
                for other in joined:
                    self.assertEqual(other.receive(), (1, b"message %d" % n))

        self.each(check)

    def test_events_for_all(self):
        """A Broadcaster's streams have no fiber; other streams of their connections go on, and one that is reset
        leaves."""
        def check(client):
            streams = [client.open("/broadcast") for _ in range(50)]
            client.ask("/")
            while int(client.ask("/broadcast", "POST", (), b"0").body) < 50:
                pass  # until all have subscribed
            self.assertEqual(client.ask("/broadcast", "POST", (), b"last").body, b"50")
            for stream in streams:
                while b"data: last\n" not in client.streams[stream].body:
                    self.assertTrue(client.pump())
                self.assertEqual(client.streams[stream].get("content-type"), "text/event-stream")
                client.h2.reset_stream(stream, 8)
            client.flush()
            while int(client.ask("/broadcast", "POST", (), b"more").body) > 0:
                pass
            self.assertEqual(client.ask("/").status, 200)

        self.each(check)

    def test_a_client_that_leaves_ends_what_has_no_handler(self):
        """A FIN alone, without RST_STREAM or GOAWAY."""
        for path, fields in (("/ws-events", WEBSOCKET), ("/ws", WEBSOCKET), ("/hub", WEBSOCKET), ("/broadcast", ())):
            with self.subTest(path):
                self.server.ask(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                before = settled(self.server.descriptors)
                with Client(self.server) as client:
                    stream = client.open(path, "CONNECT" if fields else "GET", fields, end=not fields)
                    while client.streams[stream].fields is None:
                        self.assertTrue(client.pump())
                    self.assertFalse(client.streams[stream].over())
                    self.assertGreater(self.server.descriptors(), before)
                self.assertTrue(harness.wait_until(lambda before=before: self.server.descriptors() <= before))

    def test_idle_websockets_and_events_have_no_stack(self):
        if harness.sanitized():
            self.skipTest("other memory figures")
        for path, fields in (("/ws-events", WEBSOCKET), ("/hub", WEBSOCKET), ("/broadcast", ())):
            with self.subTest(path), self.start() as server:
                def crowd(server=server, path=path, fields=fields):
                    client = self.enterContext(Client(server))
                    streams = [client.open(path, "CONNECT" if fields else "GET", fields, end=not fields)
                               for _ in range(100)]
                    while any(client.streams[stream].fields is None for stream in streams):
                        self.assertTrue(client.pump())
                crowd()  # warms what is kept
                before = server.rss_bytes()
                for _ in range(5):
                    crowd()
                self.assertLess((server.rss_bytes() - before) / 500, IDLE_STREAM_BYTES_MAX)

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
