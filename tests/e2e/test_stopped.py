"""A process that did not run for longer than its time-outs has missed nothing that came meanwhile."""

import os
import signal
import time
import unittest

import harness
from harness import Server

TIMEOUT_MS = 2000
STOPPED_SECONDS = 3.5
CONNECTIONS = 100
UPLOADS = 20

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
UPLOAD = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc"


class StoppedTest(unittest.TestCase):
    def test_what_came_meanwhile_beats_the_time_outs(self):
        times = ("--read-header-timeout-ms", "--read-timeout-ms", "--write-timeout-ms", "--keep-alive-timeout-ms")
        flags = [part for name in times for part in (name, TIMEOUT_MS)]
        with Server(*flags) as server:
            kept = [self.enterContext(server.connect()) for _ in range(CONNECTIONS)]
            for wire in kept:
                wire.send(GET)
                self.assertEqual(wire.answer("GET").status, 200)
            new = [self.enterContext(server.connect()) for _ in range(UPLOADS)]
            halves = [self.enterContext(server.connect()) for _ in range(UPLOADS)]
            uploads = [self.enterContext(server.connect()) for _ in range(UPLOADS)]
            for half, upload in zip(halves, uploads, strict=True):
                half.send(GET[:20])
                upload.send(UPLOAD)
            time.sleep(0.2)
            os.kill(server.pid, signal.SIGSTOP)
            try:
                for wire in kept + new:
                    wire.send(GET)
                for half, upload in zip(halves, uploads, strict=True):
                    half.send(GET[20:])
                    upload.send(b"def")
                time.sleep(STOPPED_SECONDS)
            finally:
                os.kill(server.pid, signal.SIGCONT)
            for name, wires in (("kept", kept), ("new", new), ("half a head", halves), ("uploads", uploads)):
                answered = 0
                for wire in wires:
                    try:
                        answered += wire.answer("GET").status == 200
                    except (harness.Closed, harness.WireError):
                        pass
                self.assertEqual(answered, len(wires), name)


if __name__ == "__main__":
    harness.main()
