"""No system call on a loop may wait but its wait for events. The servers of the tests that are named on
the command line run with a library (loop_calls.cc) that tells of calls in which a loop's thread has
slept. Handlers are on workers meanwhile, so that all of these calls are the library's."""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import harness  # noqa: E402

flags = None


class LoopCallsTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.log = pathlib.Path(self.folder.name, "log")

    def environment(self):
        return {**os.environ, "HON_PRELOAD": flags.library, "HON_LOOP_CALLS_LOG": str(self.log)}

    def told(self):
        return self.log.read_text() if self.log.exists() else ""

    def test_a_handler_that_sleeps_on_its_loop_is_told_of(self):
        command = [str(pathlib.Path(flags.bin) / "hon_wire_server"), "--addr", "127.0.0.1:0",
                   "--placement", "inline", "--loops", "1", "--backend", flags.backend]
        before = dict(os.environ)
        self.addCleanup(os.environ.update, before)
        os.environ.update(HON_PRELOAD=flags.library, HON_LOOP_CALLS_LOG=str(self.log))
        self.addCleanup(os.environ.pop, "HON_PRELOAD")
        harness.settings.bin, harness.settings.backend = flags.bin, flags.backend
        harness.settings.placement = "inline"
        with harness.Server(loops=1) as server:
            self.assertEqual(server.ask(b"GET /block/50 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").status, 200)
        self.assertIn("slept in", self.told(), command)

    def test_nothing_else_sleeps_on_a_loop(self):
        for test in flags.tests:
            name, _, wire = test.partition(":")
            with self.subTest(test):
                done = subprocess.run(
                    [sys.executable, str(HERE / f"test_{name}.py"), "--bin", flags.bin,
                     "--backend", flags.backend, "--placement", "workers", "--wire", wire or "plain"],
                    env=self.environment(), capture_output=True, text=True, timeout=500, check=False)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertEqual(self.told(), "")


def main():
    global flags
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--backend", default="epoll")
    parser.add_argument("--library", required=True, help="what loop_calls.cc was built to")
    parser.add_argument("tests", nargs="+", help="wire, limits, ...: test_NAME.py; wire:tls1.3: over TLS")
    flags = parser.parse_args()
    unittest.main(verbosity=2, argv=sys.argv[:1])


if __name__ == "__main__":
    main()
