"""hon --type: the same endpoints on other servers. beast hosts our own mux and handlers, so it is
looked at closely; std and hertz are built by Go when it is there."""

import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/e2e"), str(ROOT / "tests/support"), str(ROOT / "bench")]
import harness  # noqa: E402
from harness import Wire, settings  # noqa: E402
from ports import free_port  # noqa: E402
from websocket import BINARY, TEXT, WebSocket  # noqa: E402

WELCOME = b"Welcome! Try /sse endpoint."
BODY = bytes(range(256)) * 400  # more than one buffer


@contextlib.contextmanager
def running(kind, *flags):
    """The port of `hon --type KIND`, which answers by now."""
    port = free_port()
    with tempfile.NamedTemporaryFile() as file:
        file.write(BODY)
        file.flush()
        process = subprocess.Popen(
            [pathlib.Path(settings.bin) / "hon", "--type", kind, "--addr", f"127.0.0.1:{port}",
             "--file", file.name, *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            if not harness.wait_until(lambda: answers(port) or process.poll() is not None, 30):
                raise AssertionError(f"--type {kind} does not answer")
            yield port
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def request(target, method="GET", fields="", body=b""):
    return f"{method} {target} HTTP/1.1\r\nHost: x\r\n{fields}\r\n".encode() + body


class BeastTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not (pathlib.Path(settings.bin) / "hon_beast").is_file():
            raise unittest.SkipTest("built without Boost.Beast")
        cls.port = cls.enterClassContext(running("beast", "--read-timeout", "1s"))

    def connect(self):
        return Wire("127.0.0.1", self.port, 20)

    def ask(self, data, method="GET"):
        with self.connect() as wire:
            wire.send(data)
            return wire.answer(method)

    def test_a_short_answer_has_a_length_and_stays_connected(self):
        with self.connect() as wire:
            for _ in range(3):
                wire.send(request("/"))
                answer = wire.answer("GET")
                self.assertEqual((answer.status, answer.body), (200, WELCOME))
                self.assertEqual(answer.get("content-length"), "27")
                self.assertTrue(answer.get("date"))

    def test_pipelined_requests_are_answered_in_order(self):
        with self.connect() as wire:
            wire.send(request("/") + request("/echo", "POST", "Content-Length: 3\r\n", b"abc") +
                      request("/"))
            self.assertEqual([wire.answer("GET").body for _ in range(3)],
                             [WELCOME, b"abc", WELCOME])

    def test_bodies_of_both_kinds_come_back(self):
        length = f"Content-Length: {len(BODY)}\r\n"
        self.assertEqual(self.ask(request("/echo", "POST", length, BODY)).body, BODY)
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (BODY[:5], BODY[5:]))
        answer = self.ask(request("/echo", "POST", "Transfer-Encoding: chunked\r\n",
                                  chunks + b"0\r\n\r\n"))
        self.assertEqual(answer.body, BODY)

    def test_a_client_that_waits_for_100_gets_it(self):
        with self.connect() as wire:
            wire.send(request("/echo", "POST", "Expect: 100-continue\r\nContent-Length: 2\r\n"))
            self.assertEqual(wire.head()[1], 100)
            wire.send(b"ok")
            self.assertEqual(wire.answer().body, b"ok")

    def test_files_and_ranges(self):
        self.assertEqual(self.ask(request("/file")).body, BODY)
        part = self.ask(request("/file", fields="Range: bytes=10-19\r\n"))
        self.assertEqual((part.status, part.body), (206, BODY[10:20]))
        head = self.ask(request("/file", "HEAD"), "HEAD")
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertEqual(head.get("content-length"), str(len(BODY)))

    def test_an_event_stream_flows_in_chunks(self):
        with self.connect() as wire:
            wire.send(request("/sse"))
            seen = b""
            end = time.monotonic() + 20
            while seen.count(b"data: ") < 2 and time.monotonic() < end:
                seen += wire.socket.recv(4096)
        self.assertIn(b"Transfer-Encoding: chunked", seen)
        self.assertIn(b"text/event-stream", seen)
        self.assertGreaterEqual(seen.count(b"data: "), 2)

    def test_websockets_work_as_on_our_own_server(self):
        with WebSocket("127.0.0.1", self.port, "/ws") as echo:
            for data in (b"", b"x", BODY):
                echo.send(data)
                self.assertEqual(echo.receive(), (BINARY, data))

    def test_a_chat_reaches_everybody(self):
        with contextlib.ExitStack() as stack:
            chatters = [stack.enter_context(WebSocket("127.0.0.1", self.port, "/chat"))
                        for _ in range(3)]
            chatters[0].send("Ann\nhello all")
            for chatter in chatters:
                opcode, line = chatter.receive()
                self.assertEqual(opcode, TEXT)
                self.assertIn(b'"name":"Ann","text":"hello all"', line)

    def test_http10_and_close_end_the_connection(self):
        for data in (b"GET / HTTP/1.0\r\n\r\n", request("/", fields="Connection: close\r\n")):
            with self.connect() as wire:
                wire.send(data)
                self.assertEqual(wire.answer("GET").body, WELCOME)
                self.assertEqual(wire.socket.recv(1), b"")

    def test_what_is_no_request_is_refused(self):
        for data, status in ((b"GET / HTTP/1.1\r\n\r\n", 400), (b"nonsense\r\n\r\n", 400),
                             (request("/", fields="A: " + "x" * 70000 + "\r\n"), 431),
                             (request("/nowhere/else", "BREW"), 200)):
            answer = self.ask(data)
            self.assertEqual(answer.status, status, data[:40])

    def test_a_head_that_does_not_come_ends_the_connection(self):
        with self.connect() as wire:
            wire.send(b"GET / HTTP/1.1\r\nHo")
            self.assertEqual(wire.socket.recv(1), b"")


class GoTest(unittest.TestCase):
    def test_without_go_the_message_says_what_to_install(self):
        with tempfile.TemporaryDirectory() as empty:
            (pathlib.Path(empty) / "python3").symlink_to(sys.executable)
            for kind in ("std", "hertz"):
                done = subprocess.run([pathlib.Path(settings.bin) / "hon", "--type", kind],
                                      capture_output=True, text=True, check=False,
                                      env={"PATH": empty, "HON_PEERS": empty})
                self.assertEqual(done.returncode, 1)
                self.assertIn("apt-get install golang-go", done.stderr)

    def test_those_that_are_built_answer_the_same(self):
        peers = pathlib.Path(os.environ.get("HON_PEERS", ROOT / "build/peers")) / "bin"
        built = [kind for kind in ("std", "hertz") if (peers / kind).is_file()]
        if not built:
            self.skipTest("./dev bench builds them")
        for kind in built:
            with self.subTest(kind), running(kind) as port:
                for target, wanted in (("/", WELCOME), ("/file", BODY)):
                    with Wire("127.0.0.1", port, 20) as wire:
                        wire.send(request(target))
                        self.assertEqual(wire.answer().body, wanted)


if __name__ == "__main__":
    harness.main()
