"""Files over real sockets: what lies outside of the root, files that change while they are served,
and what uploads leave behind."""

import os
import pathlib
import tempfile
import unittest

import harness

SIZE = 8 << 20  # more than a socket takes at once


def get(path, *fields):
    return b"".join((b"GET ", path, b" HTTP/1.1\r\nHost: a\r\n", *fields, b"\r\n"))


def upload(size):
    return (b'--B\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n' + b"x" * size + b"\r\n--B--\r\n")


def post(body, target=b"/multipart", length=None):
    return b"".join((b"POST ", target, b" HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=B\r\n",
                     b"Content-Length: %d\r\n\r\n" % (length or len(body)), body))


class Files(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.root = self.folder / "root"
        self.root.mkdir()
        self.server = self.enterContext(harness.Server("--files", self.root))

    def big(self):
        path = self.root / "big"
        path.write_bytes(bytes(range(256)) * (SIZE // 256))
        return path

    def test_nothing_outside_of_the_root(self):
        (self.folder / "secret").write_text("secret")
        (self.root / "plain").write_text("plain")
        (self.root / "sub").mkdir()
        for name, target in (("out", "../secret"), ("absolute", self.folder / "secret"), ("up", ".."), ("loop", "loop"),
                             ("sub/out", "../../secret"), ("nowhere", "none")):
            (self.root / name).symlink_to(target)
        (self.root / "in").symlink_to("plain")
        (self.root / "sub/in").symlink_to("../plain")
        os.mkfifo(self.root / "fifo")
        for name, status in ((b"plain", 200), (b"in", 200), (b"sub/in", 200), (b"out", 404), (b"absolute", 404),
                             (b"up/secret", 404), (b"loop", 404), (b"sub/out", 404), (b"nowhere", 404), (b"fifo", 404),
                             (b"..%2fsecret", 404), (b"%2e%2e/secret", 404), (b"sub/..%2f..%2fsecret", 404),
                             (b"..%5csecret", 404), (b"plain%00", 404), (b"x" * 5000, 404)):
            with self.subTest(name):
                answer = self.server.ask(get(b"/files/" + name))
                self.assertEqual(answer.status, status)
                self.assertNotIn(b"secret", answer.body)
        self.assertEqual(self.server.ask(get(b"/files/../../secret")).status, 307)

    def test_a_file_that_shrinks(self):
        path = self.big()
        for fields in ((), (b"Range: bytes=0-4000000,4000100-\r\n",)):
            with self.subTest(fields), self.server.connect() as wire:
                self.big()
                wire.send(get(b"/files/big", *fields) + get(b"/echo-marker"))
                _, status, _, head = wire.head()
                length = int(dict(head)["Content-Length"])
                self.assertEqual(status, 206 if fields else 200)
                os.truncate(path, SIZE // 2)
                rest = wire.rest()
                self.assertLess(len(rest), length)
                self.assertNotIn(b"MARKER", rest)
        answer = self.server.ask(get(b"/files/big"))
        self.assertEqual(len(answer.body), SIZE // 2)

    def test_a_file_that_grows(self):
        path = self.big()
        with self.server.connect() as wire:
            wire.send(get(b"/files/big") + get(b"/echo-marker"))
            _, _, _, head = wire.head()
            self.assertEqual(dict(head)["Content-Length"], str(SIZE))
            with path.open("ab") as file:
                file.write(b"more" * 100_000)
            self.assertEqual(wire.exactly(SIZE), bytes(range(256)) * (SIZE // 256))
            self.assertEqual(wire.answer().body, b"MARKER")

    def test_a_file_that_is_replaced(self):
        path = self.big()
        with self.server.connect() as wire:
            wire.send(get(b"/files/big"))
            wire.head()
            (self.root / "new").write_bytes(b"new")
            (self.root / "new").rename(path)
            self.assertEqual(wire.exactly(SIZE), bytes(range(256)) * (SIZE // 256))
            wire.send(get(b"/files/big"))
            self.assertEqual(wire.answer().body, b"new")

    def test_ranges_have_a_cap(self):
        (self.root / "ten").write_bytes(b"0123456789" * 100)
        for count, status in ((64, 206), (65, 200)):
            ranges = b",".join(b"%d-%d" % (2 * i, 2 * i) for i in range(count))
            self.assertEqual(self.server.ask(get(b"/files/ten", b"Range: bytes=", ranges, b"\r\n")).status, status)
        for overlapping, status in ((b"0-9,5-14", 206), (b"0-99,1-99,2-99,3-99", 200)):
            self.assertEqual(self.server.ask(get(b"/files/ten", b"Range: bytes=", overlapping, b"\r\n")).status, status)


class Uploads(unittest.TestCase):
    def test_uploads_leave_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            before = os.environ.get("TMPDIR")
            os.environ["TMPDIR"] = folder
            try:
                with harness.Server() as server:
                    self.check(server, pathlib.Path(folder))
            finally:
                os.environ.pop("TMPDIR")
                if before is not None:
                    os.environ["TMPDIR"] = before

    def check(self, server, folder):
        server.ask(post(upload(10)))
        idle = server.descriptors()
        body = upload(300_000)
        self.assertIn(b"file f x 300000", server.ask(post(body)).body)
        self.assertEqual(server.ask(post(body, b"/multipart?throw")).status, 500)
        self.assertEqual(server.ask(post(body[:-20])).status, 400)
        with server.connect() as wire:  # leaves in the middle
            wire.send(post(body[:200_000], length=len(body)))
        with server.connect() as wire:
            wire.send(post(body[:200_000], length=len(body)))
            wire.finish()
            self.assertEqual(wire.answer().status, 400)
        self.assertTrue(harness.wait_until(lambda: server.descriptors() <= idle), server.descriptors())
        self.assertEqual(list(folder.iterdir()), [])


if __name__ == "__main__":
    harness.main()
