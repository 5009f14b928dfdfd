#!/usr/bin/env python3
"""The latency of a quick client beside clients that send small things without end: empty pings,
one-byte fragments, one-byte chunks. One loop, so that all of them share it.

  bench/fairness.py --bin build/release/bin [--backend epoll] [--clients 10] [--seconds 3]

Prints p50 and p99 for each backend and kind. The goal: a p99 of at most 5 ms beside ten such clients.
"""

import argparse
import base64
import contextlib
import multiprocessing
import os
import pathlib
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "e2e"))

import harness  # noqa: E402
from bad_requests import GOOD  # noqa: E402

MASK = b"\1\2\3\4"
KINDS = {
    "nothing": None,
    "pings": (b"/ws-events", b"\x89\x80" + MASK),
    "fragments": (b"/ws-events", b"\x00\x81" + MASK + b"y"),
    "chunks": (None, b"1\r\nx\r\n"),
}


def upgrade(path):
    key = base64.b64encode(os.urandom(16))
    return (b"GET " + path + b" HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + b"\r\n\r\n")


def flood(port, kind, seconds):
    """One rude client. A message of fragments ends in time for the limit of a message."""
    path, unit = KINDS[kind]
    end = time.monotonic() + seconds
    block = unit * (60000 // len(unit))
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=seconds + 5) as wire:
        if path is None:
            wire.sendall(b"POST /discard HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        else:
            wire.sendall(upgrade(path))
            wire.recv(4096)
        if kind == "fragments":
            block = b"\x02\x81" + MASK + b"y" + block + b"\x80\x81" + MASK + b"y"
        wire.setblocking(True)
        wire.settimeout(1)
        while time.monotonic() < end:
            with contextlib.suppress(TimeoutError):
                wire.sendall(block)
            if kind != "chunks":  # what is answered is read, so that the server goes on
                wire.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    while wire.recv(1 << 16):
                        pass
                wire.settimeout(1)


def latencies(port, seconds):
    found = []
    with harness.Wire("127.0.0.1", port, 30) as wire:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            began = time.monotonic()
            wire.send(GOOD)
            wire.answer()
            found.append(time.monotonic() - began)
            time.sleep(0.002)
    return sorted(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--backend", action="append", help="default: epoll and io_uring")
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=3)
    flags = parser.parse_args()
    harness.settings.bin = flags.bin
    for backend in flags.backend or ["epoll", "io_uring"]:
        for kind in KINDS:
            with harness.Server(loops=1, backend=backend) as server:
                rude = [multiprocessing.Process(target=flood, args=(server.port, kind, flags.seconds + 1))
                        for _ in range(flags.clients if KINDS[kind] else 0)]
                for one in rude:
                    one.start()
                time.sleep(0.5)
                found = latencies(server.port, flags.seconds)
                for one in rude:
                    one.join()
                p50, p99 = found[len(found) // 2], found[len(found) * 99 // 100]
                print(f"{backend:9} {kind:10} p50 {p50 * 1000:7.2f} ms  p99 {p99 * 1000:7.2f} ms"
                      f"  max {found[-1] * 1000:7.2f} ms  of {len(found)}", flush=True)


if __name__ == "__main__":
    main()
