"""hon_wire_server --upstream with clients that speak HTTP/2."""

import base64
import os
import pathlib
import sys
import unittest

import harness
from h2client import Client, WebSocketStream
from scripted import Script

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from websocket import WebSocket  # noqa: E402


class ProxyHttp2(unittest.TestCase):
    def chain(self):
        """A client of a proxy before a server."""
        back = self.enterContext(harness.Server())
        front = self.enterContext(harness.Server("--h2c", "--upstream", back.url))
        return self.enterContext(Client(front))

    def before(self, serve):
        """A client of a proxy before a script."""
        script = self.enterContext(Script(serve))
        front = self.enterContext(harness.Server("--h2c", "--upstream", script.url("")))
        return self.enterContext(Client(front)), script

    def test_bodies_come_through_whole(self):
        client = self.chain()
        for size in (0, 1, 100_000, 1 << 20):
            data = os.urandom(size)
            answer = client.ask("/proxy/echo", "POST", body=data)
            self.assertEqual((answer.status, answer.body), (200, data))

    def test_an_upstream_that_speaks_http2_by_prior_knowledge(self):
        back = self.enterContext(harness.Server("--h2c"))
        front = self.enterContext(harness.Server("--h2c", "--upstream", back.url.replace("http://", "h2c://")))
        client = self.enterContext(Client(front))
        self.assertIn(b"proto: HTTP/2.0\n", client.ask("/proxy/proto").body)
        for size in (0, 1, 100_000, 1 << 20):
            data = os.urandom(size)
            answer = client.ask("/proxy/echo", "POST", body=data)
            self.assertEqual((answer.status, answer.body), (200, data))
        self.assertEqual(client.ask("/proxy/trailers", "POST", body=b"abc").trailers, [("x-body-length", "3")])
        self.assertEqual([one[":status"] for one in client.ask("/proxy/early-hints").informational], ["103"])
        plain = front.ask(b"GET /proxy/proto HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        self.assertIn(b"proto: HTTP/2.0\n", plain.body)

    def test_requests_are_proxied_beside_each_other(self):
        client = self.chain()
        slow = client.open("/proxy/sleep/300")
        streams = [client.open(f"/proxy/length/{i * 10_000}") for i in range(20)]
        client.wait(*streams, slow)
        self.assertEqual([len(client.streams[one].body) for one in streams], [i * 10_000 for i in range(20)])
        self.assertEqual(client.streams[slow].status, 200)

    def test_trailers_and_early_hints(self):
        client = self.chain()
        stream = client.open("/proxy/trailers", "POST", [("te", "trailers"), ("trailer", "x-one")], end=False)
        client.write(stream, b"abc")
        client.h2.send_headers(stream, [("x-one", "1")], end_stream=True)
        client.flush()
        answer = client.wait(stream)
        self.assertIn(b"X-One: 1\n", answer.body)
        self.assertEqual(answer.trailers, [("x-body-length", "3")])
        self.assertEqual([one[":status"] for one in client.ask("/proxy/early-hints").informational], ["103"])

    def test_websockets(self):
        """An extended CONNECT is a WebSocket of HTTP/1.1 behind the proxy (RFC 8441, RFC 6455)."""
        client = self.chain()
        self.websockets(client)
        refused = client.open("/proxy/echo", "CONNECT", [(":protocol", "websocket")], end=False)
        self.assertEqual(client.wait(refused).status, 502)  # a 200 would be taken for a WebSocket

    def test_websockets_to_an_upstream_that_speaks_http2_alone(self):
        """Extended CONNECT on both sides, and for a client of HTTP/1.1 (RFC 8441 section 5)."""
        back = self.enterContext(harness.Server("--h2c"))
        front = self.enterContext(harness.Server("--h2c", "--upstream", back.url.replace("http://", "h2c://")))
        self.websockets(self.enterContext(Client(front)))
        with WebSocket(front.host, front.port, "/proxy/ws") as one:
            for text in ("hello", "x" * 100_000):
                one.send(text)
                self.assertEqual(one.receive()[1], text.encode())
        keyless = front.ask(b"GET /proxy/ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                            b"Sec-WebSocket-Version: 13\r\n\r\n")
        self.assertEqual(keyless.status, 400)

    def websockets(self, client):
        sockets = [WebSocketStream(client, "/proxy/ws") for _ in range(3)]
        data = os.urandom(200_000)
        for n, one in enumerate(sockets):
            self.assertEqual((one.answer.status, one.answer.get("sec-websocket-accept")), (200, None))
            one.send(b"hello %d" % n)
            self.assertEqual(one.receive(), (1, b"hello %d" % n))
        sockets[0].send(data, 2)
        self.assertEqual(sockets[0].receive(), (2, data))
        sockets[0].send(b"\x03\xe8", 8)
        self.assertEqual(sockets[0].receive(), (8, b"\x03\xe8"))
        client.wait(sockets[0].stream)
        client.h2.reset_stream(sockets[1].stream, 8)
        sockets[2].send(b"still")
        self.assertEqual(sockets[2].receive(), (1, b"still"))

    def test_the_handshake_of_a_websocket(self):
        def serve(peer, _):
            while True:
                status = peer.head().decode().split(" ")[1][1:]
                peer.send(f"HTTP/1.1 {status} x\r\nConnection: Upgrade\r\nUpgrade: {'other' if status == '101' else 'websocket'}\r\n"
                          "Content-Length: 0\r\n\r\n".encode())

        client, script = self.before(serve)
        for status, seen in (("101", 502), ("200", 502), ("403", 403), ("302", 302)):
            stream = client.open(f"/proxy/{status}", "CONNECT",
                                 [(":protocol", "websocket"), ("sec-websocket-version", "13"), ("sec-websocket-protocol", "chat")], end=False)
            self.assertEqual(client.wait(stream).status, seen)
        keys = set()
        for head in script.requests:
            fields = dict(line.split(": ", 1) for line in head.decode().lower().split("\r\n")[1:-2])
            key = head.lower().index(b"sec-websocket-key: ") + 19
            keys.add(head[key:key + 24])
            self.assertTrue(head.startswith(b"GET /"))
            self.assertEqual((fields["connection"], fields["upgrade"], fields["sec-websocket-version"], fields["sec-websocket-protocol"]),
                             ("upgrade", "websocket", "13", "chat"))
        self.assertEqual([len(base64.b64decode(key)) for key in keys], [16] * 4)  # RFC 6455 section 4.1

    def test_events_come_at_once(self):
        client = self.chain()
        stream = client.open("/proxy/sse")
        while b"event 1" not in client.streams[stream].body:
            self.assertTrue(client.pump())
        self.assertEqual(client.streams[stream].get("content-type"), "text/event-stream")

    def test_the_server_sees_a_request_of_its_own_protocol(self):
        def serve(peer, _):
            peer.request()
            peer.send(b"HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nContent-Length: 2\r\n\r\nok")

        client, script = self.before(serve)
        answer = client.ask("/proxy/p?q=1", "PUT", [("x-mine", "1")], b"data")
        self.assertEqual((answer.status, answer.body, answer.get("x-hop"), answer.get("keep-alive")),
                         (200, b"ok", None, None))
        head = script.requests[0].decode()
        self.assertTrue(head.startswith("PUT /p?q=1 HTTP/1.1\r\nHost: 127.0.0.1:"), head)
        self.assertIn("X-Forwarded-Host: a\r\n", head)

    def test_what_breaks_off_is_reset(self):
        def serve(peer, _):
            peer.head()
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart")

        client, _ = self.before(serve)
        answer = client.ask("/proxy/")
        self.assertIsNotNone(answer.reset)
        self.assertFalse(answer.ended)

    def test_an_answer_before_the_end_of_the_body(self):
        def serve(peer, _):
            peer.head()
            peer.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
            peer.closed()

        client, _ = self.before(serve)
        stream = client.open("/proxy/", "POST", [("content-length", "1000000")], end=False)
        client.write(stream, b"part")
        answer = client.wait(stream)
        self.assertEqual((answer.status, answer.body), (403, b"no"))

    def test_a_client_that_resets_ends_the_request(self):
        ended = []

        def serve(peer, _):
            peer.head()
            peer.closed()
            ended.append(True)

        client, script = self.before(serve)
        stream = client.open("/proxy/")
        while not script.requests:
            pass
        client.h2.reset_stream(stream)
        client.flush()
        self.assertTrue(harness.wait_until(lambda: ended))


if __name__ == "__main__":
    harness.main()
