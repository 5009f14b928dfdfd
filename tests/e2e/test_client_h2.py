"""hon_wire_client over HTTP/2, against a server that is made of single frames: what it makes of frames that
are late, wrong or missing. By prior knowledge, but for the choice by ALPN."""

import contextlib
import hashlib
import ssl
import struct
import unittest

import harness
from scripted import Script, ok, run, sanitized

DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS = 1, 1, 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, REFUSED, CANCEL = 0, 1, 2, 7, 8


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def fields(*pairs):
    """Literals that no table knows (RFC 7541 §6.2.2)."""
    def number(value):
        if value < 127:
            return bytes([value])
        out, value = b"\x7f", value - 127
        while value >= 128:
            out, value = out + bytes([value % 128 + 128]), value // 128
        return out + bytes([value])

    return b"".join(b"\0" + number(len(name)) + name + number(len(value)) + value for name, value in pairs)


def head(stream, *pairs, status=b"200", end=False):
    return frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream,
                 fields((b":status", status), *pairs))


def data(stream, content, end=True):
    return frame(DATA, END_STREAM if end else 0, stream, content)


def answer(stream, body=b"fine"):
    parts = [body[i:i + 16384] for i in range(0, len(body), 16384)] or [b""]
    return (head(stream, (b"content-length", b"%d" % len(body))) +
            b"".join(data(stream, part, end=False) for part in parts[:-1]) + data(stream, parts[-1]))


class Http2:
    """The server's end of a connection in HTTP/2."""

    def __init__(self, peer, settings=b""):
        self.peer = peer
        self.bodies = {}
        self.seen = []
        assert peer.exactly(len(PREFACE)) == PREFACE
        peer.send(frame(SETTINGS, 0, 0, settings))

    def send(self, frames):
        self.peer.send(frames)

    def next(self):
        """The next frame: (kind, flags, stream, payload). SETTINGS are acknowledged."""
        start = self.peer.exactly(9)
        size = int.from_bytes(b"\0" + start[:3], "big")
        kind, flags, stream = start[3], start[4], int.from_bytes(start[5:9], "big")
        payload = self.peer.exactly(size)
        self.seen.append((kind, flags, stream, payload))
        if kind == SETTINGS and not flags & ACK:
            self.send(frame(SETTINGS, ACK, 0))
        return kind, flags, stream, payload

    def until(self, wanted):
        while True:
            got = self.next()
            if got[0] == wanted:
                return got

    def request(self, credit=True):
        """The stream of the next request that has come whole."""
        while True:
            kind, flags, stream, payload = self.next()
            if kind == DATA:
                self.bodies[stream] = self.bodies.get(stream, b"") + payload
                if credit and payload:
                    grant = struct.pack(">I", len(payload))
                    self.send(frame(WINDOW, 0, 0, grant) + frame(WINDOW, 0, stream, grant))
            if kind in (DATA, HEADERS) and flags & END_STREAM:
                return stream

    def rest(self):
        """Reads until the client has left; what it sent."""
        with contextlib.suppress(EOFError, OSError):
            while True:
                self.next()
        return self.seen


def serving(act, settings=b""):
    """`act(server, stream)` answers each request."""
    def serve(peer, _):
        server = Http2(peer, settings)
        while True:
            act(server, server.request())
    return serve


def once(frames):
    """Answers the first request with frames(stream), then reads on."""
    def serve(peer, _):
        server = Http2(peer)
        server.send(frames(server.request()))
        server.rest()
    return serve


def sha(body):
    return hashlib.sha256(body).hexdigest()


class Answers(unittest.TestCase):
    def test_many_on_one_connection(self):
        with Script(serving(lambda server, stream: server.send(answer(stream)))) as server:
            lines = run(*[server.url()] * 3, "--h2c")
            self.assertEqual(server.connections, 1)
        self.assertEqual([(line["status"], line["proto"], line["reused"], line["body_sha256"]) for line in lines],
                         [(200, "HTTP/2.0", reused, sha(b"fine")) for reused in (False, True, True)])

    def test_interims_and_trailers(self):
        frames = lambda stream: (head(stream, (b"link", b"</a>"), status=b"103") + head(stream) +
                                 data(stream, b"some", end=False) +
                                 frame(HEADERS, END_HEADERS | END_STREAM, stream, fields((b"x-sum", b"4"))))
        with Script(once(frames)) as server:
            line, = run(server.url(), "--h2c")
        self.assertEqual((line["informational"], line["trailer"], line["body_length"]), ([103], {"X-Sum": ["4"]}, 4))

    def test_bodies(self):
        with Script(serving(lambda server, stream: server.send(answer(stream, server.bodies[stream])))) as server:
            for flags in (["--body", "hello"], ["--body-length", 300000], ["--body-length", 70000, "--chunked"]):
                line, = run(server.url(), "--h2c", *flags)
                size = int(flags[1]) if flags[0] == "--body-length" else 5
                wanted = b"hello" if size == 5 else (b"0123456789abcdef" * 20000)[:size]
                self.assertEqual(line["body_sha256"], sha(wanted))

    def test_a_head_alone(self):
        for frames in (lambda stream: head(stream, status=b"204", end=True),
                       lambda stream: head(stream, (b"content-length", b"0"), end=True)):
            with Script(once(frames)) as server:
                line, = run(server.url(), "--h2c")
            self.assertEqual((line["error"], line["body_length"]), (None, 0))
        with Script(once(lambda stream: head(stream, (b"content-length", b"99"), end=True))) as server:
            line, = run(server.url(), "--h2c", "--method", "HEAD")
        self.assertIsNone(line["error"])

    def test_wrong_answers(self):
        for frames in (lambda s: head(s, (b"content-length", b"5")) + data(s, b"four"),
                       lambda s: head(s, (b"content-length", b"3")) + data(s, b"four"),
                       lambda s: frame(HEADERS, END_HEADERS, s, fields((b"x", b"y"))) + data(s, b""),
                       lambda s: head(s, status=b"20") + data(s, b""),
                       lambda s: head(s, status=b"101", end=True),
                       lambda s: head(s, (b"X-Upper", b"1")) + data(s, b""),
                       lambda s: head(s, (b"connection", b"close")) + data(s, b""),
                       lambda s: head(s, (b"x", b"a\r\nb")) + data(s, b""),
                       lambda s: head(s, status=b"103", end=True),
                       lambda s: data(s, b"before the head"),
                       lambda s: head(s) + data(s + 2, b"no such stream"),
                       lambda s: frame(PUSH, END_HEADERS, s, struct.pack(">I", 2) + fields((b":path", b"/"))),
                       lambda s: frame(HEADERS, END_HEADERS, s, b"\xff\xff\xff\xff\xff"),
                       lambda s: frame(DATA, 0, 0, b"x"),
                       lambda s: frame(PING, 0, 0, b"short"),
                       lambda s: frame(WINDOW, 0, 0, struct.pack(">I", 0)),
                       lambda s: frame(WINDOW, 0, 0, struct.pack(">I", 0x7fffffff)),
                       lambda s: frame(WINDOW, 0, s, struct.pack(">I", 0x7fffffff)) * 2,
                       lambda s: frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 0x80000000)),
                       lambda s: struct.pack(">I", 1 << 20)[1:] + bytes([DATA, 0]) + struct.pack(">I", s)):
            with Script(once(frames)) as server:
                line, = run(server.url(), "--h2c", "--timeout", 10000)
            self.assertEqual(line["error_kind"], "protocol", (frames(1), line))

    def test_a_head_that_is_too_long(self):
        with Script(once(lambda s: head(s, *[(b"x-%d" % i, b"y" * 100) for i in range(100)], end=True))) as server:
            line, = run(server.url(), "--h2c", "--max-header-bytes", 4096)
        self.assertEqual(line["error_kind"], "limit", line)

    def test_a_server_of_http1(self):
        def serve(peer, _):
            peer.conn.recv(1000)
            peer.send(ok())

        with Script(serve) as server:
            line, = run(server.url(), "--h2c", "--timeout", 10000)
        self.assertEqual(line["error_kind"], "protocol")
        self.assertIn("HTTP/1.1", line["error"])


class Ends(unittest.TestCase):
    def test_reset_streams(self):
        for code, kind in ((INTERNAL_ERROR, "closed"), (CANCEL, "closed")):
            with Script(once(lambda s, code=code: frame(RST, 0, s, struct.pack(">I", code)))) as server:
                line, = run(server.url(), "--h2c")
            self.assertEqual(line["error_kind"], kind)
            self.assertIn("received from peer", line["error"])

    def test_a_refused_stream_is_sent_again(self):
        def act(server, stream):
            if stream == 1:
                return server.send(frame(RST, 0, stream, struct.pack(">I", REFUSED)))
            return server.send(answer(stream, server.bodies.get(stream, b"")))

        with Script(serving(act)) as server:
            line, = run(server.url(), "--h2c", "--body", "again")
        self.assertEqual((line["error"], line["body_sha256"]), (None, sha(b"again")))

    def test_goaway(self):
        def serve(peer, number):
            server = Http2(peer)
            stream = server.request()
            if number == 1:  # not looked at
                server.send(frame(GOAWAY, 0, 0, struct.pack(">II", 0, NO_ERROR)))
                return server.rest()
            # The stream ends; the connection takes no more.
            server.send(frame(GOAWAY, 0, 0, struct.pack(">II", stream, NO_ERROR)) + answer(stream))
            return server.rest()

        with Script(serve) as server:
            lines = run(server.url(), server.url(), "--h2c", "--timeout", 10000)
            self.assertEqual(server.connections, 3)
        self.assertEqual([line["error"] for line in lines], [None, None])

    def test_an_early_answer(self):
        def serve(peer, _):
            server = Http2(peer)
            _, _, stream, _ = server.until(HEADERS)
            server.send(answer(stream, b"enough") + frame(RST, 0, stream, struct.pack(">I", NO_ERROR)))
            server.rest()

        with Script(serve) as server:
            line, = run(server.url(), "--h2c", "--body-length", 50 << 20, "--timeout", 20000)
        self.assertEqual((line["error"], line["body_sha256"]), (None, sha(b"enough")))

    def test_cut_at_every_byte(self):
        whole = head(1, (b"content-length", b"5")) + data(1, b"he", end=False) + data(1, b"llo")
        for cut in range(0, len(whole), 9 if sanitized() else 2):
            def serve(peer, _, cut=cut):
                server = Http2(peer)
                server.request()
                server.send(whole[:cut])

            with Script(serve) as server:
                line, = run(server.url(), "--h2c", "--timeout", 10000)
            self.assertEqual(line["error_kind"], "closed", (cut, line))

    def test_silence(self):
        with Script(once(lambda _: b"")) as server:
            line, = run(server.url(), "--h2c", "--timeout", 200)
            self.assertEqual(line["error_kind"], "timeout")
            line, = run(server.url(), "--h2c", "--header-timeout", 200)
            self.assertEqual(line["error_kind"], "timeout")
            self.assertIn("http2: timeout awaiting response headers", line["error"])

    def test_a_cancelled_stream_is_reset(self):
        seen = []

        def serve(peer, _):
            server = Http2(peer)
            server.send(head(server.request()))
            seen.extend(server.rest())

        with Script(serve) as server:
            run(server.url(), "--h2c", "--timeout", 200)
        self.assertIn((RST, 0, 1, struct.pack(">I", CANCEL)), seen)


class Flow(unittest.TestCase):
    def test_the_servers_limit_of_streams(self):
        most = [0]

        def act(server, stream):
            server.open = getattr(server, "open", 0) + 1
            most[0] = max(most[0], server.open)
            server.send(answer(stream))
            server.open -= 1

        with Script(serving(act, settings=struct.pack(">HI", 3, 2))) as server:
            lines = run(server.url(), "--h2c", "--concurrency", 8, "--repeat", 24, "--timeout", 20000)
        self.assertEqual([line["error"] for line in lines], [None] * 24)

    def test_windows_of_the_server(self):
        def serve(peer, _):
            server = Http2(peer, settings=struct.pack(">HI", 4, 1000))
            server.until(HEADERS)
            body = b""
            while True:
                kind, flags, stream, payload = server.next()
                if kind == DATA:
                    body += payload
                    if flags & END_STREAM:
                        break
                    assert len(payload) <= 65535
                    # More may have come than the window that SETTINGS gives.
                    server.send(frame(WINDOW, 0, stream, struct.pack(">I", len(payload) + 500)) +
                                frame(WINDOW, 0, 0, struct.pack(">I", len(payload) or 1)))
            server.send(answer(1, body))
            server.rest()

        with Script(serve) as server:
            line, = run(server.url(), "--h2c", "--body-length", 20000, "--timeout", 20000)
        self.assertEqual(line["body_length"], 20000)

    def test_pings_are_answered(self):
        def serve(peer, _):
            server = Http2(peer)
            stream = server.request()
            server.send(frame(PING, 0, 0, b"12345678"))
            while server.until(PING)[1:] != (ACK, 0, b"12345678"):
                pass
            server.send(answer(stream))
            server.rest()

        with Script(serve) as server:
            line, = run(server.url(), "--h2c", "--timeout", 10000)
        self.assertIsNone(line["error"])


class Alpn(unittest.TestCase):
    def test_the_server_chooses(self):
        certificates = harness.Certificates()
        cert, key = certificates.make("localhost", "DNS:localhost")
        for offer, flags, proto in ((["h2", "http/1.1"], [], "HTTP/2.0"), (["http/1.1"], [], "HTTP/1.1"),
                                    (["h2", "http/1.1"], ["--http1"], "HTTP/1.1"), (["h2"], ["--http2"], "HTTP/2.0"),
                                    (None, ["--http2"], None)):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(cert, key)
            if offer:
                context.set_alpn_protocols(offer)

            def serve(peer, _, context=context):
                peer.conn = context.wrap_socket(peer.conn, server_side=True)
                if peer.conn.selected_alpn_protocol() == "h2":
                    server = Http2(peer)
                    while True:
                        server.send(answer(server.request()))
                while True:
                    peer.request()
                    peer.send(ok())

            with Script(serve) as server:
                line, = run(f"https://localhost:{server.port}/", "--ca", cert, *flags)
            if proto is None:
                self.assertEqual(line["error_kind"], "tls")
            else:
                self.assertEqual((line["proto"], line["body_sha256"]), (proto, sha(b"fine")))


if __name__ == "__main__":
    harness.main()
