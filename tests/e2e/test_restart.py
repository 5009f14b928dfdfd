"""The program is replaced, and ended, under load: no request is lost."""

import contextlib
import os
import pathlib
import signal
import socket
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import harness  # noqa: E402
import websocket  # noqa: E402

RESTARTS = 3
ENDS = 8
WAIT_SECONDS = 60
BODY = b"the answer"


class Load:
    """Clients that ask all the time: two with a connection for each request, two that keep theirs."""

    def __init__(self, port):
        self.port = port
        self.answered = 0
        self.lost = []
        self.refused = 0  # no connection was made
        self.stop = False
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._run, args=(keeps,)) for keeps in (False, True) * 2]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop = True
        for thread in self.threads:
            thread.join()

    def _ask(self, connection):
        """Whether the connection goes on."""
        connection.sendall(b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n")
        got = b""
        while not got.endswith(BODY):
            part = connection.recv(4096)
            if not part:
                raise ConnectionError(f"ended behind {got!r}")
            got += part
        with self.lock:
            self.answered += 1
        return b"connection: close" not in got.lower()

    def _run(self, keeps):
        while not self.stop:
            try:
                connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
            except OSError:
                with self.lock:
                    self.refused += 1
                time.sleep(0.01)
                continue
            with connection:
                try:
                    while self._ask(connection) and keeps and not self.stop:
                        pass
                except OSError as error:
                    with self.lock:
                        self.lost.append(repr(error))


def alive(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


class RestartTest(unittest.TestCase):
    def setUp(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.file = folder / "file"
        self.file.write_bytes(BODY)
        self.pid_file = folder / "pid"

    def pid(self):
        return int(self.pid_file.read_text())

    @contextlib.contextmanager
    def server(self):
        server = harness.Server("--pid-file", self.pid_file, "--file", self.file, program="hon")
        with server:
            try:
                self.assertEqual(self.pid(), server.pid)
                yield server
            finally:
                server.asked = True
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    os.kill(self.pid(), signal.SIGTERM)
                self.assertTrue(harness.wait_until(lambda: not self.pid_file.exists(), WAIT_SECONDS))

    def test_a_successor_takes_over_without_a_gap(self):
        with self.server() as server, Load(server.port) as load:
            for _ in range(RESTARTS):
                before = self.pid()
                with websocket.WebSocket("127.0.0.1", server.port, "/ws") as ws:
                    os.kill(before, signal.SIGUSR2)
                    self.assertTrue(harness.wait_until(lambda: self.pid() != before, WAIT_SECONDS))
                    with self.assertRaises(websocket.Closed) as closed:
                        while True:
                            ws.receive()
                    self.assertEqual(closed.exception.code, 1001)  # RFC 6455 §7.4.1: going away
                after = self.pid()
                self.assertTrue(alive(after))
                seen = load.answered
                self.assertTrue(harness.wait_until(lambda: load.answered > seen + 20, WAIT_SECONDS))
                self.assertTrue(harness.wait_until(
                    lambda: before == server.pid or not alive(before), WAIT_SECONDS))
        self.assertEqual(load.lost, [])
        self.assertEqual(load.refused, 0)
        self.assertGreater(load.answered, 20 * RESTARTS)

    def test_a_successor_that_does_not_come_leaves_the_server(self):
        with self.server() as server:
            self.pid_file.rename(self.pid_file.with_suffix(".old"))
            self.pid_file.mkdir()  # the successor cannot write its file
            os.kill(server.pid, signal.SIGUSR2)
            self.assertTrue(harness.wait_until(
                lambda: "goes on without a successor" in server.errors(), WAIT_SECONDS))
            self.assertTrue(server.ask(b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n").body == BODY)
            self.pid_file.rmdir()
            self.pid_file.with_suffix(".old").rename(self.pid_file)

    def test_an_end_under_load_loses_nothing(self):
        for _ in range(ENDS):
            with self.server() as server, Load(server.port) as load:
                self.assertTrue(harness.wait_until(lambda: load.answered > 100, WAIT_SECONDS))
                server.terminate()
                self.assertTrue(harness.wait_until(lambda: load.refused > 4, WAIT_SECONDS))
            self.assertEqual(load.lost, [])


if __name__ == "__main__":
    harness.main()
