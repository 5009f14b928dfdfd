"""Runs what docs/DEPLOY.md shows: its nginx configuration, with a certificate made for the test, before
the demo; and its systemd unit through systemd-analyze. Only addresses and paths are replaced."""

import argparse
import contextlib
import http.client
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from ports import free_port  # noqa: E402
from websocket import TEXT, WebSocket  # noqa: E402

WAIT_SECONDS_MAX = 20
UPLOAD_BYTES = 3 << 20  # above nginx's own limit of 1 MiB

flags = None


def block(document, kind):
    found = re.findall(rf"^```{kind}\n(.*?)^```$", (ROOT / document).read_text(), re.M | re.S)
    assert len(found) == 1, f"{document} has {len(found)} blocks of {kind}"
    return found[0]


def wait_for(port, process, log):
    end = time.monotonic() + WAIT_SECONDS_MAX
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            if process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"{process.args} does not listen: {log.read_text()}") from None
            time.sleep(0.02)


def replace(text, *pairs):
    for old, new in pairs:
        assert text.count(old) == 1, f"{old} stands {text.count(old)} times in the configuration"
        text = text.replace(old, str(new))
    return text


class NginxTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.folder = pathlib.Path(cls.stack.enter_context(tempfile.TemporaryDirectory()))
        cls.port, app_port = free_port(), free_port()
        certificate, key = cls.folder / "app.pem", cls.folder / "app.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-days", "1", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
        shown = replace(block("docs/DEPLOY.md", "nginx"), ("127.0.0.1:8080", f"127.0.0.1:{app_port}"),
                        ("listen 443", f"listen 127.0.0.1:{cls.port}"), ("/etc/ssl/app.pem", certificate),
                        ("/etc/ssl/app.key", key))
        temporary = "".join(f"{kind}_temp_path {cls.folder}/{kind};\n"
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (cls.folder / "nginx.conf").write_text(
            f"daemon off; master_process off; pid {cls.folder}/pid; error_log stderr;\n"
            f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{shown}}}\n")
        cls.run_program(app_port, flags.app, "--addr", f"127.0.0.1:{app_port}")
        cls.run_program(cls.port, shutil.which("nginx", path=flags.path), "-p", cls.folder, "-c",
                        cls.folder / "nginx.conf", "-e", "stderr")
        cls.trust = ssl.create_default_context(cafile=certificate)

    @classmethod
    def run_program(cls, port, *command):
        log = cls.folder / f"log.{port}"
        with open(log, "w") as stderr:
            process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=stderr)
        cls.stack.callback(process.wait)
        cls.stack.callback(process.kill)
        wait_for(port, process, log)

    @contextlib.contextmanager
    def ask(self, method, path, body=None):
        connection = http.client.HTTPSConnection("localhost", self.port, timeout=WAIT_SECONDS_MAX,
                                                 context=self.trust)
        with contextlib.closing(connection):
            connection.request(method, path, body=body)
            yield connection.getresponse()

    def test_tls(self):
        with self.ask("GET", "/") as response:
            self.assertEqual((response.status, response.read(8)), (200, b"Welcome!"))

    def test_http2(self):
        with socket.create_connection(("localhost", self.port), timeout=WAIT_SECONDS_MAX) as plain:
            self.trust.set_alpn_protocols(["h2", "http/1.1"])
            try:
                with self.trust.wrap_socket(plain, server_hostname="localhost") as secure:
                    self.assertEqual(secure.selected_alpn_protocol(), "h2")
            finally:
                self.trust.set_alpn_protocols(["http/1.1"])
        curl = shutil.which("curl")
        if curl and "HTTP2" in subprocess.run([curl, "--version"], capture_output=True, text=True).stdout:
            done = subprocess.run([curl, "-sS", "--http2", "--cacert", self.folder / "app.pem", "-w",
                                   "\n%{http_version} %{http_code}", f"https://localhost:{self.port}/"],
                                  capture_output=True, text=True, check=True)
            self.assertRegex(done.stdout, r"(?s)^Welcome!.*\n2 200$")

    def test_events_come_one_by_one(self):
        with self.ask("GET", "/sse") as response:
            self.assertEqual(response.headers["Content-Type"], "text/event-stream")
            times = []
            while len(times) < 3:
                if response.readline().startswith(b"data:"):
                    times.append(time.monotonic())
            # The demo sends one a second: a buffer would bring many at once.
            self.assertGreater(times[2] - times[0], 0.5)

    def test_websocket(self):
        plain = socket.create_connection
        def secure(address, timeout):
            return self.trust.wrap_socket(plain((address[0], address[1]), timeout), server_hostname="localhost")
        with unittest.mock.patch("socket.create_connection", secure), \
                WebSocket("localhost", self.port, "/ws", origin=f"https://localhost:{self.port}") as peer:
            peer.send("over TLS")
            self.assertEqual(peer.receive(), (TEXT, b"over TLS"))

    def test_an_upload_and_its_answer(self):
        body = bytes(range(256)) * (UPLOAD_BYTES // 256)
        with self.ask("POST", "/echo", body) as response:
            self.assertEqual(response.status, 200)
            self.assertEqual(response.read(), body)


class SystemdTest(unittest.TestCase):
    def test_the_unit(self):
        analyze = shutil.which("systemd-analyze")
        if analyze is None:
            self.skipTest("no systemd-analyze here")
        with tempfile.TemporaryDirectory() as folder:
            unit = pathlib.Path(folder, "app.service")
            program = pathlib.Path(folder, "app")
            program.symlink_to(pathlib.Path(flags.app).resolve())
            unit.write_text(replace(block("docs/DEPLOY.md", "ini"), ("/usr/local/bin/app", program)))
            done = subprocess.run([analyze, "verify", "--man=no", unit], capture_output=True, text=True)
            about = [line for line in (done.stdout + done.stderr).splitlines() if "app.service" in line]
            self.assertEqual(about, [], done.stderr)


class ReadmeTest(unittest.TestCase):
    def test_readme_shows_the_same(self):
        self.assertEqual(block("README.md", "nginx"), block("docs/DEPLOY.md", "nginx"))


def main():
    global flags
    parser = argparse.ArgumentParser()
    parser.add_argument("--app", required=True)
    parser.add_argument("--path", default="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    flags, rest = parser.parse_known_args()
    for program in ("nginx", "openssl"):
        if shutil.which(program, path=flags.path) is None:
            print(f"HON_TEST_SKIPPED: no {program} here (./dev setup): docs/DEPLOY.md is not tried")
            del globals()["NginxTest"]
            break
    unittest.main(verbosity=2, argv=["deploy_test", *rest])


if __name__ == "__main__":
    main()
