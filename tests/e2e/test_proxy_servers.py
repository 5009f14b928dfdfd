"""hon_wire_server --upstream in front of servers that others have written: nginx, Node, Python's
http.server, Go's net/http, nghttpd; and behind HAProxy."""

import hashlib
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness
import peer_programs
from h2client import Client
from harness import require_tool
from ports import free_port

DATA = hashlib.shake_256(b"data").digest(1_000_000)
NGINX = peer_programs.NGINX + """server {{ listen 127.0.0.1:{port}; root {root}; gzip on; gzip_min_length 1; gzip_types text/plain; }}
}}
"""
HAPROXY = peer_programs.HAPROXY + """frontend in
  bind 127.0.0.1:{port}
  default_backend app
backend app
  server app 127.0.0.1:{app}
"""
# An echo, events, a protocol of its own behind an upgrade; and over HTTP/2 what gRPC does: fields, messages
# as they come, and the status as a trailer.
NODE = """
const port = Number(process.argv[2]);
const serve = (q, r) => {
  if (q.url === '/events') {
    r.writeHead(200, {'content-type': 'text/event-stream'});
    let n = 0;
    const timer = setInterval(() => { r.write(`data: ${n}\\n\\n`); if (++n === 3) { clearInterval(timer); r.end(); } }, 20);
  } else if (q.url === '/early') {
    r.writeEarlyHints({link: '</a.css>; rel=preload'});
    r.end('early');
  } else {
    r.writeHead(200, {'content-type': q.headers['content-type'] || 'x/y', 'x-method': q.method, trailer: 'x-sum'});
    let sum = 0;
    q.on('data', (part) => { sum += part.length; r.write(part); });
    q.on('end', () => { r.addTrailers({'x-sum': String(sum)}); r.end(); });
  }
};
if (process.argv[3] === 'h2c') {
  require('http2').createServer().on('stream', (stream, fields) => {
    stream.respond({':status': 200, 'content-type': fields['content-type'] || 'x/y'}, {waitForTrailers: true});
    stream.on('wantTrailers', () => stream.sendTrailers({'grpc-status': '0', 'grpc-message': 'fine'}));
    stream.pipe(stream);
  }).listen(port, '127.0.0.1');
} else {
  require('http').createServer(serve).on('upgrade', (q, wire, first) => {
    wire.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: ' + q.headers.upgrade + '\\r\\n\\r\\n');
    wire.write(first);
    wire.pipe(wire);
  }).listen(port, '127.0.0.1');
}
"""


class Servers(peer_programs.PeerPrograms):
    def setUp(self):
        super().setUp()
        self.root = self.folder / "root"
        self.root.mkdir()
        self.root.chmod(0o755)
        (self.root / "data").write_bytes(DATA)
        (self.root / "a.txt").write_text("text " * 1000)

    def front(self, port, scheme="http"):
        return self.enterContext(harness.Server("--h2c", "--upstream", f"{scheme}://127.0.0.1:{port}", "--upstream-at", "/"))

    def files(self, front):
        """What any server of files does, over one connection."""
        with front.connect(timeout=60) as wire:
            for _ in range(3):
                wire.send(b"GET /data HTTP/1.1\r\nHost: a\r\n\r\n")
                answer = wire.answer()
                self.assertEqual((answer.status, answer.body == DATA, answer.get("Content-Length")), (200, True, "1000000"))
                wire.send(b"HEAD /data HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertEqual(wire.answer("HEAD").get("Content-Length"), "1000000")
                wire.send(b"GET /none HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertEqual(wire.answer().status, 404)
            wire.send(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nIf-Modified-Since: " + answer.get("Last-Modified").encode() + b"\r\n\r\n")
            self.assertIn(wire.answer().status, (200, 304))
        with Client(front, timeout=60) as client:  # HTTP/2 in front
            streams = [client.open("/data") for _ in range(5)]
            client.wait(*streams)
            for one in streams:
                self.assertEqual((client.streams[one].status, client.streams[one].body == DATA), (200, True))

    def test_nginx(self):
        port = free_port()
        config = self.folder / "config"
        config.write_text(NGINX.format(folder=self.folder, root=self.root, port=port))
        self.start([require_tool("nginx"), "-p", self.folder, "-c", config, "-e", "stderr"], port)
        front = self.front(port)
        self.files(front)
        answer = front.ask(b"GET /data HTTP/1.1\r\nHost: a\r\nRange: bytes=10-19\r\nConnection: close\r\n\r\n")
        self.assertEqual((answer.status, answer.body), (206, DATA[10:20]))
        packed = front.ask(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n")
        self.assertEqual((packed.get("Content-Encoding"), packed.body[:2]), ("gzip", b"\x1f\x8b"))  # as the server has it

    def test_python(self):
        port = free_port()
        self.start([sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory", self.root, str(port)], port)
        self.files(self.front(port))

    def test_nghttpd(self):
        port = free_port()
        self.start([require_tool("nghttpd"), "--no-tls", "-a", "127.0.0.1", "-d", self.root, str(port)], port)
        self.files(self.front(port, "h2c"))

    def test_go(self):
        go = require_tool("go")
        here = pathlib.Path(__file__).resolve().parents[1] / "differential/goserver"
        program = self.folder / "goserver"
        subprocess.run([go, "build", "-o", program, "."], cwd=here, check=True,
                       env=os.environ | {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod"})
        port = free_port()
        self.start([program, "--addr", f"127.0.0.1:{port}", "--h2c", "--files", self.root], port)
        for scheme in ("http", "h2c"):
            front = self.front(port, scheme)
            answer = front.ask(b"POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(DATA) + DATA, "POST")
            self.assertEqual((answer.status, answer.body == DATA), (200, True))
            with Client(front, timeout=60) as client:
                self.assertEqual(client.ask("/echo", "POST", body=DATA).body, DATA)
                self.assertEqual(dict(client.ask("/trailers", "POST", body=b"abc").trailers), {"x-body-length": "3"})

    def node(self, *arguments):
        port = free_port()
        script = self.folder / "server.js"
        script.write_text(NODE)
        self.start([require_tool("node"), script, str(port), *arguments], port)
        return port

    def test_node(self):
        front = self.front(self.node())
        with front.connect(timeout=60) as wire:
            body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (DATA[i:i + 50_000] for i in range(0, len(DATA), 50_000)))
            wire.send(b"PUT /x HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n\r\n")
            answer = wire.answer("PUT")
            self.assertEqual((answer.status, answer.get("X-Method"), answer.body == DATA), (200, "PUT", True))
            self.assertEqual(answer.trailers, [("X-Sum", "1000000")])
            wire.send(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(wire.answer().body, b"data: 0\n\ndata: 1\n\ndata: 2\n\n")
            hints = []
            wire.send(b"GET /early HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(wire.answer(informational=hints).body, b"early")
            self.assertEqual([one.status for one in hints], [103])
            wire.send(b"GET /up HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: mine\r\n\r\nfirst")
            self.assertEqual(wire.answer().get("Upgrade"), "mine")
            wire.send(DATA[:100_000])
            self.assertEqual(wire.exactly(100_005), b"first" + DATA[:100_000])

    def test_what_grpc_does(self):
        """Over HTTP/2 on both sides: messages as they come in both directions, and the status in a trailer."""
        front = self.front(self.node("h2c"), "h2c")
        with Client(front, timeout=60) as client:
            stream = client.open("/pkg.Service/Method", "POST", [("content-type", "application/grpc"), ("te", "trailers")], end=False)
            for n in range(5):
                message = b"\0\0\0\0\x07message"
                client.write(stream, message)
                end = time.monotonic() + 60
                while len(client.streams[stream].body) < (n + 1) * len(message):  # before the request ends
                    self.assertTrue(client.pump() and time.monotonic() < end)
            client.write(stream, b"", end=True)
            answer = client.wait(stream)
            self.assertEqual((answer.status, answer.get("content-type"), answer.body), (200, "application/grpc", message * 5))
            self.assertEqual(dict(answer.trailers), {"grpc-status": "0", "grpc-message": "fine"})

    def test_behind_haproxy(self):
        port = free_port()
        with harness.Server("--files", self.root) as back, harness.Server("--upstream", back.url, "--upstream-at", "/") as middle:
            config = self.folder / "config"
            config.write_text(HAPROXY.format(port=port, app=middle.port))
            self.start([require_tool("haproxy"), "-db", "-f", config], port)
            with harness.Server("--upstream", f"http://127.0.0.1:{port}", "--upstream-at", "/") as front:
                answer = front.ask(b"POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(DATA) + DATA, "POST")
                self.assertEqual((answer.status, answer.body == DATA), (200, True))


if __name__ == "__main__":
    harness.main()
