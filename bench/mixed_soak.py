#!/usr/bin/env python3
"""A long soak at mixed load on one server: HTTP/1.1 and HTTP/2, plain and over TLS; uploads, downloads,
event streams, WebSockets on connections and on streams, a reverse proxy to a second server; clients that
leave in mid-request, mid-answer and mid-handshake; certificates that are replaced every half minute; bursts
of full load by h2load, where it is installed. Memory and descriptors of both servers must be flat.

  bench/mixed_soak.py --bin build/release/bin --seconds 1800 [--backend io_uring]

Prints a line a minute. Fails on a wrong answer, on memory that in the last third is more than 16 MiB above
that of the second, on a certificate that is not served after SIGHUP, on descriptors that stay open, and on
a bad exit. Requests of h2load are counted apart.
"""

import argparse
import collections
import contextlib
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "e2e"), str(ROOT / "tests" / "support")]

import h2client  # noqa: E402
import harness  # noqa: E402
from bad_requests import BAD_BODIES, BAD_HEADS, GOOD  # noqa: E402
from websocket import WebSocket  # noqa: E402

MEMORY_SLACK = 16 << 20
UPLOAD = b"x" * 100_000
WAIT_SECONDS_MAX = 120  # tells a stuck connection from a slow machine
RELOAD_SECONDS = 30
BURST_REQUESTS = 5000
HANDSHAKE_SECONDS = 10  # of the server
PATIENT = [part for name in ("read-header", "read", "write", "keep-alive")
           for part in (f"--{name}-timeout-ms", "300000")]
RESET = b"\1\0\0\0\0\0\0\0"  # SO_LINGER with no time


class Certificates:
    """Two for the same names, of which one is served; clients trust both."""

    def __init__(self):
        self.made = harness.wire_certificates()
        self.made.make("other", "DNS:localhost", "IP:127.0.0.1")
        self.pairs = [[pathlib.Path(self.made.path(f"{name}.{kind}")).read_bytes() for kind in ("cert", "key")]
                      for name in ("localhost", "other")]
        self.trusted = pathlib.Path(self.made.path("localhost.cert"))
        self.trusted.write_bytes(self.pairs[0][0] + self.pairs[1][0])
        self.served = 1
        self.files = [pathlib.Path(self.made.path(f"served.{kind}")) for kind in ("cert", "key")]
        self.replace()

    def replace(self):
        self.served = 1 - self.served
        for file, content in zip(self.files, self.pairs[self.served]):
            fresh = file.with_suffix(".new")
            fresh.write_bytes(content)
            fresh.rename(file)

    def now(self):
        return ssl.PEM_cert_to_DER_cert(self.pairs[self.served][0].decode())


class Load:
    """Clients of one kind each, until `over`. The first thing that went wrong stays in `wrong`."""

    def __init__(self, server, certificates, flags):
        self.server, self.random, self.pause = server, random.Random(flags.seed), flags.pause
        self.tls = ssl.create_default_context(cafile=certificates.trusted)
        self.over, self.lock = threading.Event(), threading.Lock()
        self.counts, self.wrong = collections.Counter(), []
        self.burst_kinds = [["--h1", server.url], ["-p", "h2c", server.url],
                            [f"https://127.0.0.1:{server.tls_port}"]] if shutil.which("h2load") else []
        if self.pause:  # h2load makes no late handshake again
            del self.burst_kinds[-1:]

    def count(self, what, number=1):
        with self.lock:
            self.counts[what] += number

    def fail(self, text):
        with self.lock:
            self.wrong.append(text)
        self.over.set()

    def expect(self, found, wanted, what):
        self.count("answers")
        if found != wanted:
            self.fail(f"{what}: {found!r:.200}")

    def chance(self, probability=0.5):
        return self.random.random() < probability

    def wire(self, secure=None):
        secure = self.chance() if secure is None else secure
        port = self.server.tls_port if secure else self.server.port
        return self.dial(lambda: harness.Wire("127.0.0.1", port, WAIT_SECONDS_MAX, self.tls if secure else None))

    def streams(self):
        secure = self.chance()
        return self.dial(lambda: h2client.Client(self.server, tls=secure, timeout=WAIT_SECONDS_MAX))

    def dial(self, connect):
        """A machine with other work may let the time of a handshake pass; such a dial is made again."""
        while True:
            began = time.monotonic()
            try:
                return connect()
            except OSError:
                if time.monotonic() - began < HANDSHAKE_SECONDS:
                    raise
                self.count("late handshakes")

    # ---- HTTP/1.1; /proxy is the way through the second server ----

    def h1_requests(self, secure=False):
        with self.wire(secure) as wire:
            for _ in range(self.random.randrange(1, 50)):
                wire.send(GOOD)
                self.expect(wire.answer().body, b"MARKER", "request")

    def h1_tls_requests(self):
        self.h1_requests(True)

    def h1_uploads(self, prefix=""):
        with self.wire() as wire:
            head = f"POST {prefix}/echo HTTP/1.1\r\nHost: a\r\nContent-Length: {len(UPLOAD)}\r\n\r\n"
            wire.send(head.encode() + UPLOAD)
            self.expect(wire.answer().body, UPLOAD, "upload " + prefix)

    def h1_downloads(self, prefix=""):
        with self.wire() as wire:
            wire.send(f"GET {prefix}/length/1000000 HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            self.expect(len(wire.answer().body), 1_000_000, "download " + prefix)

    def h1_events(self):
        with self.wire() as wire:
            wire.send(b"GET /sse HTTP/1.1\r\nHost: a\r\n\r\n")
            self.expect(wire.head()[1], 200, "events")
            time.sleep(self.random.random() / 5)

    def h1_websockets(self, prefix=""):
        with WebSocket("127.0.0.1", self.server.port, prefix + "/ws", timeout=WAIT_SECONDS_MAX) as peer:
            for _ in range(20):
                peer.send("hello")
                self.expect(peer.receive()[1], b"hello", "websocket " + prefix)

    def proxied(self):
        self.random.choice([self.h1_uploads, self.h1_downloads, self.h1_websockets])("/proxy")

    # ---- HTTP/2 ----

    def h2_requests(self):
        with self.streams() as client:
            for _ in range(self.random.randrange(1, 8)):
                opened = [(client.open("/"), None), (client.open("/length/100000"), 100_000),
                          (client.open("/chunked/50"), None), (client.open("/proxy/length/30000"), 30_000)]
                client.wait(*(stream for stream, _ in opened), seconds=WAIT_SECONDS_MAX)
                for stream, size in opened:
                    one = client.streams[stream]
                    self.expect(one.ended and one.status, 200, f"stream {one!r}")
                    self.expect(size in (None, len(one.body)), True, f"body of {one!r}")

    def h2_uploads(self):
        with self.streams() as client:
            for _ in range(3):
                stream = client.open("/echo", "POST", end=False)
                client.write(stream, UPLOAD, end=True)
                self.expect(client.wait(stream, seconds=WAIT_SECONDS_MAX).body, UPLOAD, "upload on a stream")

    def h2_events(self):
        with self.streams() as client:
            stream = client.open("/sse")
            while not client.streams[stream].body:
                if not client.pump():
                    raise AssertionError("an event stream ended")
            self.expect(client.streams[stream].status, 200, "events on a stream")
            client.h2.reset_stream(stream)
            client.flush()

    def h2_websockets(self):
        with self.streams() as client:
            peer = h2client.WebSocketStream(client)
            for _ in range(20):
                peer.send(b"hello")
                self.expect(peer.receive(), (1, b"hello"), "websocket on a stream")

    # ---- clients that leave ----

    def h1_leavers(self):
        rows = self.random.choice([BAD_HEADS, BAD_BODIES])
        data = self.random.choice([GOOD, b"GET /length/1000000 HTTP/1.1\r\nHost: a\r\n\r\n",
                                   b"GET /proxy/length/1000000 HTTP/1.1\r\nHost: a\r\n\r\n",
                                   b"GET /proxy/sse HTTP/1.1\r\nHost: a\r\n\r\n", *(row[2] for row in rows)])
        with contextlib.suppress(OSError), self.wire() as wire:
            wire.socket.sendall(data[:self.random.randrange(len(data) + 1)] if self.chance() else data)
            if self.chance(0.3):
                wire.socket.settimeout(0.05)
                wire.socket.recv(1000)
            if self.chance():
                wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    def h2_leavers(self):
        with contextlib.suppress(OSError, AssertionError), self.streams() as client:
            opened = [client.open(path) for path in ("/length/1000000", "/proxy/length/1000000", "/sleep/50")]
            opened.append(client.open("/echo", "POST", end=False))
            client.h2.send_data(opened[-1], b"x" * self.random.randrange(1, 10_000))
            client.flush()
            if self.chance():
                client.pump()
            for stream in opened:
                if self.chance() and not client.streams[stream].over():
                    client.h2.reset_stream(stream)
            client.flush()
            if self.chance():
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    def tls_leavers(self):
        bio = ssl.MemoryBIO()
        hello = self.tls.wrap_bio(ssl.MemoryBIO(), bio, server_hostname="localhost")
        with contextlib.suppress(ssl.SSLWantReadError):
            hello.do_handshake()
        data = bio.read()
        with contextlib.suppress(OSError):
            with socket.create_connection(("127.0.0.1", self.server.tls_port), timeout=WAIT_SECONDS_MAX) as one:
                one.sendall(data[:self.random.randrange(len(data) + 1)])
                if self.chance():
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        time.sleep(0.01)

    # ---- full load ----

    def bursts(self):
        if not self.burst_kinds:
            self.over.wait()
            return
        run = subprocess.run(["h2load", "-n", str(BURST_REQUESTS), "-c", "20", "-m", "10",
                              *self.random.choice(self.burst_kinds)], capture_output=True, text=True, check=False)
        found = re.search(r"(\d+) succeeded", run.stdout)
        self.count("of h2load", int(found[1]) if found else 0)
        if not found or int(found[1]) != BURST_REQUESTS:
            self.fail(f"h2load: {run.stdout}{run.stderr}")
        self.over.wait(2 + 50 * self.pause)

    def kinds(self):
        return [self.h1_requests, self.h1_tls_requests, self.h1_uploads, self.h1_downloads, self.h1_events,
                self.h1_websockets, self.proxied, self.h2_requests, self.h2_uploads, self.h2_events,
                self.h2_websockets, self.h1_leavers, self.h2_leavers, self.tls_leavers, self.bursts]

    def run(self, kind):
        while not self.over.is_set():
            try:
                kind()
            except Exception as error:  # whatever it is, the soak has failed
                self.fail(f"{kind.__name__}: {error!r:.300}")
            self.count(kind.__name__)
            self.over.wait(self.pause)

    def serves(self, certificate):
        with self.wire(True) as wire:
            return wire.socket.getpeercert(binary_form=True) == certificate


def watch(load, certificates, servers, seconds):
    """The figures of each server, a row a sample, until the end or until something is wrong."""
    began = time.monotonic()
    rows, told, reloaded = [], 0.0, 0.0
    pause = min(5, seconds / 30)
    while (past := time.monotonic() - began) < seconds and not load.over.wait(pause):
        rows.append([server.rss_bytes() for server in servers])
        if past - told >= 60:
            told = past
            print(f"minute {round(past / 60)}: memory {' and '.join(f'{one / 2**20:.1f}' for one in rows[-1])} MiB, "
                  f"descriptors {' and '.join(str(server.descriptors()) for server in servers)}, "
                  f"answers {load.counts['answers']} and {load.counts['of h2load']}", flush=True)
        if past - reloaded >= min(RELOAD_SECONDS, seconds / 4):
            reloaded = past
            certificates.replace()
            os.kill(servers[0].pid, signal.SIGHUP)
            if not harness.wait_until(lambda: load.serves(certificates.now()), WAIT_SECONDS_MAX, 0.1):
                load.fail("a certificate is not served after SIGHUP")
            load.count("reloads")
    return rows


def growth(rows):
    """The height of the last third above that of the second, for each server."""
    third = max(len(rows) // 3, 1)
    second, last = rows[third:2 * third] or rows[:1], rows[-third:]
    return [max(column) - max(before) for column, before in zip(zip(*last), zip(*second))]


def soak(flags):
    certificates = Certificates()
    patient = PATIENT if flags.pause else []
    with harness.Server(*patient, backend=flags.backend) as upstream, harness.Server(
            *patient, "--tls-addr", "127.0.0.1:0", "--cert", certificates.files[0], "--key", certificates.files[1],
            "--h2c", "--upstream", upstream.url) as server:
        load = Load(server, certificates, flags)
        servers = [server, upstream]
        descriptors = [one.descriptors() for one in servers]
        threads = [threading.Thread(target=load.run, args=(kind,)) for kind in load.kinds()]
        for thread in threads:
            thread.start()
        rows = watch(load, certificates, servers, flags.seconds)
        load.over.set()
        for thread in threads:
            thread.join()
        if load.wrong:
            return load.wrong
        grown = growth(rows)
        print(f"seed {flags.seed} {flags.backend}: {dict(load.counts)}, memory "
              f"{[one >> 20 for one in rows[0]]} to {[one >> 20 for one in rows[-1]]} MiB, growth of the last third "
              f"{[one >> 10 for one in grown]} KiB", flush=True)
        if max(grown) > MEMORY_SLACK:
            load.wrong.append(f"memory grows: {[[one >> 20 for one in row] for row in rows]} MiB")
        # The proxy's idle connections are closed after 90 s.
        if not harness.wait_until(lambda: all(one.descriptors() <= before for one, before in zip(servers, descriptors)),
                                  150, 1):
            load.wrong.append(f"{[one.descriptors() for one in servers]} descriptors, {descriptors} before: "
                              + server.show_descriptors())
        print(f"idle: memory {[one.rss_bytes() >> 20 for one in servers]} MiB, descriptors "
              f"{[one.descriptors() for one in servers]}, {descriptors} before", flush=True)
    return load.wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--backend", default="io_uring")
    parser.add_argument("--seconds", type=float, default=1800)
    parser.add_argument("--pause", type=float, default=0, help="seconds between two rounds of a client, with long time"
                        " limits, for a machine that has other work")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    flags = parser.parse_args()
    harness.settings.bin, harness.settings.backend = flags.bin, flags.backend
    wrong = soak(flags)
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
