"""Every limit and deadline of a connection, at the limit and one past it."""

import time
import unittest

import harness
from bad_requests import GOOD
from harness import Closed, Server

FIELDS_MAX = 500


def head_of(wire, size):
    """A request of whose head WithMaxHeaderBytes counts exactly `size` bytes."""
    start = b"GET /echo-marker HTTP/1.1\r\nHost: a\r\nX: "
    end = b"\r\n\r\n"
    return start + b"x" * (size - wire.head_bytes(start + end)) + end


class SizeTest(unittest.TestCase):
    def refused(self, server, request, status):
        with server.connect() as wire:
            wire.send(request(wire) if callable(request) else request)
            answer = wire.answer()
            self.assertEqual(answer.status, status)
            self.assertTrue(wire.ends_behind(answer))

    def check_head_bytes(self, server, limit):
        with server.connect() as wire:
            wire.send(head_of(wire, limit))
            self.assertEqual(wire.answer().body, b"MARKER")
        self.refused(server, lambda wire: head_of(wire, limit + 1), 431)

    def test_head_bytes(self):
        with Server("--max-header-bytes", 4096) as server:
            self.check_head_bytes(server, 4096)

    @harness.of_http1("half a head")
    def test_head_bytes_without_end(self):
        with Server("--max-header-bytes", 4096) as server, server.connect() as wire:
            wire.send(b"GET /" + b"x" * (4096 + wire.HEAD_SLACK))
            self.assertEqual(wire.answer().status, 431)
            self.assertTrue(wire.closes())

    @harness.of_http1("the limit of an encoded field block is less: test_h2_abuse.py")
    def test_default_head_bytes(self):
        with Server() as server:
            self.check_head_bytes(server, 1 << 20)

    def test_head_fields(self):
        with Server() as server:
            def fields(count):
                return b"GET /echo-marker HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * (count - 1) + b"\r\n"
            with server.connect() as wire:
                most = FIELDS_MAX + wire.FIELDS_SLACK
            self.assertEqual(server.ask(fields(most)).body, b"MARKER")
            self.assertEqual(server.ask(fields(most + 1)).status, 431)

    def test_declared_body_bytes(self):
        with Server("--max-body-bytes", 1000) as server:
            def body(size):
                return b"POST /discard HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size
            self.assertEqual(server.ask(body(1000)).body, b"1000")
            self.refused(server, body(1001), 413)

    def test_too_large_a_body_is_refused_before_it_comes(self):
        with Server("--max-body-bytes", 1000) as server, server.connect() as wire:
            hints = []
            wire.send(b"POST /discard HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n"
                      b"Expect: 100-continue\r\n\r\n")
            answer = wire.answer(informational=hints)
            self.assertEqual((answer.status, hints), (413, []))
            self.assertTrue(wire.ends_behind(answer))

    def test_chunked_body_bytes(self):
        with Server("--max-body-bytes", 1000) as server:
            def body(size):
                return (b"POST /discard HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                        b"%x\r\n" % size + b"x" * size + b"\r\n0\r\n\r\n")
            self.assertEqual(server.ask(body(1000)).body, b"1000")
            self.refused(server, body(1001), 400)  # the handler sees the error

    def test_unread_body_is_drained_or_cut(self):
        with Server() as server:
            def ask(size, wire):
                wire.send(b"POST /noread HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size
                          + b"x" * size)
                return wire.answer()
            with server.connect() as wire:
                self.assertEqual(ask((256 << 10) - 1, wire).body, b"not read\n")
                wire.send(GOOD)
                self.assertEqual(wire.answer().body, b"MARKER")
            with server.connect() as wire:
                answer = ask(64 << 20, wire)
                self.assertEqual(answer.body, b"not read\n")
                self.assertTrue(wire.ends_behind(answer))

    @harness.of_http1("the server refuses before it knows the protocol")
    def test_connections(self):
        with Server("--max-connections", 10, loops=1) as server:
            wires = [self.enterContext(server.connect()) for _ in range(10)]
            for wire in wires:
                wire.send(GOOD)
                self.assertEqual(wire.answer().body, b"MARKER")
            with server.connect() as one_more:
                one_more.send(GOOD)
                self.assertEqual(one_more.answer().status, 503)
                self.assertTrue(one_more.closes())
            wires.pop().close()
            self.assertTrue(harness.wait_until(lambda: server.ask(GOOD).status == 200))


class DeadlineTest(unittest.TestCase):
    def took(self, wire, begun, low):
        """The answers up to the close, which must not come before `low` seconds after `begun`."""
        wire.socket.settimeout(30)  # tells no close from a slow machine
        found = wire.answers()
        self.assertTrue(wire.closes(30))
        self.assertGreaterEqual(time.monotonic() - begun, low)
        return [answer.status for answer in found]

    @harness.of_http1("half a head")
    def test_a_started_head_that_does_not_end(self):
        with Server("--read-header-timeout-ms", 500) as server:
            begun = time.monotonic()
            with server.connect() as wire:
                wire.send(b"GET / HTTP/1.1\r\nHost:")
                self.assertEqual(self.took(wire, begun, 0.5), [408])
            begun = time.monotonic()
            with server.connect() as wire:  # behind a good request too
                wire.send(GOOD + b"GET / HTTP/1.1\r\n")
                self.assertEqual(self.took(wire, begun, 0.5), [200, 408])

    @harness.of_http1("half a head")
    def test_a_head_in_drops(self):
        # A byte now and then must not buy more time.
        with Server("--read-header-timeout-ms", 700) as server, server.connect() as wire:
            start = time.monotonic()
            wire.socket.setblocking(False)
            for byte in b"GET / HTTP/1.1\r\nHost: " + b"a" * 100:
                wire.send(bytes([byte]))
                time.sleep(0.05)
                if time.monotonic() - start > 1.5:
                    break
            wire.socket.setblocking(True)
            self.assertEqual(wire.answer().status, 408)
            self.assertTrue(wire.closes())

    @harness.of_http1("the preface: test_h2_abuse.py")
    def test_a_connection_that_says_nothing(self):
        with Server("--read-header-timeout-ms", 500) as server:
            begun = time.monotonic()
            with server.connect() as wire:
                self.assertEqual(self.took(wire, begun, 0.5), [])

    def test_an_idle_connection(self):
        with Server("--keep-alive-timeout-ms", 500) as server, server.connect() as wire:
            begun = time.monotonic()
            wire.send(GOOD)
            self.assertEqual(self.took(wire, begun, 0.5), [200])

    def test_keep_alive_is_counted_from_the_last_answer(self):
        with Server("--keep-alive-timeout-ms", 1500) as server, server.connect() as wire:
            for _ in range(4):
                wire.send(GOOD)
                self.assertEqual(wire.answer().body, b"MARKER")
                time.sleep(0.5)
            self.assertTrue(wire.closes())

    def test_a_body_that_does_not_come(self):
        with Server("--read-timeout-ms", 500) as server, server.connect() as wire:
            start = time.monotonic()
            wire.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
            answer = wire.answer()
            self.assertEqual(answer.status, 400)
            self.assertGreaterEqual(time.monotonic() - start, 0.3)
            self.assertTrue(wire.ends_behind(answer))

    def test_a_slow_handler_is_no_slow_client(self):
        with Server("--read-timeout-ms", 300, "--read-header-timeout-ms", 300,
                    "--write-timeout-ms", 300, "--keep-alive-timeout-ms", 300) as server:
            answer = server.ask(b"GET /sleep/1000 HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(answer.body, b"slept\n")

    @harness.of_http1("the stream is reset: test_h2_abuse.py")
    def test_an_answer_that_is_not_taken(self):
        with Server("--write-timeout-ms", 500) as server:
            before = server.descriptors()
            with server.connect() as wire:
                wire.send(b"GET /length/1000000000 HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertTrue(harness.wait_until(lambda: server.descriptors() > before))
                self.assertTrue(harness.wait_until(lambda: server.descriptors() == before))

    def test_request_timeout(self):
        with Server("--request-timeout-ms", 500) as server, server.connect() as wire:
            wire.socket.settimeout(30)  # half of the handler's time
            wire.send(b"GET /sleep/60000 HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(wire.answer().status, 503)


class ShutdownTest(unittest.TestCase):
    def test_requests_end_and_idle_connections_close(self):
        with Server(loops=1) as server:
            idle, busy = (self.enterContext(server.connect()) for _ in range(2))
            busy.send(b"GET /sleep/2000 HTTP/1.1\r\nHost: a\r\n\r\n")
            idle.send(GOOD)
            self.assertEqual(idle.answer().body, b"MARKER")  # the loop has received the other request before
            server.terminate()
            self.assertTrue(idle.closes())
            answer = busy.answer()
            self.assertEqual(answer.body, b"slept\n")
            self.assertTrue(busy.ends_behind(answer) and busy.closes())
            self.assertEqual(server.stop(), 0)
            with self.assertRaises(OSError):
                server.connect()

    def test_the_grace_ends(self):
        with Server("--shutdown-timeout-ms", 300, loops=1) as server, server.connect() as wire:
            wire.send(b"GET /sleep/60000 HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(server.ask(GOOD).body, b"MARKER")  # the loop has received the other request before
            self.assertEqual(server.stop(), 0)  # within STOP_SECONDS_MAX
            with self.assertRaises((Closed, AssertionError)):
                wire.answer()

    def test_a_handler_that_computes_for_ever_does_not_keep_the_process(self):
        """docs/DEPLOY.md, "Ending": the grace, then Close, then the end without the handler."""
        server = Server("--shutdown-timeout-ms", 300)
        server.__enter__()  # __exit__ wants the code 0
        try:
            with server.connect() as wire:
                wire.send(b"GET /spin/60000 HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertEqual(server.ask(GOOD).body, b"MARKER")
                self.assertEqual(server.stop(), 1)  # within STOP_SECONDS_MAX
        finally:
            server.process.kill()
            server.process.stdout.close()
            server.process.stderr.close()


if __name__ == "__main__":
    harness.main()
