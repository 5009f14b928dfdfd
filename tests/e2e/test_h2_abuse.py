"""Peers of HTTP/2 that attack: each ends with GOAWAY or a reset, holds little memory, and a client
beside it is served all the while."""

import contextlib
import struct
import threading
import time
import unittest

import h2client
import harness
from h2client import Client, Raw, block, frame

ENHANCE_YOUR_CALM, CANCEL, SETTINGS_TIMEOUT = 0xb, 8, 4
REQUEST = block(b"/")
FLAGS = h2client.END_HEADERS | h2client.END_STREAM
GROWTH_BYTES_MAX = 24 << 20


def headers(stream, flags=FLAGS, path=b"/", fields=(), method=b"GET"):
    return frame(h2client.HEADERS, flags, stream, block(path, method, fields))


class Abuse(unittest.TestCase):
    @contextlib.contextmanager
    def attacked(self, *flags):
        """A server with a client beside the attack; checked at the end."""
        with harness.Server("--h2c", *flags) as server, Client(server) as client:
            client.ask("/")
            before = server.rss_bytes()
            stop = threading.Event()
            failures = []

            def ask():
                try:
                    while not stop.is_set():
                        answer = client.ask("/")
                        if answer.status != 200:
                            failures.append(answer)
                        time.sleep(0.01)
                except Exception as error:
                    failures.append(error)

            thread = threading.Thread(target=ask)
            thread.start()
            try:
                yield server
            finally:
                stop.set()
                thread.join()
            self.assertEqual(failures, [])
            if not harness.sanitized():
                self.assertLess(server.rss_bytes() - before, GROWTH_BYTES_MAX)

    def ends_calmly(self, server, rounds, make):
        """Sends make(0), make(1), ... until GOAWAY; how many it took."""
        with Raw(server) as raw:
            raw.socket.settimeout(20)
            sent = 0
            for sent in range(rounds):
                if not raw.send(make(sent)):
                    break
            self.assertEqual(raw.goaway(), ENHANCE_YOUR_CALM)
            return sent

    def test_rapid_reset(self):
        with self.attacked() as server:
            self.ends_calmly(server, 3000, lambda n: headers(2 * n + 1, path=b"/sleep/1000") + frame(
                h2client.RST_STREAM, 0, 2 * n + 1, struct.pack(">I", CANCEL)))

    def test_made_you_reset(self):
        """Resets that the peer provokes: WINDOW_UPDATE of 0, malformed fields, DATA behind the end."""
        for fault in (lambda n: headers(n, path=b"/sleep/1000") + frame(h2client.WINDOW_UPDATE, 0, n, bytes(4)),
                      lambda n: headers(n, fields=[(b"connection", b"close")]),
                      lambda n: headers(n, path=b"/sleep/1000") + frame(h2client.DATA, 0, n, b"x"),
                      lambda n: headers(n, path=b"nothing")):
            with self.subTest(), self.attacked() as server:
                self.ends_calmly(server, 3000, lambda n, fault=fault: fault(2 * n + 1))

    def test_resets_among_good_streams_are_served(self):
        with self.attacked() as server, Client(server) as client:
            for _ in range(600):
                one = client.open("/sleep/1000")
                client.h2.reset_stream(one, CANCEL)
                client.flush()
                self.assertEqual(client.ask("/").status, 200)

    def test_continuation(self):
        with self.attacked() as server:
            self.ends_calmly(server, 1000, lambda n: frame(h2client.HEADERS, 0, 1, REQUEST) if n == 0 else frame(
                h2client.CONTINUATION, 0, 1, b"\x10\x01a\x01b" * 1000))
            self.ends_calmly(server, 1000, lambda n: frame(h2client.HEADERS, 0, 1, REQUEST) if n == 0 else frame(
                h2client.CONTINUATION, 0, 1))

    def test_bomb(self):
        """One byte of the block for a field of 4,000 bytes (CVE-2026-49975): in each of many streams, held
        by a window of 0."""
        with self.attacked("--write-timeout-ms", 2000) as server, Raw(server, start=False) as raw:
            raw.socket.settimeout(20)
            raw.send(h2client.PREFACE + frame(h2client.SETTINGS, 0, 0, struct.pack(">HI", 4, 0)))
            name = b"x-bomb"
            insert = b"\x40" + h2client.integer(len(name), 7) + name + h2client.integer(4000, 7) + b"b" * 4000
            raw.send(frame(h2client.HEADERS, FLAGS, 1, REQUEST + insert))
            for n in range(1, 100):
                raw.send(frame(h2client.HEADERS, FLAGS, 2 * n + 1, REQUEST + b"\xbe" * 200))
            refused, served = 0, 0
            while refused + served < 100 and (one := raw.read()):
                if one[0] == h2client.RST_STREAM:
                    refused += 1
                elif one[0] == h2client.HEADERS:
                    served += 1
            self.assertGreater(refused, 80)  # of 100 sections of 800 KB, 4 MiB may be held

    def test_too_many_fields(self):
        with self.attacked() as server, Client(server) as client:
            self.assertEqual(client.ask("/", fields=[("a", "b")] * 400).status, 200)
            self.assertEqual(client.ask("/", fields=[("a", "b")] * 501).status, 431)
            self.assertEqual(client.ask("/").status, 200)

    def test_floods_of_frames(self):
        for name, flood in (
                ("PING", frame(h2client.PING, 0, 0, bytes(8))),
                ("PING ACK", frame(h2client.PING, h2client.ACK, 0, bytes(8))),
                ("SETTINGS", frame(h2client.SETTINGS, 0, 0)),
                ("PRIORITY", frame(h2client.PRIORITY, 0, 1, struct.pack(">IB", 3, 1))),
                ("WINDOW_UPDATE", frame(h2client.WINDOW_UPDATE, 0, 0, struct.pack(">I", 1))),
                ("PRIORITY_UPDATE", frame(0x10, 0, 0, struct.pack(">I", 1) + b"u=1")),
                ("unknown", frame(0xee, 0, 0, b"x"))):
            with self.subTest(name), self.attacked() as server:
                self.ends_calmly(server, 200, lambda _, flood=flood: flood * 100)

    def test_a_flood_of_empty_data(self):
        with self.attacked() as server:
            self.ends_calmly(server, 200, lambda n: headers(1, h2client.END_HEADERS, b"/sleep/5000") if n == 0
                             else frame(h2client.DATA, 0, 1) * 100)

    def test_answers_that_are_not_read(self):
        """PINGs and requests whose answers nobody takes from the socket."""
        with self.attacked("--write-timeout-ms", 1000) as server:
            before = server.descriptors()
            raw = self.enterContext(Raw(server, start=False))
            raw.socket.settimeout(5)
            window = struct.pack(">HI", 4, 0x7fffffff)
            raw.send(h2client.PREFACE + frame(h2client.SETTINGS, 0, 0, window)
                     + frame(h2client.WINDOW_UPDATE, 0, 0, struct.pack(">I", 0x7fff0000 - 65535)))
            with contextlib.suppress(OSError):
                for n in range(50):
                    raw.send(headers(2 * n + 1, path=b"/length/10000000"))
            self.assertTrue(harness.wait_until(lambda: server.descriptors() > before))
            self.assertTrue(harness.wait_until(lambda: server.descriptors() <= before, 15))

    def test_a_window_of_zero(self):
        with self.attacked("--write-timeout-ms", 1000) as server, Raw(server, start=False) as raw:
            raw.socket.settimeout(15)
            raw.send(h2client.PREFACE + frame(h2client.SETTINGS, 0, 0, struct.pack(">HI", 4, 0)))
            raw.send(b"".join(headers(2 * n + 1, path=b"/length/1000000") for n in range(100)))
            resets = set()
            while len(resets) < 100 and (one := raw.read()):
                if one[0] == h2client.RST_STREAM:
                    resets.add(one[2])
            self.assertEqual(len(resets), 100)
            raw.send(frame(h2client.SETTINGS, 0, 0, struct.pack(">HI", 4, 65535)) + headers(201))
            while (one := raw.read()) and one[:3] != (h2client.DATA, h2client.END_STREAM, 201):
                pass
            self.assertIsNotNone(one)  # the slots are free again

    def test_slow_prefaces_and_blocks(self):
        with self.attacked("--read-header-timeout-ms", 500) as server:
            for start, more in ((False, b""), (False, h2client.PREFACE[:10]), (False, h2client.PREFACE),
                                (True, frame(h2client.HEADERS, 0, 1, REQUEST)),
                                (True, headers(1)[:12]), (True, frame(h2client.PING, 0, 0, bytes(8))[:10])):
                with self.subTest(more), Raw(server, start=start) as raw:
                    raw.socket.settimeout(5)
                    raw.send(more)
                    began = time.monotonic()
                    while raw.read():
                        pass
                    self.assertGreater(time.monotonic() - began, 0.3)

    def test_idle_connections_are_small(self):
        if harness.sanitized():
            self.skipTest("other memory figures")
        with self.attacked() as server:
            def connect():
                """One at a time, so that no pool of blocks grows."""
                raw = self.enterContext(Raw(server))
                while raw.read()[:2] != (h2client.SETTINGS, h2client.ACK):
                    pass

            for _ in range(50):
                connect()
            before = server.rss_bytes()
            for _ in range(500):
                connect()
            each = (server.rss_bytes() - before) / 500
            self.assertLess(each, 4 << 10)


if __name__ == "__main__":
    harness.main()
