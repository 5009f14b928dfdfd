"""hon_wire_client over HTTP/2, against a server that is made of single frames: what it makes of frames that
are late, wrong or missing. By prior knowledge, but for the choice by ALPN."""

import collections
import contextlib
import hashlib
import importlib
import ssl
import struct
import threading
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
        self.greeted = settings is not None  # else the script sends SETTINGS, and their acknowledgement
        if self.greeted:
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
        if self.greeted and kind == SETTINGS and not flags & ACK:
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


def decoder():
    """A decoder of field blocks, where Python has one."""
    return importlib.import_module("h2client").hpack.Decoder()


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


class Requests(unittest.TestCase):
    def test_the_first_frames(self):
        """Preface, SETTINGS, the connection's window, and the request, which does not wait for the server."""
        seen = []

        def serve(peer, _):
            server = Http2(peer, settings=None)
            stream = server.request()
            seen.extend(server.seen)
            server.send(frame(SETTINGS, 0, 0) + frame(SETTINGS, ACK, 0) + answer(stream))
            server.rest()

        with Script(serve) as server:
            line, = run(server.url(), "--h2c")
        self.assertIsNone(line["error"])
        self.assertEqual([(kind, stream) for kind, _, stream, _ in seen], [(SETTINGS, 0), (WINDOW, 0), (HEADERS, 1)])
        settings = dict(struct.unpack(">HI", seen[0][3][i:i + 6]) for i in range(0, len(seen[0][3]), 6))
        # ENABLE_PUSH, INITIAL_WINDOW_SIZE, MAX_HEADER_LIST_SIZE
        self.assertEqual(settings, {2: 0, 4: 1 << 20, 6: 10 << 20})
        self.assertEqual(struct.unpack(">I", seen[1][3])[0], (16 << 20) - 65535)

    def fields_of(self, *flags):
        """The fields of a request, as the server decodes them."""
        found = []

        def act(server, stream):
            head = next(payload for kind, _, _, payload in server.seen if kind == HEADERS)
            found.extend((bytes(name), bytes(value)) for name, value, *_ in decoder().decode(head, raw=True))
            server.send(answer(stream))

        with Script(serving(act)) as server:
            line, = run(server.url("/path?q"), "--h2c", *flags)
            authority = b"127.0.0.1:%d" % server.port
        self.assertIsNone(line["error"])
        return found, authority

    def test_the_fields_of_a_request(self):
        found, authority = self.fields_of("--header", "Cookie: a=1; b=2;c=3", "--header", "X-One: 1",
                                          "--header", "Keep-Alive: 5", "--header", "Proxy-Connection: x",
                                          "--header", "Connection: keep-alive", "--header", "TE: trailers")
        self.assertEqual(dict(found[:4]), {b":method": b"GET", b":scheme": b"http", b":authority": authority,
                                           b":path": b"/path?q"})
        self.assertEqual(found[4:9], [(b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"cookie", b"c=3"), (b"x-one", b"1"),
                                      (b"te", b"trailers")])
        self.assertEqual({name for name, _ in found[9:]}, {b"user-agent", b"accept-encoding"})

    def test_the_fields_of_a_body(self):
        found, _ = self.fields_of("--body", "hello")
        self.assertIn((b"content-length", b"5"), found)
        found, _ = self.fields_of("--body", "hello", "--chunked", "--trailer", "X-Sum: 4")
        self.assertNotIn(b"content-length", dict(found))
        self.assertIn((b"trailer", b"X-Sum"), found)

    def test_fields_that_cannot_be_sent(self):
        with Script(serving(lambda server, stream: server.send(answer(stream)))) as server:
            for header, text in (("Connection: foo", 'http2: invalid Connection request header: "foo"'),
                                 ("Upgrade: foo", "http2: invalid Upgrade request header")):
                line, = run(server.url(), "--h2c", "--header", header)
                self.assertEqual(line["error_kind"], "other")
                self.assertIn(text, line["error"])

    def test_fields_that_are_too_long_for_the_server(self):
        """SETTINGS_MAX_HEADER_LIST_SIZE, at the limit and one past it."""
        for extra, kind in ((0, None), (1, "limit")):
            def serve(peer, _, extra=extra):
                server = Http2(peer, settings=None)
                stream = server.request()
                found = decoder().decode(server.seen[-1][3], raw=True)
                size = sum(len(name) + len(value) + 32 for name, value, *_ in found)
                server.send(frame(SETTINGS, 0, 0, struct.pack(">HI", 6, size - extra)) + frame(SETTINGS, ACK, 0) +
                            answer(stream))
                while True:
                    server.send(answer(server.request()))

            with self.subTest(extra=extra), Script(serve) as server:
                first, second = run(server.url(), server.url(), "--h2c", "--header", "X: " + "y" * 100)
            self.assertEqual((first["error_kind"], second["error_kind"]), (None, kind))
        self.assertIn("http2: request header list larger than peer's advertised limit", second["error"])

    def test_a_request_that_ends_its_connection(self):
        """Connection: close: the connection ends with the request, and says so by GOAWAY."""
        seen = []

        def serve(peer, _):
            server = Http2(peer)
            server.send(answer(server.request()))
            seen.extend(kind for kind, *_ in server.rest())

        for flags in (["--header", "Connection: close"], ["--no-keep-alive"]):
            with self.subTest(flags=flags), Script(serve) as server:
                lines = run(server.url(), server.url(), "--h2c", *flags)
                self.assertEqual(server.connections, 2)
            self.assertEqual([line["error"] for line in lines], [None, None])
            self.assertEqual(seen.count(GOAWAY), 2)
            seen.clear()


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

    def test_idle_connections_say_goodbye(self):
        """Past --idle-timeout a connection is closed with GOAWAY, and the next request makes another."""
        seen = []

        def serve(peer, _):
            server = Http2(peer)
            server.send(answer(server.request()))
            seen.extend(kind for kind, *_ in server.rest())

        with Script(serve) as server:
            lines = run(server.url(), server.url(), "--h2c", "--idle-timeout", 50, "--sleep-between", 2000)
            self.assertEqual(server.connections, 2)
        self.assertEqual([line["error"] for line in lines], [None, None])
        self.assertIn(GOAWAY, seen)

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

    def test_requests_past_the_limit_take_another_connection(self):
        """A connection takes two requests; all are answered once so many are there."""
        for flags, at_once in (([], 4), (["--max-conns-per-host", 1], 2)):
            lock = threading.Lock()
            pending = []
            served = collections.Counter()

            def serve(peer, number, lock=lock, pending=pending, served=served, at_once=at_once):
                server = Http2(peer, settings=struct.pack(">HI", 3, 2))
                while True:
                    stream = server.request()
                    with lock:
                        if [one for one, _ in pending].count(server) == 2:
                            server.send(frame(RST, 0, stream, struct.pack(">I", REFUSED)))
                            continue
                        pending.append((server, stream))
                        served[number] += 1
                        if len(pending) == at_once:
                            for one, number_ in pending:
                                one.send(answer(number_))
                            pending.clear()

            with self.subTest(at_once=at_once), Script(serve) as server:
                lines = run(server.url(), "--h2c", "--concurrency", 4, "--repeat", 4, "--timeout", 20000, *flags)
                connections = server.connections
            self.assertEqual([line["error"] for line in lines], [None] * 4)
            self.assertEqual(sum(served.values()), 4)
            if at_once == 4:
                self.assertEqual(max(served.values()), 2)
            else:
                self.assertEqual(connections, 1)

    def test_one_connection_serves_requests_that_begin_at_once(self):
        """Each of the first requests may dial; the connections that are not needed end unused."""
        served = collections.Counter()

        def serve(peer, number):
            server = Http2(peer)
            while True:
                stream = server.request()
                served[number] += 1
                server.send(answer(stream))

        with Script(serve) as server:
            lines = run(server.url(), "--h2c", "--concurrency", 8, "--repeat", 32, "--timeout", 20000)
        self.assertEqual([line["error"] for line in lines], [None] * 32)
        self.assertEqual(list(served.values()), [32])

    def test_windows_that_overflow(self):
        """Past 2^31-1 the stream or the connection ends, while its upload waits for a window."""
        for frames in (lambda s: frame(WINDOW, 0, s, struct.pack(">I", 0x7fffffff)),
                       lambda s: (frame(WINDOW, 0, s, struct.pack(">I", 0x7fffffff - 65535)) +
                                  frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 65536)))):
            def serve(peer, _, frames=frames):
                server = Http2(peer)
                _, _, stream, _ = server.until(HEADERS)
                received = 0
                while received < 65535:  # the window of the connection
                    received += len(server.until(DATA)[3])
                server.send(frame(WINDOW, 0, stream, struct.pack(">I", 65535)) + frames(stream))
                server.rest()

            with Script(serve) as server:
                line, = run(server.url(), "--h2c", "--body-length", 1 << 20, "--timeout", 20000)
            self.assertEqual(line["error_kind"], "protocol", line)

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
