"""Builds the folder examples as a project of its own over an installed hon, and asks every example
what its first comment says it answers."""

import argparse
import concurrent.futures
import contextlib
import http.client
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from ports import free_port  # noqa: E402
from websocket import TEXT, Closed, WebSocket  # noqa: E402

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
# The warnings of the library, also for the code of its users.
WARNINGS = "-O0 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror"
WAIT_SECONDS_MAX = 20

flags = None


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{command}:\n{done.stdout}{done.stderr}")


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()


class Example:
    """A running example; ends with its `with` block."""

    def __init__(self, program, *arguments):
        self.port = free_port()
        self.command = [program, f"127.0.0.1:{self.port}", *map(str, arguments)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        text=True)
        end = time.monotonic() + WAIT_SECONDS_MAX
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
                return self
            except ConnectionRefusedError:
                if self.process.poll() is not None or time.monotonic() > end:
                    self.__exit__()
                    raise AssertionError(f"{self.command} does not listen") from None
                time.sleep(0.02)

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_SECONDS_MAX)

    def open(self, method, path, body=None, headers=None):
        """The connection and its response, whose body is still to come."""
        connection = self.connection()
        connection.request(method, path, body=body, headers=headers or {})
        return connection, connection.getresponse()

    def ask(self, method, path, body=None, headers=None):
        connection, response = self.open(method, path, body, headers)
        with contextlib.closing(connection):
            return Answer(response)


def read_event(response):
    """The fields of the next event of a stream, comments left out."""
    fields = []
    while True:
        line = response.readline().decode()
        if line == "\n" and fields:
            return dict(fields)
        if line == "":
            raise AssertionError(f"the stream ended after {fields}")
        name, _, value = line.rstrip("\n").partition(": ")
        if name:
            fields.append((name, value))


class ExamplesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.build = cls.folder / "build"
        run(flags.cmake, "--install", flags.build, "--prefix", cls.folder / "hon")
        # The examples of the package, which are those of the tree.
        run(flags.cmake, "-S", cls.folder / "hon/share/doc/hon/examples", "-B", cls.build, "-G", "Ninja", "-DCMAKE_CXX_STANDARD=20",
            f"-DCMAKE_CXX_COMPILER={flags.cxx}", f"-DCMAKE_PREFIX_PATH={cls.folder / 'hon'}",
            f"-DCMAKE_CXX_FLAGS={WARNINGS}", *([f"-DCMAKE_CXX_COMPILER_LAUNCHER={flags.launcher}"]
                                              if flags.launcher else []))
        run(flags.cmake, "--build", cls.build)

    def example(self, name, *arguments):
        return Example(self.build / name, *arguments)

    def test_each_is_run(self):
        tests = "".join(name for name in dir(self) if name.startswith("test_"))
        for source in EXAMPLES.glob("*.cc"):
            if source.stem != "readme":  # that one is run by tests/install
                self.assertIn(f"test_{source.stem}", tests)

    def test_hello(self):
        with self.example("hello") as example:
            answer = example.ask("GET", "/")
            self.assertEqual((answer.status, answer.body), (200, b"Hello, world\n"))
            self.assertEqual(example.ask("GET", "/other").status, 404)
            self.assertEqual(example.ask("POST", "/").status, 405)

    def test_proxy(self):
        with self.example("hello") as first, self.example("hello") as second, \
                self.example("proxy", *(f"http://127.0.0.1:{one.port}" for one in (first, second))) as proxy:
            for _ in range(4):
                self.assertEqual(proxy.ask("GET", "/").body, b"Hello, world\n")
            self.assertEqual(proxy.ask("GET", "/other").status, 404)
            first.process.kill()
            first.process.wait()
            for _ in range(6):  # its turns are the other's
                self.assertEqual(proxy.ask("GET", "/").body, b"Hello, world\n")

    def test_json(self):
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        with self.example("json") as example:
            self.assertEqual(example.ask("GET", "/counters").body, b"{}")
            answer = example.ask("POST", "/counters/apples", "by=2", form)
            self.assertEqual((answer.status, answer.body), (200, b'{"name":"apples","value":2}'))
            self.assertEqual(answer.headers["Content-Type"], "application/json")
            self.assertEqual(example.ask("POST", "/counters/apples?by=-5").body,
                             b'{"name":"apples","value":-3}')
            example.ask("POST", "/counters/pears?by=1")
            self.assertEqual(example.ask("GET", "/counters").body, b'{"apples":-3,"pears":1}')
            for bad in ("/counters/a%22b?by=1", "/counters/x", "/counters/x?by=1z",
                        f"/counters/{'x' * 33}?by=1"):
                self.assertEqual(example.ask("POST", bad).status, 400, bad)
            for i in range(998):
                self.assertEqual(example.ask("POST", f"/counters/c{i}?by=1").status, 200)
            self.assertEqual(example.ask("POST", "/counters/one-more?by=1").status, 507)

    def test_sse_clock(self):
        with self.example("sse_clock") as example:
            connection, stream = example.open("GET", "/clock")
            with contextlib.closing(connection):
                self.assertEqual(stream.headers["Content-Type"], "text/event-stream")
                first, second = int(read_event(stream)["data"]), int(read_event(stream)["data"])
                self.assertGreater(second, first)
                self.assertLess(abs(first - time.time()), 60)

            connection, stream = example.open("GET", "/news")
            with contextlib.closing(connection):
                self.assertEqual(example.ask("POST", "/news?text=it+rains%0Aa+lot").status, 204)
                event = read_event(stream)
                self.assertEqual((event["event"], event["data"]), ("news", "a lot"))  # the last line
            example.ask("POST", "/news?text=and+snows")
            # A reconnecting client has missed no event.
            connection, stream = example.open("GET", "/news", headers={"Last-Event-ID": event["id"]})
            with contextlib.closing(connection):
                self.assertEqual(read_event(stream)["data"], "and snows")

    def test_locks(self):
        with self.example("locks") as example, concurrent.futures.ThreadPoolExecutor(20) as pool:
            texts = [f"note {letter * 50}" for letter in "abcdefghijklmnopqrst"]
            answers = list(pool.map(lambda text: example.ask("POST", "/notes", text), texts))
            # Everybody got what it sent, though all of them waited on one thread.
            for text, answer in zip(texts, answers):
                self.assertEqual(answer.body.decode().split(" ", 1)[1], text.upper() + "\n")
            lines = example.ask("GET", "/notes").body.decode()
            self.assertEqual(sorted(lines.splitlines(True)),
                             sorted(answer.body.decode() for answer in answers))
            numbers = [int(line.split()[0]) for line in lines.splitlines()]
            self.assertEqual(numbers, list(range(1, len(texts) + 1)))

    def test_chat(self):
        with self.example("chat") as example:
            with WebSocket("127.0.0.1", example.port, "/chat") as first, \
                    WebSocket("127.0.0.1", example.port, "/chat") as second:
                second.send("ready")  # heard by itself: it has joined
                self.assertEqual(second.receive(), (TEXT, b"ready"))
                first.send("hello")
                while (heard := first.receive()) != (TEXT, b"hello"):
                    self.assertEqual(heard, (TEXT, b"ready"))
                self.assertEqual(second.receive(), (TEXT, b"hello"))
                second.send("x" * 4097)
                with self.assertRaises(Closed) as closed:
                    second.receive()
                self.assertEqual(closed.exception.code, 1009)
            self.assertEqual(example.ask("GET", "/chat").status, 400)

    def test_files(self):
        root = self.folder / "www"
        (root / "css").mkdir(parents=True)
        (root / "css" / "site.css").write_text("body { color: teal }")
        (root / "css" / "site.css.gz").write_bytes(b"as if compressed")
        (root / ".secret").write_text("no")
        (self.folder / "outside").write_text("no")
        with self.example("files", root) as example:
            answer = example.ask("GET", "/static/css/site.css")
            self.assertEqual((answer.status, answer.body), (200, b"body { color: teal }"))
            self.assertTrue(answer.headers["Content-Type"].startswith("text/css"))
            again = example.ask("GET", "/static/css/site.css",
                                headers={"If-None-Match": answer.headers["ETag"]})
            self.assertEqual((again.status, again.body), (304, b""))
            part = example.ask("GET", "/static/css/site.css", headers={"Range": "bytes=0-3"})
            self.assertEqual((part.status, part.body), (206, b"body"))
            packed = example.ask("GET", "/static/css/site.css", headers={"Accept-Encoding": "gzip"})
            self.assertEqual((packed.headers["Content-Encoding"], packed.body),
                             ("gzip", b"as if compressed"))
            for hidden in ("/static/.secret", "/static/css/", "/static/..%2foutside", "/other"):
                self.assertEqual(example.ask("GET", hidden).status, 404, hidden)

    def test_upload(self):
        target = self.folder / "uploads"
        target.mkdir()
        large = os.urandom(3 << 20)
        body = (b"--frontier\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n"
                b"--frontier\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../../a.bin\"\r\n"
                b"\r\n" + large + b"\r\n"
                b"--frontier\r\nContent-Disposition: form-data; name=\"file\"; filename=\"b.txt\"\r\n"
                b"\r\nsmall\r\n--frontier--\r\n")
        kind = {"Content-Type": "multipart/form-data; boundary=frontier"}
        with self.example("upload", target) as example:
            self.assertIn(b"multipart/form-data", example.ask("GET", "/").body)
            answer = example.ask("POST", "/upload", body, kind)
            self.assertEqual((answer.status, answer.body), (200, b"1 3145728 a.bin\n2 5 b.txt\n"))
            self.assertEqual(sorted(path.name for path in target.iterdir()), ["1", "2"])
            self.assertEqual((target / "1").read_bytes(), large)
            self.assertEqual((target / "2").read_bytes(), b"small")
            self.assertEqual(example.ask("POST", "/upload", body[:-20], kind).status, 400)
            self.assertEqual(example.ask("POST", "/upload", "x").status, 400)

    def test_shutdown(self):
        with self.example("shutdown") as example:
            connection, response = example.open("GET", "/slow")
            with contextlib.closing(connection):
                self.assertEqual(response.read(21), b"a moment, please ... ")
                example.process.send_signal(signal.SIGTERM)
                self.assertEqual(response.read(), b"done\n")
            self.assertEqual(example.process.wait(WAIT_SECONDS_MAX), 0)
            self.assertEqual(example.process.stdout.read(), "everybody was answered\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("build", "cmake", "cxx"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--launcher")
    flags, rest = parser.parse_known_args()
    unittest.main(verbosity=2, argv=["examples_test", *rest])
