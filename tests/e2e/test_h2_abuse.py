"""Peers of HTTP/2 that attack: each ends with GOAWAY or a reset, takes little memory and processor time, and
a client beside it is served all the while."""

import contextlib
import os
import pathlib
import struct
import threading
import time
import unittest

import h2client
import harness
from h2client import Client, Raw, block, frame

NO_ERROR, PROTOCOL_ERROR, REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, ENHANCE_YOUR_CALM = 0, 1, 7, 8, 9, 0xb
HEADER_TABLE_SIZE, INITIAL_WINDOW_SIZE = 1, 4  # of SETTINGS
REQUEST = block(b"/")
FLAGS = h2client.END_HEADERS | h2client.END_STREAM
GROWTH_BYTES_MAX = 24 << 20
PROCESSOR_SECONDS_MAX = 4.0  # of the server for one attack, with the client beside it


def headers(stream, flags=FLAGS, path=b"/", fields=(), method=b"GET"):
    return frame(h2client.HEADERS, flags, stream, block(path, method, fields))


def setting(name, value):
    return frame(h2client.SETTINGS, 0, 0, struct.pack(">HI", name, value))


def processor_seconds(server):
    """What the server has had of the processors."""
    fields = pathlib.Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Abuse(unittest.TestCase):
    @contextlib.contextmanager
    def attacked(self, *flags):
        """A server with a client beside the attack; checked at the end."""
        with harness.Server("--h2c", *flags) as server, Client(server) as client:
            client.ask("/")
            before, processor = server.rss_bytes(), processor_seconds(server)
            stop = threading.Event()
            failures = []
            memory = [before]

            def ask():
                try:
                    while not stop.is_set():
                        answer = client.ask("/")
                        if answer.status != 200:
                            failures.append(answer)
                        memory.append(server.rss_bytes())
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
            growth, processor = max(memory) - before, processor_seconds(server) - processor
            print(f"{self.id().rpartition('.')[2]}: {growth / 1e6:.1f} MB more at most, {processor:.2f} s of processor")
            if not harness.sanitized():
                self.assertLess(growth, GROWTH_BYTES_MAX)
                self.assertLess(processor, PROCESSOR_SECONDS_MAX)

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
            raw.send(h2client.PREFACE + frame(h2client.SETTINGS, 0, 0, struct.pack(">HI", INITIAL_WINDOW_SIZE, 0)))
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
            self.assertTrue(harness.wait_until(lambda: server.descriptors() <= before))

    def test_a_window_of_zero(self):
        with self.attacked("--write-timeout-ms", 1000) as server, Raw(server, start=False) as raw:
            raw.socket.settimeout(15)
            raw.send(h2client.PREFACE + frame(h2client.SETTINGS, 0, 0, struct.pack(">HI", INITIAL_WINDOW_SIZE, 0)))
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

    def test_more_streams_than_allowed(self):
        with self.attacked() as server, Raw(server) as raw:
            raw.socket.settimeout(20)
            raw.send(b"".join(headers(2 * n + 1, path=b"/sleep/1000") for n in range(250)))
            refused, served = 0, 0
            while refused + served < 250 and (one := raw.read()):
                if one[0] == h2client.RST_STREAM:
                    self.assertEqual(one[3], struct.pack(">I", REFUSED_STREAM))
                    refused += 1
                served += one[:2] == (h2client.DATA, h2client.END_STREAM)
            self.assertEqual((refused, served), (150, 100))

    def test_tiny_data(self):
        """A byte with 255 of padding in each frame, for handlers that do not read."""
        with self.attacked() as server, Raw(server) as raw:
            raw.send(b"".join(headers(2 * n + 1, h2client.END_HEADERS, b"/sleep/3000") for n in range(100)))
            one = b"\xff" + b"x" + bytes(255)
            for _ in range(200):
                raw.send(b"".join(frame(h2client.DATA, 8, 2 * n + 1, one) for n in range(100)))
            raw.socket.settimeout(20)
            raw.send(frame(h2client.PING, 0, 0, b"all read"))
            while (one := raw.read()) and one != (h2client.PING, h2client.ACK, 0, b"all read"):
                pass
            self.assertIsNotNone(one)

    def test_a_window_in_drops(self):
        """An answer that is asked for byte by byte costs the peer its credit."""
        with self.attacked() as server:
            def drop(n):
                if n == 0:
                    return setting(INITIAL_WINDOW_SIZE, 0) + headers(1, path=b"/length/1000000")
                return frame(h2client.WINDOW_UPDATE, 0, 1, struct.pack(">I", 1)) * 20
            self.ends_calmly(server, 3000, drop)

    def test_a_body_in_drops(self):
        with self.attacked("--read-timeout-ms", 700) as server, Raw(server) as raw:
            began = time.monotonic()
            raw.socket.settimeout(20)
            raw.send(headers(1, h2client.END_HEADERS, b"/echo", method=b"POST"))
            over = threading.Event()

            def drip():
                while not over.wait(0.05) and raw.send(frame(h2client.DATA, 0, 1, b"x")):
                    pass

            dripping = threading.Thread(target=drip)
            dripping.start()
            try:
                while (one := raw.read()) and one[0] not in (h2client.HEADERS, h2client.RST_STREAM):
                    pass
            finally:
                over.set()
                dripping.join()
            self.assertIsNotNone(one)
            self.assertGreater(time.monotonic() - began, 0.5)

    def test_hpack_that_is_broken(self):
        """Integers without end, sizes of the table above what was allowed, indices of nothing, Huffman codes that
        do not end (RFC 7541)."""
        for name, broken in (("integer", b"\x40" + b"\xff" * 12 + b"\x7f"), ("long integer", b"\xff" * 1000),
                             ("table", b"\x3f\xe2\x1f"), ("index", b"\xff\x00"), ("zero", b"\x80"),
                             ("huffman", b"\x40\x84\xff\xff\xff\xff\x01a"), ("update behind", REQUEST + b"\x20")):
            with self.subTest(name), self.attacked() as server, Raw(server) as raw:
                raw.socket.settimeout(20)
                raw.send(frame(h2client.HEADERS, FLAGS, 1, broken))
                self.assertEqual(raw.goaway(), COMPRESSION_ERROR)
                self.assertIsNone(raw.read())

    def test_changes_of_the_table(self):
        """SETTINGS that turn the encoder's table on and off, beside requests whose answers use it."""
        with self.attacked() as server:
            self.ends_calmly(server, 3000, lambda n: setting(HEADER_TABLE_SIZE, 4096 * (n % 2)) * 10
                             + headers(2 * n + 1))

    def test_resets_of_streams_that_are_over(self):
        reset = frame(h2client.RST_STREAM, 0, 1, struct.pack(">I", CANCEL))
        with self.attacked() as server:
            self.ends_calmly(server, 1000, lambda n: headers(1) if n == 0 else reset * 100)

    def test_the_limits_of_a_field_block(self):
        """256 KiB of encoded fields are read, and refused by their meaning; one byte more ends the connection."""
        limit = 256 << 10
        for size, ends in ((limit, False), (limit + 1, True)):
            with self.subTest(size), self.attacked("--max-header-bytes", 1 << 20) as server, Raw(server) as raw:
                raw.socket.settimeout(20)
                start = REQUEST + b"\x10\x01x"
                value = size - len(start) - len(h2client.integer(size, 7))
                whole = start + h2client.integer(value, 7) + b"v" * value
                self.assertEqual(len(whole), size)
                parts = [whole[at:at + 16384] for at in range(0, len(whole), 16384)]
                for n, part in enumerate(parts):
                    last = h2client.END_HEADERS if n == len(parts) - 1 else 0
                    raw.send(frame(h2client.HEADERS if n == 0 else h2client.CONTINUATION,
                                   last | (h2client.END_STREAM if n == 0 else 0), 1, part))
                if ends:
                    self.assertEqual(raw.goaway(), ENHANCE_YOUR_CALM)
                    continue
                while (one := raw.read()) and one[0] != h2client.HEADERS:
                    pass
                self.assertIsNotNone(one)  # an answer

    def test_frames_that_no_client_sends(self):
        for name, flood in (("PUSH_PROMISE", frame(h2client.PUSH_PROMISE, 4, 1, struct.pack(">I", 2) + REQUEST)),
                            ("HEADERS on 0", headers(0)), ("HEADERS on 2", headers(2)),
                            ("DATA of no stream", frame(h2client.DATA, 0, 9, b"x")),
                            ("SETTINGS on a stream", frame(h2client.SETTINGS, 0, 1)),
                            ("PING on a stream", frame(h2client.PING, 0, 1, bytes(8))),
                            ("a window too large", frame(h2client.WINDOW_UPDATE, 0, 0, struct.pack(">I", 0x7fffffff)))):
            with self.subTest(name), self.attacked() as server, Raw(server) as raw:
                raw.socket.settimeout(20)
                raw.send(flood)
                self.assertNotIn(raw.goaway(), (None, NO_ERROR))
                self.assertIsNone(raw.read())

    def test_a_flood_of_goaway(self):
        with self.attacked() as server, Raw(server) as raw:
            raw.socket.settimeout(20)
            flood = frame(h2client.GOAWAY, 0, 0, bytes(8) + b"x" * 100) * 50
            for _ in range(200):
                if not raw.send(flood):
                    break
            while raw.read():
                pass  # the server ends the connection

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
            for _ in range(1000):
                connect()
            each = (server.rss_bytes() - before) / 1000
            self.assertLess(each, 4 << 10)


if __name__ == "__main__":
    harness.main()
