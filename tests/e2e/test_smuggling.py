"""Requests that two parsers may cut at different places: the published shapes of request smuggling,
sent to the server alone and through nginx and HAProxy. Each hides a second request, for /echo-hidden.
The server alone never answers it; and whoever asks next through the same proxy gets their own answer."""

import contextlib
import pathlib
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness
from bad_requests import GOOD, HIDDEN
from harness import Server, require_tool
from ports import free_port, listens

HEAD = b"POST /echo HTTP/1.1\r\nHost: a\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
EMPTY = b"0\r\n\r\n"


def length(body, head=HEAD):
    """The whole body by its length, so that what is hidden in it belongs to it."""
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def both(coding, body=EMPTY + HIDDEN):
    """A length that covers the hidden request, and a coding that ends before it."""
    return HEAD + coding + b"Content-Length: %d\r\n\r\n" % len(body) + body


def chunks(body):
    return HEAD + CHUNKED + b"\r\n" + body


SHAPES = [
    # CL.TE and TE.CL.
    ("CL.TE", both(CHUNKED)),
    ("TE.CL", HEAD + b"Content-Length: 4\r\n" + CHUNKED + b"\r\n" + b"%x\r\n" % len(HIDDEN) + HIDDEN + b"\r\n0\r\n\r\n"),
    ("CL.TE with HTTP/1.0", both(CHUNKED).replace(b"HTTP/1.1", b"HTTP/1.0", 1)),
    # TE.TE: codings that one parser takes for chunked, and another does not.
    ("TE: xchunked", both(b"Transfer-Encoding: xchunked\r\n")),
    ("TE: chunked twice", both(CHUNKED + CHUNKED)),
    ("TE: chunked, identity", both(b"Transfer-Encoding: chunked, identity\r\n")),
    ("TE: identity, chunked", both(b"Transfer-Encoding: identity, chunked\r\n")),
    ("TE: chunked, with a comma", both(b"Transfer-Encoding: chunked,\r\n")),
    ("TE in quotes", both(b'Transfer-Encoding: "chunked"\r\n')),
    ("TE with a parameter", both(b"Transfer-Encoding: chunked;q=1\r\n")),
    ("TE behind a vertical tab", both(b"Transfer-Encoding: \x0bchunked\r\n")),
    ("TE behind a form feed", both(b"Transfer-Encoding: \x0cchunked\r\n")),
    ("TE with NUL", both(b"Transfer-Encoding: chunked\0\r\n")),
    ("TE behind a tab", both(b"Transfer-Encoding:\tchunked\r\n")),
    ("TE with a blank before the colon", both(b"Transfer-Encoding : chunked\r\n")),
    ("TE with a tab before the colon", both(b"Transfer-Encoding\t: chunked\r\n")),
    ("TE folded", both(b"Transfer-Encoding:\r\n chunked\r\n")),
    ("TE as a folded rest", both(b"X: y\r\n Transfer-Encoding: chunked\r\n")),
    ("TE behind a bare LF", both(b"X: y\nTransfer-Encoding: chunked\r\n")),
    ("TE behind a bare CR", both(b"X: y\rTransfer-Encoding: chunked\r\n")),
    ("TE with a bare CR", both(b"Transfer-Encoding: chunked\r\r\n")),
    ("TE with underscores", both(b"Transfer_Encoding: chunked\r\n")),
    ("a field without a name", both(b": x\r\nTransfer-Encoding: chunked\r\n")),
    ("TE named in Connection", both(b"Connection: Transfer-Encoding\r\n" + CHUNKED)),
    # Forms of Content-Length.
    ("CL twice", HEAD + b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN),
    ("CL as a list", HEAD + b"Content-Length: 0, %d\r\n\r\n" % len(HIDDEN) + HIDDEN),
    ("CL with a plus", HEAD + b"Content-Length: +%d\r\n\r\n" % len(HIDDEN) + HIDDEN),
    ("CL with a minus", HEAD + b"Content-Length: -%d\r\n\r\n" % len(HIDDEN) + HIDDEN),
    ("CL in hex", HEAD + b"Content-Length: 0x%x\r\n\r\n" % len(HIDDEN) + HIDDEN),
    ("CL with an underscore", HEAD + b"Content-Length: 1_0\r\n\r\n" + HIDDEN),
    ("CL that overflows", HEAD + b"Content-Length: 18446744073709551616\r\n\r\n" + HIDDEN),
    ("CL with a blank before the colon", HEAD + b"Content-Length : 0\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN),
    ("CL named in Connection", length(HIDDEN, HEAD + b"Connection: Content-Length\r\n")),
    # Bodies where few expect them: CL.0 and 0.CL.
    ("CL.0 with GET", length(HIDDEN, b"GET /echo-marker HTTP/1.1\r\nHost: a\r\n")),
    ("CL.0 with HEAD", length(HIDDEN, b"HEAD /echo-marker HTTP/1.1\r\nHost: a\r\n")),
    ("CL.0 with OPTIONS", length(HIDDEN, b"OPTIONS /echo-marker HTTP/1.1\r\nHost: a\r\n")),
    ("CL.0 with a body that nobody reads", length(HIDDEN, b"POST /noread HTTP/1.1\r\nHost: a\r\n")),
    ("CL.0 with a page that is not there", length(HIDDEN, b"POST /missing HTTP/1.1\r\nHost: a\r\n")),
    ("chunks that nobody reads", b"POST /noread HTTP/1.1\r\nHost: a\r\n" + CHUNKED + b"\r\n%x\r\n" % len(HIDDEN) + HIDDEN + b"\r\n0\r\n\r\n"),
    ("an upgrade with a body", length(HIDDEN, b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n")),
    # Expect.
    ("Expect, and the body at once", length(HIDDEN, HEAD + b"Expect: 100-continue\r\n")),
    ("Expect that nobody reads", length(HIDDEN, b"POST /noread HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n")),
    ("Expect that is unknown", length(HIDDEN, HEAD + b"Expect: y 100-continue\r\n")),
    ("Expect with a folded line", length(HIDDEN, HEAD + b"Expect:\r\n 100-continue\r\n")),
    # Chunks.
    ("a chunk size of 0x", chunks(b"0x0\r\n\r\n" + HIDDEN)),
    ("a chunk size with a sign", chunks(b"+0\r\n\r\n" + HIDDEN)),
    ("a negative chunk size", chunks(b"-1\r\n\r\n" + HIDDEN)),
    ("a chunk size with an underscore", chunks(b"1_0\r\n" + HIDDEN)),
    ("a chunk size that overflows", chunks(b"10000000000000000\r\n" + HIDDEN)),
    ("a chunk size behind a blank", chunks(b" 0\r\n\r\n" + HIDDEN)),
    ("a chunk size with a bare LF", chunks(b"3\nabc\n0\n\n" + HIDDEN)),
    ("an extension with a bare LF", chunks(b"3;x\nabc\r\n0\r\n\r\n" + HIDDEN)),
    ("an extension with a bare CR", chunks(b"3;x\rabc\r\nabc\r\n0\r\n\r\n" + HIDDEN)),
    ("an extension with a quoted LF", chunks(b'3;x="\n"\r\nabc\r\n0\r\n\r\n' + HIDDEN)),
    ("an extension without a name", chunks(b"3;\r\nabc\r\n0\r\n\r\n" + HIDDEN)),
    ("data longer than its size", chunks(b"3\r\nabcdef\r\n0\r\n\r\n" + HIDDEN)),
    ("data without CRLF", chunks(b"3\r\nabc0\r\n\r\n" + HIDDEN)),
    ("data that ends in LF", chunks(b"3\r\nabc\n0\r\n\r\n" + HIDDEN)),
    ("a trailer with a bare LF", chunks(b"0\r\nX: y\n\r\n" + HIDDEN)),
    ("a trailer of framing", chunks(b"0\r\nContent-Length: 5\r\n\r\n" + HIDDEN)),
    # Hosts, targets and lines.
    ("two Hosts", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + HIDDEN),
    ("a Host with a path", b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n" + HIDDEN),
    ("a Host with two ports", b"GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n" + HIDDEN),
    ("a line in the target", b"GET /\r\nX: HTTP/1.1\r\nHost: a\r\n\r\n" + HIDDEN),
    ("a first line behind CR", b"\rGET / HTTP/1.1\r\nHost: a\r\n\r\n" + HIDDEN),
    ("a first line with a bare CR", b"GET / HTTP/1.1\rHost: a\r\n\r\n" + HIDDEN),
    ("HTTP/0.9", b"GET /\r\n\r\n" + HIDDEN),
]
CONFIG_NGINX = """daemon off; master_process off; pid {folder}/pid; error_log stderr;
events {{}}
http {{
access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
upstream app {{ server 127.0.0.1:{app}; keepalive 1; }}
server {{ listen 127.0.0.1:{port}; location / {{
  proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection "";
  proxy_request_buffering off; proxy_read_timeout 3s; }} }}
}}
"""
CONFIG_HAPROXY = """global
defaults
  mode http
  timeout connect 3s
  timeout client 3s
  timeout server 3s
  http-reuse always
frontend in
  bind 127.0.0.1:{port}
  default_backend app
backend app
  server app 127.0.0.1:{app}
"""


def talk(port, data, seconds):
    """All that comes back within this time, or until the connection ends."""
    found = b""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as wire:
        with contextlib.suppress(OSError):
            wire.sendall(data)
        wire.settimeout(seconds)
        with contextlib.suppress(OSError):
            while part := wire.recv(65536):
                found += part
    return found


class SmugglingTest(unittest.TestCase):
    @contextlib.contextmanager
    def proxy(self, program, config, *arguments):
        path = require_tool(program)
        with Server() as server, tempfile.TemporaryDirectory() as folder:
            port = free_port()
            file = pathlib.Path(folder, "config")
            file.write_text(config.format(folder=folder, app=server.port, port=port))
            process = subprocess.Popen([path, *[part.format(folder=folder, file=file) for part in arguments]],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                self.assertTrue(harness.wait_until(lambda: listens(port)), f"{program} does not listen")
                yield port
            finally:
                process.kill()
                process.wait()

    def through(self, port):
        self.assertIn(b"HIDDEN", talk(port, HIDDEN.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), 5))
        for name, wire in SHAPES:
            with self.subTest(name):
                # A lenient proxy may take what is hidden for a request of its sender's own; what matters
                # is whose connection to the server it would be answered on.
                talk(port, wire, 0.05)
                for _ in range(3):
                    answer = talk(port, GOOD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), 5)
                    self.assertIn(b"MARKER", answer)
                    self.assertNotIn(b"HIDDEN", answer)
                    self.assertEqual(answer.count(b"HTTP/1.1 "), 1)

    def test_shapes_reach_the_server_alone(self):
        with Server() as server:
            for name, wire in SHAPES:
                with self.subTest(name):
                    self.assertNotIn(b"HIDDEN", talk(server.port, wire, 0.2))

    def test_shapes_behind_nginx(self):
        with self.proxy("nginx", CONFIG_NGINX, "-p", "{folder}", "-c", "{file}", "-e", "stderr") as port:
            self.through(port)

    def test_shapes_behind_haproxy(self):
        with self.proxy("haproxy", CONFIG_HAPROXY, "-db", "-f", "{file}") as port:
            self.through(port)

    def test_shapes_behind_our_proxy(self):
        """Our parser stands at both sides: nothing hidden is served to anybody."""
        with Server() as server, Server("--upstream", server.url, "--upstream-at", "/") as proxy:
            self.through(proxy.port)
            for name, wire in SHAPES:
                with self.subTest(name):
                    self.assertNotIn(b"HIDDEN", talk(proxy.port, wire, 0.1))


if __name__ == "__main__":
    harness.main()
