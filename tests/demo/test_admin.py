"""The listener for operators: counters, and profiles in pprof's own format."""

import json
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import harness  # noqa: E402

PROFILE_SECONDS_MAX = 300
SYMBOL_BYTES_MAX = 256 * 1024


def request(path, method="GET", host="127.0.0.1", body=None):
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n"
    if body is not None:
        head += f"Content-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + (body or b"")


class Hon(harness.Server):
    """The demo with a listener for operators, whose address it tells on stderr."""

    def __init__(self, *flags, admin="127.0.0.1:0"):
        super().__init__("--admin", admin, *flags, program="hon")

    def __enter__(self):
        super().__enter__()
        found = []
        harness.wait_until(lambda: found.append(re.search(r"operators at http://127.0.0.1:(\d+)/\n",
                                                          self.errors())) or found[-1])
        self.admin_port = int(found[-1][1])
        return self

    def admin(self, path, *arguments, **options):
        with harness.Wire("127.0.0.1", self.admin_port, 60) as wire:
            wire.send(request(path, *arguments, **options))
            return wire.answer()


def parse_profile(data):
    """(period in microseconds, [(count, addresses)], text behind) of a CPU profile; see
    https://gperftools.github.io/gperftools/cpuprofile-fileformat.html"""
    words = struct.unpack(f"<{len(data) // 8}Q", data[:len(data) // 8 * 8])
    zero, header_words, version, period, padding = words[:5]
    if (zero, header_words, version, padding) != (0, 3, 0, 0):
        raise AssertionError(f"not a profile: {words[:5]}")
    at, samples = 5, []
    while True:
        count, depth = words[at:at + 2]
        addresses = words[at + 2:at + 2 + depth]
        at += 2 + depth
        if (count, addresses) == (0, (0,)):
            return period, samples, data[at * 8:].decode()
        samples.append((count, addresses))


class AdminTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Hon())
        cls.profiles = "without gperftools" not in cls.server.admin("/debug/pprof/").body.decode()

    def setUp(self):
        if not self.profiles and "profile" in self.id().rpartition(".")[2]:
            self.skipTest("built without gperftools, as sanitizer builds are")

    def keep_busy(self, until):
        """Asks the server for more than it can give until `until` is set."""
        greeting = len(b"Welcome! Try /sse endpoint.")
        with self.server.connect() as wire:
            wire.send(request("/"))
            size = greeting + sum(len(f"{name}: {value}\r\n") for name, value in wire.answer().fields)
            size += len("HTTP/1.1 200 OK\r\n\r\n")
            while not until.is_set():
                wire.send(request("/") * 500)
                left = 500 * size
                while left > 0:
                    left -= len(wire.socket.recv(left))

    def test_is_off_by_default(self):
        with harness.Server(program="hon") as server:
            for path in ("/debug/vars", "/debug/pprof/", "/debug/pprof/cmdline"):
                self.assertEqual(server.ask(request(path)).body, b"Welcome! Try /sse endpoint.")
            self.assertNotIn("operators", server.errors())

    def test_is_not_on_the_public_listener(self):
        self.assertEqual(self.server.ask(request("/debug/vars")).body, b"Welcome! Try /sse endpoint.")
        self.assertEqual(self.server.admin("/file").status, 404)

    def test_a_port_alone_is_not_for_the_network(self):
        with Hon(admin=":0") as server:  # tells of 127.0.0.1
            self.assertEqual(server.admin("/debug/vars").status, 200)

    def test_an_address_in_use_is_an_error(self):
        command = self.server.command + self.server.flags
        command[command.index("--admin") + 1] = f"127.0.0.1:{self.server.admin_port}"
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("in use", done.stderr)

    def test_vars(self):
        answer = self.server.admin("/debug/vars")
        self.assertEqual((answer.status, answer.get("Content-Type")), (200, "application/json"))
        values = json.loads(answer.body)
        self.assertEqual(values["cmdline"], self.server.command + self.server.flags)
        self.assertIn(len(values["loops"]), (self.server.loops, self.server.loops + 1))  # the standby
        for name in ("requests", "connections", "memory", "cpu_ms"):
            self.assertGreaterEqual(values[name], 0)
        self.server.ask(request("/"))
        self.assertGreater(json.loads(self.server.admin("/debug/vars").body)["requests"],
                           values["requests"])

    def test_only_by_ip_address_or_localhost(self):
        for host in ("127.0.0.1", "127.0.0.1:6060", "[::1]:6060", "localhost", "localhost:6060"):
            self.assertEqual(self.server.admin("/debug/vars", host=host).status, 200, host)
        for host in ("evil.example", "evil.example:6060", "1.2.3.4.evil", "localhost.evil", "127.0.0.1x"):
            self.assertEqual(self.server.admin("/debug/vars", host=host).status, 403, host)

    def test_the_front_page_leads_to_the_others(self):
        front = self.server.admin("/")
        self.assertEqual((front.status, front.get("Content-Security-Policy")), (200, "default-src 'none'"))
        links = re.findall(r"href=\"([^\"]+)", front.body.decode())
        self.assertEqual(links, ["/debug/vars", "/debug/pprof/"])
        for link in links:
            self.assertEqual(self.server.admin(link).status, 200)
        self.assertEqual(self.server.admin("/", host="evil.example").status, 403)

    def test_index_and_cmdline(self):
        index = self.server.admin("/debug/pprof/")
        self.assertEqual((index.status, index.get("Content-Security-Policy")), (200, "default-src 'none'"))
        for link in re.findall(r"href=\"([^\"?]+)", index.body.decode()):
            self.assertIn(link, ("profile", "heap", "symbol", "cmdline", "../vars"))
        self.assertEqual(self.server.admin("/debug/pprof/cmdline").body.decode().split("\0"),
                         self.server.command + self.server.flags)
        self.assertEqual(self.server.admin("/debug/pprof/profile", "POST").status, 405)
        self.assertEqual(self.server.admin("/debug/pprof/none").status, 404)

    def test_cpu_profile(self):
        done = threading.Event()
        load = threading.Thread(target=self.keep_busy, args=(done,))
        load.start()
        try:
            for _ in range(10):  # a machine that does much else leaves the server little to be seen in
                answer = self.server.admin("/debug/pprof/profile?seconds=2")
                if sum(count for count, _ in parse_profile(answer.body)[1]) > 5:
                    break
        finally:
            done.set()
            load.join()
        self.assertEqual((answer.status, answer.get("Content-Type")), (200, "application/octet-stream"))
        period, samples, maps = parse_profile(answer.body)
        self.assertEqual(period, 10_000)  # 100 a second
        self.assertGreater(sum(count for count, _ in samples), 5)
        self.assertRegex(maps, r"(?m)^[0-9a-f]+-[0-9a-f]+ r-xp .*/hon$")
        addresses = sorted({address for _, frames in samples for address in frames})
        text = "+".join(hex(address) for address in addresses).encode()
        names = self.server.admin("/debug/pprof/symbol", "POST", body=text).body.decode()
        self.assertIn("num_symbols: 1\n", names)
        self.assertIn("hon::", names)
        if shutil.which("google-pprof"):
            with tempfile.NamedTemporaryFile() as file:
                file.write(answer.body)
                file.flush()
                program = str(pathlib.Path(harness.settings.bin) / "hon")
                report = subprocess.run(["google-pprof", "--text", program, file.name],
                                        capture_output=True, text=True, timeout=120, check=True)
                self.assertIn("hon::", report.stdout)

    def test_seconds_of_a_profile_are_bounded(self):
        for seconds in ("0", "-1", "1.5", "x", "", "1x", str(PROFILE_SECONDS_MAX + 1), "9" * 30):
            answer = self.server.admin(f"/debug/pprof/profile?seconds={seconds}")
            self.assertEqual(answer.status, 400, seconds)

    def test_one_profile_at_a_time_and_it_ends_with_its_client(self):
        with harness.Wire("127.0.0.1", self.server.admin_port, 60) as wire:
            busy = None

            def long_one_runs():
                nonlocal busy
                # Asked for again each time: the short profile may begin before the long one, which is refused then.
                wire.send(request(f"/debug/pprof/profile?seconds={PROFILE_SECONDS_MAX}"))
                busy = self.server.admin("/debug/pprof/profile?seconds=1")
                return busy.status == 503

            self.assertTrue(harness.wait_until(long_one_runs))
            self.assertEqual(busy.get("Retry-After"), "1")
        self.assertTrue(harness.wait_until(
            lambda: self.server.admin("/debug/pprof/profile?seconds=1").status == 200))

    def test_heap_profile(self):
        answer = self.server.admin("/debug/pprof/heap")
        self.assertEqual(answer.status, 200)
        self.assertRegex(answer.body.decode(), r"^heap profile: +\d+: +\d+ \[ *\d+: +\d+\] @ heap_v2/524288")
        self.assertIn("MAPPED_LIBRARIES:", answer.body.decode())

    def test_symbols(self):
        self.assertEqual(self.server.admin("/debug/pprof/symbol").body, b"num_symbols: 1\n")
        ask = lambda body: self.server.admin("/debug/pprof/symbol", "POST", body=body)  # noqa: E731
        for strange in (b"", b"+", b"++0x", b"0x0", b"0xzz", b"main", b"0x" + b"f" * 100, b"\0\xff+0x1",
                        b"0xffffffffffffffff"):
            answer = ask(strange)
            self.assertEqual((answer.status, answer.body), (200, b"num_symbols: 1\n"), strange)
        self.assertEqual(ask(b"0x1+" * (SYMBOL_BYTES_MAX // 4)).status, 200)
        self.assertEqual(ask(b"0x1+" * (SYMBOL_BYTES_MAX // 4) + b"0").status, 413)


harness.main()
