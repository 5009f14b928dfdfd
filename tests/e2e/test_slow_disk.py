"""A cold file on a slow disk holds no loop. The server runs with a library (slow_disk.cc) for which files
below a folder lie on a disk of 2 MB/s: it tells on which thread each read of the disk has slept."""

import argparse
import gzip
import os
import pathlib
import sys
import tempfile
import threading
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import built  # noqa: E402
import harness  # noqa: E402
from bad_requests import GOOD  # noqa: E402

SIZES = {"small.txt": 9000,  # read, and sent with its head
         "sniffed": 20_000,  # its type is found by its first bytes
         "big.txt": 1_200_000}
library = None


class SlowDisk(unittest.TestCase):
    with_tls = False

    def setUp(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.root = folder / "slow-disk"
        self.root.mkdir()
        for name, size in SIZES.items():
            (self.root / name).write_bytes(self.content(size))
        self.log = folder / "log"

    @staticmethod
    def content(size):
        return (bytes(range(97, 122)) * (size // 25 + 1))[:size]

    def serve(self, placement, **more):
        """One loop, and nothing of the files in memory."""
        self.log.write_text("")
        set_to = {"HON_PRELOAD": library, "HON_SLOW_DISK": "/slow-disk/", "HON_SLOW_DISK_LOG": str(self.log), **more}
        harness.settings.placement = placement
        os.environ.update(set_to)
        try:
            flags = ["--files", self.root, "--h2c"]
            if self.with_tls:
                certificates = harness.wire_certificates()
                flags += ["--tls-addr", "127.0.0.1:0", "--cert", certificates.path("localhost.cert"),
                          "--key", certificates.path("localhost.key")]
            server = harness.Server(*flags, loops=1)
            server.__enter__()
        finally:
            for name in set_to:
                del os.environ[name]
        self.addCleanup(server.__exit__, None)
        return server

    def readers(self):
        """The threads that the disk has kept waiting."""
        return {line.split()[0].rstrip("0123456789") for line in self.log.read_text().splitlines()}

    def check(self, server, get):
        """`get(name)` gets a whole file."""
        for name in SIZES:
            answered, done = [], threading.Event()

            def others(answered=answered, done=done):
                with server.connect(60) as wire:
                    while not done.is_set():
                        wire.send(GOOD)
                        answered.append(wire.answer().body)

            quick = threading.Thread(target=others)
            quick.start()
            try:
                body = get(name)
            finally:
                done.set()
                quick.join()
            self.assertEqual(body, self.content(SIZES[name]), name)
            self.assertEqual(set(answered), {b"MARKER"})
            readers = self.readers()
            self.assertTrue(readers, "the disk was not asked")
            self.assertFalse({one for one in self.log.read_text().splitlines() if one.startswith(("hon-loop", "hon-standby"))}, name)
            self.log.write_text("")

    def test_http1(self):
        for placement in ("inline", "workers"):
            with self.subTest(placement):
                server = self.serve(placement)

                def get(name, server=server):
                    with server.connect(60) as wire:
                        wire.send(b"GET /files/%s HTTP/1.1\r\nHost: a\r\n\r\n" % name.encode())
                        return wire.answer().body

                self.check(server, get)

    def test_a_part_of_a_file(self):
        server = self.serve("inline")
        with server.connect(60) as wire:
            for first, last in ((1_000_000, 1_000_099), (100_000, 300_000)):
                wire.send(b"GET /files/big.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=%d-%d\r\n\r\n" % (first, last))
                self.assertEqual(wire.answer().body, self.content(SIZES["big.txt"])[first:last + 1])
        self.assertEqual(self.readers(), {"hon-blocking"})

    def test_compressed(self):
        server = self.serve("inline")

        def get(name):
            with server.connect(60) as wire:
                wire.send(b"GET /compressed/files/%s HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n"
                          % name.encode())
                answer = wire.answer()
                return gzip.decompress(answer.body) if answer.get("Content-Encoding") == "gzip" else answer.body

        self.check(server, get)

    def test_http2(self):
        import h2client
        for placement in ("inline", "workers"):
            with self.subTest(placement):
                server = self.serve(placement)

                def get(name, server=server):
                    with h2client.Client(server, timeout=60) as client:
                        return client.ask("/files/" + name).body

                self.check(server, get)

    def test_what_was_found_is_remembered(self):
        """Before Linux 6.5 each 16 KiB of a file are looked for by a system call: not for each answer."""
        import h2client
        server = self.serve("inline", HON_NO_CACHESTAT="1")

        def get_by_1():
            with server.connect(60) as wire:
                wire.send(b"GET /files/big.txt HTTP/1.1\r\nHost: a\r\n\r\n")
                return wire.answer().body

        def get_by_2():
            with h2client.Client(server, timeout=60) as client:
                return client.ask("/files/big.txt").body

        for get in (get_by_1, get_by_2):
            probes = []
            for _ in range(50):  # what was found counts for a second
                self.log.write_text("")
                self.assertEqual(get(), self.content(SIZES["big.txt"]))
                probes.append(sum(line.endswith(" probe") for line in self.log.read_text().splitlines()))
                if len(probes) > 1 and probes[-1] == 0:
                    break
            self.assertEqual(probes[-1], 0, (get.__name__, probes))

    def test_tls(self):
        built.require_tls()
        self.with_tls = True
        server = self.serve("inline")

        def get(name):
            harness.settings.wire = "tls1.3"
            try:
                with harness.Wire(server.host, server.tls_port, 60, harness.wire_context()) as wire:
                    wire.send(b"GET /files/%s HTTP/1.1\r\nHost: a\r\n\r\n" % name.encode())
                    return wire.answer().body
            finally:
                harness.settings.wire = "plain"

        self.check(server, get)


def main():
    global library
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--library", required=True, help="what slow_disk.cc was built to")
    known, rest = parser.parse_known_args()
    library = known.library
    sys.argv[1:] = rest
    harness.main()


if __name__ == "__main__":
    main()
