"""wrk with a thousand connections: nothing is refused, cut or late."""

import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness
from harness import Server

WRK = harness.require_tool("wrk")
SECONDS = 4


class WrkTest(unittest.TestCase):
    def test_a_thousand_connections(self):
        with Server() as server:
            descriptors = server.descriptors()
            done = subprocess.run(
                [WRK, "-t2", "-c1000", f"-d{SECONDS}s", "--timeout", "10s", server.url + "/"],
                capture_output=True, text=True, check=True)
            print(done.stdout)
            self.assertTrue(harness.wait_until(lambda: server.descriptors() <= descriptors, 20))
        self.assertNotIn("Socket errors", done.stdout)
        self.assertNotIn("Non-2xx", done.stdout)
        self.assertGreater(int(re.search(r"(\d+) requests in", done.stdout)[1]), 1000)


if __name__ == "__main__":
    harness.main()
