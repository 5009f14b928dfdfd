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

import built  # noqa: E402
import harness  # noqa: E402
import websocket  # noqa: E402

RESTARTS = 3
ENDS = 8
WAIT_SECONDS = 60
BODY = b"the answer"


class Load:
    """Clients that ask all the time: two with a connection for each request, two that keep theirs."""

    def __init__(self, address):
        self.address = address  # a port of the loopback; of UnixLoad: a path
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

    def _connect(self):
        return socket.create_connection(("127.0.0.1", self.address), timeout=20)

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
                connection = self._connect()
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


class TlsLoad(Load):
    """The same over TLS."""

    def _connect(self):
        raw = socket.create_connection(("127.0.0.1", self.address), timeout=20)
        return harness.wire_context().wrap_socket(raw, server_hostname="localhost")


class Http2Load(Load):
    """Clients of HTTP/2 over TLS; a stream past the last one of a GOAWAY is asked for again (RFC 9113
    section 6.8)."""

    def __init__(self, server):
        import h2client  # pylint: disable=import-outside-toplevel
        self.h2client, self.server = h2client, server
        super().__init__(server.tls_port)

    def _run(self, keeps):
        while not self.stop:
            try:
                client = self.h2client.Client(self.server, tls=True, timeout=20)
            except (OSError, AssertionError):
                with self.lock:
                    self.refused += 1
                time.sleep(0.01)
                continue
            with client:
                while not self.stop and not client.goaways and self._ask_once(client) and keeps:
                    pass

    def _ask_once(self, client):
        stream = None
        try:
            stream = client.open("/file")
            answer = client.wait(stream, seconds=WAIT_SECONDS)
            if not answer.ended:
                raise ConnectionError(f"no end of {answer}")
        except (OSError, AssertionError, self.h2client.h2.exceptions.ProtocolError) as error:
            again = client.goaways and (stream is None or stream > client.goaways[-1][0])
            if not again:
                with self.lock:
                    self.lost.append(f"{error!r}, stream {stream}, {client.goaways}")
            return False
        with self.lock:
            if answer.body == BODY:
                self.answered += 1
            else:
                self.lost.append(repr(answer))
        return True


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
    def server(self, *flags):
        # A client that a busy machine holds brings its last request late.
        server = harness.Server("--pid-file", self.pid_file, "--file", self.file, "--idle-grace", "20s",
                                *flags, program="hon")
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
                    self.assertEqual(closed.exception.code, 1012)  # IANA: service restart
                after = self.pid()
                self.assertTrue(alive(after))
                seen = load.answered
                self.assertTrue(harness.wait_until(lambda: load.answered > seen + 20, WAIT_SECONDS))
                self.assertTrue(harness.wait_until(
                    lambda: before == server.pid or not alive(before), WAIT_SECONDS))
        self.assertEqual(load.lost, [])
        self.assertEqual(load.refused, 0)
        self.assertGreater(load.answered, 20 * RESTARTS)

    def check_restarts(self, server, load):
        with load:
            for _ in range(RESTARTS):
                before = self.pid()
                seen = load.answered
                self.assertTrue(harness.wait_until(lambda: load.answered > seen + 5, WAIT_SECONDS))
                os.kill(before, signal.SIGUSR2)
                self.assertTrue(harness.wait_until(lambda: self.pid() != before, WAIT_SECONDS))
                after_restart = load.answered
                self.assertTrue(harness.wait_until(lambda: load.answered > after_restart + 5, WAIT_SECONDS))
                self.assertTrue(harness.wait_until(
                    lambda: before == server.pid or not alive(before), WAIT_SECONDS))
        self.assertEqual(load.lost, [])
        self.assertEqual(load.refused, 0)

    @staticmethod
    def tls_flags():
        built.require_tls()
        certificates = harness.wire_certificates()
        return ["--tls-addr", "127.0.0.1:0", "--cert", certificates.path("localhost.cert"),
                "--key", certificates.path("localhost.key")]

    def test_restarts_over_tls(self):
        harness.settings.wire = "tls1.3"
        self.addCleanup(setattr, harness.settings, "wire", "plain")
        context = harness.wire_context()
        self.assertIsNotNone(context)
        with self.server(*self.tls_flags()) as server:
            self.check_restarts(server, TlsLoad(server.tls_port))

    def test_restarts_over_http2(self):
        with self.server(*self.tls_flags()) as server:
            self.check_restarts(server, Http2Load(server))

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
