#!/usr/bin/env python3
"""What the streams of one HTTP/2 connection do to each other, and how fast uploads are.

  bench/h2_beside.py --bin build/release/bin [--backend epoll] [--megabytes 1024] [--rounds 3]

"small": the p50 and p99 of small requests, one at a time, on a connection of their own, and beside a
download on the same connection. The goal is a p99 of at most 5 ms. The client is slow beside the server:
its receive buffer is 256 KiB, so that the wait in it is short.
"upload": the throughput of one POST to /discard over HTTP/1.1 and over HTTP/2, in one run.
"""

import argparse
import pathlib
import socket
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "e2e"))

import harness  # noqa: E402

DATA, HEADERS, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 4, 6, 7, 8
WINDOW = 0x7fffffff - 65535
RECEIVE_BYTES = 256 * 1024
SMALL_WAIT = 0.002  # between small requests


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def block(method, path):
    fields = {b":method": method, b":scheme": b"http", b":authority": b"a", b":path": path}
    return b"".join(b"\0" + bytes([len(n)]) + n + bytes([len(v)]) + v for n, v in fields.items())


def dial(port, receive_bytes=None):
    wire = socket.socket()
    if receive_bytes:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    wire.connect(("127.0.0.1", port))
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    wire.settimeout(60)
    return wire


class Connection:
    """Reads frames without their content: `ended` has the streams whose END_STREAM has come."""

    def __init__(self, port, receive_bytes=None):
        self.wire = dial(port, receive_bytes)
        self.wire.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0, b"\0\4\x7f\xff\xff\xff") +
                          frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", WINDOW)))
        self.buffer = bytearray(512 * 1024)
        self.rest = b""      # less than a header, or than a frame whose content counts
        self.skip = 0        # of a DATA frame
        self.ended = set()
        self.bytes = 0
        self.windows = {0: 65535}
        self.stream = 1

    def ask(self, method, path, end=True):
        stream, self.stream = self.stream, self.stream + 2
        self.windows[stream] = 65535
        self.wire.sendall(frame(HEADERS, 5 if end else 4, stream, block(method, path)))
        return stream

    def read(self):
        got = self.wire.recv_into(self.buffer)
        if got == 0:
            raise EOFError
        data = memoryview(self.buffer)[:got]
        if self.rest:
            data = memoryview(self.rest + bytes(data))
            self.rest = b""
        at = min(self.skip, len(data))
        self.skip -= at
        while len(data) - at >= 9:
            length = int.from_bytes(data[at:at + 3], "big")
            kind, flags = data[at + 3], data[at + 4]
            stream = int.from_bytes(data[at + 5:at + 9], "big")
            if kind == DATA:
                self.bytes += length
                self.skip = max(0, at + 9 + length - len(data))
            elif len(data) - at < 9 + length:
                break
            elif kind == WINDOW_UPDATE:
                self.windows[stream] = self.windows.get(stream, 0) + int.from_bytes(data[at + 9:at + 13], "big")
            elif kind == GOAWAY:
                raise EOFError("GOAWAY")
            elif kind == SETTINGS and not flags & 1:
                self.wire.sendall(frame(SETTINGS, 1, 0))
            if kind in (DATA, HEADERS) and flags & 1:
                self.ended.add(stream)
            at += 9 + length
        if at < len(data):
            self.rest = bytes(data[at:])


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))] * 1000


def small(port, path, megabytes):
    """Latencies in seconds of small requests; beside a download of `path` unless that is None."""
    connection = Connection(port, RECEIVE_BYTES)
    download = connection.ask(b"GET", path) if path else None
    began = time.monotonic()
    latencies = []
    asked = None
    next_ask = began
    while True:
        now = time.monotonic()
        if asked is None and now >= next_ask:
            asked, sent = connection.ask(b"GET", b"/"), now
        if asked is None and not download:
            time.sleep(max(0, next_ask - now))
            continue
        connection.read()
        now = time.monotonic()
        if asked in connection.ended:
            latencies.append(now - sent)
            asked, next_ask = None, now + SMALL_WAIT
        if download in connection.ended or (not download and len(latencies) == 300):
            break
    seconds = time.monotonic() - began
    if download and connection.bytes < megabytes << 20:
        raise RuntimeError("the download is too short")
    return latencies, connection.bytes / seconds / 1e9


def upload_http1(port, size):
    wire = dial(port)
    chunk = b"u" * (1 << 20)
    began = time.monotonic()
    wire.sendall(b"POST /discard HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size)
    for _ in range(size >> 20):
        wire.sendall(chunk)
    assert wire.recv(4096).startswith(b"HTTP/1.1 200"), "the upload was not taken"
    return size / (time.monotonic() - began) / 1e9


def upload_http2(port, size):
    connection = Connection(port)
    stream = connection.ask(b"POST", b"/discard", end=False)
    payload = b"u" * 16384
    whole = frame(DATA, 0, stream, payload)
    left = size
    began = time.monotonic()
    while left:
        room = min(connection.windows[0], connection.windows[stream], left)
        frames = room // len(payload)
        if frames == 0:
            connection.read()
            continue
        connection.wire.sendall(whole * frames)
        for key in (0, stream):
            connection.windows[key] -= frames * len(payload)
        left -= frames * len(payload)
    connection.wire.sendall(frame(DATA, 1, stream))
    while stream not in connection.ended:
        connection.read()
    return size / (time.monotonic() - began) / 1e9


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--backend", default="epoll")
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    harness.settings.bin, harness.settings.backend = args.bin, args.backend
    worst = 0
    with harness.Server("--h2c", loops=1) as server:
        path = b"/length/%d" % (args.megabytes << 20)
        for number in range(args.rounds):
            alone, _ = small(server.port, None, 0)
            beside, rate = small(server.port, path, args.megabytes)
            worst = max(worst, percentile(beside, .99))
            print("round %d  small alone p50 %.2f ms p99 %.2f ms; beside a download (%.2f GB/s, %d requests) "
                  "p50 %.2f ms p99 %.2f ms max %.2f ms" %
                  (number, percentile(alone, .5), percentile(alone, .99), rate, len(beside),
                   percentile(beside, .5), percentile(beside, .99), percentile(beside, 1)))
            size = args.megabytes << 20
            one, two = upload_http1(server.port, size), upload_http2(server.port, size)
            print("round %d  upload HTTP/1.1 %.2f GB/s, HTTP/2 %.2f GB/s: %.2f times" % (number, one, two, two / one))
    return 0 if worst <= 5 else 1


if __name__ == "__main__":
    sys.exit(main())
