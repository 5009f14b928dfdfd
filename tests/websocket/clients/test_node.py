"""Node's ws against /ws and /ws-events: client.mjs does it, this starts the server."""

import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import fetched
import harness
from harness import Server, settings

CLIENT = pathlib.Path(__file__).resolve().parent / "client.mjs"


class NodeTest(unittest.TestCase):
    def test_all(self):
        modules = fetched.node_modules(settings.bin)
        script = modules / "client.mjs"  # where node finds the modules
        script.write_text(CLIENT.read_text(encoding="utf-8"), encoding="utf-8")
        with Server() as server:
            done = subprocess.run(["node", str(script), f"ws://{server.host}:{server.port}"],
                                  capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("checks passed", done.stdout)


if __name__ == "__main__":
    harness.main()
