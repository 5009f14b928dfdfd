"""hon_wire_client against servers that follow a script: what it sends, what it makes of answers that are
strange, cut, late or hostile, and which connections it uses again."""

import base64
import gzip
import hashlib
import pathlib
import socket
import time
import unittest

import harness
from scripted import Script, ok, run, sanitized


def sha(data):
    return hashlib.sha256(data).hexdigest()


def keep_alive(answer):
    """Answers every request of every connection."""
    def serve(peer, _):
        while True:
            peer.request()
            peer.send(answer)
    return serve


def once(answer, *, reset=False):
    """Answers the first request, then closes."""
    def serve(peer, _):
        peer.request()
        peer.send(answer)
        if reset:
            peer.reset()
    return serve


class Requests(unittest.TestCase):
    def test_bytes_of_a_get(self):
        with Script(keep_alive(ok())) as server:
            line, = run(server.url("/p?q=1#f"), "--dump")
            run(server.url(), "--header", "X-B: 1", "--header", "X-A: 2", "--no-decompress", "--no-keep-alive")
        host = f"127.0.0.1:{server.port}".encode()
        want = (b"GET /p?q=1 HTTP/1.1\r\nHost: " + host + b"\r\nUser-Agent: hon-http-client/1.1\r\n"
                b"Accept-Encoding: gzip\r\n\r\n")
        self.assertEqual(server.requests, [want, b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n"
                                           b"User-Agent: hon-http-client/1.1\r\nConnection: close\r\n"
                                           b"X-B: 1\r\nX-A: 2\r\n\r\n"])
        self.assertEqual(base64.b64decode(line["wire"]), want)
        self.assertEqual(line["url"], server.url("/p?q=1#f"))

    def test_bodies_and_their_framing(self):
        seen = []

        def serve(peer, _):
            while True:
                seen.append(peer.request() + (getattr(peer, "trailer", b""),))
                peer.send(ok())

        with Script(serve) as server:
            url = server.url()
            run(url, "--method", "POST")
            run(url, "--body", "hello")
            run(url, "--method", "PUT", "--body", "hello", "--chunked", "--trailer", "X-T: 1")
            run(url, "--body-length", 300000)
            run(url, "--method", "DELETE")
            run(url, "--body-file", __file__)
        pattern = (b"0123456789abcdef" * 20000)[:300000]
        own = pathlib.Path(__file__).read_bytes()
        self.assertEqual([body for _, body, _ in seen], [b"", b"hello", b"hello", pattern, b"", own])
        self.assertIn(b"\r\nContent-Length: 0\r\n", seen[0][0])
        self.assertIn(b"\r\nContent-Length: 5\r\n", seen[1][0])
        self.assertIn(b"\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n", seen[2][0])
        self.assertEqual(seen[2][2], b"X-T: 1\r\n")
        self.assertNotIn(b"Content-Length", seen[4][0])

    def test_what_cannot_be_sent_is_not_dialed(self):
        with Script(keep_alive(ok())) as server:
            for arguments in (["--method", "G T", server.url()], ["ftp://127.0.0.1/"], ["http:///x"],
                              [server.url("/?a b")], ["--header", "Host: a b", server.url()],
                              ["--header", "Host: a/b", server.url()]):
                line, = run(*arguments)
                self.assertEqual(line["error_kind"], "other", line)
            self.assertEqual(server.connections, 0)

    def test_userinfo_becomes_credentials_and_stays_out_of_errors(self):
        with Script(keep_alive(b"nonsense\r\n\r\n")) as server:
            line, = run(f"http://us:pass@127.0.0.1:{server.port}/")
        self.assertIn(b"Authorization: Basic dXM6cGFzcw==", server.requests[0])
        self.assertNotIn("pass", line["error"])


class Answers(unittest.TestCase):
    def test_framings(self):
        for answer, body, trailer in (
                (ok(b"0123456789"), b"0123456789", {}),
                (b"HTTP/1.1 200 OK\r\n\r\nup to the end", b"up to the end", {}),
                (b"HTTP/1.0 200 OK\r\n\r\nold", b"old", {}),
                (b"HTTP/1.1 204 No Content\r\n\r\n", b"", {}),
                (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", b"", {}),
                (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                 b"5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 11\r\n\r\n", b"hello world", {"X-Sum": ["11"]})):
            for bytewise in (False, True):
                def serve(peer, _, answer=answer, bytewise=bytewise):
                    peer.request()
                    (peer.bytewise if bytewise else peer.send)(answer)

                with Script(serve) as server:
                    line, = run(server.url())
                self.assertIsNone(line["error"], line)
                self.assertEqual((line["body_length"], line["body_sha256"]), (len(body), sha(body)))
                self.assertEqual(line["trailer"], trailer)

    def test_head_has_no_body(self):
        with Script(keep_alive(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")) as server:
            lines = run(server.url(), server.url(), "--method", "HEAD", "--timeout", 5000)
        self.assertEqual([(line["error"], line["body_length"]) for line in lines], [(None, 0)] * 2)
        self.assertEqual(server.connections, 1)

    def test_interim_answers_are_passed_over(self):
        answer = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 P\r\n\r\n" + ok()
        with Script(keep_alive(answer)) as server:
            line, = run(server.url())
        self.assertEqual((line["status"], line["informational"]), (200, [103, 102]))

    def test_interim_answers_have_a_limit(self):
        for count, kind in ((100, None), (101, "protocol")):
            with Script(once(b"HTTP/1.1 102 P\r\n\r\n" * count + ok())) as server:
                line, = run(server.url())
            self.assertEqual(line["error_kind"], kind)

    def test_malformed_answers(self):
        for answer in (b"nonsense\r\n\r\n", b"HTTP/2.0 200 OK\r\n\r\n", b"HTTP/1.1 20 OK\r\n\r\n",
                       b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
                       b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
                       b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                       b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                       b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
                       b"HTTP/1.1 200 OK\nA: b\n\n", b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
                       b"HTTP/1.1 200 OK\r\n A: b\r\n\r\n", b"HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n",
                       b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
                       b"\x15\x03\x01\x00\x02\x02\x28"):
            with Script(once(answer)) as server:
                line, = run(server.url(), "--timeout", 10000)
            self.assertIn(line["error_kind"], ("protocol", "closed"), (answer, line))

    def test_a_head_of_the_allowed_length_passes(self):
        for size in (1000, 200000):
            head = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: "
            fill = b"x" * (size - len(head) - 4)
            for limit, kind in ((size, None), (size - 1, "limit")):
                with Script(once(head + fill + b"\r\n\r\n")) as server:
                    line, = run(server.url(), "--max-header-bytes", limit)
                self.assertEqual(line["error_kind"], kind, line["error"])

    def test_gzip(self):
        packed = gzip.compress(b"hello" * 1000) + gzip.compress(b"more")
        plain = b"hello" * 1000 + b"more"
        answer = ok(packed, b"Content-Encoding: gzip\r\n")
        with Script(keep_alive(answer)) as server:
            decoded, = run(server.url())
            raw, = run(server.url(), "--no-decompress")
            own, = run(server.url(), "--header", "Accept-Encoding: gzip")
        self.assertEqual((decoded["body_sha256"], decoded["body_length"]), (sha(plain), len(plain)))
        self.assertNotIn("Content-Encoding", decoded["header"])
        self.assertNotIn("Content-Length", decoded["header"])
        for line in (raw, own):
            self.assertEqual(line["body_sha256"], sha(packed))
            self.assertEqual(line["header"]["Content-Encoding"], ["gzip"])
        for broken in (packed[:-3], b"no gzip", packed + b"rubbish", packed[:40]):
            with Script(once(ok(broken, b"Content-Encoding: gzip\r\n"))) as server:
                line, = run(server.url())
            self.assertIn(line["error_kind"], ("protocol", "closed"), broken)

    def test_a_gzip_bomb_ends(self):
        bomb = gzip.compress(bytes(64 << 20))
        with Script(once(ok(bomb, b"Content-Encoding: gzip\r\n"))) as server:
            line, = run(server.url())
        self.assertEqual(line["error_kind"], "limit")
        self.assertLess(line["body_length"], 24 << 20)

    def test_cut_at_every_byte(self):
        answer = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n")
        lengths = ok(b"hello")
        step = 7 if sanitized() else 1
        for whole in (answer, lengths):
            for reset in (False, True):
                cuts = list(range(0, len(whole), step))

                def serve(peer, number, whole=whole, reset=reset, cuts=cuts):
                    head, _ = peer.request()
                    cut = cuts[int(head.split(b" ")[1][1:])]
                    peer.send(whole[:cut])
                    if reset:
                        peer.reset()

                with Script(serve) as server:
                    lines = run(*[server.url(f"/{i}") for i in range(len(cuts))], "--timeout", 10000)
                for cut, line in zip(cuts, lines):
                    self.assertIn(line["error_kind"], ("closed",), (cut, reset, line))


class Reuse(unittest.TestCase):
    def test_one_connection_serves_one_request_after_the_other(self):
        with Script(keep_alive(ok())) as server:
            lines = run(*[server.url()] * 5)
        self.assertEqual([line["reused"] for line in lines], [False] + [True] * 4)
        self.assertEqual(server.connections, 1)

    def test_connections_that_are_not_used_again(self):
        for answer, flags in ((ok(extra=b"Connection: close\r\n"), []), (ok(), ["--no-keep-alive"]),
                              (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", []),
                              (ok() + b"surplus", []), (ok() + ok(b"forged"), []),
                              (ok(), ["--header", "Connection: close"])):
            with Script(keep_alive(answer)) as server:
                lines = run(server.url(), server.url(), server.url(), *flags)
            self.assertEqual([(line["error"], line["body_sha256"]) for line in lines],
                             [(None, lines[0]["body_sha256"])] * 3)
            self.assertEqual(server.connections, 3, answer)

    def test_surplus_that_comes_later_reaches_nobody(self):
        def serve(peer, _):
            while True:
                peer.request()
                peer.send(ok())
                time.sleep(0.1)
                peer.send(ok(b"forged"))

        with Script(serve) as server:
            lines = run(*[server.url()] * 3, "--sleep-between", 1500)
        self.assertEqual([line["body_sha256"] for line in lines], [sha(b"fine")] * 3)
        self.assertEqual(server.connections, 3)

    def test_a_server_that_closes_idle_connections_is_not_noticed(self):
        def serve(peer, _):
            peer.request()
            peer.send(ok())

        with Script(serve) as server:
            lines = run(*[server.url()] * 4, "--sleep-between", 50)
        self.assertEqual([line["error"] for line in lines], [None] * 4)

    def test_a_reused_connection_that_ends_unanswered(self):
        def serve(peer, number):
            peer.request()
            peer.send(ok())
            peer.head()  # the second request gets no answer
            if number > 1:
                peer.send(ok())

        for method, kind in (("GET", None), ("PUT", None), ("DELETE", None), ("POST", "closed"), ("PATCH", "closed")):
            with Script(serve) as server:
                lines = run(server.url(), server.url(), "--method", method, "--body", "x")
            self.assertEqual(lines[1]["error_kind"], kind, method)

    def test_a_fresh_connection_is_not_tried_again(self):
        with Script(lambda peer, _: peer.head()) as server:
            line, = run(server.url())
        self.assertEqual((line["error_kind"], server.connections), ("closed", 1))

    def test_limits_of_connections(self):
        def serve(peer, _):
            while True:
                peer.request()
                time.sleep(0.05)
                peer.send(ok())

        with Script(serve) as server:
            lines = run(server.url(), "--repeat", 12, "--concurrency", 6, "--max-conns-per-host", 2)
            self.assertEqual(server.connections, 2)
        self.assertEqual([line["error"] for line in lines], [None] * 12)

    def test_idle_connections_end(self):
        with Script(keep_alive(ok())) as server:
            run(server.url(), server.url(), "--idle-timeout", 50, "--sleep-between", 500)
            self.assertEqual(server.connections, 2)


class Times(unittest.TestCase):
    def check(self, serve, kind, *flags):
        with Script(serve) as server:
            start = time.monotonic()
            line, = run(server.url(), *flags)
            self.assertEqual(line["error_kind"], kind, line)
            self.assertLess(time.monotonic() - start, 30)  # half of the least default
        return line

    def test_silence(self):
        def silent(peer, _):
            peer.head()
            peer.closed()

        line = self.check(silent, "timeout", "--timeout", 100)
        self.assertIn("Client.Timeout exceeded while awaiting headers", line["error"])
        line = self.check(silent, "timeout", "--header-timeout", 100)
        self.assertIn("net/http: timeout awaiting response headers", line["error"])

    def test_a_body_that_stands_still(self):
        def serve(peer, _):
            peer.head()
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
            peer.closed()

        line = self.check(serve, "timeout", "--timeout", 1000)
        self.assertEqual((line["status"], line["body_length"]), (200, 5))
        self.assertIn("while reading body", line["error"])

    def test_a_server_that_does_not_read(self):
        def serve(peer, _):
            peer.conn.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            time.sleep(1)

        self.check(serve, "timeout", "--timeout", 200, "--body-length", 100 << 20)

    def test_an_address_that_keeps_silent(self):
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            fillers = []
            for _ in range(4):  # the backlog
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(full.getsockname())
                fillers.append(filler)
            line, = run(f"http://127.0.0.1:{full.getsockname()[1]}/", "--dial-timeout", 200)
            for filler in fillers:
                filler.close()
        self.assertEqual(line["error_kind"], "timeout")


class Uploads(unittest.TestCase):
    def test_expect_continue(self):
        def agrees(peer, _):
            head = peer.head()
            assert b"Expect: 100-continue" in head
            peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            assert peer.exactly(5) == b"hello"
            peer.send(ok())

        with Script(agrees) as server:
            line, = run(server.url(), "--body", "hello", "--expect", "--expect-timeout", 10000)
        self.assertEqual((line["status"], line["informational"]), (200, [100]))

    def test_the_server_refuses_the_body(self):
        def refuses(peer, _):
            peer.head()
            peer.send(b"HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n")
            self.assertEqual(peer.closed(), b"")

        with Script(refuses) as server:
            lines = run(server.url(), server.url(), "--body", "hello", "--expect",
                        "--expect-timeout", 10000)
            self.assertEqual([line["status"] for line in lines], [417, 417])
            self.assertEqual(server.connections, 2)

    def test_nobody_answers_the_expectation(self):
        def waits(peer, _):
            peer.head()
            assert peer.exactly(5) == b"hello"
            peer.send(ok())

        with Script(waits) as server:
            line, = run(server.url(), "--body", "hello", "--expect", "--expect-timeout", 50)
        self.assertEqual(line["status"], 200)

    def test_an_early_answer_ends_the_upload(self):
        def serve(peer, _):
            peer.head()
            peer.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nstop")
            peer.closed()

        with Script(serve) as server:
            line, = run(server.url(), "--body-length", 50 << 20, "--timeout", 20000)
        self.assertEqual((line["status"], line["body_sha256"]), (413, sha(b"stop")))


class Redirects(unittest.TestCase):
    def test_chain(self):
        def serve(peer, _):
            while True:
                head, _ = peer.request()
                path = head.split(b" ")[1].decode()
                step = int(path[1:])
                if step == 0:
                    peer.send(ok(b"end"))
                else:
                    peer.send(b"HTTP/1.1 302 Found\r\nLocation: /%d\r\nContent-Length: 2\r\n\r\nxx" % (step - 1))

        with Script(serve) as server:
            line, = run(server.url("/9"))
            self.assertEqual((line["status"], line["url"]), (200, server.url("/0")))
            self.assertEqual(line["redirects"], [server.url(f"/{i}") for i in range(8, -1, -1)])
            self.assertEqual(server.connections, 1)
            line, = run(server.url("/10"))
            self.assertEqual(line["error_kind"], "redirect")
            self.assertIn("stopped after 10 redirects", line["error"])
            line, = run(server.url("/9"), "--no-redirects")
            self.assertEqual((line["status"], line["redirects"]), (302, []))
            line, = run(server.url("/9"), "--max-redirects", 3)
            self.assertEqual(line["error_kind"], "redirect")


if __name__ == "__main__":
    harness.main()
