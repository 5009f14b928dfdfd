"""What a process may lack: its standard streams, threads, descriptors. The server starts and serves, or
says why not; it never aborts, and what was lost is regained."""

import contextlib
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import harness
from bad_requests import GOOD

WAIT_SECONDS = 30
CLOSING = b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def null_descriptors(pid):
    """The descriptors of a process that are /dev/null."""
    found = set()
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            if os.readlink(entry) == "/dev/null":
                found.add(int(entry.name))
    return found


class Shortage(unittest.TestCase):
    def command(self, *flags, program=None):
        return [str(program or pathlib.Path(harness.settings.bin) / "hon_wire_server"), "--backend",
                harness.settings.backend, "--loops", "1", *map(str, flags)]

    def test_closed_standard_streams_become_dev_null(self):
        """As Go's runtime does: no socket takes their places."""
        for closed in ((0,), (0, 1, 2), (1, 2)):
            with self.subTest(closed), tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder, "socket")
                process = subprocess.Popen(
                    [sys.executable, "-c", "import os, sys\nfor fd in map(int, sys.argv[1].split()): os.close(fd)\n"
                     "os.execv(sys.argv[2], sys.argv[2:])", " ".join(map(str, closed)),
                     *self.command("--addr", f"unix:{path}")],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                try:
                    self.assertTrue(harness.wait_until(path.exists, WAIT_SECONDS))
                    for _ in range(3):
                        self.assertTrue(self.ask_unix(path).endswith(b"MARKER"))
                    # A request that is refused is logged, to nowhere.
                    self.assertIn(b" 400 ", self.ask_unix(path, b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"))
                    self.assertLessEqual(set(closed), null_descriptors(process.pid))
                finally:
                    process.terminate()
                    out, errors = process.communicate(timeout=WAIT_SECONDS)
                self.assertEqual(process.returncode, 0, errors)
                self.assertNotIn(b"HTTP/1.1", out + errors)

    @staticmethod
    def ask_unix(path, request=CLOSING % b"/echo-marker"):
        with socket.socket(socket.AF_UNIX) as wire:
            wire.settimeout(WAIT_SECONDS)
            deadline = time.monotonic() + WAIT_SECONDS
            while True:
                try:
                    wire.connect(str(path))
                    break
                except ConnectionRefusedError:  # bound, and not listening yet
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.01)
            wire.sendall(request)
            got = b""
            while part := wire.recv(4096):
                got += part
            return got

    def test_a_reserve_descriptor_that_was_lost_is_regained(self):
        """With no descriptor left, waiting peers are turned away by means of a reserve."""
        with harness.Server(loops=1) as server:
            at_start = len(self.descriptors(server))
            self.assertEqual(server.ask(GOOD).body, b"MARKER")
            reserve = null_descriptors(server.pid) - {0, 1, 2}
            self.assertEqual(len(reserve), 1)
            _, hard = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
            # Below every descriptor: the reserve is given up, and neither a peer nor a new reserve is had.
            resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (3, hard))
            with self.peer(server) as first:
                self.assertTrue(harness.wait_until(
                    lambda: not null_descriptors(server.pid) - {0, 1, 2}, WAIT_SECONDS))
                resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (hard, hard))
                self.assertEqual(first.answer().body, b"MARKER")  # the retry has accepted
            self.assertTrue(harness.wait_until(
                lambda: len(null_descriptors(server.pid) - {0, 1, 2}) == 1, WAIT_SECONDS))
            # And is of use: room for the reserve alone.
            self.assertTrue(harness.wait_until(
                lambda: len(self.descriptors(server)) <= at_start, WAIT_SECONDS))  # the peers' are closed
            used = self.descriptors(server)
            limit = next(i for i in range(hard) if i not in used)
            self.assertLess(max(used), limit, "descriptors without a gap")
            resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (limit, hard))
            with self.peer(server) as turned_away:
                self.assertEqual(turned_away.answers(), [])
            resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (hard, hard))
            self.assertTrue(harness.wait_until(lambda: self.is_served(server), WAIT_SECONDS))

    @staticmethod
    def descriptors(server):
        return {int(entry.name) for entry in pathlib.Path(f"/proc/{server.pid}/fd").iterdir()}

    @staticmethod
    def peer(server):
        wire = harness.Wire(server.host, server.port, WAIT_SECONDS)
        wire.send(GOOD)
        return wire

    def is_served(self, server):
        with self.peer(server) as wire, contextlib.suppress(harness.Closed):
            return wire.answer().status == 200
        return False

    def test_no_limit_on_threads_aborts(self):
        """As a user of its own with few threads: an error at the start, or calls that run inline or get
        503."""
        if os.getuid() != 0:
            harness.skip_all("another user is needed: run as root")
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        program = folder / "hon_wire_server"
        shutil.copy(pathlib.Path(harness.settings.bin) / "hon_wire_server", program)
        user = 50_000 + os.getpid() % 10_000
        refused = served = 0
        for threads in range(1, 9):
            for placement in ("adaptive", "workers"):
                with self.subTest(threads=threads, placement=placement):
                    if self.start_with(program, user, threads, placement):
                        served += 1
                    else:
                        refused += 1
        self.assertGreater(refused, 0)
        self.assertGreater(served, 0)

    def start_with(self, program, user, threads, placement):
        """Whether the server has started; checks it either way."""
        def become():
            resource.setrlimit(resource.RLIMIT_NPROC, (threads, threads))
            os.setgid(user)
            os.setuid(user)

        errors = self.enterContext(tempfile.TemporaryFile())
        process = subprocess.Popen(
            self.command("--addr", "127.0.0.1:0", "--placement", placement, program=program),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, preexec_fn=become)

        def said():
            errors.seek(0)
            return errors.read().decode()

        try:
            line = process.stdout.readline().decode()
            ready = harness.READY.search(line)
            if ready is None:
                self.assertEqual(process.wait(WAIT_SECONDS), 1, said())
                self.assertRegex(said(), "thread|temporarily unavailable")
                return False
            for path in (b"/block/30", b"/block/30", b"/echo-marker", b"/spin/30"):
                with harness.Wire(ready[1], int(ready[2]), WAIT_SECONDS) as wire:
                    wire.send(CLOSING % path)
                    statuses = [answer.status for answer in wire.answers()]
                    self.assertIn(statuses, ([200], [503]), said())
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(WAIT_SECONDS), 0, said())
            self.assertFalse(harness.REPORT.search(said()), said())
            return True
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


if __name__ == "__main__":
    harness.main()
