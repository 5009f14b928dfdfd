"""Clients and proxies that speak HTTP/2, without TLS and over it. What is not installed is skipped."""

import contextlib
import importlib.util
import pathlib
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / room) for room in ("e2e", "support", "browser")]
import harness
from harness import Server, require_tool
from ports import free_port, listens
from webdriver import Browser

FILES = 100  # of the page
NODE = """
const http2 = require('http2'), fs = require('fs'), assert = require('assert');
const [url, ca] = process.argv.slice(2);
const session = http2.connect(url, {ca: fs.readFileSync(ca), settings: {enablePush: false}});
const ask = (headers, body) => new Promise((done, fail) => {
  const stream = session.request(headers), answer = {body: ''};
  stream.setEncoding('utf8');
  stream.on('response', head => answer.head = head).on('headers', head => answer.early = head);
  stream.on('trailers', trailers => answer.trailers = trailers).on('error', fail);
  stream.on('data', part => answer.body += part).on('end', () => done(answer));
  stream.end(body);
});
(async () => {
  const all = await Promise.all([...Array(50).keys()].map(n => ask({':path': '/length/' + n})));
  all.forEach((answer, n) => assert.equal(answer.body.length, n));
  const body = '0123456789abcdef'.repeat(20000);
  assert.equal((await ask({':path': '/echo', ':method': 'POST'}, body)).body, body);
  assert.equal((await ask({':path': '/trailers', ':method': 'POST'}, 'abc')).trailers['x-body-length'], '3');
  assert.equal((await ask({':path': '/early-hints'})).early[':status'], 103);
  assert.equal((await ask({':path': '/length/9', ':method': 'HEAD'})).head['content-length'], '9');
  await new Promise((done, fail) => session.ping((why, took) => why ? fail(why) : done(took)));
  assert.equal(session.remoteSettings.enableConnectProtocol, true);
  const events = session.request({':path': '/sse'});
  await new Promise(done => events.once('data', done));
  events.close(http2.constants.NGHTTP2_CANCEL);
  assert.equal((await ask({':path': '/'})).body, 'hello, world\\n');
  session.close();
  console.log('done');
})().catch(why => { console.error(why); process.exit(1); });
"""
HTTPX = """
import asyncio, ssl, sys
import httpx

async def main(url, ca):
    context = ssl.create_default_context(cafile=ca)
    async with httpx.AsyncClient(http1=False, http2=True, verify=context) as client:
        answers = await asyncio.gather(*[client.get(f"{url}/length/{n}") for n in range(50)])
        for n, answer in enumerate(answers):
            assert answer.http_version == "HTTP/2" and len(answer.content) == n, answer
        body = b"0123456789abcdef" * 20000
        assert (await client.post(f"{url}/echo", content=body)).content == body
    print("done")

asyncio.run(main(*sys.argv[1:]))
"""
PAGE = """<!doctype html><title>page</title><script>
const files = [...Array(%d).keys()].map(n => fetch('/files/f' + n).then(answer => answer.text()));
const events = new EventSource('/sse');
window.seen = {events: 0, files: 0, socket: ''};
events.onmessage = () => ++seen.events;
Promise.all(files).then(all => {
  seen.files = all.filter((text, n) => text === 'file ' + n).length;
});
window.connect = () => {
  const socket = new WebSocket('wss://' + location.host + '/ws');
  socket.onopen = () => socket.send('over HTTP/2');
  socket.onmessage = message => seen.socket = message.data;
};
</script>""" % FILES


class Http2Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cert = harness.wire_certificates().path("localhost.cert")
        cls.key = harness.wire_certificates().path("localhost.key")
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.files = cls.folder / "files"
        cls.files.mkdir()
        for n in range(FILES):
            (cls.files / f"f{n}").write_text(f"file {n}")
        (cls.files / "page.html").write_text(PAGE)
        cls.body = cls.folder / "body"
        cls.body.write_bytes(b"0123456789abcdef" * 50_000)
        cls.server = cls.enterClassContext(Server("--h2c", "--files", cls.files, "--tls-addr", "127.0.0.1:0",
                                                  "--cert", cls.cert, "--key", cls.key))
        cls.secure = f"https://localhost:{cls.server.tls_port}"

    def run_client(self, *command, data=None):
        done = subprocess.run([str(part) for part in command], capture_output=True, check=False, timeout=120,
                              **({"input": data} if data is not None else {"stdin": subprocess.DEVNULL}))
        self.assertEqual(done.returncode, 0, done.stderr.decode() + done.stdout.decode()[-2000:])
        return done.stdout

    def each(self, check):
        """`check(url)`, without TLS and over it."""
        for url in (self.server.url, self.secure):
            with self.subTest(url):
                check(url)

    def test_curl(self):
        def curl(url, *arguments):
            known = ["--http2"] if url.startswith("https") else ["--http2-prior-knowledge"]
            return self.run_client(require_tool("curl"), "-sS", "--fail", "--max-time", 60, "--cacert", self.cert, *known,
                                   *arguments)

        def check(url):
            self.assertIn(b"proto: HTTP/2.0", curl(url, url + "/proto"))
            self.assertTrue(curl(url, "--head", url + "/length/7").startswith(b"HTTP/2 200"))
            self.assertEqual(curl(url, "--data-binary", f"@{self.body}", url + "/echo"), self.body.read_bytes())
            self.assertEqual(curl(url, "--upload-file", self.body, url + "/discard"), b"800000")
            self.assertEqual(curl(url, "--data", "abc", "-H", "Expect: 100-continue", url + "/echo"), b"abc")
            self.assertIn(b"HTTP/2 103", curl(url, "--include", url + "/early-hints"))
            if url.startswith("https"):  # curl 7.88 has error 16 where it uses a connection by prior knowledge again
                codes = curl(url, "--parallel", "--write-out", "%{http_version} %{http_code}\n", "--output", "/dev/null",
                             f"{url}/files/f[0-{FILES - 1}]")
                self.assertEqual(codes.count(b"2 200\n"), FILES)

        self.each(check)

    def test_nghttp(self):
        def check(url):
            out = self.run_client(require_tool("nghttp"), "-v", "-m", 20, url + "/files/f1", url + "/early-hints").decode()
            self.assertEqual(out.count("file 1"), 20)
            self.assertEqual(out.count(":status: 103"), 20)
            self.assertIn("SETTINGS_ENABLE_CONNECT_PROTOCOL(0x08):1", out)
            out = self.run_client(require_tool("nghttp"), "-v", "-d", self.body, "--trailer", "x-sum: 7", "-H",
                                  "trailer: x-sum", url + "/trailers").decode()
            self.assertIn("X-Sum: 7", out)
            self.assertIn("x-body-length: 800000", out)

        self.each(check)

    def test_h2load(self):
        def check(url):
            for more in ((), ("-d", self.body)):
                out = self.run_client(require_tool("h2load"), "-n", 400, "-c", 4, "-m", 20, *more, url + "/echo").decode()
                self.assertIn("400 succeeded, 0 failed, 0 errored", out)
                self.assertIn("400 2xx, 0 3xx", out)

        self.each(check)

    def test_node(self):
        require_tool("node")
        script = self.folder / "client.js"
        script.write_text(NODE)
        self.each(lambda url: self.assertEqual(self.run_client("node", script, url, self.cert), b"done\n"))

    def test_java(self):
        """Without TLS it begins with HTTP/1 and asks for an Upgrade, which RFC 9113 has removed."""
        self.assertEqual(self.run_client(require_tool("java"), "-XX:TieredStopAtLevel=1", HERE / "Get2.java", self.secure,
                                         self.cert), b"done\n")

    def test_httpx(self):
        if importlib.util.find_spec("httpx") is None:
            harness.skip_all("the Python package httpx is not installed")
        self.each(lambda url: self.assertEqual(self.run_client(sys.executable, "-c", HTTPX, url, self.cert), b"done\n"))

    def test_go(self):
        go = require_tool("go")
        environment = {"GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local", "HON_CA": self.cert, "HON_HTTP2": "1"}

        def check(url):
            self.run_client("env", *[f"{name}={value}" for name, value in environment.items()], f"HON_URL={url}",
                            "sh", "-c", f'cd "{HERE}/go" && "{go}" test -count=1 -timeout=120s .')

        self.each(check)

    def test_chromium(self):
        """A page with many files, events and a WebSocket, all by HTTP/2."""
        require_tool("chromedriver")
        program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
        if program is None:
            self.skipTest("no Chromium here")
        server = self.enterContext(Server("--files", self.files, "--tls-addr", "127.0.0.1:0",
                                          "--cert", self.cert, "--key", self.key))
        browser = Browser(program, shutil.which("chromedriver"))
        browser.accepts_insecure = True
        with browser:
            browser.open(f"https://localhost:{server.tls_port}/files/page.html")
            browser.wait("return window.seen.files === arguments[0]", FILES)
            browser.wait("return window.seen.events > 0")
            before = self.connections(server.tls_port)  # Chromium may have made more than it needs
            browser.run("window.connect()")
            browser.wait("return window.seen.socket === 'over HTTP/2'")
            self.assertLessEqual(self.connections(server.tls_port), before)  # a stream of the same one
            protocols = browser.run("return performance.getEntriesByType('resource').map(one => one.nextHopProtocol)")
            self.assertGreaterEqual(protocols.count("h2"), FILES)
            self.assertEqual(set(protocols), {"h2"})

    @staticmethod
    def connections(port):
        """Established connections to `port`."""
        found = 0
        for name in ("tcp", "tcp6"):
            for line in pathlib.Path("/proc/net", name).read_text().splitlines()[1:]:
                fields = line.split()
                found += int(fields[1].rpartition(":")[2], 16) == port and fields[3] == "01"
        return found

    # Proxies that speak HTTP/2 without TLS to the server.

    @contextlib.contextmanager
    def proxy(self, port, *command):
        with open(self.folder / "proxy.log", "wb") as log:
            process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log)
        try:
            self.assertTrue(harness.wait_until(lambda: listens(port), 20), (self.folder / "proxy.log").read_text())
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)

    def through(self, url, *known):
        """Many at once, a body that comes back, and the end of a request that the client leaves."""
        curl = [require_tool("curl"), "-sS", "--fail", "--max-time", 60, *known]
        self.assertIn(b"proto: HTTP/2.0", self.run_client(*curl, url + "/proto"))
        self.assertEqual(self.run_client(*curl, "--data-binary", f"@{self.body}", url + "/echo"),
                         self.body.read_bytes())
        codes = self.run_client(*curl, "--parallel", "--write-out", "%{http_code}\\n",
                                "--output", "/dev/null", f"{url}/files/f[0-{FILES - 1}]")
        self.assertEqual(codes.count(b"200\n"), FILES)
        ended = self.server.gone()["ended"]
        left = subprocess.run([str(part) for part in curl] + ["--max-time", "1", url + "/until-gone"],
                              capture_output=True, check=False)
        self.assertNotEqual(left.returncode, 0)
        self.assertTrue(harness.wait_until(lambda: self.server.gone()["ended"] > ended, 20))

    def test_haproxy(self):
        port = free_port()
        config = self.folder / "haproxy.cfg"
        config.write_text(textwrap.dedent(f"""\
            defaults
              mode http
              timeout connect 10s
              timeout client 30s
              timeout server 30s
              option abortonclose
            frontend in
              bind 127.0.0.1:{port}
              default_backend hon
            backend hon
              server hon 127.0.0.1:{self.server.port} proto h2
            """))
        with self.proxy(port, require_tool("haproxy"), "-db", "-f", config) as url:
            self.through(url)

    def test_nghttpx(self):
        port = free_port()
        with self.proxy(port, require_tool("nghttpx"), "-b", f"127.0.0.1,{self.server.port};;proto=h2",
                        "-f", f"127.0.0.1,{port};no-tls", "--conf=/dev/null", "-n1", "--no-ocsp",
                        "--errorlog-file=/dev/stderr") as url:
            self.through(url)
            out = self.run_client(require_tool("h2load"), "-n", 400, "-c", 4, "-m", 20, url + "/files/f1").decode()
            self.assertIn("400 succeeded, 0 failed, 0 errored", out)

    def test_nginx(self):
        """nginx speaks HTTP/2 to servers by grpc_pass: requests of gRPC's kind, with trailers."""
        nginx = require_tool("nginx")
        port = free_port()
        config = self.folder / "nginx.conf"
        config.write_text(textwrap.dedent(f"""\
            daemon off; pid {self.folder}/nginx.pid; error_log {self.folder}/nginx.log;
            events {{}}
            http {{
              access_log off;
              client_body_temp_path {self.folder}/bodies; proxy_temp_path {self.folder}/proxy;
              fastcgi_temp_path {self.folder}/fastcgi; uwsgi_temp_path {self.folder}/uwsgi;
              scgi_temp_path {self.folder}/scgi;
              server {{
                listen 127.0.0.1:{port} http2;
                location / {{ grpc_pass grpc://127.0.0.1:{self.server.port}; }}
              }}
            }}
            """))
        with self.proxy(port, nginx, "-c", config, "-e", f"{self.folder}/nginx.log") as url:
            curl = [require_tool("curl"), "-sS", "--fail", "--max-time", 60, "--http2-prior-knowledge", "-H",
                    "content-type: application/grpc", "-H", "te: trailers"]
            self.assertIn(b"proto: HTTP/2.0", self.run_client(*curl, url + "/proto"))
            answer = self.run_client(require_tool("nghttp"), "-v", "-d", self.body, "-H", "content-type: application/grpc",
                                     "-H", "te: trailers", url + "/trailers")
            self.assertIn(b"x-body-length: 800000", answer)
            self.assertEqual(self.run_client(*curl, "--data-binary", f"@{self.body}", url + "/echo"),
                             self.body.read_bytes())


if __name__ == "__main__":
    harness.main()
