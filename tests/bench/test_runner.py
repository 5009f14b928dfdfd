"""The benchmark runner: what it writes is well-formed, a server that answers wrongly is refused, and
noise is not called a difference. Nothing here depends on how fast anything is."""

import contextlib
import io
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import types
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/e2e"), str(ROOT / "bench")]
import harness  # noqa: E402
from fake_server import as_server  # noqa: E402
from harness import settings  # noqa: E402
from runner import charts, load, markdown, measure, paths, plan as plans, servers, stats  # noqa: E402

WRK = harness.require_tool("wrk")
QUICK = ["--rounds", "2", "--seconds", "0.2", "--idle", "60"]


def bench(*arguments, program=None, env=None):
    command = program or [sys.executable, str(ROOT / "bench/run"), "--bin", settings.bin]
    return subprocess.run([*map(str, command), *map(str, arguments)], capture_output=True,
                          text=True, check=False, env=env, timeout=240)


class WholeRunTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.out = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.done = bench(
            "--servers", "floor epoll,hon epoll", "--scenario",
            "keep_alive,per_request,echo,file,fixed_rate,own_rate,c10", "--rate", "300",
            "--out", cls.out, *QUICK, program=[pathlib.Path(settings.bin) / "hon", "bench"])
        cls.results = json.loads((cls.out / "results.json").read_text())

    def test_it_ends_well_and_prints_the_table(self):
        self.assertEqual(self.done.returncode, 0, self.done.stderr)
        self.assertRegex(self.done.stdout, r"Requests/sec\s+average latency\s+Transfer/sec")
        self.assertRegex(self.done.stdout, r"hon epoll\s+[\d,]+\s+[\d.]+ [um]s\s+[\d.]+ MB")

    def test_json_has_every_round(self):
        hon = self.results["servers"]["hon epoll"]
        self.assertEqual(sorted(hon["cells"]), sorted(
            ["keep_alive", "per_request", "echo", "file", "fixed_rate", "own_rate", "c10"]))
        for key, rounds in hon["cells"].items():
            self.assertEqual(len(rounds), 2, key)
            for one in rounds:
                self.assertGreater(one["requests"], 0, key)
                self.assertGreater(one["cpu"], 0, key)
                self.assertAlmostEqual(one["cpu"], one["user"] + one["system"])
        self.assertGreater(hon["resident"], 1 << 20)
        self.assertEqual(hon["idle"]["count"], 60)
        for key in ("processor", "kernel", "versions", "cores"):
            self.assertTrue(self.results["machine"][key], key)

    def test_a_megabyte_is_counted_as_one(self):
        for one in self.results["servers"]["hon epoll"]["cells"]["file"]:
            self.assertGreater(one["transfer"] / one["rate"], 0.9 * (1 << 20))

    def test_what_a_server_lacks_is_said(self):
        why = self.results["servers"]["floor epoll"]["why_not"]
        self.assertIn("echo floor", why["echo"])
        self.assertIn("no files", why["file"])

    def test_the_page_is_well_formed(self):
        page = (self.out / "README.md").read_text()
        for table in re.findall(r"(?:^\|.*\n)+", page, re.M):
            widths = {line.count("|") for line in table.strip().splitlines()}
            self.assertEqual(len(widths), 1, table)
        for picture in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page):
            self.assertTrue((self.out / picture).is_file(), picture)
        self.assertNotIn(str(self.out), page)
        self.assertNotIn(str(settings.bin), page)
        self.assertIn("wrk -t1 -c100", page)
        self.assertIn("--servers 'floor epoll,hon epoll'", page)
        self.assertIn(stats.RULE, page)

    def test_the_readme_gets_the_table_between_its_marks(self):
        readme = self.out / "README-copy.md"
        readme.write_text("before\n<!-- bench -->\nold\n<!-- /bench -->\nafter\n")
        markdown.update_readme(readme, "| a |")
        self.assertEqual(readme.read_text(),
                         "before\n<!-- bench -->\n| a |\n<!-- /bench -->\nafter\n")
        self.assertIn("<!-- bench -->", (ROOT / "README.md").read_text())

    def test_the_charts_are_xml(self):
        found = sorted(path.name for path in self.out.glob("*.svg"))
        self.assertIn("cpu_keep_alive.svg", found)
        self.assertIn("idle.svg", found)
        for name in found:
            root = xml.etree.ElementTree.parse(self.out / name).getroot()
            self.assertTrue(root.tag.endswith("svg"), name)
            text = " ".join(root.itertext())
            self.assertIn("hon epoll", text, name)


class CommandLineTest(unittest.TestCase):
    def test_unknown_names_are_refused_with_the_known_ones(self):
        done = bench("--servers", "apache", "--no-files")
        self.assertEqual(done.returncode, 2)
        self.assertIn("fasthttp", done.stderr)
        self.assertEqual(bench("--scenario", "nonsense", "--no-files").returncode, 2)

    def test_missing_tools_are_named(self):
        hon = [pathlib.Path(settings.bin) / "hon", "bench"]
        with tempfile.TemporaryDirectory() as empty:
            done = bench(program=hon, env={"PATH": empty})
            self.assertEqual(done.returncode, 1)
            self.assertIn("python3", done.stderr)
            (pathlib.Path(empty) / "python3").symlink_to(sys.executable)
            done = bench(program=hon, env={"PATH": empty})
            self.assertEqual(done.returncode, 1)
            self.assertIn("apt-get install wrk", done.stderr)

    def test_a_missing_peer_is_left_out_with_the_reason(self):
        with tempfile.TemporaryDirectory() as empty:
            done = bench("--servers", "hyper", "--no-files",
                         env={"PATH": pathlib.Path(WRK).parent.as_posix(), "HON_PEERS": empty})
        self.assertEqual(done.returncode, 2)
        self.assertIn("cargo", done.stderr)


class RefusalTest(unittest.TestCase):
    def refused(self, how, key="keep_alive"):
        """Why the runner did not measure a server that is wrong in this way."""
        plan = plans.Plan([as_server(how, servers)], [plans.BY_KEY[key]], rounds=1, seconds=0.1,
                          rate=100, idle=0)
        with paths.Workspace(settings.bin) as workspace, contextlib.redirect_stderr(io.StringIO()):
            result = measure.run(plan, workspace)[how]
        self.assertEqual(result["cells"], {}, how)
        return result["why_not"]

    def test_a_wrong_answer(self):
        self.assertIn("8 bytes", self.refused("wrong body")["all"])

    def test_a_wrong_status(self):
        self.assertIn("status 500", self.refused("wrong status")["all"])

    def test_a_connection_that_is_not_kept(self):
        self.assertTrue(self.refused("closes")["all"])

    def test_pipelined_requests_that_get_lost(self):
        why_not = self.refused("lost pipelined", "pipelined")
        self.assertIn("1 of 16", why_not.get("pipelined", ""), why_not)

    def test_one_that_does_not_start(self):
        self.assertIn("no reason in particular", self.refused("does not start")["all"])


class NoiseTest(unittest.TestCase):
    def test_what_may_be_called_different(self):
        def differ(a, b):
            return stats.differ(stats.Figure(a), stats.Figure(b))

        self.assertTrue(differ((10.0, 10.1, 10.2), (12.0, 12.1, 12.2)))
        self.assertFalse(differ((10.0, 10.1, 10.2), (10.15, 10.3, 10.4)), "the rounds overlap")
        self.assertFalse(differ((10.0, 10.01, 10.02), (10.1, 10.11, 10.12)), "less than 2 %")
        self.assertFalse(differ((10.0,), (20.0,)), "one round proves nothing")
        self.assertEqual(stats.ratio(stats.Figure((20.0,)), stats.Figure((10.0,))), "?")
        # Apart, but no further than the rounds of each lie from one another.
        self.assertFalse(differ((10.0, 13.8, 14.0), (14.1, 14.2, 19.0)))

    def test_noise_is_shown_as_such(self):
        a, b = stats.Figure((10.0, 11.0, 12.0)), stats.Figure((11.0, 12.0, 13.0))
        self.assertEqual(stats.ratio(a, b), "=")
        self.assertEqual(stats.ratio(stats.Figure((15.0, 15.1)), stats.Figure((10.0, 10.1))),
                         "1.50 x")


class WrkTest(unittest.TestCase):
    TEXT = """Running 1s test @ http://127.0.0.1:8080/
  1 threads and 100 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.25ms  102.00us   3.00ms   71.43%
    Req/Sec    79.00k     1.00k   80.00k    70.00%
  Latency Distribution
     50%    1.20ms
     75%    1.30ms
     90%    1.40ms
     99%  980.00us
  79000 requests in 1.00s, 10.50MB read
Requests/sec:  79000.50
Transfer/sec:     10.50MB
"""

    def test_its_figures_are_read_with_their_units(self):
        told = load.parse_wrk(self.TEXT)
        self.assertEqual((told["requests"], told["rate"]), (79000, 79000.5))
        self.assertEqual((told["mean"], told["p50"], told["p99"]), (1250.0, 1200.0, 980.0))
        self.assertEqual(told["transfer"], 10.5 * (1 << 20))

    def test_errors_are_not_results(self):
        for more in ("  Non-2xx or 3xx responses: 79000\n",
                     "  Socket errors: connect 0, read 500, write 0, timeout 0\n"):
            with self.assertRaises(load.ServerError):
                load.parse_wrk(self.TEXT.replace("Requests/sec", more + "Requests/sec"))
        with self.assertRaises(load.ServerError):
            load.parse_wrk("unable to connect to 127.0.0.1:1 Connection refused\n")


class ChartTest(unittest.TestCase):
    def test_names_are_escaped_and_bars_sorted(self):
        text = charts.bars("a < b", "note", [("slow & big", [3.0, 1.0], 3.5, 4.5),
                                             ("quick", [1.0, 1.0], 1.9, 2.1)], ("x", "y"), "us")
        whole = " ".join(xml.etree.ElementTree.fromstring(text).itertext())
        self.assertIn("a < b", whole)
        self.assertLess(whole.index("quick"), whole.index("slow & big"))


class PlanTest(unittest.TestCase):
    def test_a_budget_is_kept(self):
        everybody = plans.Plan(list(servers.SERVERS), list(plans.SCENARIOS), rounds=3, seconds=0,
                               rate=20000, idle=4000)
        everybody.fit(7.6)
        self.assertLessEqual(everybody.minutes(), 7.7)
        args = types.SimpleNamespace(full=False, servers=None, scenario=None, rounds=3,
                                     seconds=None, minutes=None, rate=20000, idle=4000)
        with paths.Workspace(settings.bin) as workspace:
            self.assertLessEqual(plans.make(args, workspace).minutes(), 3.5)

    def test_every_server_can_do_something(self):
        for server in servers.SERVERS:
            plan = plans.Plan([server], plans.SCENARIOS, 1, 1, 1, 0, brief=False)
            self.assertGreater(len(plan.cells()), 0 if server.only else 7, server.name)


if __name__ == "__main__":
    harness.main()
