"""Clients of other TLS libraries, over TLS 1.2 and 1.3, and proxies before the server. A client
that is not installed is skipped."""

import contextlib
import pathlib
import ssl
import subprocess
import sys
import tempfile
import textwrap
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / room) for room in ("e2e", "support")]
import harness
from harness import Server, require_tool
from ports import free_port, listens

VERSIONS = ("1.2", "1.3")
NODE = """
const https = require('https'), fs = require('fs');
const [url, ca, version] = process.argv.slice(2);
const agent = new https.Agent({ca: fs.readFileSync(ca), keepAlive: true, maxSockets: 1,
                               minVersion: 'TLSv' + version, maxVersion: 'TLSv' + version});
const get = left => https.get(url, {agent}, answer => {
  answer.on('data', part => process.stdout.write(part));
  answer.on('end', () => left ? get(left - 1) : agent.destroy());
}).on('error', why => { console.error(why); process.exit(1); });
get(2);
"""
GO = """
package main

import ("crypto/tls"; "crypto/x509"; "io"; "net/http"; "os")

func main() {
	pem, _ := os.ReadFile(os.Args[2])
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	version := map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}[os.Args[3]]
	config := &tls.Config{RootCAs: roots, MinVersion: version, MaxVersion: version}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	for i := 0; i < 3; i++ {
		answer, err := client.Get(os.Args[1])
		if err != nil {
			panic(err)
		}
		io.Copy(os.Stdout, answer.Body)
		answer.Body.Close()
	}
}
"""


class TlsClients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certificates = harness.Certificates()
        cls.cert, cls.key = cls.certificates.make("localhost", "DNS:localhost", "IP:127.0.0.1")
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))

    def serve(self):
        return self.enterContext(Server("--tls-addr", "127.0.0.1:0", "--cert", self.cert, "--key", self.key))

    def check(self, output, version, times=3, name="localhost"):
        text = output.decode()
        self.assertEqual(text.count(f"version: TLS {version}\n"), times, text)
        self.assertEqual(text.count(f"server_name: {name}\n"), times, text)

    def run_client(self, *command):
        done = subprocess.run(command, capture_output=True, check=False, timeout=120, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout

    def ask(self, *command, name="localhost"):
        """`command` URL CA VERSION, which asks three times, for both versions."""
        server = self.serve()
        for version in VERSIONS:
            url = f"https://localhost:{server.tls_port}/tls"
            self.check(self.run_client(*command, url, self.cert, version), version, name=name)

    def test_node(self):
        script = self.folder / "get.js"
        script.write_text(NODE)
        self.ask(require_tool("node"), str(script))

    def test_java(self):
        self.ask(require_tool("java"), "-XX:TieredStopAtLevel=1", str(HERE / "Get.java"), name="")  # no SNI without a dot

    def test_go(self):
        program = self.folder / "get.go"
        program.write_text(GO)
        binary = str(self.folder / "get")
        self.run_client(require_tool("go"), "build", "-o", binary, str(program))
        self.ask(binary)

    def test_openssl(self):
        require_tool("openssl")
        server = self.serve()
        request = b"GET /tls HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        for version in VERSIONS:
            done = subprocess.run(
                ["openssl", "s_client", "-quiet", "-connect", f"localhost:{server.tls_port}", "-servername",
                 "localhost", "-CAfile", self.cert, "-verify_return_error", "-ign_eof",
                 "-tls" + version.replace(".", "_")], input=request, capture_output=True, check=False, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            self.check(done.stdout, version, times=1)

    def test_curl_shows_its_certificate(self):
        require_tool("curl")
        self.certificates.make("ca", ca=True)
        cert, key = self.certificates.sign("alice", "ca")
        server = self.enterContext(Server(
            "--tls-addr", "127.0.0.1:0", "--cert", self.cert, "--key", self.key, "--client-ca",
            self.certificates.path("ca.cert"), "--client-auth", "require"))
        for version in VERSIONS:
            text = self.run_client("curl", "-sS", "--cacert", self.cert, "--cert", cert, "--key", key,
                                   "--tls-max", version, f"https://localhost:{server.tls_port}/tls").decode()
            self.assertIn("peer: alice\n", text)

    # Proxies, with TLS on both of their sides.

    @contextlib.contextmanager
    def running(self, command, port):
        """`command` runs a proxy in the foreground, which listens at `port`."""
        with open(self.folder / "proxy.log", "wb") as log:
            proxy = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            self.assertTrue(harness.wait_until(lambda: listens(port), 30), (self.folder / "proxy.log").read_text())
            yield
        finally:
            proxy.terminate()
            proxy.wait(10)

    def echo(self, url):
        """A large body goes there and comes back."""
        body = self.folder / "body"
        body.write_bytes(b"0123456789abcdef" * (1 << 16))
        got = self.run_client("curl", "-sS", "--cacert", self.cert, "--data-binary", f"@{body}", url)
        self.assertEqual(got, body.read_bytes())

    def through(self, command, port, server):
        """Asks for /tls and for a large answer through a proxy."""
        with self.running(command, port):
            for version in VERSIONS:
                text = self.run_client("curl", "-sS", "--cacert", self.cert, "--tls-max", version,
                                       f"https://localhost:{port}/tls").decode()
                self.assertIn("version: TLS 1.3\n", text)  # between the proxy and the server
            self.echo(f"https://localhost:{port}/echo")
        self.assertNotIn("handshake error", server.errors())

    def behind(self, command, port, version):
        """Asks through our own proxy, which verifies and speaks TLS to the proxy of `command`."""
        front = self.enterContext(Server("--tls-addr", "127.0.0.1:0", "--cert", self.cert, "--key", self.key,
                                         "--upstream", f"https://localhost:{port}", "--upstream-ca", self.cert))
        url = f"https://localhost:{front.tls_port}/proxy"
        with self.running(command, port):
            head = self.run_client("curl", "-sSi", "--cacert", self.cert, url + "/proto").decode().lower()
            self.assertIn(f"x-tls: tlsv{version}\r\n", head)
            self.assertIn("x-name: localhost\r\n", head)
            self.echo(url + "/echo")
        stranger = self.certificates.make("stranger")[0]
        distrusting = self.enterContext(Server("--upstream", f"https://localhost:{port}", "--upstream-ca", stranger))
        with self.running(command, port):
            answer = distrusting.ask(b"GET /proxy/proto HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            self.assertEqual(answer.status, 502)

    def pair(self):
        """Certificate and key in one file, as haproxy wants them."""
        pair = self.folder / "pair.pem"
        pair.write_text(pathlib.Path(self.cert).read_text() + pathlib.Path(self.key).read_text())
        return pair

    def haproxy(self, frontend, backend):
        config = self.folder / "haproxy.cfg"
        config.write_text("defaults\n mode http\n timeout connect 10s\n timeout client 30s\n timeout server 30s\n"
                          f"frontend in\n default_backend hon\n {frontend}\nbackend hon\n {backend}\n")
        return [require_tool("haproxy"), "-db", "-f", str(config)]

    def nginx(self, server):
        config = self.folder / "nginx.conf"
        folders = "".join(f"{name}_temp_path {self.folder}/{name};\n" for name in
                          ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config.write_text(textwrap.dedent(f"""\
            daemon off;
            pid {self.folder}/nginx.pid;
            error_log {self.folder}/nginx.log;
            events {{}}
            http {{
              access_log off;
              client_max_body_size 10m;
              client_body_buffer_size 2m;
              proxy_buffering off;
              {folders}
              server {{
                ssl_certificate {self.cert};
                ssl_certificate_key {self.key};
                {server}
              }}
            }}
            """))
        return [require_tool("nginx"), "-c", str(config), "-e", f"{self.folder}/nginx.log"]

    def test_haproxy_before_the_server(self):
        server = self.serve()
        port = free_port()
        self.through(self.haproxy(
            f"bind 127.0.0.1:{port} ssl crt {self.pair()}",
            f"server hon 127.0.0.1:{server.tls_port} ssl verify required ca-file {self.cert} sni str(localhost)"),
            port, server)

    def test_nginx_before_the_server(self):
        server = self.serve()
        port = free_port()
        self.through(self.nginx(f"""
            listen 127.0.0.1:{port} ssl;
            ssl_protocols TLSv1.2 TLSv1.3;
            location / {{
              proxy_pass https://127.0.0.1:{server.tls_port};
              proxy_http_version 1.1;
              proxy_ssl_protocols TLSv1.2 TLSv1.3;
              proxy_ssl_server_name on;
              proxy_ssl_name localhost;
              proxy_ssl_verify on;
              proxy_ssl_trusted_certificate {self.cert};
            }}"""), port, server)

    def test_haproxy_behind_our_proxy(self):
        plain = self.enterContext(Server())
        for version in VERSIONS:
            port = free_port()
            self.behind(self.haproxy(
                f"bind 127.0.0.1:{port} ssl crt {self.pair()} ssl-min-ver TLSv{version} ssl-max-ver TLSv{version}\n"
                " http-response set-header X-TLS %[ssl_fc_protocol]\n"
                " http-response set-header X-Name %[ssl_fc_sni]",
                f"server hon 127.0.0.1:{plain.port}"), port, version)

    def test_nginx_behind_our_proxy(self):
        plain = self.enterContext(Server())
        for version in VERSIONS:
            port = free_port()
            self.behind(self.nginx(f"""
                listen 127.0.0.1:{port} ssl;
                ssl_protocols TLSv{version};
                location / {{
                  proxy_pass http://127.0.0.1:{plain.port};
                  proxy_http_version 1.1;
                  add_header X-TLS $ssl_protocol;
                  add_header X-Name $ssl_server_name;
                }}"""), port, version)


if __name__ == "__main__":
    harness.main()
