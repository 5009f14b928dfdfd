#!/usr/bin/env python3
"""Full load on a server for a while, meant for the sanitizer builds: keep-alive, pipelined and
posting clients by wrk, and beside them clients that leave in mid-request, mid-body and mid-answer.

  soak.py --seconds 60 --bin build/asan/bin --bin build/tsan/bin [--backend epoll] ...

Fails on a sanitizer's report, a wrong answer, a descriptor that stays open or a bad exit.
"""

import argparse
import contextlib
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import threading
import time

import harness
from bad_requests import BAD_BODIES, BAD_HEADS, GOOD

PIPELINED = """
local all
init = function(args)
  local one = wrk.format("GET", "/")
  all = string.rep(one, 16)
end
request = function() return all end
"""

POSTED = """
wrk.method = "POST"
wrk.body = string.rep("0123456789abcdef", 1000)
wrk.headers["Content-Type"] = "text/plain"
"""

# Path and script of each wrk.
LOADS = [("/", None), ("/", PIPELINED), ("/echo", POSTED), ("/noread", POSTED), ("/chunked/5", None),
         ("/stream/200000", None), ("/file", None), ("/sleep/5", None)]
CONNECTIONS = 25


class Leavers(threading.Thread):
    """Clients that send something and go, or send nonsense; seeded, so that a run can be repeated."""

    REQUESTS = [
        GOOD, GOOD * 16, b"GET /length/10000000 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /chunked/100000 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /until-gone HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /until-gone?read HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + b"x" * 50000,
        b"POST /noread HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n" + b"x" * 3000,
        b"GET /hijack HTTP/1.1\r\nHost: a\r\n\r\nhello",
        b"GET /sleep/50 HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /sse HTTP/1.1\r\nHost: a\r\n\r\n",
        *(row[2] for row in BAD_HEADS + BAD_BODIES),
    ]

    def __init__(self, server, seed):
        super().__init__(daemon=True)
        self.server = server
        self.random = random.Random(seed)
        self.over = threading.Event()
        self.count = 0

    def run(self):
        while not self.over.is_set():
            with contextlib.suppress(OSError):
                self.one()
            self.count += 1

    def one(self):
        wire = self.server.connect(5)
        data = self.random.choice(self.REQUESTS)
        if self.random.random() < 0.3:
            data = data[:self.random.randrange(len(data) + 1)]
        wire.send(data)
        if self.random.random() < 0.5:
            wire.socket.settimeout(0.05)
            wire.socket.recv(self.random.choice([1, 100, 100000]))
        (wire.reset if self.random.random() < 0.5 else wire.close)()


def load(wrk, server, seconds, folder):
    """The running wrk processes."""
    running = []
    for i, (path, script) in enumerate(LOADS):
        command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "30s"]
        if script:
            file = pathlib.Path(folder, f"{i}.lua")
            file.write_text(script)
            command += ["-s", str(file)]
        running.append((path, subprocess.Popen(command + [server.url + path], text=True,
                                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)))
    return running


def judge(running):
    """Reads what each wrk saw; the number of requests, and what was wrong."""
    requests, wrong = 0, []
    for path, process in running:
        output, _ = process.communicate()
        found = re.search(r"(\d+) requests in", output)
        requests += int(found[1]) if found else 0
        bad = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+)", output)
        if process.returncode != 0 or not found or "Non-2xx" in output or (
                bad and any(int(n) for n in bad.groups())):
            wrong.append(f"{path}: {output}")
    return requests, wrong


def soak(folder, backend, seconds, seed):
    """One server under load; what was wrong, as text."""
    harness.settings.bin, harness.settings.backend = folder, backend
    wrk = harness.require_tool("wrk")
    try:
        with harness.Server() as server, tempfile.TemporaryDirectory() as scripts:
            server.ask(GOOD)
            descriptors = server.descriptors()
            running = load(wrk, server, seconds, scripts)
            leavers = [Leavers(server, seed + i) for i in range(2)]
            for leaver in leavers:
                leaver.start()
            requests, wrong = judge(running)
            for leaver in leavers:
                leaver.over.set()
            for leaver in leavers:
                leaver.join()
            if not harness.wait_until(lambda: server.descriptors() <= descriptors, 20):
                wrong.append(f"{server.descriptors()} descriptors, {descriptors} before: "
                             + server.show_descriptors())
            print(f"{folder} {backend}: {requests} requests, {sum(l.count for l in leavers)} leavers, "
                  f"{server.rss_bytes() >> 20} MiB", flush=True)
    except AssertionError as error:
        return str(error)
    return "\n".join(wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--bin", action="append", required=True, help="where the programs are")
    parser.add_argument("--backend", action="append", help="default: epoll and io_uring")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    flags = parser.parse_args()
    print(f"seed {flags.seed}", flush=True)
    failed = False
    for folder in flags.bin:
        for backend in flags.backend or ["epoll", "io_uring"]:
            wrong = soak(folder, backend, flags.seconds, flags.seed)
            if wrong:
                failed = True
                print(f"{folder} {backend} FAILED:\n{wrong}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
