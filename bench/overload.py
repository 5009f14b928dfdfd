#!/usr/bin/env python3
"""Goodput under overload: an open-loop load of requests whose handlers compute, at the rate that the server
can serve and at five times that rate. Each client has a connection of its own and gives up after a second;
answers of 200 in that time are goodput.

  bench/overload.py --bin build/release/bin [--backend epoll] [--placement adaptive] [--rounds 3]

Prints the capacity (clients that ask one after the other), and the goodput at each rate as a share of its
peak. The goal: at least 80 % at five times the capacity.
"""

import argparse
import asyncio
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "e2e"))

import harness  # noqa: E402

PATIENCE_SECONDS = 1.0
REQUEST = b"GET /spin/%d HTTP/1.1\r\nHost: a\r\n\r\n"


async def ask(port, request, counts):
    """One client: connects, asks, and gives up in time."""
    writer = None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            counts["good" if head.startswith(b"HTTP/1.1 200") else "refused"] += 1
    except TimeoutError:
        counts["late"] += 1
    except (OSError, asyncio.IncompleteReadError):
        counts["cut"] += 1
    finally:
        if writer is not None:
            writer.transport.abort()


async def open_loop(port, request, rate, seconds):
    """Goodput per second, and what became of every request."""
    counts = dict.fromkeys(("good", "refused", "late", "cut"), 0)
    tasks = set()
    began = time.monotonic()
    sent = 0
    while (passed := time.monotonic() - began) < seconds:
        while sent < passed * rate:
            task = asyncio.create_task(ask(port, request, counts))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            sent += 1
        await asyncio.sleep(0.001)
    while tasks:
        await asyncio.wait(tasks)
    return counts["good"] / seconds, counts


async def closed_loop(port, request, clients, seconds):
    """Answers per second to clients that ask one after the other."""
    end = time.monotonic() + seconds
    answered = 0

    async def client():
        nonlocal answered
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.monotonic() < end:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            answered += 1
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return answered / seconds


async def measure(port, flags):
    request = REQUEST % flags.milliseconds
    await closed_loop(port, request, 4, 0.5)  # the pattern becomes known
    capacity = await closed_loop(port, request, 4, flags.seconds)
    peak, overload, became = [], [], []
    for _ in range(flags.rounds):  # by turns, since other programs take processors
        peak.append((await open_loop(port, request, capacity, flags.seconds))[0])
        good, counts = await open_loop(port, request, capacity * flags.times, flags.seconds)
        overload.append(good)
        became.append(counts)
    best = max(statistics.median(peak), statistics.median(overload), 1e-9)
    print(f"  capacity {capacity:6.1f}/s; goodput at that rate {statistics.median(peak):6.1f}/s; at {flags.times} times "
          f"{statistics.median(overload):6.1f}/s, {100 * statistics.median(overload) / best:.0f} % of the peak; "
          f"of the last round {became[-1]}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--backend", action="append", help="default: epoll and io_uring")
    parser.add_argument("--placement", action="append", help="default: inline, workers and adaptive")
    parser.add_argument("--loops", type=int, default=1)
    parser.add_argument("--milliseconds", type=int, default=10, help="for which a handler computes")
    parser.add_argument("--times", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    flags = parser.parse_args()
    harness.settings.bin = flags.bin
    for backend in flags.backend or ["epoll", "io_uring"]:
        for placement in flags.placement or ["inline", "workers", "adaptive"]:
            harness.settings.placement = placement
            print(f"{backend} {placement}")
            with harness.Server(loops=flags.loops, backend=backend) as server:
                asyncio.run(measure(server.port, flags))


if __name__ == "__main__":
    main()
