"""The answers to valid and invalid requests, for every way of arrival: whole, byte by byte, and after a
valid one on the same connection."""

import gzip
import unittest
import zlib

import harness
from bad_requests import BAD_BODIES, BAD_HEADS, GOOD, GOOD_REQUESTS, HIDDEN
from proxied import ROWS


class WireTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(harness.Server())

    def statuses(self, data, bytewise=False, half_close=True):
        """The statuses of all that is answered to `data`, up to the server's close."""
        with self.server.connect() as wire:
            (wire.send_bytewise if bytewise else wire.send)(data)
            if half_close and not harness.proxied():
                wire.finish()
            found = wire.answers()
        for answer in found:
            self.assertNotIn(b"HIDDEN", answer.body)
        return [answer.status for answer in found]

    def each(self, rows, check):
        """`check(request, want)` for each row that the wire can express."""
        left_out = set()
        for name, section, request, want in rows:
            if harness.proxied() and name in ROWS:
                continue
            with self.subTest(f"{name} ({section})"):
                try:
                    check(request, want)
                except harness.OfHttp1 as why:
                    left_out.add(str(why))
        self.assertLess(len(left_out), len(rows))
        for why in sorted(left_out):
            with self.subTest(why):
                self.skipTest("of HTTP/1: " + why)

    # ---- what must be refused ----

    def test_bad_requests_whole(self):
        self.each(BAD_HEADS + BAD_BODIES,
                  lambda request, status: self.assertEqual(self.statuses(request), [status]))

    def test_bad_requests_byte_by_byte(self):
        self.each(BAD_HEADS + BAD_BODIES, lambda request, status: self.assertEqual(
            self.statuses(request, bytewise=True), [status]))

    def test_bad_requests_behind_a_good_one(self):
        self.each(BAD_HEADS + BAD_BODIES, lambda request, status: self.assertEqual(
            self.statuses(GOOD + request), [200, status]))

    @harness.of_http1("the requests behind are streams of their own")
    def test_nothing_is_served_behind_a_bad_request(self):
        def check(request, status):
            self.assertEqual(self.statuses(request + HIDDEN), [status])
            self.assertEqual(self.statuses(request + HIDDEN, bytewise=True), [status])

        self.each(BAD_HEADS + BAD_BODIES, check)

    @harness.of_http1("the connection goes on")
    def test_the_server_closes_by_itself(self):
        self.each(BAD_HEADS + BAD_BODIES[:1], lambda request, status: self.assertEqual(
            self.statuses(request, half_close=False), [status]))

    @harness.of_http1("malformed requests are reset")
    def test_refusals_are_whole_answers(self):
        def check(request, status):
            answer = self.server.ask(request)
            self.assertEqual(answer.status, status)
            self.assertEqual(answer.get("Connection"), "close")
            if status != 417:
                self.assertEqual(answer.get("Content-Type"), "text/plain; charset=utf-8")
                self.assertTrue(answer.body)

        self.each(BAD_HEADS, check)

    # ---- what must not be refused ----

    def test_good_requests(self):
        def check(request, body):
            for send in ("send", "send_bytewise"):
                with self.server.connect() as wire:
                    getattr(wire, send)(request)
                    answer = wire.answer()
                    self.assertEqual((answer.status, answer.body), (200, body))
                    self.assertIsNone(answer.get("Connection"))
                    wire.send(GOOD)  # the connection goes on
                    self.assertEqual(wire.answer().body, b"MARKER")

        self.each(GOOD_REQUESTS, check)

    def test_pipelined_in_order(self):
        with self.server.connect() as wire:
            rows = [row for row in GOOD_REQUESTS if wire.expresses(row[2])]
            wire.send(b"".join(request for _, _, request, _ in rows))
            self.each(rows, lambda _, body: self.assertEqual(wire.answer().body, body))

    def test_sixteen_pipelined_at_every_cut(self):
        for cut in range(1, len(GOOD) * 2, 7):
            with self.server.connect() as wire:
                data = wire.encode(GOOD * 16)
                wire.send_raw(data[:cut])
                wire.send_raw(data[cut:])
                self.assertEqual([wire.answer().body for _ in range(16)], [b"MARKER"] * 16)

    # ---- one request is answered once ----

    def test_a_body_is_never_a_request(self):
        for method in (b"GET", b"HEAD", b"OPTIONS", b"POST", b"DELETE"):
            for path in (b"/noread", b"/echo", b"/nowhere"):
                with self.subTest(method=method, path=path), self.server.connect() as wire:
                    wire.send(method + b" " + path + b" HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
                              % len(HIDDEN) + HIDDEN + GOOD)
                    first = wire.answer(method.decode())
                    if path != b"/echo":
                        self.assertNotIn(b"HIDDEN", first.body)
                    self.assertEqual(wire.answer().body, b"MARKER")

    def test_a_chunked_body_is_never_a_request(self):
        with self.server.connect() as wire:
            wire.send(b"POST /noread HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                      b"%x\r\n%s\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN) + GOOD)
            self.assertEqual(wire.answer().body, b"not read\n")
            self.assertEqual(wire.answer().body, b"MARKER")

    def test_bodies_that_stop_early(self):
        self.assertEqual(self.statuses(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"), [400])

    @harness.of_http1("the framing of chunks")
    def test_chunked_bodies_that_stop_early(self):
        self.assertEqual(
            self.statuses(b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"), [400])

    @harness.of_http1("half a head")
    def test_a_head_that_stops_early(self):
        # Contract W9: half a request, then the end of it.
        self.assertEqual(self.statuses(b"GET / HTTP/1.1\r\nHos"), [400])
        self.assertEqual(self.statuses(GOOD + b"GET / HTTP/1.1\r\nHos"), [200, 400])

    def test_silence_when_nothing_was_asked(self):
        self.assertEqual(self.statuses(b""), [])
        self.assertEqual(self.statuses(GOOD), [200])

    # ---- Expect: 100-continue ----

    def expect(self, path):
        return (b"POST " + path + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                b"Expect: 100-continue\r\n\r\n")

    @harness.of_http1("lines")
    def test_empty_lines_behind_a_body_are_no_request(self):
        post = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
        for behind in (b"\r", b"\r\n", b"\r\n\r", b"\r\n\r\n"):
            with self.subTest(behind):
                self.assertEqual(self.statuses(post + behind), [200])
        self.assertEqual(self.statuses(post + b"\r\n\r\nG"), [200, 400])

    def test_continue_is_sent_when_the_body_is_read(self):
        with self.server.connect() as wire:
            wire.send(self.expect(b"/echo"))
            self.assertEqual(wire.head()[1], 100)
            wire.send(b"abc")
            self.assertEqual(wire.answer().body, b"abc")
            wire.send(GOOD)
            self.assertEqual(wire.answer().body, b"MARKER")

    def test_no_continue_when_the_body_is_not_read(self):
        with self.server.connect() as wire:
            wire.send(self.expect(b"/noread"))
            hints = []
            answer = wire.answer(informational=hints)
            self.assertEqual((answer.body, hints), (b"not read\n", []))
            # Whether the body still comes is unknown: nothing can follow (contract W41).
            self.assertTrue(wire.ends_behind(answer))

    @harness.of_http1("HTTP/1.0")
    def test_no_continue_for_http10(self):
        hints = []
        with self.server.connect() as wire:
            wire.send(self.expect(b"/echo").replace(b"HTTP/1.1", b"HTTP/1.0") + b"abc")
            self.assertEqual(wire.answer(informational=hints).body, b"abc")
        self.assertEqual(hints, [])

    # ---- compressed while they are served ----

    def ask_compressed(self, target, method="GET", fields=b"Accept-Encoding: gzip\r\n"):
        request = b"%s /compressed%s HTTP/1.1\r\nHost: a\r\n%s\r\n" % (method.encode(), target, fields)
        return self.server.ask(request, method)

    def test_compressed_answers(self):
        text = (b"0123456789abcdef" * 7000)[:100_000]
        for target in (b"/length/100000", b"/stream/100000"):
            with self.subTest(target):
                plain = self.ask_compressed(target, fields=b"")
                self.assertEqual((plain.get("Content-Encoding"), plain.get("Vary"), plain.body),
                                 (None, "Accept-Encoding", text))
                answer = self.ask_compressed(target)
                self.assertEqual((answer.get("Content-Encoding"), answer.get("Vary")), ("gzip", "Accept-Encoding"))
                self.assertEqual(gzip.decompress(answer.body), text)
                head = self.ask_compressed(target, "HEAD")
                self.assertEqual((head.get("Content-Encoding"), head.body), ("gzip", b""))
        small = self.ask_compressed(b"/length/1023")
        self.assertEqual((small.get("Content-Encoding"), small.get("Content-Length")), (None, "1023"))

    def test_compressed_streams_are_sent_at_each_flush(self):
        with self.server.connect() as wire:
            wire.send(b"GET /compressed/chunked/3 HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
            wire.head()
            unpacker = zlib.decompressobj(wbits=31)
            texts = []
            while chunk := wire.chunk():
                texts.append(unpacker.decompress(chunk))
        self.assertEqual(texts, [b"chunk 0\n", b"chunk 1\n", b"chunk 2\n", b""])
        self.assertTrue(unpacker.eof)

    def test_compressed_answers_that_fail_are_cut(self):
        with self.server.connect() as wire:
            wire.send(b"GET /compressed/answer/panic-flushed HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
            # A proxy cuts the answer before its head where nothing else of it has come.
            with self.assertRaises((harness.WireError, harness.Closed) if harness.proxied() else harness.WireError):
                wire.answer()
        self.assertEqual(self.ask_compressed(b"/panic").status, 500)


if __name__ == "__main__":
    harness.main()
