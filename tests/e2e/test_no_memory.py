"""Allocations that fail cost connections, and never the process: by chance and on every thread (no_memory.cc),
and under a limit of the system on the process's memory."""

import argparse
import contextlib
import os
import pathlib
import random
import resource
import struct
import sys
import tempfile
import threading
import time
import unittest

import harness
from bad_requests import GOOD

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import websocket  # noqa: E402

MIB = 1 << 20
LIMIT = 400 * MIB
CHANCES = (1000, 100, 10, 2)  # one of so many allocations fails
SECONDS = 0.8  # for each of these
CLIENTS = 6
# Of every kind; whatever is answered is right.
REQUESTS = [
    GOOD, GOOD * 16, b"GET /length/1000000 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /chunked/1000 HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /until-gone HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100000,
    b"POST /noread HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n" + b"x" * 3000,
    b"GET /hijack HTTP/1.1\r\nHost: a\r\n\r\nhello", b"GET /sse HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /sleep/5 HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /block/5 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /panic HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /timeout/5 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /compressed/length/100000 HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n",
    b"GET / HTTP/1.1\r\nHo st: a\r\n\r\n", b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n",
]
flags = None


class Client(threading.Thread):
    """Asks for anything, of either protocol, plain and over TLS; takes what comes."""

    def __init__(self, server, seed):
        super().__init__(daemon=True)
        self.server, self.random, self.over = server, random.Random(seed), False

    def run(self):
        while not self.over:
            # Cut connections, broken answers and time-outs are what the test makes.
            with contextlib.suppress(OSError, AssertionError, harness.Closed, websocket.Closed, ValueError):
                self.random.choice(self.works())()

    def works(self):
        return [self.http1, self.http1, self.websocket] + ([self.http2] if flags.h2client else [])

    def http1(self):
        tls = self.server.tls_port and self.random.random() < 0.5
        with harness.Wire(self.server.host, self.server.tls_port if tls else self.server.port, 1,
                          harness.wire_context() if tls else None) as wire:
            wire.send(self.random.choice(REQUESTS))
            wire.socket.settimeout(0.1)
            wire.socket.recv(self.random.choice((1, 100_000)))

    def websocket(self):
        with websocket.WebSocket(self.server.host, self.server.port, "/ws", timeout=1) as socket:
            for size in (0, 125, 70_000):
                socket.send(b"x" * size)
                socket.receive()

    def http2(self):
        with flags.h2client.Client(self.server, tls=self.random.random() < 0.5, timeout=1) as client:
            asked = [client.open(f"/length/{self.random.choice((0, 10_000))}") for _ in range(5)]
            client.ask("/echo", "POST", body=b"x" * 50_000)
            client.wait(*asked, seconds=1)


class NoMemoryTest(unittest.TestCase):
    def serve(self, *more):
        with harness.Server(wire="plain"):
            pass  # skips where the kernel has no such backend
        with_tls = flags.h2client is not None  # where HTTP/2 is, TLS is
        harness.settings.wire = "tls1.3" if with_tls else "plain"
        return harness.Server(*more, *(["--h2c"] if with_tls else []), "--read-header-timeout-ms", 20000)

    def is_served(self, server):
        with contextlib.suppress(OSError, harness.Closed, harness.WireError):
            return server.ask(GOOD).body == b"MARKER"
        return False

    def test_allocations_that_fail_by_chance(self):
        if not flags.library:
            harness.skip_all("a sanitizer has operator new to itself")
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / "chance").write_bytes(struct.pack("I", 0))
        os.environ.update(HON_PRELOAD=flags.library, HON_NO_MEMORY=str(folder / "chance"))
        self.addCleanup(os.environ.pop, "HON_PRELOAD")
        with self.serve() as server:
            self.assertTrue(self.is_served(server))
            descriptors = server.descriptors()
            for chance in CHANCES:
                clients = [Client(server, f"{chance} {i}") for i in range(CLIENTS)]
                with open(folder / "chance", "r+b", buffering=0) as file:
                    file.write(struct.pack("I", chance))
                    for client in clients:
                        client.start()
                    time.sleep(SECONDS)
                    file.seek(0)
                    file.write(struct.pack("I", 0))
                for client in clients:
                    client.over = True
                for client in clients:
                    client.join()
                self.assertIsNone(server.process.poll(), f"one of {chance} failed:\n{server.errors()[-5000:]}")
                self.assertTrue(harness.wait_until(lambda: self.is_served(server)), f"one of {chance} failed")
            self.assertTrue(harness.wait_until(lambda: server.descriptors() <= descriptors), server.show_descriptors())

    def test_unfinished_heads_under_a_limit_of_the_system(self):
        """600 heads of 900 KB are more than the process may have. The budget of the server does not know of all
        that its process needs, so allocations do fail."""
        if harness.sanitized():
            harness.skip_all("sanitizers reserve more than the limit")
        head = b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X-%d: %s\r\n" % (i, b"y" * 9000) for i in range(100))
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        server = self.serve()
        server.command = ["prlimit", f"--as={LIMIT}", *server.command]
        with server, contextlib.ExitStack() as wires:
            self.assertTrue(self.is_served(server))
            for _ in range(600):
                with contextlib.suppress(TimeoutError):
                    wire = wires.enter_context(harness.Wire(server.host, server.port, 1))
                    wire.send(head)
                self.assertIsNone(server.process.poll(), server.errors()[-5000:])
            # Room comes back without any time-out, while all of these stay.
            self.assertTrue(harness.wait_until(lambda: self.is_served(server), 30), server.errors()[-5000:])


def main():
    global flags
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--backend", default="epoll")
    parser.add_argument("--library", help="what no_memory.cc was built to")
    parser.add_argument("--http2", action="store_true", help="the programs have TLS and HTTP/2")
    flags, rest = parser.parse_known_args()
    flags.h2client = None
    harness.settings.bin, harness.settings.backend = flags.bin, flags.backend
    if flags.http2:
        flags.h2client = __import__("h2client")
    unittest.main(verbosity=2, argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
