"""hon_load: an open loop that charges a stall to all who wait, and honest failures."""

import contextlib
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/e2e"), str(ROOT / "tests/support"), str(ROOT / "bench")]
import fake_server  # noqa: E402
import harness  # noqa: E402
from harness import settings  # noqa: E402
from runner import paths, servers  # noqa: E402
from ports import free_port  # noqa: E402
from runner.process import Process, cores  # noqa: E402


def load(port, *arguments):
    return subprocess.run([str(pathlib.Path(settings.bin) / "hon_load"), "--port", str(port),
                           *map(str, arguments)],
                          capture_output=True, text=True, check=False, timeout=120)


@contextlib.contextmanager
def fake(how):
    with paths.Workspace(settings.bin) as workspace:
        with Process(fake_server.as_server(how, servers), workspace) as process:
            yield process.port


class CoresTest(unittest.TestCase):
    def test_a_server_has_the_first_core_or_all(self):
        server = fake_server.as_server("right", servers)
        for spread, own, load_cores in ((False, cores()[:1], cores()[-1:]),
                                        (True, cores(), cores())):
            with paths.Workspace(settings.bin) as workspace:
                with Process(dataclasses.replace(server, spread=spread), workspace) as process:
                    self.assertEqual(sorted(os.sched_getaffinity(process.pid)), own)
                    self.assertEqual(process.load_cores, load_cores)


class LoadTest(unittest.TestCase):
    def told(self, how, *arguments):
        with fake(how) as port:
            done = load(port, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_a_stall_is_charged_to_all_who_were_due(self):
        # Of one connection's 200 requests those that are due during the stall of 0.6 s wait too: on
        # average 0.3 s. A generator that pauses with the server would see one slow request.
        told = self.told("stalls", "--connections", 1, "--rate", 200, "--seconds", 1)
        self.assertGreater(told["mean"], 100_000)
        self.assertGreater(told["p50"], 10_000)
        self.assertEqual(told["requests"] + told["unanswered"], 200)

    def test_times_are_in_order(self):
        told = self.told("right", "--connections", 4, "--rate", 500, "--seconds", 0.4)
        self.assertEqual(told["requests"], 200)
        self.assertLessEqual(told["p50"], told["p99"])
        self.assertLessEqual(told["p99"], told["p999"])
        self.assertLessEqual(told["p999"], told["max"])
        self.assertEqual((told["errors"], told["unanswered"]), (0, 0))

    def test_a_closed_loop_and_a_connection_each(self):
        for arguments in ((), ("--close",)):
            told = self.told("right", "--connections", 3, "--seconds", 0.3, *arguments)
            self.assertGreater(told["requests"], 3)
            self.assertEqual(told["errors"], 0)
            size = len(fake_server.answer(fake_server.WELCOME))
            self.assertEqual(told["bytes"], told["requests"] * size)

    def test_a_bad_status_is_an_error(self):
        told = self.told("wrong status", "--connections", 2, "--seconds", 0.2)
        self.assertEqual(told["requests"], 0)
        self.assertGreater(told["errors"], 0)

    def test_nobody_there(self):
        done = load(free_port(), "--connections", 2, "--seconds", 0.2)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("cannot connect", done.stderr)


if __name__ == "__main__":
    harness.main()
