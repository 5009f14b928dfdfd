"""Go's net/http client; the tests themselves are in go/client_test.go."""

import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness
from harness import Server

GO = harness.require_tool("go")


class GoClientTest(unittest.TestCase):
    def test_go(self):
        with Server() as server:
            done = subprocess.run(
                [GO, "test", "-count=1", "-timeout=120s", "."],
                cwd=pathlib.Path(__file__).resolve().parent / "go",
                env=os.environ | {"HON_URL": server.url, "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"},
                capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    harness.main()
