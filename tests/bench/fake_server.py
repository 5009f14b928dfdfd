"""A server for tests of the benchmark: right, or wrong in one way.

usage: fake_server.py PORT HOW
"""

import pathlib
import socket
import sys
import threading
import time

WELCOME = b"Welcome! Try /sse endpoint."
STALL_SECONDS = 0.6


def answer(body, status=b"200 OK", extra=b""):
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n" % (status, len(body), extra) + body


def serve(peer, how):
    pending = b""
    stalled = False
    with peer:
        while True:
            part = peer.recv(65536)
            if not part:
                return
            pending += part
            while b"\r\n\r\n" in pending:
                _, pending = pending.split(b"\r\n\r\n", 1)
                if how == "lost pipelined":
                    pending = b""
                if how == "stalls" and not stalled:
                    stalled = True
                    time.sleep(STALL_SECONDS)
                peer.sendall({"wrong body": answer(b"Welcome!"),
                              "wrong status": answer(WELCOME, b"500 Internal Server Error"),
                              "closes": answer(WELCOME)}.get(how, answer(WELCOME)))
                if how == "closes":
                    return


def run(peer, how):
    try:
        serve(peer, how)
    except OSError:
        pass  # the client left


def main():
    port, how = int(sys.argv[1]), sys.argv[2]
    if how == "does not start":
        sys.exit("no reason in particular")
    with socket.create_server(("127.0.0.1", port), backlog=128) as listening:
        while True:
            threading.Thread(target=run, args=(listening.accept()[0], how), daemon=True).start()


def as_server(how, servers):
    """An entry of the runner's table."""
    return servers.Server(
        name=how, what="a test's", program=lambda _: sys.executable, get="",
        command=lambda _, port: [sys.executable, pathlib.Path(__file__), str(port), how],
        lacks={"echo": "no echo", "file": "no file"})


if __name__ == "__main__":
    main()
