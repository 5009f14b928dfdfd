"""Asks the server of docs/PORTING.md the same in Go and in C++: every answer must be equal."""

import os
import pathlib
import re
import select
import signal
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
import harness

SECONDS_MAX = 20


class Notes:
    """A server, Go's or the C++ one, over a directory of its own."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def __enter__(self):
        self.folder.mkdir()
        (self.folder / "a.txt").write_bytes(b"a file\n")
        os.utime(self.folder / "a.txt", (1_700_000_000, 1_700_000_000))
        self.process = subprocess.Popen([self.program, "127.0.0.1:0", self.folder], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        ready = select.select([self.process.stdout], [], [], SECONDS_MAX)[0]
        self.port = int(re.search(r":(\d+)$", self.process.stdout.readline() if ready else "")[1])
        return self

    def connect(self):
        return harness.Wire("127.0.0.1", self.port, SECONDS_MAX)

    def ask(self, request, method="GET"):
        with self.connect() as wire:
            wire.send(request)
            answer = wire.answer(method)
        fields = [(name, "DATE" if name == "Date" else value) for name, value in answer.fields]
        return answer.status, fields, answer.body, answer.framing

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS_MAX)

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def request(line, body=b"", *fields):
    head = [line + b" HTTP/1.1", b"Host: a", *fields] + ([b"Content-Length: %d" % len(body)] if body else [])
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def upload(name):
    return request(b"POST /upload", b'--B\r\nContent-Disposition: form-data; name="file"; filename="' + name
                   + b'"\r\nContent-Type: text/plain\r\n\r\nuploaded\r\n--B--\r\n',
                   b"Content-Type: multipart/form-data; boundary=B")


REQUESTS = [
    request(b"GET /"), request(b"GET /notes"), request(b"POST /notes", b'{"text":"first"}'),
    request(b"POST /notes", b'{"text":"second","more":[1]}'), request(b"POST /notes", b"no JSON"),
    request(b"POST /notes", b'{"text":7}'), request(b"POST /notes", b"{}"), request(b"POST /notes"),
    request(b"POST /notes", b'{"text":"' + b"x" * (64 << 10) + b'"}'), request(b"GET /notes"),
    request(b"GET /notes/1"), request(b"GET /notes/3"), request(b"GET /notes/x"), request(b"DELETE /notes/1"),
    request(b"PUT /notes"), request(b"GET /nothing"), request(b"GET //notes"), request(b"GET /files"),
    request(b"GET /files/a.txt"), request(b"GET /files/a.txt", b"", b"Range: bytes=2-5"),
    request(b"GET /files/a.txt", b"", b"If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT"), request(b"GET /files/none"),
    upload(b"b.txt"), upload(b"../c.txt"), request(b"POST /upload", b"x"), request(b"GET /upload"),
    request(b"GET /files/"), request(b"GET /files/b.txt", b"", b"Range: bytes=0-3"),
]


GO_MINOR_MIN = 26  # the contract is that of Go 1.26
REDIRECTED = [request(b"GET //notes"), request(b"GET /files")]


class Porting(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        subprocess.run([harness.require_tool("go"), "build", "-o", folder / "notes", "."], check=True,
                       cwd=ROOT / "examples/porting/go", env=os.environ | {"GOTOOLCHAIN": "local"})
        cls.programs = {"go": folder / "notes", "cc": pathlib.Path(harness.settings.bin) / "porting"}

    def setUp(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.go, self.cc = (self.enterContext(Notes(program, folder / name)) for name, program in self.programs.items())

    def test_the_same_answers(self):
        version = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=True,
                                 env=os.environ | {"GOTOOLCHAIN": "local"}).stdout
        older = int(re.match(r"go1\.(\d+)", version)[1]) < GO_MINOR_MIN
        if older:
            print(f"HON_TEST_SKIPPED: ServeMux of {version.strip()} redirects by 301, Go 1.{GO_MINOR_MIN} by 307",
                  file=sys.stderr)
        for each in REQUESTS:
            if older and each in REDIRECTED:
                continue
            go, cc = self.go.ask(each), self.cc.ask(each)
            modified = ("Last-Modified", dict(go[1]).get("Last-Modified"))
            if b"b.txt" in each or each.startswith(b"GET /files/ "):  # written a moment apart
                go, cc = ((status, [field for field in fields if field[0] != modified[0]], body, framing)
                          for status, fields, body, framing in (go, cc))
            with self.subTest(each[:60]):
                self.assertEqual(cc, go)
        for name in ("b.txt", "c.txt"):
            self.assertEqual((self.cc.folder / name).read_bytes(), b"uploaded")

    def test_events_and_shutdown(self):
        for server in (self.go, self.cc):
            with self.subTest(server.program), server.connect() as wire:
                wire.send(request(b"GET /events"))
                _, status, _, fields = wire.head()
                self.assertEqual((status, dict(fields)["Content-Type"]), (200, "text/event-stream"))
                for i in (1, 2):
                    server.ask(request(b"POST /notes", b'{"text":"event"}'))
                    self.assertEqual(wire.chunk(), b"id: %d\ndata: event\n\n" % i)
                self.assertEqual(server.stop(), 0)
                self.assertEqual(wire.chunk(), b"")  # the stream ended as it should

    def test_running_requests_end_before_the_server_does(self):
        for server in (self.go, self.cc):
            with self.subTest(server.program), server.connect() as wire:
                wire.send(request(b"POST /notes", b"", b"Expect: 100-continue", b"Content-Length: 15"))
                self.assertEqual(wire.head()[1], 100)  # the handler reads
                wire.send(b'{"text":')
                server.process.send_signal(signal.SIGTERM)
                self.assertTrue(harness.wait_until(lambda: self.refuses(server), SECONDS_MAX))
                wire.send(b'"late"}')
                answer = wire.answer()
                self.assertEqual((answer.status, answer.body), (201, b'{"id":1,"text":"late"}\n'))
                self.assertEqual(server.process.wait(SECONDS_MAX), 0)

    def refuses(self, server):
        try:
            server.connect().close()
        except OSError:
            return True
        return False


if __name__ == "__main__":
    if "--bin" in sys.argv and not (pathlib.Path(sys.argv[sys.argv.index("--bin") + 1]) / "porting").exists():
        harness.skip_all("nlohmann-json3-dev is not installed (./dev setup installs it)")
    harness.main()
