"""hon_wire_client over TLS and through proxies: http, https, socks5, from flags and from the environment."""

import base64
import contextlib
import functools
import hashlib
import os
import re
import select
import socket
import ssl
import threading
import unittest

import harness
from scripted import Script, ok, run


@functools.cache
def certificates():
    made = harness.Certificates()
    made.make("localhost", "DNS:localhost", "IP:127.0.0.1")
    made.make("other", "DNS:other.test")
    made.make("authority", ca=True)
    made.sign("client", "authority")
    return made


def path(name):
    return certificates().path(name)


def context(name="localhost", alpn=("http/1.1",)):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(path(name + ".cert"), path(name + ".key"))
    made.set_alpn_protocols(list(alpn))
    return made


def over_tls(serve, made=None):
    """`serve` behind a TLS handshake."""
    made = made or context()

    def run_tls(peer, number):
        peer.conn = made.wrap_socket(peer.conn, server_side=True)
        serve(peer, number)
        with contextlib.suppress(OSError, ValueError):
            peer.conn.unwrap()
    return run_tls


def answers(answer=None):
    def serve(peer, _):
        try:
            while True:
                peer.request()
                peer.send(answer or ok())
        except EOFError:
            pass
    return serve


def https(server, path_="/"):
    return f"https://localhost:{server.port}{path_}"


class Tls(unittest.TestCase):
    def test_a_trusted_server(self):
        with Script(over_tls(answers())) as server:
            lines = run(https(server), https(server), "--ca", path("localhost.cert"))
            self.assertEqual([(line["status"], line["reused"]) for line in lines], [(200, False), (200, True)])
            line, = run(f"https://127.0.0.1:{server.port}/", "--ca", path("localhost.cert"))
            self.assertEqual(line["status"], 200)

    def test_servers_that_are_not_trusted(self):
        with Script(over_tls(answers())) as server:
            line, = run(https(server))
            self.assertEqual(line["error_kind"], "tls")
            self.assertIn("failed to verify certificate", line["error"])
            line, = run(https(server), "--ca", path("other.cert"))
            self.assertEqual(line["error_kind"], "tls")
            line, = run(https(server), "--ca", path("localhost.cert"), "--server-name", "else.test")
            self.assertEqual(line["error_kind"], "tls")
            line, = run(https(server), "--insecure")
            self.assertEqual(line["status"], 200)

    def test_a_client_certificate(self):
        made = context()
        made.verify_mode = ssl.CERT_REQUIRED
        made.load_verify_locations(path("authority.cert"))
        made.maximum_version = ssl.TLSVersion.TLSv1_2
        with Script(over_tls(answers(), made)) as server:
            line, = run(https(server), "--ca", path("localhost.cert"), "--cert", path("client.cert"),
                        "--key", path("client.key"))
            self.assertEqual(line["status"], 200)
            line, = run(https(server), "--ca", path("localhost.cert"))
            self.assertEqual(line["error_kind"], "tls")

    def test_a_server_without_tls(self):
        # The close of a server that has not read the whole ClientHello is a reset.
        for read in (1, 16384):
            def plain(peer, _, read=read):
                peer.conn.recv(read)
                peer.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

            with self.subTest(read=read), Script(plain) as server:
                line, = run(https(server))
                self.assertEqual(line["error_kind"], "tls")
                self.assertIn("http: server gave HTTP response to HTTPS client", line["error"])

    def test_a_handshake_that_breaks_off(self):
        for act in (lambda peer: peer.close(), lambda peer: peer.reset(), lambda peer: peer.send(b"\x16\x03")):
            def serve(peer, _, act=act):
                peer.conn.recv(100)
                act(peer)

            with Script(serve) as server:
                line, = run(https(server), "--timeout", 10000)
            self.assertEqual(line["error_kind"], "tls", line)

    def test_a_handshake_that_stands_still(self):
        with Script(lambda peer, _: peer.closed()) as server:
            line, = run(https(server), "--timeout", 200)
        self.assertEqual(line["error_kind"], "timeout")

    def test_a_body_without_its_end(self):
        """A FIN without close_notify behind a body that ends with the connection may be an attacker's."""
        for clean, kind in ((True, None), (False, "closed")):
            def serve(peer, _, clean=clean):
                tls = context().wrap_socket(peer.conn, server_side=True)
                peer.conn = tls
                peer.head()
                peer.send(b"HTTP/1.1 200 OK\r\n\r\nsome")
                if clean:
                    tls.unwrap()
                else:
                    socket.socket.shutdown(tls, socket.SHUT_WR)

            with Script(serve) as server:
                line, = run(https(server), "--ca", path("localhost.cert"))
            self.assertEqual((line["error_kind"], line["body_length"]), (kind, 4))


def pump(a, b):
    """Moves bytes both ways until one side ends."""
    while True:
        for sock in select.select([a, b], [], [], 10)[0]:
            data = sock.recv(65536)
            if not data:
                return
            (b if sock is a else a).sendall(data)


def websocket_echo(peer, _):
    """Accepts a WebSocket and sends its frames back, up to and with the close frame (RFC 6455)."""
    key = re.search(rb"(?i)\r\nSec-WebSocket-Key: (\S+)\r\n", peer.head()).group(1)
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    peer.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
    kind = 0
    while kind & 15 != 8:
        kind, size = peer.exactly(2)
        size &= 127  # without the bit of masking
        length = b"" if size < 126 else peer.exactly(2)
        mask = peer.exactly(4)
        data = peer.exactly(int.from_bytes(length, "big") if length else size)
        peer.send(bytes([kind, size]) + length + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data)))
    peer.closed()


def http_proxy(log, status=b"200 Connection established", password=None, target=None):
    """A proxy for CONNECT, where all tunnels may lead to `target`, and for the absolute form."""
    def serve(peer, _):
        while True:
            head = peer.head()
            log.append(head)
            method, asked, _ = head.split(b"\r\n")[0].split(b" ")
            if password and b"Basic " + base64.b64encode(password) not in head:
                peer.send(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                continue
            if method == b"CONNECT":
                peer.send(b"HTTP/1.1 " + status + b"\r\n\r\n")
                if not status.startswith(b"200"):
                    return
                host, port = asked.decode().rsplit(":", 1)
                with socket.create_connection(target or (host, int(port)), 10) as onward:
                    # Over TLS no select may be used, since the layer keeps bytes.
                    up = threading.Thread(target=copy, args=(peer.conn, onward), daemon=True)
                    up.start()
                    copy(onward, peer.conn)
                return
            peer.send(ok(b"by proxy"))
    return serve


def copy(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    try:
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def socks_proxy(log, reply=0, credentials=None):
    def serve(peer, _):
        _, count = peer.exactly(2)
        methods = peer.exactly(count)
        if credentials:
            assert 2 in methods
            peer.send(b"\5\2")
            peer.exactly(1)
            user = peer.exactly(peer.exactly(1)[0])
            secret = peer.exactly(peer.exactly(1)[0])
            good = (user, secret) == credentials
            peer.send(b"\1\0" if good else b"\1\1")
            if not good:
                return
        else:
            peer.send(b"\5\0")
        _, _, _, kind = peer.exactly(4)
        host = {1: lambda: socket.inet_ntoa(peer.exactly(4)), 4: lambda: peer.exactly(16).hex(),
                3: lambda: peer.exactly(peer.exactly(1)[0]).decode()}[kind]()
        port = int.from_bytes(peer.exactly(2), "big")
        log.append((kind, host, port))
        peer.send(bytes([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]))
        if reply:
            return
        with socket.create_connection((host, port), 10) as onward:
            pump(peer.conn, onward)
    return serve


class Proxies(unittest.TestCase):
    def test_http_through_http(self):
        log = []
        with Script(http_proxy(log)) as proxy:
            lines = run("http://one.test/a?b", "http://two.test:81/", "--proxy", f"http://u:p@127.0.0.1:{proxy.port}")
            self.assertEqual(proxy.connections, 1, "one pool for the servers behind a proxy")
        self.assertEqual([line["status"] for line in lines], [200, 200])
        self.assertTrue(log[0].startswith(b"GET http://one.test/a?b HTTP/1.1\r\nHost: one.test\r\n"), log[0])
        self.assertIn(b"\r\nProxy-Authorization: Basic dTpw\r\n", log[0])
        self.assertTrue(log[1].startswith(b"GET http://two.test:81/ HTTP/1.1\r\nHost: two.test:81\r\n"))

    def test_https_through_http_and_https(self):
        for scheme in ("http", "https"):
            log = []
            proxy_serve = http_proxy(log, password=b"u:p")
            if scheme == "https":
                proxy_serve = over_tls(proxy_serve)
            with Script(over_tls(answers())) as server, Script(proxy_serve) as proxy:
                lines = run(https(server), https(server), "--ca", path("localhost.cert"),
                            "--proxy", f"{scheme}://u:p@localhost:{proxy.port}", "--timeout", 20000)
                self.assertEqual([(line["error"], line["status"], line["reused"]) for line in lines],
                                 [(None, 200, False), (None, 200, True)])
                self.assertEqual(proxy.connections, 1)
                self.assertNotIn(b"Proxy-Authorization", server.requests[0])
            self.assertTrue(log[0].startswith(f"CONNECT localhost:{server.port} HTTP/1.1\r\n".encode()))

    def test_a_proxy_that_refuses(self):
        for status in (b"407 Proxy Authentication Required", b"403 Forbidden", b"500 X"):
            with Script(http_proxy([], status=status)) as proxy:
                line, = run("https://one.test/", "--proxy", f"http://127.0.0.1:{proxy.port}")
            self.assertEqual(line["error_kind"], "proxy")
            self.assertIn(status.decode(), line["error"])

    def test_a_proxy_that_is_not_there(self):
        line, = run("https://one.test/", "--proxy", "http://127.0.0.1:1")
        self.assertEqual(line["error_kind"], "proxy")
        line, = run("http://one.test/", "--proxy", "gopher://127.0.0.1:1")
        self.assertEqual(line["error_kind"], "proxy")

    def test_socks(self):
        for tls in (False, True):
            log = []
            serve = over_tls(answers()) if tls else answers()
            with Script(serve) as server, Script(socks_proxy(log, credentials=(b"u", b"p"))) as proxy:
                url = https(server) if tls else f"http://localhost:{server.port}/"
                lines = run(url, url, "--ca", path("localhost.cert"),
                            "--proxy", f"socks5://u:p@127.0.0.1:{proxy.port}")
                self.assertEqual([(line["error"], line["status"]) for line in lines], [(None, 200)] * 2)
                self.assertEqual(log, [(3, "localhost", server.port)])

    def test_a_socks_body_ends_with_the_connection(self):
        def serve(peer, _):
            peer.head()
            peer.send(b"HTTP/1.1 200 OK\r\n\r\nto the end")

        with Script(serve) as server, Script(socks_proxy([])) as proxy:
            line, = run(server.url(), "--proxy", f"socks5://127.0.0.1:{proxy.port}")
        self.assertEqual((line["error"], line["body_length"]), (None, 10))

    def test_socks_that_refuses(self):
        with Script(socks_proxy([], reply=5)) as proxy:
            line, = run("http://one.test/", "--proxy", f"socks5h://127.0.0.1:{proxy.port}")
        self.assertEqual(line["error_kind"], "proxy")
        self.assertIn("connection refused", line["error"])

    def test_the_environment(self):
        log = []
        with Script(http_proxy(log)) as proxy, Script(answers()) as server:
            environment = dict(os.environ, HTTP_PROXY=f"127.0.0.1:{proxy.port}", NO_PROXY="direct.test")
            line, = run("http://one.test/", environment=environment)
            self.assertEqual(line["status"], 200)
            self.assertEqual(len(log), 1)
            # The loopback never goes through a proxy.
            line, = run(server.url(), environment=environment)
            self.assertEqual(line["status"], 200)
            self.assertEqual(len(log), 1)
            line, = run("http://direct.test/", environment=environment)
            self.assertEqual(line["error_kind"], "dial")
            line, = run("http://one.invalid/", "--no-env-proxy", environment=environment)
            self.assertEqual(line["error_kind"], "dial")
            self.assertIn("no such host", line["error"])

    def test_websockets(self):
        """ws and wss through each kind of proxy, with credentials."""
        for tls in (False, True):
            with Script(over_tls(websocket_echo) if tls else websocket_echo) as server:
                url = f"wss://localhost:{server.port}/" if tls else f"ws://localhost:{server.port}/"
                for scheme in ("http", "https", "socks5", "socks5h"):
                    log = []
                    serve = http_proxy(log, password=b"u:p")
                    if scheme == "https":
                        serve = over_tls(serve)
                    elif scheme != "http":
                        serve = socks_proxy(log, credentials=(b"u", b"p"))
                    with self.subTest(url=url, scheme=scheme), Script(serve) as proxy:
                        line, = run(url, "--ca", path("localhost.cert"), "--body-length", 5000, "--timeout", 20000,
                                    "--proxy", f"{scheme}://u:p@localhost:{proxy.port}")
                        self.assertEqual((line["error"], line["body_length"]), (None, 5000))
                        self.assertEqual(proxy.connections, 1)
                        if scheme.startswith("socks"):
                            self.assertEqual(log, [(3, "localhost", server.port)])
                        else:
                            self.assertTrue(log[0].startswith(f"CONNECT localhost:{server.port} ".encode()), log)
                self.assertEqual(len(server.requests), 4)
                self.assertFalse([head for head in server.requests if b"Proxy-Authorization" in head])

    def test_websockets_and_proxies_that_refuse(self):
        for status in (b"407 Proxy Authentication Required", b"502 Bad Gateway"):
            for scheme in ("http", "https"):
                serve = http_proxy([], status=status)
                for url in ("ws://one.test/", "wss://one.test/"):
                    with Script(over_tls(serve) if scheme == "https" else serve) as proxy:
                        line, = run(url, "--ca", path("localhost.cert"), "--timeout", 20000,
                                    "--proxy", f"{scheme}://u:secret@localhost:{proxy.port}")
                    self.assertEqual(line["error_kind"], "proxy", line)
                    self.assertIn(status.decode(), line["error"])
                    self.assertNotIn("secret", line["error"])

    def test_websockets_and_the_environment(self):
        log = []
        # Each name leads to the proxy, which knows where its only server is.
        with Script(websocket_echo) as server, \
                Script(http_proxy(log, target=("127.0.0.1", server.port))) as proxy:
            environment = dict(os.environ, HTTP_PROXY=f"127.0.0.1:{proxy.port}", HTTPS_PROXY="127.0.0.1:1",
                               NO_PROXY="direct.test")
            line, = run("ws://one.test/", "--body", "text", environment=environment)
            self.assertEqual((line["error"], line["body_length"]), (None, 4))
            self.assertTrue(log[0].startswith(b"CONNECT one.test:80 "), log)
            line, = run(server.url().replace("http", "ws"), "--body", "text", environment=environment)
            self.assertEqual((line["error"], line["body_length"]), (None, 4))
            line, = run("ws://direct.test/", environment=environment)
            self.assertEqual(line["error_kind"], "dial")
            line, = run("wss://one.test/", environment=environment)
            self.assertEqual(line["error_kind"], "proxy")
            self.assertEqual(len(log), 1)

    def test_a_silent_proxy(self):
        with Script(lambda peer, _: peer.closed()) as proxy:
            line, = run("https://one.test/", "--proxy", f"http://127.0.0.1:{proxy.port}", "--timeout", 200)
        self.assertEqual(line["error_kind"], "timeout")


class Cookies(unittest.TestCase):
    def test_a_jar_for_the_run(self):
        def serve(peer, _):
            while True:
                peer.request()
                peer.send(ok(extra=b"Set-Cookie: a=1; Path=/\r\nSet-Cookie: b=2; Path=/sub\r\n"))

        with Script(serve) as server:
            run(server.url(), server.url(), server.url("/sub/x"), "--cookies")
        self.assertNotIn(b"Cookie", server.requests[0])
        self.assertIn(b"\r\nCookie: a=1\r\n", server.requests[1])
        self.assertIn(b"\r\nCookie: b=2; a=1\r\n", server.requests[2])


class Names(unittest.TestCase):
    def test_both_families_are_tried(self):
        families = {entry[0] for entry in socket.getaddrinfo("localhost", 1)}
        for family in families & {socket.AF_INET, socket.AF_INET6}:
            with Script(answers(), family=family) as server:
                line, = run(f"http://localhost:{server.port}/", "--timeout", 10000)
            self.assertIsNone(line["error"])

    def test_a_v6_address(self):
        try:
            server = Script(answers(), family=socket.AF_INET6)
        except OSError:
            self.skipTest("no IPv6 here")
        with server:
            line, = run(f"http://[::1]:{server.port}/")
        self.assertIsNone(line["error"])
        self.assertIn(f"Host: [::1]:{server.port}".encode(), server.requests[0])


if __name__ == "__main__":
    harness.main()
