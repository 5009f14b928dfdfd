"""The parts of every test over real sockets: a server process, a raw HTTP client that trusts
nothing, and the measures of a process.

A test file ends with `harness.main()` and is run as
`test_x.py --bin BUILD/bin --backend epoll [unittest arguments]`.
"""

import argparse
import contextlib
import fcntl
import functools
import importlib
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import proxied as through_proxy

READY_TLS = re.compile(r"listening on https://([\d.]+):(\d+)$", re.MULTILINE)
READY = re.compile(r"listening on (?:http://([\d.]+|\[[0-9a-f:]+\]):(\d+)|unix:(\S+)) "
                   r"backend=(\w+) loops=(\d+)")
# The messages of sanitizers and of broken assertions on stderr.
REPORT = re.compile(r"ERROR: \w*Sanitizer|WARNING: \w*Sanitizer|runtime error:|assertion failed",
                    re.IGNORECASE)
READY_SECONDS_MAX = 30
STOP_SECONDS_MAX = 20

settings = argparse.Namespace(bin=None, backend="epoll", placement="adaptive", wire="plain")
# With "proxy" and "proxy-h2c", each server is a ReverseProxy in front of another server, which it asks
# with HTTP/1.1 or with HTTP/2.
WIRES = {"plain": None, "proxy": None, "proxy-h2c": None, "h2c": None, "h2": None,
         "tls1.2": ssl.TLSVersion.TLSv1_2, "tls1.3": ssl.TLSVersion.TLSv1_3}
# Flags about what is served: with a proxy they are the server's behind it, all others the proxy's.
CONTENT_FLAGS = ("--files", "--file")


class Certificates:
    """Made by the openssl program for one run: NAME.cert and NAME.key in a folder of their own."""

    def __init__(self):
        require_tool("openssl")
        self.folder = tempfile.TemporaryDirectory()

    def path(self, name):
        return str(pathlib.Path(self.folder.name, name))

    def make(self, name, *names, days=30, ca=False):
        """A self-signed certificate; `names` are its alternative names."""
        alternative = ",".join(names) or "DNS:" + name
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", str(days), "-subj", "/CN=" + name,
                        "-addext", "subjectAltName=" + alternative,
                        "-addext", f"basicConstraints=critical,CA:{'TRUE' if ca else 'FALSE'}",
                        "-keyout", self.path(name + ".key"), "-out", self.path(name + ".cert")],
                       check=True, capture_output=True)
        return self.path(name + ".cert"), self.path(name + ".key")

    def sign(self, name, ca):
        """A client's certificate, signed by `ca`."""
        subprocess.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=" + name, "-keyout", self.path(name + ".key"),
                        "-out", self.path(name + ".csr")], check=True, capture_output=True)
        subprocess.run(["openssl", "x509", "-req", "-days", "30", "-in", self.path(name + ".csr"),
                        "-CA", self.path(ca + ".cert"), "-CAkey", self.path(ca + ".key"),
                        "-CAcreateserial", "-out", self.path(name + ".cert")],
                       check=True, capture_output=True)
        return self.path(name + ".cert"), self.path(name + ".key")


@functools.cache
def wire_certificates():
    certificates = Certificates()
    certificates.make("localhost", "DNS:localhost", "IP:127.0.0.1")
    return certificates


@functools.cache
def wire_context():
    """The TLS of a Wire, as --wire says; None for plain ones."""
    version = WIRES[settings.wire]
    if version is None:
        return None
    context = ssl.create_default_context(cafile=wire_certificates().path("localhost.cert"))
    context.minimum_version = context.maximum_version = version
    return context


class Skipped(unittest.SkipTest, SystemExit):
    """Skips the test or the class that raises it; anywhere else it ends the program, by the code that
    ctest shows as skipped."""

    code = 77


def skip_all(why):
    """Skips what needs the thing that is missing."""
    print(f"HON_TEST_SKIPPED: {why}", flush=True)
    raise Skipped(why)


def require_tool(name):
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/local/go/bin")
    if path is None:
        skip_all(f"{name} is not installed (./dev setup installs it)")
    return path


def over_http2():
    return settings.wire in ("h2c", "h2")


def h2wire():
    """The module of HTTP/2's Wire, which needs more than Python."""
    return importlib.import_module("h2wire")


class OfHttp1(Skipped):
    """Why HTTP/2 has no such request."""


def of_http1(why):
    """Marks a test of what only HTTP/1 has: over HTTP/2 it is skipped, and says why."""
    def mark(test):
        @functools.wraps(test)
        def run(self):
            if over_http2():
                self.skipTest("of HTTP/1: " + why)
            test(self)
        return run
    return mark


def sanitized():
    """Whether the servers under test run under a sanitizer: many times slower, and with other
    memory figures."""
    program = pathlib.Path(settings.bin) / "hon_wire_server"
    return b"__asan_init" in program.read_bytes() or b"__tsan_init" in program.read_bytes()


def proxied():
    """Whether a proxy is in front of each server."""
    return settings.wire.startswith("proxy")


class Server:
    """A running server program; ends, and is checked, with its `with` block."""

    def __init__(self, *flags, program="hon_wire_server", loops=2, backend=None, reads_errors=True,
                 wire=None):
        self.wire = wire or settings.wire
        self.reads_errors = reads_errors  # False: nobody reads stderr, a pipe of one page, until it ends
        self.backend = backend or settings.backend
        self.command = [str(pathlib.Path(settings.bin) / program), "--addr", "127.0.0.1:0",
                        "--backend", self.backend, "--placement", settings.placement,
                        "--loops", str(loops)]
        self.flags = list(map(str, flags))
        self.tls = self.wire in ("tls1.2", "tls1.3", "h2") and "--tls-addr" not in flags
        if self.tls:
            self.flags += ["--tls-addr", "127.0.0.1:0",
                           "--cert", wire_certificates().path("localhost.cert"),
                           "--key", wire_certificates().path("localhost.key")]
        if self.wire == "h2c" and "--h2c" not in flags:
            self.flags.append("--h2c")
        self.lines = []
        self.asked = False  # to end
        self.behind = None  # the server behind this one, which is a proxy
        if self.wire.startswith("proxy") and "--upstream" not in flags:
            self.behind = self._take_behind(loops)

    def _take_behind(self, loops):
        """The server that this one passes all requests on to, with the flags that are its."""
        own, flags = [], ["--h2c"] if self.wire == "proxy-h2c" else []
        rest = iter(self.flags)
        for flag in rest:
            if flag in CONTENT_FLAGS:
                flags += [flag, next(rest)]
            else:
                own.append(flag)
        self.flags = own
        return Server(*flags, loops=loops, backend=self.backend, wire="plain")

    def __enter__(self):
        if self.behind is not None:
            self.behind.__enter__()
            url = self.behind.url
            if self.wire == "proxy-h2c":
                url = url.replace("http://", "h2c://")
            self.flags += ["--upstream", url, "--upstream-at", "/"]
        try:
            return self._start()
        except BaseException:
            if self.behind is not None:
                self.behind.__exit__(AssertionError)
            raise

    def _start(self):
        self.process = subprocess.Popen(self.command + self.flags, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env=self.environment())
        self.pid = self.process.pid
        self.reader = threading.Thread(target=self._read_errors, daemon=True)
        if self.reads_errors:
            self.reader.start()
        else:
            fcntl.fcntl(self.process.stderr, 1031, 4096)  # F_SETPIPE_SZ
        lines = self._until_ready()
        ready = READY.search(lines)
        tls = READY_TLS.search(lines)
        if not ready or (tls is None and "--tls-addr" in self.flags):
            self.process.kill()
            self.reader.join()
            raise AssertionError(f"{self.command} did not become ready:\n{self.errors()}")
        self.host, self.port = ready[1], int(ready[2])
        self.tls_port = int(tls[2]) if tls else None
        self.used_backend, self.loops = ready[4], int(ready[5])
        if self.used_backend != self.backend:
            self.stop()
            skip_all(f"the kernel does not give {self.backend} here (got {self.used_backend})")
        return self

    @staticmethod
    def environment():
        """That of the server: HON_PRELOAD names a library for it alone."""
        preload = os.environ.get("HON_PRELOAD")
        return {**os.environ, "LD_PRELOAD": preload} if preload else None

    def _until_ready(self):
        """The server's output when it was ready, or after a long silence."""
        text = ""
        while not READY.search(text) and select.select([self.process.stdout], [], [], READY_SECONDS_MAX)[0]:
            part = os.read(self.process.stdout.fileno(), 4096).decode()
            if not part:
                break
            text += part
        return text

    def _read_errors(self):
        for line in self.process.stderr:
            self.lines.append(line)

    def errors(self):
        return "".join(self.lines)

    def terminate(self):
        """Asks the server to shut down, and does not wait."""
        self.asked = True
        self.process.send_signal(signal.SIGTERM)

    def stop(self):
        """Shuts the server down; its exit code, or None if it had to be killed."""
        if self.process.poll() is None and not self.asked:
            self.terminate()
        try:
            return self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None
        finally:
            if not self.reads_errors:
                self.reads_errors = True
                self.reader.start()
            self.reader.join()

    def __exit__(self, kind, *_):
        code = self.stop()
        if self.behind is not None:
            self.behind.__exit__(kind, *_)
        self.process.stdout.close()
        self.process.stderr.close()
        if not self.asked or REPORT.search(self.errors()):
            raise AssertionError(f"the server ended with {code}:\n{self.errors()}")
        if kind is None and code != 0:
            raise AssertionError(f"exit code {code} after SIGTERM:\n{self.errors()}")

    @property
    def url(self):
        return f"http://{self.host}:{self.port}"

    def connect(self, timeout=10.0):
        if over_http2():
            return h2wire().Wire(self, settings.wire == "h2", timeout)
        return Wire(self.host, self.tls_port if self.tls else self.port, timeout,
                    wire_context() if self.tls else None)

    def ask(self, request, method="GET"):
        """One answer to `request`, on a connection of its own."""
        with self.connect() as wire:
            wire.send(request)
            return wire.answer(method)

    # ---- measures ----

    def rss_bytes(self):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")

    def descriptors(self):
        """How many are open, without those of worker threads, which come and go, and without what
        the standby loop has once it was needed: its ring, and second descriptors of listening
        sockets, each with a reserve that is /dev/null. Nor connections of a proxy to its server."""
        count = 0
        upstream = self._upstream_sockets()
        sockets = set()
        for entry in pathlib.Path(f"/proc/{self.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                target = str(entry.readlink())
                if target in upstream:
                    continue
                if target.startswith("socket:"):
                    sockets.add(target)
                else:
                    count += not re.match(r"anon_inode:\[(?:event|io_uring)|/proc/\d+/task/|/dev/null$", target)
        return count + len(sockets)

    def _upstream_sockets(self):
        """The connections to the server behind this one, which are kept for further requests."""
        if self.behind is None:
            return set()
        remote = f":{self.behind.port:04X}"
        rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return {f"socket:[{row[9]}]" for row in rows if row[2].endswith(remote)}

    def show_descriptors(self):
        return subprocess.run(["ls", "-l", f"/proc/{self.pid}/fd"], capture_output=True, text=True,
                              check=False).stdout

    def gone(self):
        """The counters of /until-gone."""
        text = self.ask(b"GET /gone HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").body.decode()
        return {name: int(value) for name, value in (line.split() for line in text.splitlines())}


def receive(connection):
    """The next bytes; none at the end of the connection, also where an error tells it."""
    try:
        return connection.recv(1 << 16)
    except (ConnectionResetError, BrokenPipeError, ssl.SSLError) as error:
        if getattr(error, "reason", "UNEXPECTED_EOF_WHILE_READING") != "UNEXPECTED_EOF_WHILE_READING":
            raise
        return b""


class WireError(AssertionError):
    """The server sent what no HTTP/1.1 server may send."""


class Closed(Exception):
    """The connection ended where an answer could have begun."""


class Answer:
    def __init__(self, version, status, reason, fields, body, framing, trailers):
        self.version = version
        self.status = status
        self.reason = reason
        self.fields = fields  # (name, value), in order
        self.body = body
        self.framing = framing  # "length", "chunked", "close" or "none"
        self.trailers = trailers

    def get(self, name):
        values = [value for key, value in self.fields if key.lower() == name.lower()]
        return values[0] if values else None

    def __repr__(self):
        return f"<{self.status} {self.fields} {self.framing} {self.body[:200]!r}>"


class Wire:
    """One connection. Reads answers strictly by RFC 9112: anything doubtful is a WireError."""

    FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*")

    def __init__(self, host, port, timeout, context=None):
        self.socket = socket.create_connection((host, port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.buffer = bytearray()
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes with RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def finish(self):
        """Ends our direction; answers can still come."""
        with contextlib.suppress(OSError):
            # Not SSLSocket's own, which takes everything for plaintext afterwards.
            socket.socket.shutdown(self.socket, socket.SHUT_WR)

    def send(self, data):
        """Sends it all, or as much as a server that has stopped listening takes."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            self.socket.sendall(data)

    FIELDS_SLACK = 0
    HEAD_SLACK = 4096  # what net/http adds to MaxHeaderBytes, and so do we

    @classmethod
    def head_bytes(cls, head):
        """What WithMaxHeaderBytes counts of this head."""
        return len(head) - cls.HEAD_SLACK

    @staticmethod
    def expresses(request):
        """Whether this request can be sent."""
        return bool(request)

    def encode(self, data):
        """The bytes on the wire for these requests, for send_raw."""
        return data

    def send_raw(self, data):
        self.send(data)

    def send_some(self, data):
        """As much of it as is taken without waiting."""
        self.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError, ssl.SSLWantWriteError):
            for place in range(0, len(data), 1 << 20):
                self.socket.send(data[place:place + (1 << 20)])

    def flood(self, request, count):
        """So many of these requests, or as many as are taken without waiting."""
        self.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError, ssl.SSLWantWriteError):
            for _ in range(count // 1000):
                self.socket.send(request * 1000)

    def send_bytewise(self, data):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            for i in range(len(data)):
                self.socket.sendall(data[i:i + 1])

    def _fill(self):
        data = receive(self.socket)
        if not data:
            self.ended = True
        self.buffer += data
        return bool(data)

    def _line(self):
        while (end := self.buffer.find(b"\n")) < 0:
            if not self._fill():
                raise WireError(f"ended in mid-line: {bytes(self.buffer)!r}")
        line = bytes(self.buffer[:end + 1])
        del self.buffer[:end + 1]
        if not line.endswith(b"\r\n") or b"\r" in line[:-2] or b"\0" in line:
            raise WireError(f"a line that does not end in CRLF: {line!r}")
        return line[:-2]

    def exactly(self, count):
        """So many bytes behind what was read."""
        while len(self.buffer) < count:
            if not self._fill():
                raise WireError(f"ended {count - len(self.buffer)} bytes early")
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def _fields(self):
        fields = []
        while line := self._line():
            match = self.FIELD.fullmatch(line)
            if not match:
                raise WireError(f"not a header field: {line!r}")
            fields.append((match[1].decode(), match[2].decode("latin-1")))
        return fields

    def head(self):
        """(version, status, reason, fields) of the next answer; Closed when there is none."""
        while not self.buffer:
            if not self._fill():
                raise Closed
        status_line = self._line()
        match = re.fullmatch(rb"HTTP/(1\.[01]) (\d{3}) (.*)", status_line)
        if not match:
            raise WireError(f"not a status line: {status_line!r}")
        return match[1].decode(), int(match[2]), match[3].decode(), self._fields()

    def chunk(self):
        """The next chunk's data; empty for the last."""
        size = self._line()
        if not re.fullmatch(rb"[0-9a-f]{1,16}", size):
            raise WireError(f"not a chunk size: {size!r}")
        data = self.exactly(int(size, 16))
        if data and self._line() != b"":
            raise WireError("no CRLF behind a chunk")
        return data

    def _body(self, method, status, fields):
        """(body, framing, trailers), RFC 9112 section 6.3."""
        lengths = [value for name, value in fields if name.lower() == "content-length"]
        codings = [value for name, value in fields if name.lower() == "transfer-encoding"]
        if len(lengths) > 1 or len(codings) > 1 or (lengths and codings):
            raise WireError(f"ambiguous framing: {fields}")
        if lengths and not re.fullmatch(r"\d+", lengths[0]):
            raise WireError(f"Content-Length: {lengths[0]!r}")
        if status < 200 or status == 204:
            if lengths or codings:
                raise WireError(f"{status} with framing: {fields}")
            return b"", "none", []
        if method == "HEAD" or status == 304:
            return b"", "none", []
        if codings:
            if codings[0] != "chunked":
                raise WireError(f"Transfer-Encoding: {codings[0]!r}")
            parts = []
            while part := self.chunk():
                parts.append(part)
            return b"".join(parts), "chunked", self._fields()
        if lengths:
            return self.exactly(int(lengths[0])), "length", []
        while self._fill():
            pass
        body = bytes(self.buffer)
        self.buffer.clear()
        return body, "close", []

    def answer(self, method="GET", informational=None):
        """The next final answer; 1xx before it are appended to `informational`."""
        while True:
            version, status, reason, fields = self.head()
            body, framing, trailers = self._body(method, status, fields)
            answer = Answer(version, status, reason, fields, body, framing, trailers)
            if status >= 200 or status == 101:
                return answer
            if informational is not None:
                informational.append(answer)

    def answers(self, method="GET"):
        """Every answer until the connection ends."""
        found = []
        with contextlib.suppress(Closed):
            while True:
                found.append(self.answer(method))
        return found

    def rest(self):
        """All that still comes, up to the end."""
        while self._fill():
            pass
        return self.exactly(len(self.buffer))

    def ends_behind(self, answer, seconds=5.0):
        """Whether nothing can follow this answer: it says so, and the connection ends."""
        return answer.get("Connection") == "close" and self.closes(seconds)

    def closes(self, seconds=5.0):
        """Whether the server ends the connection, without another byte, within this time."""
        self.socket.settimeout(seconds)
        try:
            return not self.buffer and not self._fill()
        except TimeoutError:
            return False


def wait_until(true, seconds=60, every=0.02):
    """Whether `true()` becomes so within this time, which tells what hangs from what is slow."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(every)
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True, help="where the programs are")
    parser.add_argument("--backend", default="epoll")
    parser.add_argument("--placement", default="adaptive", help="where handlers run")
    parser.add_argument("--wire", default="plain", choices=WIRES, help="what connections are")
    _, rest = parser.parse_known_args(namespace=settings)
    unittest.main(module="__main__", verbosity=2, argv=[sys.argv[0], *rest], testLoader=through_proxy.Loader(settings.wire))
