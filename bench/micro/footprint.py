#!/usr/bin/env python3
"""Counts the distinct 64-byte lines of code and of data that a server touches in user space while it
answers 20 connections in turn: they have to come back into the caches after each system call.

The server runs under valgrind's lackey, which reports each access. The window of the count begins
once every connection has been answered WARM times. All calls are slow under lackey, so a watchdog
that reports held loops, or moves handlers that seem to block, has to be off.

usage: bench/micro/footprint.py build/release/bin/hon_wire_server --placement inline --stall-ms 0
           --loops 1 --backend epoll --addr 127.0.0.1:{port}
"""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../tests/support'))
from ports import free_port  # noqa: E402

CONNECTIONS = 20
WARM = 30
WINDOW = 2_000_000  # instructions
START_SECONDS_MAX = 120


class Counter(threading.Thread):
    """Reads the trace; counts lines while `counting`, and sets `full` behind WINDOW instructions."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path = path
        self.counting = False
        self.full = threading.Event()
        self.code = set()
        self.data = set()

    def run(self):
        seen = 0
        with open(self.path, errors='ignore') as trace:
            for line in trace:
                if not self.counting or seen >= WINDOW:
                    continue
                kind = line[:2]
                if kind not in ('I ', ' L', ' S', ' M'):
                    continue
                at, size = line[3:].split(',')
                first = int(at, 16)
                lines = (first >> 6, (first + int(size) - 1) >> 6)
                if kind == 'I ':
                    seen += 1
                    self.code.update(lines)
                    if seen == WINDOW:
                        self.full.set()
                else:
                    self.data.update(lines)


def connect(port):
    deadline = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            return socket.create_connection(('127.0.0.1', port))
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def ask(wires, port):
    for wire in wires:
        wire.sendall(b'GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n' % port)
    for wire in wires:
        got = wire.recv(65536)
        while b'\r\n\r\n' not in got or got.endswith(b'\r\n\r\n'):
            more = wire.recv(65536)
            if not more:
                raise RuntimeError('the server has closed a connection')
            got += more
        if not got.startswith(b'HTTP/1.1 200'):
            raise RuntimeError('not 200: %r' % got[:80])


def main():
    if len(sys.argv) < 2 or sys.argv[1] in ('-h', '--help'):
        print(__doc__)
        return 0
    if shutil.which('valgrind') is None:
        print('HON_TEST_SKIPPED: no valgrind here (./dev setup)')
        return 77
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'trace')
        os.mkfifo(path)
        counter = Counter(path)
        counter.start()
        port = free_port()
        server = subprocess.Popen(
            ['valgrind', '--tool=lackey', '--trace-mem=yes', '--log-file=' + path] +
            [word.replace('{port}', str(port)) for word in sys.argv[1:]],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wires = [connect(port) for _ in range(CONNECTIONS)]
            for _ in range(WARM):
                ask(wires, port)
            counter.counting = True
            while not counter.full.is_set():
                ask(wires, port)
        finally:
            server.kill()
            server.wait()
    print('in %d instructions: %d lines of code = %d KiB, %d lines of data = %d KiB' % (
        WINDOW, len(counter.code), len(counter.code) // 16, len(counter.data),
        len(counter.data) // 16))
    return 0


if __name__ == '__main__':
    sys.exit(main())
