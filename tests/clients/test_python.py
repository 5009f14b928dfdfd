"""Python's http.client: a client that keeps connections and sends bodies in pieces."""

import http.client
import pathlib
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness
from harness import Server


class PythonClientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())

    def connect(self):
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=20)
        self.addCleanup(connection.close)
        return connection

    def test_keep_alive(self):
        connection = self.connect()
        connection.connect()
        local = connection.sock.getsockname()
        for i in range(100):
            connection.request("POST", "/echo", body=b"x" * i, headers={"Content-Type": "a/b"})
            response = connection.getresponse()
            self.assertEqual((response.status, response.read()), (200, b"x" * i))
            self.assertEqual(response.getheader("Content-Type"), "a/b")
            self.assertEqual(connection.sock.getsockname(), local)

    def test_chunked_upload(self):
        connection = self.connect()
        parts = [bytes([65 + i % 26]) * (i * 37 % 5000) for i in range(200)]
        connection.request("POST", "/echo", body=iter(part for part in parts if part))
        response = connection.getresponse()
        self.assertEqual((response.status, response.read()), (200, b"".join(parts)))

    def test_chunked_download(self):
        connection = self.connect()
        for _ in range(3):
            connection.request("GET", "/chunked/50")
            response = connection.getresponse()
            self.assertEqual(response.getheader("Transfer-Encoding"), "chunked")
            self.assertEqual(response.read(), b"".join(b"chunk %d\n" % i for i in range(50)))

    def test_statuses(self):
        connection = self.connect()
        for status in (200, 201, 204, 301, 304, 400, 404, 418, 500, 503, 599, 999):
            connection.request("GET", f"/status/{status}")
            response = connection.getresponse()
            body = response.read()
            self.assertEqual(response.status, status)
            self.assertEqual(body, b"" if status in (204, 304) else b"status %d\n" % status)

    def test_events_arrive_one_by_one(self):
        connection = self.connect()
        connection.request("GET", "/sse")
        response = connection.getresponse()
        self.assertEqual(response.getheader("Content-Type"), "text/event-stream")
        self.assertEqual([response.readline() for _ in range(4)],
                         [b"data: event 0\n", b"\n", b"data: event 1\n", b"\n"])

    def test_handlers_run_side_by_side(self):
        # More waiting requests than loops: each would wait for all before it if any held a thread.
        found = []

        def sleep():
            connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=20)
            connection.request("GET", "/sleep/500")
            found.append(connection.getresponse().read())
            connection.close()

        threads = [threading.Thread(target=sleep) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
        self.assertEqual(found, [b"slept\n"] * 20)


if __name__ == "__main__":
    harness.main()
