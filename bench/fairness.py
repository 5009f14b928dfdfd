#!/usr/bin/env python3
"""The latency of a quick client beside clients that send small things without end: empty pings,
one-byte fragments, one-byte chunks, PING and one-byte DATA frames of HTTP/2, TLS records of one byte.
One loop, so that all of them share it.

  bench/fairness.py --bin build/release/bin [--backend epoll] [--clients 10] [--seconds 3]

Prints p50 and p99 for each backend and kind, of the time that passed and of the processor time that the
server used meanwhile: what the quick client waits for where no other program takes the processors. The
goal: a p99 of at most 5 ms beside ten such clients.
"""

import argparse
import base64
import contextlib
import multiprocessing
import os
import pathlib
import socket
import ssl
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "e2e"))

import harness  # noqa: E402
from bad_requests import GOOD  # noqa: E402

MASK = b"\1\2\3\4"
CHUNKED = b"POST /discard HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
# The field block of POST /discard (RFC 7541: indexed fields of the static table, and literals).
H2_POST = b"\x83\x86\x04\x08/discard\x01\x01a"
# What opens a connection, and what follows without end.
KINDS = {
    "nothing": None,
    "pings": ("/ws-events", b"\x89\x80" + MASK),
    "fragments": ("/ws-events", b"\x00\x81" + MASK + b"y"),
    "chunks": (CHUNKED, b"1\r\nx\r\n"),
    "h2 pings": (None, b"\0\0\x08\x06\0\0\0\0\0" + bytes(8)),
    "h2 data": (None, b"\0\0\x01\0\0\0\0\0\1x"),
    "records": (CHUNKED, b"1\r\nx\r\n"),
}


def upgrade(path):
    key = base64.b64encode(os.urandom(16))
    return (b"GET " + path.encode() + b" HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + b"\r\n\r\n")


def opening(kind):
    how = KINDS[kind][0]
    if kind.startswith("h2"):
        return (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5) +
                len(H2_POST).to_bytes(3, "big") + b"\x01\x04\0\0\0\1" + H2_POST)
    return upgrade(how) if isinstance(how, str) else how


def send(kind, wire, block, end):
    """Sends until `end`, or until the server ends the connection."""
    wire.settimeout(1)
    while time.monotonic() < end:
        with contextlib.suppress(TimeoutError):
            if kind == "records":
                for byte in block[:5000]:
                    wire.send(bytes((byte,)))
            else:
                wire.sendall(block)
        if kind in ("chunks", "records"):
            continue
        wire.setblocking(False)  # what is answered is read, so that the server goes on
        with contextlib.suppress(BlockingIOError):
            while wire.recv(1 << 16):
                pass
        wire.settimeout(1)


def flood(port, kind, seconds, context):
    """One rude client, which comes back when it is cut. A message of fragments ends in time for the
    limit of a message."""
    unit = KINDS[kind][1]
    end = time.monotonic() + seconds
    block = unit * (60000 // len(unit))
    if kind == "fragments":
        block = b"\x02\x81" + MASK + b"y" + block + b"\x80\x81" + MASK + b"y"
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=seconds + 5) as raw:
            wire = raw
            if context is not None:
                raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                wire = context.wrap_socket(raw, server_hostname="localhost")
            wire.sendall(opening(kind))
            if kind in ("pings", "fragments"):
                wire.recv(4096)
            send(kind, wire, block, end)


def latencies(server, seconds):
    """Those of a quick client, sorted: of time, and of processor time of the server."""
    process_clock = ~server.pid << 3 | 2  # clock_getcpuclockid(3)
    times, processor_times = [], []
    with harness.Wire("127.0.0.1", server.port, 30) as wire:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            began, used = time.monotonic(), time.clock_gettime(process_clock)
            wire.send(GOOD)
            wire.answer()
            times.append(time.monotonic() - began)
            processor_times.append(time.clock_gettime(process_clock) - used)
            time.sleep(0.002)
    return sorted(times), sorted(processor_times)


def show(found):
    p50, p99 = found[len(found) // 2], found[len(found) * 99 // 100]
    return f"p50 {p50 * 1000:7.2f} ms  p99 {p99 * 1000:7.2f} ms"


def tls_flags(wanted):
    certificates = harness.wire_certificates()
    return (["--tls-addr", "127.0.0.1:0", "--cert", certificates.path("localhost.cert"),
             "--key", certificates.path("localhost.key")] if wanted else [])


def tls_context():
    return ssl.create_default_context(cafile=harness.wire_certificates().path("localhost.cert"))


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
            tls = kind == "records"
            with harness.Server("--h2c", *tls_flags(tls), loops=1, backend=backend) as server:
                port, context = (server.tls_port, tls_context()) if tls else (server.port, None)
                rude = [multiprocessing.Process(target=flood, args=(port, kind, flags.seconds + 1, context))
                        for _ in range(flags.clients if KINDS[kind] else 0)]
                for one in rude:
                    one.start()
                time.sleep(0.5)
                times, processor_times = latencies(server, flags.seconds)
                for one in rude:
                    one.join()
                print(f"{backend:9} {kind:10} {show(times)}  of {len(times)}; "
                      f"processor time {show(processor_times)}", flush=True)


if __name__ == "__main__":
    main()
