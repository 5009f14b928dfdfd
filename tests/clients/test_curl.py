"""curl as a real client: what a person types first."""

import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness
from harness import Server

GIB = 1 << 30
# The memory that a transfer of any size may add to the server: the blocks that a loop provides to the
# kernel (256 of 16 KiB), its free blocks (as many), and the bytes in flight.
TRANSFER_BYTES_MAX = 16 << 20
CURL = harness.require_tool("curl")


class Memory(threading.Thread):
    """The most memory that a server has had while this ran."""

    def __init__(self, server):
        super().__init__()
        self.server = server
        self.over = threading.Event()
        self.most = 0

    def run(self):
        while not self.over.wait(0.02):
            self.most = max(self.most, self.server.rss_bytes())

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()


class CurlTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.content = bytes(i * 7 % 251 for i in range(300_000))
        cls.file = folder / "some.txt"
        cls.file.write_bytes(cls.content)
        cls.server = cls.enterClassContext(Server("--file", cls.file, "--files", folder))

    def curl(self, path, *arguments, data=None):
        """(status, head, body) of the last answer."""
        done = subprocess.run(
            [CURL, "--silent", "--show-error", "--include", "--max-time", "60", *arguments,
             self.server.url + path], input=data, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        rest = done.stdout
        while True:
            head, _, rest = rest.partition(b"\r\n\r\n")
            status = int(head.split()[1])
            if status >= 200:
                return status, head.decode("latin-1"), rest

    def test_get(self):
        status, head, body = self.curl("/")
        self.assertEqual((status, body), (200, b"hello, world\n"))
        self.assertIn("HTTP/1.1 200 OK", head)
        self.assertIn("Content-Length: 13", head)
        self.assertIn("\r\nDate: ", head)

    def test_head(self):
        status, head, body = self.curl("/", "--head")
        self.assertEqual((status, body), (200, b""))
        self.assertIn("Content-Length: 13", head)

    def test_post(self):
        status, head, body = self.curl("/echo", "--data-binary", "@-", data=self.content)
        self.assertEqual((status, body), (200, self.content))
        self.assertIn("Content-Type: application/x-www-form-urlencoded", head)

    def test_chunked_post(self):
        status, _, body = self.curl("/echo", "--data-binary", "@-", "-H", "Transfer-Encoding: chunked",
                                    data=self.content)
        self.assertEqual((status, body), (200, self.content))

    def test_put(self):
        status, _, body = self.curl("/echo", "--upload-file", str(self.file))
        self.assertEqual((status, body), (200, self.content))

    def test_expect_continue(self):
        status, _, body = self.curl("/echo", "-H", "Expect: 100-continue", "--expect100-timeout", "30",
                                    "--data-binary", "@-", data=self.content)
        self.assertEqual((status, body), (200, self.content))

    def test_http10(self):
        for path, want in (("/", b"hello, world\n"), ("/chunked/3", b"chunk 0\nchunk 1\nchunk 2\n")):
            status, head, body = self.curl(path, "--http1.0")
            self.assertEqual((status, body), (200, want))
            self.assertNotIn("Transfer-Encoding", head)

    def test_chunked_answer(self):
        status, head, body = self.curl("/chunked/100")
        self.assertEqual(status, 200)
        self.assertIn("Transfer-Encoding: chunked", head)
        self.assertEqual(body, b"".join(b"chunk %d\n" % i for i in range(100)))

    def test_file(self):
        status, head, body = self.curl("/file")
        self.assertEqual((status, body), (200, self.content))
        self.assertIn("Accept-Ranges: bytes", head)
        modified = next(line.partition(": ")[2] for line in head.split("\r\n")
                        if line.startswith("Last-Modified"))
        status, _, body = self.curl("/file", "-H", f"If-Modified-Since: {modified}")
        self.assertEqual((status, body), (304, b""))

    def test_range(self):
        size = len(self.content)
        for text, want in (("0-99", self.content[:100]), ("100-", self.content[100:]),
                           ("-50", self.content[-50:])):
            status, head, body = self.curl("/file", "--range", text)
            self.assertEqual((status, body), (206, want))
            first = size - 50 if text[0] == "-" else int(text.split("-")[0])
            self.assertIn(f"Content-Range: bytes {first}-{first + len(want) - 1}/{size}", head)
        status, head, _ = self.curl("/file", "--range", f"{size}-")
        self.assertEqual(status, 416)
        self.assertIn(f"Content-Range: bytes */{size}", head)

    def test_keep_alive(self):
        done = subprocess.run([CURL, "-sv", self.server.url + "/", self.server.url + "/"],
                              capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, "hello, world\n" * 2)
        self.assertRegex(done.stderr, "Re-?using existing")

    def test_follow_redirect(self):
        self.assertEqual(self.curl("/redirect", "--location")[2][-13:], b"hello, world\n")


class LargeTest(unittest.TestCase):
    """1 GiB each way: memory stays where it was."""

    def setUp(self):
        self.size = GIB // 16 if harness.sanitized() else GIB
        self.server = self.enterContext(Server())
        self.server.ask(b"GET /length/1000000 HTTP/1.1\r\nHost: a\r\n\r\n")
        self.before = self.server.rss_bytes()

    def stays(self, memory):
        if not harness.sanitized():
            self.assertLess(memory.most - self.before, TRANSFER_BYTES_MAX)

    def test_download(self):
        pattern = b"0123456789abcdef" * (65536 + 1)
        for path in (f"/length/{self.size}", f"/stream/{self.size}"):
            with self.subTest(path), Memory(self.server) as memory:
                curl = subprocess.Popen([CURL, "-sS", "--fail", self.server.url + path],
                                        stdout=subprocess.PIPE)
                bytes_read = 0
                while part := curl.stdout.read(1 << 20):
                    at = bytes_read % 16
                    if part != pattern[at:at + len(part)]:
                        curl.kill()
                        self.fail(f"other bytes within the MiB behind {bytes_read}")
                    bytes_read += len(part)
                curl.stdout.close()
                self.assertEqual((curl.wait(), bytes_read), (0, self.size))
            self.stays(memory)

    def test_upload(self):
        for chunked in ([], ["-H", "Transfer-Encoding: chunked"]):
            with self.subTest(chunked=chunked), tempfile.NamedTemporaryFile() as file, \
                    Memory(self.server) as memory:
                file.truncate(self.size)  # a hole: no disk is read
                done = subprocess.run(
                    [CURL, "-sS", "--fail", *chunked, "--upload-file", file.name,
                     self.server.url + "/discard"], capture_output=True, check=False)
                self.assertEqual((done.returncode, done.stdout), (0, b"%d" % self.size), done.stderr)
            self.stays(memory)

    def test_file(self):
        with tempfile.NamedTemporaryFile() as file:
            file.truncate(self.size)
            with Server("--file", file.name) as server:
                server.ask(b"HEAD /file HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD")
                self.before = server.rss_bytes()
                with Memory(server) as memory:
                    done = subprocess.run([CURL, "-sS", "--fail", "--output", "/dev/null", "--write-out",
                                           "%{size_download}", server.url + "/file"],
                                          capture_output=True, check=False)
                self.assertEqual((done.returncode, done.stdout), (0, b"%d" % self.size), done.stderr)
                self.stays(memory)


if __name__ == "__main__":
    harness.main()
