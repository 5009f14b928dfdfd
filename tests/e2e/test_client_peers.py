"""hon_wire_client through proxies and against servers that others have written: tinyproxy, microsocks, squid and
dante; nginx, HAProxy, nghttpd, h2o, Node, Python's http.server, Go's net/http."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness
import peer_programs
from harness import require_tool
from ports import free_port
from scripted import run

DATA = hashlib.shake_256(b"data").digest(1_000_000)
DATA_SHA = hashlib.sha256(DATA).hexdigest()
PATTERN_SHA = hashlib.sha256((b"0123456789abcdef" * 50_000)[:700_000]).hexdigest()
TINYPROXY = """Port {port}
Listen 127.0.0.1
Timeout 60
MaxClients 20
Allow 127.0.0.1
{more}
"""
SQUID = """http_port 127.0.0.1:{port}
{more}
http_access allow all
cache deny all
cache_mem 1 MB
pid_filename none
access_log none
cache_log /dev/null
cache_store_log none
netdb_filename none
pinger_enable off
shutdown_lifetime 0 seconds
coredump_dir {folder}
"""
DANTE = """logoutput: /dev/null
internal: 127.0.0.1 port = {port}
external: 127.0.0.1
clientmethod: none
socksmethod: none
client pass {{ from: 127.0.0.1/32 to: 0.0.0.0/0 }}
socks block {{ from: 127.0.0.1/32 to: 0.0.0.0/0 port = {blocked} }}
socks pass {{ from: 127.0.0.1/32 to: 0.0.0.0/0 }}
"""
NGINX = peer_programs.NGINX + """types {{ text/plain txt; }}
server {{
  listen 127.0.0.1:{port}; listen 127.0.0.1:{tls} ssl http2; root {root};
  ssl_certificate {cert}; ssl_certificate_key {key};
  gzip on; gzip_min_length 1; gzip_types text/plain;
  location /moved {{ return 301 /data; }}
}}
}}
"""
HAPROXY = peer_programs.HAPROXY + """frontend in
  bind 127.0.0.1:{port}
  bind 127.0.0.1:{tls} ssl crt {pem} alpn h2,http/1.1
  default_backend app
backend app
  server app 127.0.0.1:{app}
"""
H2O = """listen:
  host: 127.0.0.1
  port: {port}
listen:
  host: 127.0.0.1
  port: {tls}
  ssl:
    certificate-file: {cert}
    key-file: {key}
hosts:
  default:
    paths:
      /:
        file.dir: {root}
"""
NODE = """
const fs = require('fs');
const [port, tls, cert, key] = process.argv.slice(2);
const serve = (q, r) => {
  r.writeHead(200, {'x-method': q.method, trailer: 'x-sum'});
  let sum = 0;
  q.on('data', (part) => { sum += part.length; r.write(part); });
  q.on('end', () => { r.addTrailers({'x-sum': String(sum)}); r.end(); });
};
require('http').createServer(serve).listen(Number(port), '127.0.0.1');
require('http2').createSecureServer({cert: fs.readFileSync(cert), key: fs.readFileSync(key), allowHTTP1: true}, serve)
  .listen(Number(tls), '127.0.0.1');
"""


def certificate():
    return harness.wire_certificates().path("localhost.cert")


def key():
    return harness.wire_certificates().path("localhost.key")


class Peers(peer_programs.PeerPrograms):
    def ask(self, *arguments):
        line, = run("--ca", certificate(), "--no-env-proxy" if "--proxy" not in arguments else "--no-redirects",
                    *arguments)
        return line

    def good(self, *arguments):
        line = self.ask(*arguments)
        self.assertEqual((line["error"], line["status"]), (None, 200), line)
        return line


class Proxies(Peers):
    def setUp(self):
        super().setUp()
        self.server = self.enterContext(harness.Server("--tls-addr", "127.0.0.1:0", "--cert", certificate(),
                                                       "--key", key()))
        self.http = f"http://127.0.0.1:{self.server.port}"
        self.https = f"https://localhost:{self.server.tls_port}"

    def carries(self, proxy):
        """http and https, in HTTP/1.1 and HTTP/2, there and back."""
        for url, flags, proto in ((self.http, [], "HTTP/1.1"), (self.https, ["--http1"], "HTTP/1.1"),
                                  (self.https, ["--http2"], "HTTP/2.0")):
            with self.subTest(proxy=proxy, url=url, proto=proto):
                line = self.good(url + "/", "--proxy", proxy, *flags)
                self.assertEqual((line["proto"], line["body_length"]), (proto, 13))
                line = self.good(url + "/echo", "--proxy", proxy, *flags, "--body-length", 700_000)
                self.assertEqual(line["body_sha256"], PATTERN_SHA)
                lines = run("--ca", certificate(), "--proxy", proxy, *flags, url + "/echo", "--body-length", 70_000,
                            "--concurrency", 4, "--repeat", 8)
                self.assertEqual([line["error"] for line in lines], [None] * 8)
        for url in (self.http, self.https):
            with self.subTest(proxy=proxy, url=url, proto="WebSocket"):
                line = self.ask(url.replace("http", "ws") + "/ws", "--proxy", proxy, "--body-length", 700_000)
                self.assertEqual((line["error"], line["body_sha256"]), (None, PATTERN_SHA))

    def tinyproxy(self, more=""):
        program, port = require_tool("tinyproxy"), free_port()
        config = self.folder / "config"
        config.write_text(TINYPROXY.format(port=port, more=more))
        self.start([program, "-d", "-c", config], port)
        return port

    def test_tinyproxy(self):
        self.carries(f"http://127.0.0.1:{self.tinyproxy()}")

    def test_tinyproxy_with_a_password(self):
        port = self.tinyproxy("BasicAuth user secret")
        self.carries(f"http://user:secret@127.0.0.1:{port}")
        for credentials in ("", "user:wrong@"):
            proxy = f"http://{credentials}127.0.0.1:{port}"
            line = self.ask(self.https + "/", "--proxy", proxy)
            self.assertEqual(line["error_kind"], "proxy", line)
            self.assertNotIn("wrong", line["error"])
            self.assertIn(self.ask(self.http + "/", "--proxy", proxy)["status"], (401, 407))
            for url in (self.http, self.https):
                line = self.ask(url.replace("http", "ws") + "/ws", "--proxy", proxy)
                self.assertEqual(line["error_kind"], "proxy", line)

    def test_tinyproxy_that_refuses(self):
        proxy = f"http://127.0.0.1:{self.tinyproxy('ConnectPort 443')}"
        for url in (self.https + "/", self.https.replace("https", "wss") + "/ws",
                    self.http.replace("http", "ws") + "/ws"):
            line = self.ask(url, "--proxy", proxy)
            self.assertEqual(line["error_kind"], "proxy")
            self.assertIn("403", line["error"])

    def test_tinyproxy_without_its_target(self):
        proxy = f"http://127.0.0.1:{self.tinyproxy()}"
        line = self.ask(f"https://127.0.0.1:{free_port()}/", "--proxy", proxy)
        self.assertEqual(line["error_kind"], "proxy")
        self.assertGreaterEqual(self.ask(f"http://127.0.0.1:{free_port()}/", "--proxy", proxy)["status"], 500)

    def microsocks(self, *flags):
        program, port = require_tool("microsocks"), free_port()
        self.start([program, "-i", "127.0.0.1", "-p", str(port), *flags], port)
        return port

    def test_microsocks(self):
        port = self.microsocks()
        for scheme in ("socks5", "socks5h"):
            self.carries(f"{scheme}://127.0.0.1:{port}")
        line = self.ask(f"http://127.0.0.1:{free_port()}/", "--proxy", f"socks5://127.0.0.1:{port}")
        self.assertEqual(line["error_kind"], "proxy")
        self.assertIn("connection refused", line["error"])
        line = self.ask(f"ws://127.0.0.1:{free_port()}/", "--proxy", f"socks5://127.0.0.1:{port}")
        self.assertEqual(line["error_kind"], "proxy")

    def test_microsocks_with_a_password(self):
        port = self.microsocks("-u", "user", "-P", "secret")
        self.carries(f"socks5://user:secret@127.0.0.1:{port}")
        for credentials in ("", "user:wrong@"):
            for url in (self.http + "/", self.http.replace("http", "ws") + "/ws"):
                line = self.ask(url, "--proxy", f"socks5://{credentials}127.0.0.1:{port}")
                self.assertEqual(line["error_kind"], "proxy", line)
                self.assertNotIn("wrong", line["error"])


    def optional(self, name):
        """A program that ./dev does not install: a daemon of the system comes with it."""
        program = shutil.which(name) or shutil.which(name, path="/usr/sbin")
        if program is None:
            self.skipTest(f"{name} is not installed")
        return program

    def squid(self, more=""):
        program, port = self.optional("squid"), free_port()
        config = self.folder / "config"
        config.write_text(SQUID.format(port=port, folder=self.folder, more=more))
        self.start([program, "-N", "-f", config], port)
        return port

    def test_squid(self):
        self.carries(f"http://127.0.0.1:{self.squid()}")

    def test_squid_with_a_password(self):
        helper = next(pathlib.Path("/usr").glob("lib*/squid/basic_fake_auth"), None)
        if helper is None:
            self.skipTest("squid has no basic_fake_auth here")  # takes any name and password
        port = self.squid(f"auth_param basic program {helper}\nacl known proxy_auth REQUIRED\n"
                          "http_access deny !known")
        self.carries(f"http://user:secret@127.0.0.1:{port}")
        proxy = f"http://127.0.0.1:{port}"
        for url in (self.https + "/", self.http.replace("http", "ws") + "/ws"):
            line = self.ask(url, "--proxy", proxy)
            self.assertEqual(line["error_kind"], "proxy", line)
            self.assertIn("407", line["error"])
        self.assertEqual(self.ask(self.http + "/", "--proxy", proxy)["status"], 407)

    def test_squid_without_its_target(self):
        proxy = f"http://127.0.0.1:{self.squid()}"
        for url in (f"https://127.0.0.1:{free_port()}/", f"ws://127.0.0.1:{free_port()}/"):
            line = self.ask(url, "--proxy", proxy)
            self.assertEqual(line["error_kind"], "proxy")
            self.assertIn("503", line["error"])

    def test_dante(self):
        program, port, blocked = self.optional("danted"), free_port(), free_port()
        config = self.folder / "config"
        config.write_text(DANTE.format(port=port, blocked=blocked))
        self.start([program, "-f", config, "-p", self.folder / "pid"], port)
        for scheme in ("socks5", "socks5h"):
            self.carries(f"{scheme}://127.0.0.1:{port}")
        for target, why in ((blocked, "connection not allowed by ruleset"), (free_port(), "connection refused")):
            line = self.ask(f"http://127.0.0.1:{target}/", "--proxy", f"socks5://127.0.0.1:{port}")
            self.assertEqual(line["error_kind"], "proxy")
            self.assertIn(why, line["error"])


class Servers(Peers):
    def setUp(self):
        super().setUp()
        self.root = self.folder / "root"
        self.root.mkdir(mode=0o755)
        (self.root / "data").write_bytes(DATA)
        (self.root / "a.txt").write_text("text " * 1000)
        self.port, self.tls = free_port(), free_port()
        self.names = {"folder": self.folder, "root": self.root, "port": self.port, "tls": self.tls,
                      "cert": certificate(), "key": key()}

    def ways(self, *, http2=True):
        yield f"http://127.0.0.1:{self.port}", []
        if http2:
            yield f"https://localhost:{self.tls}", ["--http1"]
            yield f"https://localhost:{self.tls}", ["--http2"]

    def files(self, url, flags):
        """What any server of files does; the connection is used again."""
        lines = run(*[url + "/data"] * 3, url + "/none", "--ca", certificate(), "--no-env-proxy", *flags)
        self.assertEqual([(line["error"], line["status"]) for line in lines], [(None, 200)] * 3 + [(None, 404)])
        self.assertEqual({line["body_sha256"] for line in lines[:3]}, {DATA_SHA})
        head = self.good(url + "/data", "--method", "HEAD", *flags)
        self.assertEqual((head["header"]["Content-Length"], head["body_length"]), (["1000000"], 0))
        many = run(url + "/data", "--ca", certificate(), "--no-env-proxy", "--concurrency", 6, "--repeat", 12, *flags)
        self.assertEqual({line["body_sha256"] for line in many}, {DATA_SHA})

    def echoes(self, url, flags):
        for length in (0, 1, 700_000):
            for framing in ([], ["--chunked"]):
                line = self.good(url + "/echo", "--method", "POST", "--body-length", length, *framing, *flags)
                self.assertEqual(line["body_length"], length)
        self.assertEqual(line["body_sha256"], PATTERN_SHA)

    def test_nginx(self):
        config = self.folder / "config"
        config.write_text(NGINX.format(**self.names))
        self.start([require_tool("nginx"), "-p", self.folder, "-c", config, "-e", "stderr"], self.port)
        for url, flags in self.ways():
            with self.subTest(url=url, flags=flags):
                self.files(url, flags)
                packed = self.good(url + "/a.txt", *flags)
                self.assertEqual((packed["body_length"], packed["header"].get("Content-Encoding")), (5000, None))
                self.assertEqual(self.good(url + "/moved", *flags)["body_sha256"], DATA_SHA)

    def test_haproxy(self):
        pem = self.folder / "pem"
        pem.write_text(pathlib.Path(certificate()).read_text() + pathlib.Path(key()).read_text())
        config = self.folder / "config"
        with harness.Server("--files", self.root) as back:
            config.write_text(HAPROXY.format(app=back.port, pem=pem, **self.names))
            self.start([require_tool("haproxy"), "-db", "-f", config], self.port)
            for url, flags in self.ways():
                with self.subTest(url=url, flags=flags):
                    self.files(url + "/files", flags)
                    self.echoes(url, flags)

    def test_h2o(self):
        config = self.folder / "config"
        config.write_text(H2O.format(**self.names))
        self.start([require_tool("h2o"), "-c", config], self.port)
        for url, flags in self.ways():
            with self.subTest(url=url, flags=flags):
                self.files(url, flags)

    def test_nghttpd(self):
        program = require_tool("nghttpd")
        self.start([program, "--no-tls", "-a", "127.0.0.1", "-d", self.root, str(self.port)], self.port)
        self.start([program, "--echo-upload", "-a", "127.0.0.1", "-d", self.root, str(self.tls), key(), certificate()],
                   self.tls)
        self.files(f"http://127.0.0.1:{self.port}", ["--h2c"])
        self.files(f"https://localhost:{self.tls}", ["--http2"])
        line = self.good(f"https://localhost:{self.tls}/data", "--http2", "--method", "POST", "--body-length", 700_000)
        self.assertEqual(line["body_sha256"], PATTERN_SHA)

    def test_python(self):
        self.start([sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory", self.root,
                    str(self.port)], self.port)
        self.files(f"http://127.0.0.1:{self.port}", [])

    def test_node(self):
        script = self.folder / "server.js"
        script.write_text(NODE)
        self.start([require_tool("node"), script, str(self.port), str(self.tls), certificate(), key()], self.tls)
        for url, flags in self.ways():
            with self.subTest(url=url, flags=flags):
                self.echoes(url, flags)
                line = self.good(url + "/", "--method", "PUT", "--body", "hello", *flags)
                self.assertEqual((line["header"]["X-Method"], line["trailer"]), (["PUT"], {"X-Sum": ["5"]}))

    def test_go(self):
        go = require_tool("go")
        here = pathlib.Path(__file__).resolve().parents[1] / "differential/goserver"
        program = self.folder / "goserver"
        subprocess.run([go, "build", "-o", program, "."], cwd=here, check=True,
                       env=os.environ | {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod"})
        self.start([program, "--addr", f"127.0.0.1:{self.port}", "--h2c", "--files", self.root], self.port)
        url = f"http://127.0.0.1:{self.port}"
        for flags in ([], ["--h2c"]):
            with self.subTest(flags=flags):
                self.files(url + "/files", flags)
                self.echoes(url, flags)


if __name__ == "__main__":
    harness.main()
