"""Servers that follow a script, for tests of hon_wire_client: what they answer, byte for byte, and when
they cut the connection."""

import json
import pathlib
import socket
import struct
import subprocess
import threading

import harness


class Script:
    """A server on the loopback. `serve(conn, number)` is called on a thread for each connection."""

    def __init__(self, serve, family=socket.AF_INET):
        self.serve = serve
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        self.socket.listen(64)
        self.port = self.socket.getsockname()[1]
        self.connections = 0
        self.requests = []
        self.threads = []
        self.failures = []

    def __enter__(self):
        self.acceptor = threading.Thread(target=self._accept, daemon=True)
        self.acceptor.start()
        return self

    def _accept(self):
        while True:
            try:
                conn, _ = self.socket.accept()
            except OSError:
                return
            conn.settimeout(15)
            self.connections += 1
            thread = threading.Thread(target=self._run, args=(Peer(conn, self), self.connections), daemon=True)
            thread.start()
            self.threads.append(thread)

    def _run(self, peer, number):
        try:
            self.serve(peer, number)
        except (OSError, EOFError):
            pass
        except Exception as error:
            self.failures.append(error)
        finally:
            peer.close()

    def __exit__(self, kind, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.acceptor.join(20)
        for thread in self.threads:
            thread.join(20)
        if kind is None and self.failures:
            raise self.failures[0]

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"


class Peer:
    """The server's end of one connection."""

    def __init__(self, conn, script=None):
        self.conn = conn
        self.script = script
        self.buffer = b""
        self.decoder = None  # of HPACK, where the script speaks HTTP/2

    def send(self, data):
        self.conn.sendall(data)

    def bytewise(self, data, pause=0.0):
        self.conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(len(data)):
            self.conn.sendall(data[i:i + 1])

    def exactly(self, size):
        while len(self.buffer) < size:
            part = self.conn.recv(65536)
            if not part:
                raise EOFError
            self.buffer += part
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def until(self, mark):
        while mark not in self.buffer:
            part = self.conn.recv(65536)
            if not part:
                raise EOFError
            self.buffer += part
        end = self.buffer.index(mark) + len(mark)
        data, self.buffer = self.buffer[:end], self.buffer[end:]
        return data

    def head(self):
        """The next request's head; it is kept in script.requests."""
        head = self.until(b"\r\n\r\n")
        if self.script is not None:
            self.script.requests.append(head)
        return head

    def request(self):
        """The next request with its body: (head, body)."""
        head = self.head()
        lower = head.lower()
        if b"transfer-encoding: chunked" in lower:
            return head, self.chunks()
        for line in lower.split(b"\r\n"):
            if line.startswith(b"content-length:"):
                return head, self.exactly(int(line.split(b":")[1]))
        return head, b""

    def chunks(self):
        body = b""
        while True:
            size = int(self.until(b"\r\n").strip(), 16)
            if size == 0:
                self.trailer = b""
                while (line := self.until(b"\r\n")) != b"\r\n":
                    self.trailer += line
                return body
            body += self.exactly(size)
            assert self.exactly(2) == b"\r\n"

    def closed(self):
        """Waits until the client has closed, and returns what came before."""
        data = self.buffer
        while True:
            try:
                part = self.conn.recv(65536)
            except ConnectionResetError:
                return data
            if not part:
                return data
            data += part

    def reset(self):
        self.conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.conn.close()

    def close(self):
        try:
            self.conn.close()
        except OSError:
            pass


def run(*arguments, expect=None, timeout=30, environment=None):
    """hon_wire_client with these arguments: the list of its lines, as objects."""
    command = [str(pathlib.Path(harness.settings.bin, "hon_wire_client")),
               "--backend", harness.settings.backend, *map(str, arguments)]
    if harness.settings.placement == "workers":
        command.append("--threads")
    process = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False,
                             env=environment)
    lines = [json.loads(line) for line in process.stdout.splitlines()]
    wanted = expect if expect is not None else int(any(line["error"] is not None for line in lines))
    if process.returncode != wanted or harness.REPORT.search(process.stderr):
        raise AssertionError(f"{command} ended with {process.returncode}:\n{process.stdout}\n{process.stderr}")
    return lines


def sanitized():
    """Whether the client under test runs under a sanitizer."""
    program = pathlib.Path(harness.settings.bin, "hon_wire_client").read_bytes()
    return b"__asan_init" in program or b"__tsan_init" in program


def ok(body=b"fine", extra=b""):
    return b"HTTP/1.1 200 OK\r\n" + extra + b"Content-Length: %d\r\n\r\n" % len(body) + body
