"""Rude clients in numbers: the server goes on serving the others, and memory and descriptors are
back where they were when they have gone."""

import contextlib
import os
import pathlib
import resource
import signal
import socket
import ssl
import time
import unittest

import harness
from bad_requests import GOOD
from harness import Server

KIB = 1024
MIB = 1024 * KIB
# The tolerance of every figure: an allocator's and the kernel's accounting, and the blocks of two
# loops, which each provide 256 of 16 KiB to the kernel and keep as many free.
SLACK_BYTES = 8 * MIB + 2 * 512 * 16 * KIB

# Unsent bytes that a connection may keep for a slow reader, with its blocks' own size; a handler on a
# worker may keep as much again on its side.
OUTPUT_BYTES_MAX = 2 * 96 * KIB
# Unread bytes that it may keep of a fast sender: 64 KiB, and what io_uring had under way.
INPUT_BYTES_MAX = (64 + 32 * 16) * KIB


def over_tls():
    return harness.settings.wire.startswith("tls")


def tls_bytes():
    """What OpenSSL and the record layer keep of a connection, with a block of ciphertext each way, and
    the sealed and unsent bytes (docs/TLS.md)."""
    return 192 * KIB if over_tls() else 0


def crowd_size(count):
    """Each connection costs this process a handshake, too."""
    return count // 8 if over_tls() else count


# A crowd takes as long to connect as the machine is busy; the first ones wait for the last.
PATIENT = ("--read-header-timeout-ms", 120000, "--keep-alive-timeout-ms", 120000)


# A normal client's requests, over a few connections that it keeps. The 99th percentile of their times may
# grow beside rude ones by this factor, and on a busy machine to this time in any case; a loop that is
# held for seconds is beyond both.
SAMPLES = 100
NORMAL_CONNECTIONS = 4
SLOWER_MAX = 50
SLOW_SECONDS = 1.0

# Within this time 20 others, one after the other, must be served. Tells a server that stands still from
# a busy machine.
SERVED_SECONDS_MAX = 20.0


def raise_descriptor_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def client_hello():
    context = ssl.create_default_context()
    sent = ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), sent, server_hostname="localhost").do_handshake()
    return sent.read()


FLOODS = 5
TINY_RECORDS = 2000  # 60 KB: the kernel takes them at once
UPGRADE = (b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")


class RecordsWire:
    """A TLS connection that sends each piece in a record of its own, all records at once."""

    def __init__(self, server):
        self.socket = socket.create_connection((server.host, server.tls_port), timeout=60)
        self.received, self.sealed = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = harness.wire_context().wrap_bio(self.received, self.sealed, server_hostname="localhost")
        self.until(self.tls.do_handshake)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def until(self, step):
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                self.flush()
                self.received.write(self.socket.recv(1 << 16))
            finally:
                self.flush()

    def flush(self):
        self.socket.sendall(self.sealed.read())

    def send(self, pieces):
        for piece in pieces:
            self.tls.write(piece)
        self.flush()

    def expect(self, end):
        """Reads up to `end`."""
        got = b""
        while end not in got:
            got += self.until(lambda: self.tls.read(1 << 16))


def threads(server):
    return list(pathlib.Path(f"/proc/{server.pid}/task").iterdir())


def is_stopped(server):
    return all((thread / "stat").read_text().rpartition(") ")[2][0] == "T" for thread in threads(server))


def processor_seconds(server):
    """The time that the server's threads have run, whatever else the machine did."""
    nanoseconds = 0
    for thread in threads(server):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            nanoseconds += int((thread / "schedstat").read_text().split()[0])
    return nanoseconds / 1e9


def share_before(server, quick, floods, pieces, end):
    """Everybody sends while the server is stopped, `quick` last. The share of the processor time for all
    that has passed when `quick` has its answer; more when this process is late."""
    os.kill(server.pid, signal.SIGSTOP)
    try:
        assert harness.wait_until(lambda: is_stopped(server), 30, every=0.001)
        for flood in floods:
            flood.send(pieces)
        quick.send([GOOD])
        begun = processor_seconds(server)
    finally:
        os.kill(server.pid, signal.SIGCONT)
    quick.expect(b"MARKER")
    served = processor_seconds(server) - begun
    for flood in floods:
        flood.expect(end)
    return served / (processor_seconds(server) - begun)


class Rude(unittest.TestCase):
    def setUp(self):
        self.descriptors_max = raise_descriptor_limit()
        self.memory_counts = not harness.sanitized() and harness.settings.wire != "h2"  # a TLS connection has more

    def crowd(self, server, count):
        """`count` connections, closed at the end of the test."""
        wires = [server.connect() for _ in range(count)]
        for wire in wires:
            self.addCleanup(wire.close)
        return wires

    def others_are_served(self, server):
        start = time.monotonic()
        for _ in range(20):
            self.assertEqual(server.ask(GOOD).body, b"MARKER")
        slower = 3 if harness.sanitized() or over_tls() else 1
        self.assertLess(time.monotonic() - start, SERVED_SECONDS_MAX * slower)

    def p99(self):
        """The 99th percentile of a normal client's times, on the connections that it has had since warm."""
        times = []
        for i in range(SAMPLES):
            wire = self.normal[i % NORMAL_CONNECTIONS]
            start = time.monotonic()
            wire.send(GOOD)
            self.assertEqual(wire.answer().body, b"MARKER")
            times.append(time.monotonic() - start)
        return sorted(times)[SAMPLES * 99 // 100 - 1]

    def others_stay_quick(self, server):
        """After warm, beside rude clients."""
        slow = SLOW_SECONDS * (3 if harness.sanitized() else 1)
        self.assertLess(self.p99(), SLOWER_MAX * self.quiet_p99 + slow)
        self.others_are_served(server)

    def back_to(self, server, descriptors):
        self.assertTrue(harness.wait_until(lambda: server.descriptors() <= descriptors),
                        f"{server.descriptors()} descriptors, {descriptors} before")

    def cuts(self, server, wires, descriptors):
        """The write timeout ends their connections, or over HTTP/2 their streams."""
        if harness.over_http2():
            for wire in wires:
                self.assertTrue(wire.is_cut())
                wire.close()
        self.back_to(server, descriptors)

    def warm(self, server):
        self.others_are_served(server)
        self.normal = self.crowd(server, NORMAL_CONNECTIONS)
        self.quiet_p99 = self.p99()
        time.sleep(0.2)
        return server.descriptors(), server.rss_bytes()


class AbuseTest(Rude):
    @harness.of_http1("half a head")
    def test_slowloris(self):
        with Server("--read-header-timeout-ms", 2000) as server:
            descriptors, rss = self.warm(server)
            count = crowd_size(500)
            start = time.monotonic()
            wires = self.crowd(server, count)
            end = time.monotonic() + 1.5
            i = 0
            while time.monotonic() < end:
                for wire in wires:
                    wire.send(b"GET / HTTP/1.1\r\nX: y"[i:i + 1] or b"y")
                (self.others_are_served if i else self.others_stay_quick)(server)
                i += 1
                time.sleep(0.05)
            # A byte that comes behind the answer, on a busy machine, may reset what was not read.
            late = time.monotonic() - start >= 2
            if self.memory_counts:
                self.assertLess(server.rss_bytes() - rss, count * (8 * KIB + tls_bytes()) + SLACK_BYTES)
            for wire in wires:
                self.assertIn([answer.status for answer in wire.answers()],
                              [[408], []] if late else [[408]])
            self.back_to(server, descriptors)

    def test_idle_flood(self):
        count = crowd_size(min(1000 if harness.over_http2() else 2000, (self.descriptors_max - 200) // 2))
        with Server(*PATIENT) as server:
            descriptors, rss = self.warm(server)
            wires = self.crowd(server, count)
            self.assertTrue(harness.wait_until(
                lambda: server.descriptors() >= descriptors + count, 20))
            self.others_stay_quick(server)
            for wire in wires:  # kept alive, after a request, is idle too
                wire.send(GOOD)
            for wire in wires:
                self.assertEqual(wire.answer().body, b"MARKER")
            self.others_are_served(server)
            if self.memory_counts:
                self.assertLess((server.rss_bytes() - rss) / count, 2 * KIB + min(tls_bytes(), 32 * KIB) + SLACK_BYTES / count)
            for wire in wires:
                wire.close()
            self.back_to(server, descriptors)

    def test_readers_that_never_read(self):
        count = 200
        with Server("--write-timeout-ms", 4000) as server:
            descriptors, rss = self.warm(server)
            wires = self.crowd(server, count)
            for wire in wires:
                wire.send(b"GET /length/10000000000 HTTP/1.1\r\nHost: a\r\n\r\n")
            time.sleep(1)
            self.others_stay_quick(server)
            if self.memory_counts:
                self.assertLess(server.rss_bytes() - rss, count * (OUTPUT_BYTES_MAX + tls_bytes()) + SLACK_BYTES)
            self.cuts(server, wires, descriptors)

    @harness.of_http1("pipelines")
    def test_pipelines_that_never_read(self):
        count = 50
        with Server("--write-timeout-ms", 4000) as server:
            descriptors, rss = self.warm(server)
            wires = self.crowd(server, count)
            for wire in wires:
                wire.flood(b"GET /length/10000 HTTP/1.1\r\nHost: a\r\n\r\n", 100_000)
            self.others_stay_quick(server)
            time.sleep(1)
            if self.memory_counts:
                self.assertLess(server.rss_bytes() - rss,
                                count * (OUTPUT_BYTES_MAX + INPUT_BYTES_MAX + tls_bytes()) + SLACK_BYTES)
            self.cuts(server, wires, descriptors)

    def test_senders_whose_handler_does_not_read(self):
        count = 50
        with Server() as server:
            descriptors, rss = self.warm(server)
            wires = self.crowd(server, count)
            for wire in wires:
                wire.send(b"POST /until-gone HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n")
            body = b"x" * (100 * MIB)
            for wire in wires:
                wire.send_some(body)
            self.others_stay_quick(server)
            time.sleep(1)
            if self.memory_counts:
                self.assertLess(server.rss_bytes() - rss, count * (INPUT_BYTES_MAX + tls_bytes()) + SLACK_BYTES)
            for wire in wires:  # a FIN would wait behind what the server does not read
                wire.reset()
            self.back_to(server, descriptors)

    def test_a_pipelining_flood_does_not_starve_others(self):
        with Server(loops=1) as server:
            self.warm(server)
            with server.connect() as flood:
                flood.flood(GOOD, 10_000_000)
                self.others_stay_quick(server)

    @harness.of_http1("many records for one message")
    def test_tiny_records_do_not_hold_others(self):
        """Records that came before the request of another client are opened in turns with it."""
        if not over_tls():
            raise harness.Skipped("there are no records without TLS")
        head = b"GET /echo-marker HTTP/1.1\r\nHost: a\r\nX: %s\r\n\r\n" % (b"x" * TINY_RECORDS)
        chunks = [b"POST /discard HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
                  *[b"1\r\nx\r\n"] * TINY_RECORDS, b"0\r\n\r\n"]
        ping, last = b"\x89\x80aaaa", b"\x89\x84\0\0\0\0last"
        floods = {"a head": (b"", [head[i:i + 1] for i in range(len(head))], b"MARKER"),
                  "chunks": (b"", chunks, b"\r\n\r\n"),
                  "pings": (UPGRADE, [ping] * TINY_RECORDS + [last], b"last")}
        for name, (start, pieces, end) in floods.items():
            with self.subTest(name), Server(loops=1) as server, RecordsWire(server) as quick:
                shares = []

                def is_served_early():
                    with contextlib.ExitStack() as stack:
                        wires = [stack.enter_context(RecordsWire(server)) for _ in range(FLOODS)]
                        if start:
                            for wire in wires:
                                wire.send([start])
                                wire.expect(b"\r\n\r\n")
                        shares.append(share_before(server, quick, wires, pieces, end))
                    return shares[-1] < 0.5

                self.assertTrue(harness.wait_until(is_served_early), shares)

    def test_connections_that_come_and_go(self):
        with Server() as server:
            descriptors, rss = self.warm(server)
            for i in range(crowd_size(2000)):
                wire = server.connect()
                wire.send_raw(wire.encode(GOOD)[:i % len(GOOD)])
                (wire.reset if i % 2 else wire.close)()
            self.back_to(server, descriptors)
            self.others_are_served(server)
            if self.memory_counts:
                self.assertLess(server.rss_bytes() - rss, SLACK_BYTES)

    @harness.of_http1("a request without Host")
    def test_handshakes_that_are_given_up(self):
        """Clients that leave after every number of bytes of a ClientHello, or stay silent."""
        if not over_tls():
            raise harness.Skipped("there is no handshake without TLS")
        hello = client_hello()
        with Server("--read-header-timeout-ms", 30000) as server:
            descriptors, rss = self.warm(server)
            silent = []
            for cut in range(0, len(hello) + 1, 3):
                peer = socket.create_connection((server.host, server.tls_port), timeout=10)
                peer.sendall(hello[:cut])
                if cut % 2:
                    peer.close()
                else:
                    self.addCleanup(peer.close)
                    silent.append(peer)
            self.others_are_served(server)
            if self.memory_counts:
                self.assertLess(server.rss_bytes() - rss, len(silent) * tls_bytes() + SLACK_BYTES)
            for peer in silent[:-1]:
                peer.close()
            self.back_to(server, descriptors + 1)
            # Not the time limit of heads: 10 s for the whole handshake.
            silent[-1].settimeout(60)
            while silent[-1].recv(4096):
                pass
            self.back_to(server, descriptors)

    def test_a_stderr_that_nobody_reads_holds_nobody(self):
        malformed = b"GET / HTTP/1.1\r\n\r\n"  # no Host
        with Server(reads_errors=False) as server:
            for _ in range(300):
                self.assertEqual(server.ask(malformed).status, 400)
            self.others_are_served(server)
            # SIGTERM ends it: checked by the end of the block.


class MemoryTest(Rude):
    """Memory is read while the server works: nothing else may hold its threads."""

    @harness.of_http1("half a head")
    def test_unfinished_heads_meet_a_budget_of_memory(self):
        budget = 64 * MIB
        with Server("--memory-mib", budget // MIB, "--read-header-timeout-ms", 120000) as server:
            _, rss = self.warm(server)
            head = b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(
                b"X-%d: %s\r\n" % (i, b"y" * 9000) for i in range(100))
            for _ in range(200):  # 180 MB of heads
                wire = server.connect()
                self.addCleanup(wire.close)
                wire.socket.settimeout(5)
                with contextlib.suppress(TimeoutError):
                    wire.send(head)
                if self.memory_counts:
                    self.assertLess(server.rss_bytes() - rss, budget + 200 * tls_bytes() + SLACK_BYTES)
            # While memory is short others are refused at once, or served.
            answer = server.ask(GOOD)
            self.assertIn(answer.status, (200, 503))
            if answer.status == 503:
                self.assertEqual(answer.get("Retry-After"), "1")
            self.assertTrue(harness.wait_until(lambda: "memory is short" in server.errors()))
            # Room comes back without any time-out.
            self.assertTrue(harness.wait_until(lambda: server.ask(GOOD).status == 200))

    def test_an_idle_server_gives_its_memory_back(self):
        with Server("--idle-trim-ms", 1000, *PATIENT) as server:
            descriptors, rss = self.warm(server)
            big = b"x" * (200 * KIB)
            for _ in range(2):
                wires = self.crowd(server, crowd_size(300))
                for wire in wires:
                    wire.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(big))
                for wire in wires:
                    wire.send(big)
                for wire in wires:
                    self.assertEqual(wire.answer("POST").body, big)
                    wire.close()
            if self.memory_counts:
                self.assertTrue(
                    harness.wait_until(lambda: server.rss_bytes() - rss <= 16 * MIB),
                    f"{(server.rss_bytes() - rss) // KIB} KiB more than at the start")
            self.back_to(server, descriptors)


if __name__ == "__main__":
    harness.main()
