"""The parts of TLS, by curl, the openssl program and Python: versions, names, client certificates,
reloads, closes, and plaintext on the wrong port."""

import hashlib
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import unittest
import warnings

import harness
from harness import Server

GET = b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certificates = harness.Certificates()
        cls.cert, cls.key = cls.certificates.make("localhost", "DNS:localhost", "IP:127.0.0.1")

    def serve(self, *flags, cert=None, key=None):
        return self.enterContext(Server("--tls-addr", "127.0.0.1:0", "--cert", cert or self.cert,
                                        "--key", key or self.key, *flags))

    def context(self, cafile=None, version=None):
        context = ssl.create_default_context(cafile=cafile or self.cert)
        if version:
            context.minimum_version = context.maximum_version = version
        return context

    def connect(self, server, context=None, name="localhost", ragged=False):
        raw = socket.create_connection((server.host, server.tls_port), timeout=10)
        tls = (context or self.context()).wrap_socket(raw, server_hostname=name,
                                                      suppress_ragged_eofs=ragged)
        self.addCleanup(tls.close)
        return tls

    def ask(self, server, path, context=None, name="localhost"):
        """The body; fails where the connection ends without close_notify."""
        tls = self.connect(server, context, name)
        tls.sendall(GET % path.encode())
        data = b""
        while part := tls.recv(1 << 16):
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 200"), head)
        return body.decode()

    def lines(self, text):
        return dict(line.split(": ", 1) if ": " in line else (line.rstrip(":"), "") for line in text.splitlines())

    def curl(self, server, *flags, path="/", code=0):
        harness.require_tool("curl")
        done = subprocess.run(["curl", "-sS", "--max-time", "20", "--cacert", self.cert, *flags,
                               f"https://localhost:{server.tls_port}{path}"],
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr.decode()

    def test_curl_over_both_versions(self):
        server = self.serve()
        for flag, version in (("1.2", "TLS 1.2"), ("1.3", "TLS 1.3")):
            flags = ("--tls-max", flag, "--tlsv" + flag)
            seen = self.lines(self.curl(server, *flags, path="/tls").decode())
            self.assertEqual((seen["version"], seen["alpn"], seen["server_name"], seen["resumed"]),
                             (version, "h2", "localhost", "false"))
            self.assertRegex(seen["cipher"], "^TLS_(ECDHE_ECDSA_WITH_)?(AES|CHACHA20)")
            proto = self.lines(self.curl(server, *flags, path="/proto").decode())
            self.assertEqual((proto["proto"], proto["scheme"]), ("HTTP/2.0", "https"))

    def test_a_plain_listener_beside_it(self):
        server = self.serve()
        self.assertEqual(server.ask(GET % b"/tls").status, 404)
        self.assertIn(b"scheme: http\n", server.ask(GET % b"/proto").body)

    def test_large_bodies_both_ways(self):
        server = self.serve()
        body = os.urandom(1 << 16) * 80
        file = pathlib.Path(self.certificates.folder.name, "body")
        file.write_bytes(body)
        for flag in ("1.2", "1.3"):
            got = self.curl(server, "--tls-max", flag, "--data-binary", f"@{file}", path="/echo")
            self.assertEqual(hashlib.sha256(got).digest(), hashlib.sha256(body).digest())

    def test_a_file_is_sealed_and_not_sent_plain(self):
        folder = pathlib.Path(self.certificates.folder.name)
        body = os.urandom(1 << 20) * 9 + b"end"
        (folder / "big").write_bytes(body)
        server = self.serve("--files", folder)
        self.assertEqual(self.curl(server, path="/files/big"), body)
        self.assertEqual(self.curl(server, "-r", "1048570-1048580", path="/files/big"),
                         body[1048570:1048581])

    def test_requests_in_one_record_and_a_request_in_many(self):
        server = self.serve()
        tls = self.connect(server)
        request = b"GET /echo-marker HTTP/1.1\r\nHost: a\r\n\r\n"
        tls.sendall(request * 20)
        for byte in request:
            tls.sendall(bytes([byte]))
        data = b""
        while data.count(b"MARKER") < 21:
            data += tls.recv(1 << 16)
        self.assertEqual(data.count(b"HTTP/1.1 200"), 21)

    def test_versions_that_are_not_offered(self):
        server = self.serve("--min-tls", "1.3")
        with self.assertRaisesRegex(ssl.SSLError, "(?i)protocol.version"):
            self.connect(server, self.context(version=ssl.TLSVersion.TLSv1_2))
        self.assertIn("version: TLS 1.3\n", self.ask(server, "/tls"))

    def test_suites_and_versions_that_scanners_look_for(self):
        """Every suite and version that this OpenSSL can offer: what is agreed upon has forward secrecy
        and AEAD, of TLS 1.2 at least."""
        listed = subprocess.run(["openssl", "ciphers", "-v", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"],
                                capture_output=True, text=True, check=True).stdout
        suites = [line.split()[0] for line in listed.splitlines() if "TLSv1.3" not in line]
        self.assertGreater(len(suites), 60)
        server = self.serve()
        agreed = set()
        for suite in suites:
            context = self.context()
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            try:
                context.set_ciphers(suite + ":@SECLEVEL=0")
                agreed.add(self.connect(server, context).cipher()[0])
            except (ssl.SSLError, ConnectionResetError):
                pass  # not for clients, or refused
        self.assertEqual(agreed, {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
                                  "ECDHE-ECDSA-CHACHA20-POLY1305"})
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of their age
                context = self.context(version=version)
            context.set_ciphers("ALL:@SECLEVEL=0")
            with self.assertRaises((ssl.SSLError, ConnectionResetError)):
                self.connect(server, context)

    def test_alpn(self):
        server = self.serve()
        context = self.context()
        context.set_alpn_protocols(["h2", "http/1.1"])
        self.assertEqual(self.connect(server, context).selected_alpn_protocol(), "h2")
        self.assertEqual(self.connect(self.serve("--no-h2"), context).selected_alpn_protocol(), "http/1.1")
        context = self.context()
        context.set_alpn_protocols(["foo"])
        with self.assertRaisesRegex(ssl.SSLError, "(?i)no.application.protocol"):
            self.connect(server, context)
        self.assertIn('unsupported application protocols ("foo")', self.wait_for_error(server))

    def wait_for_error(self, server):
        harness.wait_until(lambda: "handshake error" in server.errors())
        return server.errors()

    def test_names(self):
        a = self.certificates.make("a.test")
        b = self.certificates.make("wild", "DNS:*.b.test")
        server = self.serve("--sni", "a.test=" + ",".join(a), "--sni", "*.b.test=" + ",".join(b))
        for name, ca in (("localhost", self.cert), ("a.test", a[0]), ("x.b.test", b[0])):
            seen = self.lines(self.ask(server, "/tls", self.context(ca), name))
            self.assertEqual(seen["server_name"], name)
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.connect(server, self.context(b[0]), "y.x.b.test")

    def test_client_certificates(self):
        self.certificates.make("ca", ca=True)
        client = self.certificates.sign("alice", "ca")
        stranger = self.certificates.make("mallory")
        for mode, nothing in (("verify-if-given", True), ("require", False), ("request", True)):
            server = self.serve("--client-ca", self.certificates.path("ca.cert"), "--client-auth", mode)
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                context = self.context(version=version)
                context.load_cert_chain(*client)
                self.assertEqual(self.lines(self.ask(server, "/tls", context))["peer"], "alice")
                context = self.context(version=version)
                if nothing:
                    self.assertEqual(self.lines(self.ask(server, "/tls", context))["peer"], "")
                else:
                    with self.assertRaises((ssl.SSLError, ConnectionResetError)):
                        self.ask(server, "/tls", context)
                context.load_cert_chain(*stranger)
                if mode == "request":
                    self.assertEqual(self.lines(self.ask(server, "/tls", context))["peer"], "")
                else:
                    with self.assertRaises((ssl.SSLError, ConnectionResetError)):
                        self.ask(server, "/tls", context)

    def test_sighup_reads_certificates_anew_and_a_broken_file_keeps_them(self):
        cert, key = self.certificates.make("reload", "DNS:localhost")
        server = self.serve(cert=cert, key=key)
        old = self.connect(server, self.context(cert))

        def shown():
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            return self.connect(server, context).getpeercert(binary_form=True)

        first = shown()
        pathlib.Path(key).write_text("broken")
        server.process.send_signal(signal.SIGHUP)
        self.assertTrue(harness.wait_until(lambda: "keeping the old certificates" in server.errors()))
        self.assertEqual(shown(), first)
        self.certificates.make("reload", "DNS:localhost")
        server.process.send_signal(signal.SIGHUP)
        self.assertTrue(harness.wait_until(lambda: shown() != first))
        old.sendall(GET % b"/echo-marker")
        self.assertIn(b"MARKER", old.recv(1 << 16))

    def test_plaintext_is_answered_in_words(self):
        server = self.serve()
        with socket.create_connection((server.host, server.tls_port), timeout=10) as raw:
            raw.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            data = b""
            while part := raw.recv(4096):
                data += part
        self.assertTrue(data.startswith(b"HTTP/1.0 400 Bad Request\r\n\r\n"), data)
        self.assertIn(b"HTTPS server", data)
        with socket.create_connection((server.host, server.tls_port), timeout=10) as raw:
            raw.sendall(b"SSH-2.0-x\r\n")
            self.assertEqual(raw.recv(4096)[:1], b"\x15")  # an alert
        self.assertIn("http: TLS handshake error from 127.0.0.1:", self.wait_for_error(server))

    def test_shutdown_sends_close_notify(self):
        server = self.serve()
        idle = self.connect(server)
        idle.sendall(b"GET /echo-marker HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertIn(b"MARKER", idle.recv(1 << 16))
        server.terminate()
        self.assertEqual(idle.recv(1 << 16), b"")  # SSLEOFError without close_notify

    def test_tickets_resume(self):
        server = self.serve()
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.context(version=version)
            first = self.connect(server, context)
            first.sendall(GET % b"/tls")
            while first.recv(1 << 16):
                pass
            for _ in range(4):  # on whichever loop
                raw = socket.create_connection((server.host, server.tls_port), timeout=10)
                with context.wrap_socket(raw, server_hostname="localhost", session=first.session) as tls:
                    self.assertTrue(tls.session_reused)
                    tls.sendall(GET % b"/tls")
                    data = b""
                    while part := tls.recv(1 << 16):
                        data += part
                    self.assertIn(b"resumed: true", data)

    def test_a_websocket(self):
        server = self.serve()
        tls = self.connect(server)
        tls.sendall(b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        head = b""
        while b"\r\n\r\n" not in head:
            head += tls.recv(4096)
        self.assertTrue(head.startswith(b"HTTP/1.1 101"), head)
        self.assertIn(b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", head)
        tls.sendall(b"\x81\x85\0\0\0\0hello")
        self.assertEqual(tls.recv(4096), b"\x81\x05hello")
        tls.sendall(b"\x88\x82\0\0\0\0\x03\xe8")
        self.assertEqual(tls.recv(4096), b"\x88\x02\x03\xe8")
        self.assertEqual(tls.recv(4096), b"")

    def test_a_client_that_stops_reading_holds_bounded_memory(self):
        folder = pathlib.Path(self.certificates.folder.name)
        (folder / "huge").write_bytes(b"h" * (64 << 20))
        server = self.serve("--files", folder)
        self.ask(server, "/echo-marker")
        before = server.rss_bytes()
        held = [self.connect(server, ragged=True) for _ in range(20)]
        for tls in held:
            tls.sendall(b"GET /files/huge HTTP/1.1\r\nHost: a\r\n\r\n")
        harness.wait_until(lambda: False, seconds=1)
        if not harness.sanitized():  # whose memory is their own
            self.assertLess(server.rss_bytes() - before, 20 * (512 << 10))
        for tls in held:
            tls.close()
        self.ask(server, "/echo-marker")


if __name__ == "__main__":
    harness.main()
