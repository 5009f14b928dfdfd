#!/usr/bin/env python3
"""A long soak at mixed load: requests over plain HTTP and TLS, uploads, downloads, event streams,
WebSockets, clients that leave in the middle, certificates that are read anew. Memory and descriptors of
the server must be flat.

  bench/mixed_soak.py --bin build/release/bin --seconds 1800 [--backend io_uring]

Fails on a wrong answer, on memory that in the last third is more than 16 MiB above that of the second, on
descriptors that stay open, and on a bad exit.
"""

import argparse
import contextlib
import os
import pathlib
import random
import signal
import socket
import ssl
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "e2e"), str(ROOT / "tests" / "support")]

import harness  # noqa: E402
from bad_requests import BAD_BODIES, BAD_HEADS, GOOD  # noqa: E402
from websocket import WebSocket  # noqa: E402

MEMORY_SLACK = 16 << 20
UPLOAD = b"x" * 100_000


class Load:
    """Clients of one kind each, until `over`. The first thing that went wrong stays in `wrong`."""

    def __init__(self, server, certificate, seed):
        self.server, self.random = server, random.Random(seed)
        self.tls = ssl.create_default_context(cafile=certificate)
        self.over = threading.Event()
        self.counts, self.wrong = {}, []

    def wire(self, secure=False):
        port = self.server.tls_port if secure else self.server.port
        return harness.Wire("127.0.0.1", port, 30, self.tls if secure else None)

    def expect(self, found, wanted, what):
        if found != wanted:
            self.wrong.append(f"{what}: {found!r:.200}")
            self.over.set()

    def requests(self, secure):
        with self.wire(secure) as wire:
            for _ in range(self.random.randrange(1, 50)):
                wire.send(GOOD)
                self.expect(wire.answer().body, b"MARKER", "request")

    def plain(self):
        self.requests(False)

    def secured(self):
        self.requests(True)

    def uploads(self):
        with self.wire(self.random.random() < 0.5) as wire:
            wire.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(UPLOAD) + UPLOAD)
            self.expect(wire.answer().body, UPLOAD, "upload")

    def downloads(self):
        with self.wire(self.random.random() < 0.5) as wire:
            wire.send(b"GET /length/1000000 HTTP/1.1\r\nHost: a\r\n\r\n")
            self.expect(len(wire.answer().body), 1_000_000, "download")

    def events(self):
        with self.wire() as wire:
            wire.send(b"GET /sse HTTP/1.1\r\nHost: a\r\n\r\n")
            self.expect(wire.head()[1], 200, "events")
            time.sleep(self.random.random() / 5)

    def websockets(self):
        with WebSocket("127.0.0.1", self.server.port, "/ws") as peer:
            for _ in range(20):
                peer.send("hello")
                self.expect(peer.receive()[1], b"hello", "websocket")

    def leavers(self):
        rows = self.random.choice([BAD_HEADS, BAD_BODIES])
        data = self.random.choice([GOOD, *(row[2] for row in rows)])
        with contextlib.suppress(OSError):
            with socket.create_connection(("127.0.0.1", self.server.port), timeout=10) as one:
                one.sendall(data[:self.random.randrange(len(data) + 1)])
                if self.random.random() < 0.5:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    def run(self, kind):
        while not self.over.is_set():
            try:
                kind()
            except Exception as error:  # whatever it is, the soak has failed
                self.wrong.append(f"{kind.__name__}: {error!r:.300}")
                self.over.set()
            self.counts[kind.__name__] = self.counts.get(kind.__name__, 0) + 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--backend", default="io_uring")
    parser.add_argument("--seconds", type=float, default=1800)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    flags = parser.parse_args()
    harness.settings.bin, harness.settings.backend = flags.bin, flags.backend
    certificates = harness.wire_certificates()
    certificate, key = certificates.path("localhost.cert"), certificates.path("localhost.key")
    with harness.Server("--tls-addr", "127.0.0.1:0", "--cert", certificate, "--key", key) as server:
        load = Load(server, certificate, flags.seed)
        load.plain()
        descriptors = server.descriptors()
        kinds = [load.plain, load.secured, load.uploads, load.downloads, load.events, load.websockets,
                 load.leavers, load.leavers]
        threads = [threading.Thread(target=load.run, args=(kind,)) for kind in kinds]
        for thread in threads:
            thread.start()
        samples = []
        end = time.monotonic() + flags.seconds
        while time.monotonic() < end and not load.over.wait(min(5, flags.seconds / 30)):
            samples.append(server.rss_bytes())
            if len(samples) % 6 == 0:
                os.kill(server.pid, signal.SIGHUP)
        load.over.set()
        for thread in threads:
            thread.join()
        third = max(len(samples) // 3, 1)
        growth = max(samples[-third:]) - max(samples[third:2 * third] or samples[:1])
        print(f"seed {flags.seed} {flags.backend}: {load.counts}, memory {samples[0] >> 20} to "
              f"{samples[-1] >> 20} MiB, growth of the last third {growth >> 10} KiB", flush=True)
        if growth > MEMORY_SLACK:
            load.wrong.append(f"memory grows: {[one >> 20 for one in samples]} MiB")
        if not harness.wait_until(lambda: server.descriptors() <= descriptors, 30):
            load.wrong.append(f"{server.descriptors()} descriptors, {descriptors} before")
    print("\n".join(load.wrong))
    return 1 if load.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
