"""`hon` under a service manager, which this test is: listening sockets that outlive the program
(sd_listen_fds(3)), and what the program tells by NOTIFY_SOCKET (sd_notify(3))."""

import contextlib
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

import built
import harness
from test_restart import BODY, WAIT_SECONDS, Load, TlsLoad

RESTARTS = 4
# Puts the sockets to descriptors 3 and up, and its own process id into LISTEN_PID, as a service manager
# does between fork and exec.
BECOME_SERVICE = """
import fcntl, os, sys
numbers = [int(fd) for fd in sys.argv[1].split(",")]
high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 200) for fd in numbers]
for fd in numbers:
    os.close(fd)
for number, fd in enumerate(high):
    os.dup2(fd, 3 + number)
    os.close(fd)
os.environ.setdefault("LISTEN_PID", str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


class UnixLoad(Load):
    """The same over a unix socket."""

    def _connect(self):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(WAIT_SECONDS)
        connection.connect(self.address)
        return connection


class Manager:
    """The service manager: holds the listening sockets, and hears what the program tells."""

    def __init__(self, folder, sockets):
        self.sockets = sockets
        self.folder = folder
        self.told = []  # (process id, state)
        self.changed = threading.Condition()
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.notify.bind(str(folder / "notify"))
        self.thread = threading.Thread(target=self._hear)
        self.thread.start()

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(b"END", str(self.folder / "notify"))
        self.thread.join()
        self.notify.close()
        for each in self.sockets:
            each.close()

    def _hear(self):
        while True:
            data, control, _, _ = self.notify.recvmsg(4096, socket.CMSG_SPACE(12))
            if data == b"END":
                return
            pid = struct.unpack("iii", control[0][2])[0]
            with self.changed:
                self.told += [(pid, line) for line in data.decode().split("\n")]
                self.changed.notify_all()

    def hears(self, pid, state, times=1):
        """Whether process `pid` tells `state`."""
        with self.changed:
            return self.changed.wait_for(lambda: self.told.count((pid, state)) >= times, WAIT_SECONDS)

    def start(self, *flags, names="web:secure", **environment):
        environment = {**os.environ, "NOTIFY_SOCKET": str(self.folder / "notify"),
                       "LISTEN_FDS": str(len(self.sockets)), "LISTEN_FDNAMES": names, **environment}
        numbers = [each.fileno() for each in self.sockets]
        command = [sys.executable, "-c", BECOME_SERVICE, ",".join(map(str, numbers)),
                   pathlib.Path(harness.settings.bin) / "hon", "--backend", harness.settings.backend,
                   "--loops", "2", "--idle-grace", "20s", *flags]
        with open(self.folder / "log", "ab") as log:
            return subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                    pass_fds=numbers, env=environment)

    def log(self):
        return (self.folder / "log").read_text()


def listening(address, family=socket.AF_INET):
    """A socket as systemd makes it."""
    made = socket.socket(family, socket.SOCK_STREAM)
    made.bind(address)
    made.listen(512)
    return made


class SupervisedTest(unittest.TestCase):
    def setUp(self):
        with harness.Server(program="hon", wire="plain"):
            pass  # skips where the kernel has no such backend
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.folder / "file").write_bytes(BODY)

    def manager(self, *sockets):
        manager = Manager(self.folder, list(sockets))
        self.addCleanup(manager.close)
        return manager

    @contextlib.contextmanager
    def service(self, manager, *flags, **environment):
        """One generation of the program, from READY=1 to its end after SIGTERM."""
        process = manager.start("--file", self.folder / "file", *flags, **environment)
        try:
            self.assertTrue(manager.hears(process.pid, "READY=1"), manager.log())
            yield process
            self.assertNotIn((process.pid, "STOPPING=1"), manager.told)
            process.send_signal(signal.SIGTERM)
            self.assertTrue(manager.hears(process.pid, "STOPPING=1"))
            self.assertEqual(process.wait(WAIT_SECONDS), 0, manager.log())
        finally:
            process.kill()
            process.wait()

    def check_restarts(self, manager, flags, *loads):
        with contextlib.ExitStack() as stack:
            for restart in range(RESTARTS + 1):
                with self.service(manager, *flags):
                    if restart == 0:
                        for load in loads:
                            stack.enter_context(load)
                    for load in loads:
                        seen = load.answered
                        self.assertTrue(harness.wait_until(lambda: load.answered > seen + 20, WAIT_SECONDS),
                                        manager.log())
                # Between two programs connections wait in the queues of the sockets.
            for load in loads:
                load.stop = True
            with self.service(manager, *flags):
                stack.close()
        for load in loads:
            self.assertEqual((load.lost, load.refused), ([], 0))

    def test_sockets_outlive_restarts_under_load(self):
        plain, secure = listening(("127.0.0.1", 0)), listening(("127.0.0.1", 0))
        sockets = [plain]
        flags = ["--addr", f"127.0.0.1:{plain.getsockname()[1]}"]
        loads = [Load(plain.getsockname()[1])]
        if built.has_tls():
            sockets.insert(0, secure)
            harness.settings.wire = "tls1.3"
            self.addCleanup(setattr, harness.settings, "wire", "plain")
            harness.wire_context()
            certificates = harness.wire_certificates()
            flags += ["--tls-addr", f"127.0.0.1:{secure.getsockname()[1]}",
                      "--cert", certificates.path("localhost.cert"), "--key", certificates.path("localhost.key")]
            loads.append(TlsLoad(secure.getsockname()[1]))
        # The order of descriptors says nothing: a socket is known by its address.
        self.check_restarts(self.manager(*sockets), flags, *loads)

    def test_sockets_are_known_by_name_in_a_successor_too(self):
        web = [listening(("127.0.0.1", 0)) for _ in range(2)]
        ports = [each.getsockname()[1] for each in web]
        manager = self.manager(web[0], listening(("127.0.0.1", 0)), web[1])
        process = manager.start("--addr", "systemd:web", "--file", self.folder / "file", names="web:other:web")
        successor = None
        try:
            self.assertTrue(manager.hears(process.pid, "READY=1"), manager.log())
            with Load(ports[0]) as first, Load(ports[1]) as second:
                process.send_signal(signal.SIGUSR2)
                self.assertEqual(process.wait(WAIT_SECONDS), 0, manager.log())
                successor = next(int(state.removeprefix("MAINPID=")) for pid, state in manager.told
                                 if pid == process.pid and state.startswith("MAINPID="))
                self.assertTrue(manager.hears(successor, "READY=1"), manager.log())
                for load in first, second:
                    seen = load.answered
                    self.assertTrue(harness.wait_until(lambda: load.answered > seen + 20, WAIT_SECONDS))
                    load.stop = True
            for load in first, second:
                self.assertEqual((load.lost, load.refused), ([], 0))
            for port in ports:
                self.assertIn(f"hon listening on http://127.0.0.1:{port}", manager.log())
        finally:
            process.kill()
            process.wait()
            if successor is not None:
                os.kill(successor, signal.SIGTERM)
                self.assertTrue(harness.wait_until(lambda: not running(successor), WAIT_SECONDS))

    def test_a_name_that_no_socket_has_is_an_error(self):
        manager = self.manager(listening(("127.0.0.1", 0)))
        process = manager.start("--addr", "systemd:mail", names="web")
        self.assertEqual(process.wait(WAIT_SECONDS), 1)
        self.assertIn("listen systemd:mail: no inherited socket has this name", manager.log())

    def test_a_unix_socket_outlives_restarts_under_load(self):
        path = str(self.folder / "web.sock")
        manager = self.manager(listening(path, socket.AF_UNIX))
        self.check_restarts(manager, ["--addr", "unix:" + path], UnixLoad(path))
        self.assertTrue(os.path.exists(path))  # the manager's, too

    def test_sockets_for_another_process_are_left_alone(self):
        manager = self.manager(listening(("127.0.0.1", 0)))
        port = manager.sockets[0].getsockname()[1]
        process = manager.start("--addr", f"127.0.0.1:{port}", LISTEN_PID="1")
        self.assertEqual(process.wait(WAIT_SECONDS), 1)
        self.assertIn("Address already in use", manager.log())

    def test_the_watchdog_hears_of_the_program_and_of_its_successor(self):
        manager = self.manager(listening(("127.0.0.1", 0)))
        port = manager.sockets[0].getsockname()[1]
        process = manager.start("--addr", f"127.0.0.1:{port}", "--file", self.folder / "file",
                                WATCHDOG_USEC="200000")
        successor = None
        try:
            self.assertTrue(manager.hears(process.pid, "READY=1"), manager.log())
            self.assertTrue(manager.hears(process.pid, "WATCHDOG=1", times=3))
            process.send_signal(signal.SIGUSR2)
            self.assertEqual(process.wait(WAIT_SECONDS), 0, manager.log())
            named = [state for pid, state in manager.told if pid == process.pid and state.startswith("MAINPID=")]
            self.assertEqual(len(named), 1)
            successor = int(named[0].removeprefix("MAINPID="))
            self.assertTrue(manager.hears(successor, "READY=1"), manager.log())
            self.assertTrue(manager.hears(successor, "WATCHDOG=1", times=3))
            # The service goes on: its predecessor's end is not the service's.
            self.assertNotIn((process.pid, "STOPPING=1"), manager.told)
            with socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS) as connection:
                connection.sendall(b"GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                self.assertTrue(connection.makefile("rb").read().endswith(BODY))
            os.kill(successor, signal.SIGTERM)
            self.assertTrue(manager.hears(successor, "STOPPING=1"))
        finally:
            process.kill()
            process.wait()
            if successor is not None:
                self.assertTrue(harness.wait_until(lambda: not running(successor), WAIT_SECONDS))


def running(pid):
    """Whether a process that is not this one's child runs."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    harness.main()
