#!/usr/bin/env python3
"""Everything at once on one server for a while: HTTP/1.1 and HTTP/2, plain and over TLS, uploads, downloads,
events, WebSockets, clients that leave, and reloads of certificates.

  soak_mixed.py --seconds 1800 --bin build/release/bin --backend epoll

Prints memory, descriptors and threads over time. Fails on a wrong answer, a sanitizer's report, memory or
descriptors that grow from the second quarter to the last one, descriptors that stay open, memory that does
not come back, or a bad exit.
"""

import argparse
import contextlib
import os
import pathlib
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import harness
import soak

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import h2client  # noqa: E402
import websocket  # noqa: E402

MIB = 1 << 20
GROWTH_MAX = 16 * MIB  # between the quarters, and above the start when all have gone
DESCRIPTORS_GROWTH_MAX = 64
IDLE_TRIM_MS = 5000
PATIENCE = 300  # seconds; tells what hangs from a slow machine
PATTERN = b"0123456789abcdef" * 4096


class Client(threading.Thread):
    """Does its work again and again; the first wrong thing ends it."""

    def __init__(self, server, seed):
        super().__init__(daemon=True)
        self.server = server
        self.random = random.Random(f"{type(self).__name__} {seed}")
        self.over = threading.Event()
        self.count = 0
        self.wrong = None

    def run(self):
        while not self.over.is_set() and self.wrong is None:
            try:
                self.work()
                self.count += 1
            except Exception as error:  # pylint: disable=broad-except
                self.wrong = f"{type(self).__name__}, {self.count} done: {error!r}"

    def body(self):
        return PATTERN[:self.random.randrange(len(PATTERN))] * self.random.choice((1, 1, 1, 16))

    def wire(self):
        tls = self.random.random() < 0.5
        return harness.Wire(self.server.host, self.server.tls_port if tls else self.server.port, PATIENCE,
                            harness.wire_context() if tls else None)


class Uploads(Client):
    def work(self):
        with self.wire() as wire:
            for _ in range(self.random.randrange(1, 8)):
                body = self.body()
                if self.random.random() < 0.5:
                    wire.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
                else:
                    wire.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
                    for at in range(0, len(body), 50_000):
                        part = body[at:at + 50_000]
                        wire.send(b"%x\r\n%s\r\n" % (len(part), part))
                    wire.send(b"0\r\n\r\n")
                assert wire.answer("POST").body == body


class Downloads(Client):
    def work(self):
        with self.wire() as wire:
            for _ in range(self.random.randrange(1, 8)):
                length = self.random.choice((0, 1, 1000, 100_000, 5_000_000))
                wire.send(b"GET /length/%d HTTP/1.1\r\nHost: a\r\n\r\n" % length)
                assert len(wire.answer().body) == length
                wire.send(b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n")
                assert wire.answer().body == PATTERN


class Events(Client):
    def work(self):
        with self.wire() as wire:
            wire.send(b"GET /sse HTTP/1.1\r\nHost: a\r\n\r\n")
            _, status, _, _ = wire.head()
            assert status == 200
            for _ in range(self.random.randrange(3)):
                assert wire.chunk()


class WebSockets(Client):
    def work(self):
        with websocket.WebSocket(self.server.host, self.server.port, "/ws", timeout=PATIENCE) as socket:
            for _ in range(self.random.randrange(1, 50)):
                message = PATTERN[:self.random.choice((0, 1, 125, 126, 40_000))]
                socket.send(message)
                assert socket.receive() == (websocket.BINARY, message)
            if self.random.random() < 0.5:
                socket.send(b"\x03\xe8", websocket.CLOSE)
                try:
                    socket.receive()
                except websocket.Closed as closed:
                    assert closed.code == 1000, closed.code


class Streams(Client):
    """HTTP/2: uploads and downloads side by side, and streams that are reset."""

    def work(self):
        with h2client.Client(self.server, tls=self.random.random() < 0.5, timeout=PATIENCE) as client:
            for _ in range(self.random.randrange(1, 6)):
                body = self.body()
                left = client.open("/length/10000000")
                lengths = [self.random.choice((0, 1, 1000, 100_000)) for _ in range(10)]
                asked = [client.open(f"/length/{length}") for length in lengths]
                echo = client.open("/echo", "POST", end=False)
                client.write(echo, body, end=True)
                assert client.wait(echo, seconds=PATIENCE).body == body
                if not client.streams[left].over():
                    client.h2.reset_stream(left, 8)
                client.wait(*asked, seconds=PATIENCE)
                assert [len(client.streams[one].body) for one in asked] == lengths
                assert not client.goaways, client.goaways
            client.open("/sleep/50")  # nobody waits for it


class Leavers(soak.Leavers):
    wrong = None


class Reloads(Client):
    """New certificates, and now and then files that cannot be read: the old ones then stay."""

    def __init__(self, server, seed):
        super().__init__(server, seed)
        self.key = harness.wire_certificates().path("localhost.key")
        self.good = pathlib.Path(self.key).read_bytes()

    def work(self):
        self._reload(b"broken" if self.random.random() < 0.3 else self.good)

    def _reload(self, key):
        pathlib.Path(self.key + ".new").write_bytes(key)
        os.replace(self.key + ".new", self.key)
        self.server.process.send_signal(signal.SIGHUP)
        self.over.wait(2)


CLIENTS = (Uploads, Uploads, Downloads, Downloads, Events, Events, WebSockets, WebSockets, Streams, Streams, Leavers,
           Leavers, Reloads)
# Loads of wrk and of h2load, by path and script, and where they go.
WRKS = (("/", None), ("/", soak.PIPELINED), ("/echo", soak.POSTED), ("/stream/200000", None), ("/sleep/5", None))
H2LOADS = ("/", "/length/100000")


class Volume:
    """wrk and h2load, for the number of requests."""

    def __init__(self, server, seconds, folder):
        wrk, h2load = harness.require_tool("wrk"), harness.require_tool("h2load")
        tls = f"https://127.0.0.1:{server.tls_port}"
        self.running = []
        for i, (path, script) in enumerate(WRKS):
            command = [wrk, "-t1", "-c10", f"-d{seconds}s", "--timeout", f"{PATIENCE}s"]
            if script:
                file = pathlib.Path(folder, f"{i}.lua")
                file.write_text(script)
                command += ["-s", str(file)]
            self._start(command + [server.url + path])
        self._start([wrk, "-t1", "-c10", f"-d{seconds}s", "--timeout", f"{PATIENCE}s", tls + "/"])
        for path in H2LOADS:
            for url in (server.url, tls):
                self._start([h2load, "-t1", "-c4", "-m10", f"-D{seconds}", url + path])

    def _start(self, command):
        self.running.append((command[-1], subprocess.Popen(command, text=True, stdout=subprocess.PIPE,
                                                           stderr=subprocess.STDOUT)))

    def judge(self):
        wrks = [one for one in self.running if "h2load" not in one[1].args[0]]
        requests, wrong = soak.judge(wrks)
        for url, process in self.running:
            if "h2load" not in process.args[0]:
                continue
            output, _ = process.communicate()
            found = soak.re.search(r"requests: .* (\d+) succeeded, (\d+) failed, (\d+) errored", output)
            codes = soak.re.search(r"status codes: \d+ 2xx, 0 3xx, 0 4xx, 0 5xx", output)
            if process.returncode != 0 or not found or not codes or (found[2], found[3]) != ("0", "0"):
                wrong.append(f"h2load {url}: {output[-1000:]}")
            requests += int(found[1]) if found else 0
        return requests, wrong


def threads(server):
    return len(os.listdir(f"/proc/{server.pid}/task"))


def watch(server, seconds, clients):
    """Samples (seconds, memory, descriptors) until the time is over or a client saw something wrong."""
    samples, start = [], time.monotonic()
    while (passed := time.monotonic() - start) < seconds and not any(client.wrong for client in clients):
        row = passed, server.rss_bytes(), len(os.listdir(f"/proc/{server.pid}/fd"))
        samples.append(row)
        print(f"{row[0]:7.0f} s {row[1] / MIB:7.1f} MiB {row[2]:5} descriptors {threads(server):3} threads", flush=True)
        time.sleep(min(seconds / 60, 15))
    return samples


def grown(samples):
    """What the last quarter has more than the second one."""
    def mean(first, last, column):
        return statistics.mean(row[column] for row in samples[len(samples) * first // 4:len(samples) * last // 4])

    memory = mean(3, 4, 1) - mean(1, 2, 1)
    descriptors = mean(3, 4, 2) - mean(1, 2, 2)
    print(f"from the second quarter to the last: {memory / MIB:+.1f} MiB, {descriptors:+.0f} descriptors", flush=True)
    if memory > GROWTH_MAX:
        yield f"memory grows by {memory / MIB:.1f} MiB"
    if descriptors > DESCRIPTORS_GROWTH_MAX:
        yield f"{descriptors:.0f} more descriptors"


def run(seconds, seed, folder):
    (pathlib.Path(folder) / "file").write_bytes(PATTERN)
    flags = ["--h2c", "--file", f"{folder}/file", "--idle-trim-ms", IDLE_TRIM_MS]
    for name in ("read-header", "read", "write", "keep-alive"):
        flags += [f"--{name}-timeout-ms", PATIENCE * 1000]
    with harness.Server(*flags) as server:
        harness.Wire(server.host, server.port, 10).close()
        server.ask(soak.GOOD)
        descriptors, memory = server.descriptors(), server.rss_bytes()
        volume = Volume(server, seconds, folder)
        clients = [kind(server, seed + i) for i, kind in enumerate(CLIENTS)]
        for client in clients:
            client.start()
        samples = watch(server, seconds, clients)
        for client in clients:
            client.over.set()
        for client in clients:
            client.join()
        if any(client.wrong for client in clients):
            for _, process in volume.running:
                process.terminate()
        requests, wrong = volume.judge()
        wrong += [client.wrong for client in clients if client.wrong]
        print(f"{requests} requests of wrk and h2load", *(f"{type(one).__name__} {one.count}" for one in clients),
              sep=", ", flush=True)
        if len(samples) >= 40 and not harness.sanitized():
            wrong += grown(samples)
        if not harness.wait_until(lambda: server.descriptors() <= descriptors, 60):
            wrong.append(f"{server.descriptors()} descriptors, {descriptors} before:\n{server.show_descriptors()}")
        if not harness.sanitized():
            harness.wait_until(lambda: server.rss_bytes() - memory <= GROWTH_MAX, 60)
            left = server.rss_bytes() - memory
            print(f"idle again: {left / MIB:+.1f} MiB, {server.descriptors() - descriptors:+d} descriptors", flush=True)
            if left > GROWTH_MAX:
                wrong.append(f"{left / MIB:.1f} MiB stay")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--bin", required=True, help="where the programs are")
    parser.add_argument("--backend", default="epoll")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    flags = parser.parse_args()
    print(f"{flags.backend}, seed {flags.seed}", flush=True)
    harness.settings.bin, harness.settings.backend, harness.settings.wire = flags.bin, flags.backend, "tls1.3"
    with tempfile.TemporaryDirectory() as folder:
        wrong = run(flags.seconds, flags.seed, folder)
    for one in wrong:
        print("FAILED:", one, flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(1)
