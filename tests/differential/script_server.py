"""A server that follows scripts, for the comparison of two clients: each connection is answered by a
function, and each request is recorded without what differs between the clients by design."""

import socket
import ssl
import threading
import urllib.parse

import hpack
from client_corpus import ACK_FLAG, END_HEADERS, END_STREAM, HEADERS, PING, SETTINGS, frame

HEAD_BYTES_MAX = 1 << 20
# Fields that name the client, and fields whose place in a message is free.
UNLIKE_FIELDS = ("user-agent",)


def without_port(text, port):
    """`text` without the number of a port that is another each time."""
    return text.replace(f":{port}", ":PORT").replace(f"%3A{port}", "%3APORT")


class Gone(Exception):
    """The client has closed."""


class Server:
    """`serve(peer)` is called on a thread for each connection; it ends with `Gone`."""

    def __init__(self, serve, tls=None):
        self.serve, self.tls = serve, tls
        self.requests = []
        self.connections = 0
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                conn, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            conn.settimeout(30)
            threading.Thread(target=self._run, args=(conn,), daemon=True).start()

    def _run(self, conn):
        try:
            if self.tls is not None:
                conn = self.tls.wrap_socket(conn, server_side=True)
            self.serve(Peer(self, conn))
        except (OSError, Gone, ValueError):
            pass
        finally:
            conn.close()

    def record(self, text):
        self.requests.append(without_port(text, self.port))

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class Peer:
    """One connection of the server."""

    def __init__(self, server, conn):
        self.server, self.conn = server, conn
        self.buffer = b""

    def fill(self):
        part = self.conn.recv(65536)
        if not part:
            raise Gone
        self.buffer += part

    def take(self, size):
        while len(self.buffer) < size:
            self.fill()
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def until(self, mark):
        while mark not in self.buffer:
            if len(self.buffer) > HEAD_BYTES_MAX:
                raise Gone
            self.fill()
        return self.take(self.buffer.index(mark) + len(mark))

    def request(self, before_body=None):
        """(method, target, fields, body) of the next request, which is recorded. `before_body` is called
        between head and body with the fields."""
        lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")[:-2]
        method, target, _ = lines[0].split(" ")
        fields = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
        known = {name.lower(): value for name, value in fields}
        if before_body is not None:
            before_body(known)
        body, framing, trailers = b"", "none", []
        if known.get("transfer-encoding") == "chunked":
            framing = "chunked"
            while size := int(self.until(b"\r\n"), 16):
                body += self.take(size + 2)[:-2]
            while (line := self.until(b"\r\n")) != b"\r\n":
                trailers.append(line.decode("latin-1").strip())
        elif "content-length" in known:
            framing = "length"
            body = self.take(int(known["content-length"]))
        shown = sorted(f"{name}: {value}" for name, value in fields if name.lower() not in UNLIKE_FIELDS)
        self.server.record(f"{lines[0]} {shown} {framing} {len(body)} {body[:40]!r} {sorted(trailers)}")
        return method, target, known, body

    def send(self, data):
        self.conn.sendall(data)

    def end(self):
        """Ends the connection after all that was sent has been taken."""
        if not isinstance(self.conn, ssl.SSLSocket):
            self.conn.shutdown(socket.SHUT_WR)
        self.conn.settimeout(5)
        while True:
            self.fill()
            self.buffer = b""


def numbered(answers):
    """Answers request /N with answers[N], and ends."""
    def serve(peer):
        _, target, _, _ = peer.request()
        peer.send(answers[int(target[1:])])
        peer.end()
    return serve


def site(peer):
    """Redirects, cookies and echoes (client_corpus)."""
    while True:
        _, target, _, _ = peer.request()
        path, _, query = target.partition("?")
        if path.startswith("/redirect/"):
            pairs = dict(urllib.parse.parse_qsl(query, keep_blank_values=True, encoding="latin-1"))
            to = pairs.get("to", "").replace("PORT", str(peer.server.port)).encode("latin-1")
            peer.send(b"HTTP/1.1 %s x\r\nLocation: %s\r\n%sContent-Length: 0\r\n\r\n"
                      % (path[10:13].encode(), to, pairs.get("fields", "").encode("latin-1")))
        elif path.startswith("/no-location/"):
            peer.send(b"HTTP/1.1 %s x\r\nContent-Length: 0\r\n\r\n" % path[13:16].encode())
        elif path == "/loop":
            peer.send(b"HTTP/1.1 302 x\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n")
        elif path == "/set":
            lines = [value.encode("latin-1") for name, value in urllib.parse.parse_qsl(query, keep_blank_values=True) if name == "c"]
            peer.send(b"HTTP/1.1 200 OK\r\n%sContent-Length: 0\r\n\r\n"
                      % b"".join(b"Set-Cookie: " + line + b"\r\n" for line in lines))
        else:
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\necho")


def http2(scripts):
    """Answers the request /N with the frames of scripts[N]; a script that ends with the connection
    gives None."""
    def serve(peer):
        peer.take(24)  # the preface
        peer.send(frame(SETTINGS, 0, 0))
        decoder = hpack.Decoder()
        while True:
            head = peer.take(9)
            kind, flags, stream = head[3], head[4], int.from_bytes(head[5:9], "big")
            payload = peer.take(int.from_bytes(head[:3], "big"))
            if kind == SETTINGS and not flags & ACK_FLAG:
                peer.send(frame(SETTINGS, ACK_FLAG, 0))
            elif kind == PING and not flags & ACK_FLAG:
                peer.send(frame(PING, ACK_FLAG, 0, payload))
            elif kind == HEADERS:
                assert flags & END_HEADERS and flags & END_STREAM
                fields = dict(decoder.decode(payload))
                for make in scripts[int(fields[":path"][1:])]:
                    data = make(stream)
                    if data is None:
                        peer.end()
                    peer.send(data)
    return serve
