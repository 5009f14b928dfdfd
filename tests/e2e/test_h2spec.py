"""h2spec (github.com/summerwind/h2spec), strict, against the server without TLS and over it. The cases where
RFC 9113 says otherwise are named."""

import os
import pathlib
import re
import subprocess
import unittest

import harness

VERSION = "v2.2.1+incompatible"
BUILD_SECONDS_MAX = 240
# A plain listener serves HTTP/1 too, and answers another preface in its words.
NOT_WITHOUT_TLS = {"Sends invalid connection preface"}


def program():
    """The h2spec program, from the cache of Go's modules or from its registry."""
    go = harness.require_tool("go")
    folder = subprocess.run([go, "env", "GOPATH"], capture_output=True, text=True, check=True).stdout.strip()
    path = pathlib.Path(folder, "bin", "h2spec")
    if not path.exists():
        try:
            done = subprocess.run([go, "install", f"github.com/summerwind/h2spec/cmd/h2spec@{VERSION}"],
                                  env=os.environ | {"GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"},
                                  capture_output=True, text=True, check=False, timeout=BUILD_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            harness.skip_all("h2spec could not be built in time")
        if not path.exists():
            harness.skip_all(f"h2spec is not to be had: {done.stderr[-300:]}")
    return str(path)


class H2Spec(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = program()
        certificates = harness.wire_certificates()
        cls.server = cls.enterClassContext(harness.Server(
            "--h2c", "--tls-addr", "127.0.0.1:0", "--cert", certificates.path("localhost.cert"),
            "--key", certificates.path("localhost.key")))

    def failures(self, port, *flags):
        seconds = "6" if harness.sanitized() else "2"
        done = subprocess.run([self.program, "-h", "127.0.0.1", "-p", str(port), "-S", "-o", seconds,
                               "-P", "/slow-echo/50", *flags], capture_output=True, text=True, check=False)
        text = re.sub("\x1b\\[[0-9;]*m", "", done.stdout)
        counts = re.search(r"(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed", text)
        self.assertIsNotNone(counts, done.stdout + done.stderr)
        self.assertGreaterEqual(int(counts[1]), 140)
        found = set(re.findall(r"× \d+: (.*)", text.partition("Failures:")[2]))
        self.assertEqual(len(found), int(counts[4]), text)
        return found, text

    def test_without_tls(self):
        found, text = self.failures(self.server.port)
        self.assertEqual(found, NOT_WITHOUT_TLS, text.partition("Failures:")[2])

    def test_with_tls(self):
        found, text = self.failures(self.server.tls_port, "-t", "-k")
        self.assertEqual(found, set(), text.partition("Failures:")[2])


if __name__ == "__main__":
    harness.main()
